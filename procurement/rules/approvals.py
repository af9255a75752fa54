"""Who has to approve a round: one level for small amounts, two for large ones. Applicant and approver differ.

≤ head_amount    药事委员会成员 一级
> head_amount    药事委员会成员 一级, then 牵头机构负责人 二级
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

COMMITTEE, HEAD = "committee", "head"
LABELS = {COMMITTEE: "药事委员会审批", HEAD: "牵头机构负责人审批"}


@dataclass(frozen=True, slots=True)
class Step:
    """One level of approval: its number from 1 and the role that gives it."""

    number: int
    role: str

    @property
    def label(self) -> str:
        return LABELS[self.role]


def steps_for(amount: Decimal, head_amount: Decimal) -> tuple[Step, ...]:
    """The levels an amount (yuan) needs, in order."""
    roles = (COMMITTEE, HEAD) if amount > head_amount else (COMMITTEE,)
    return tuple(Step(number, role) for number, role in enumerate(roles, start=1))


def next_step(steps: Sequence[Step], given: int) -> Step | None:
    """The level that is awaited after `given` approvals; None when all are given."""
    return steps[given] if given < len(steps) else None


def objection(*, applicant: int | None, person: int, principal: int | None, earlier: Sequence[int]) -> str:
    """Why this person may not give this approval ("" = may): own application, or both levels by one person.

    `principal` is the person a deputy stands in for. Ids of people; `earlier` gave the levels before.
    """
    mine = {person, principal} - {None}
    if applicant in mine:
        return "申请人不能审批自己的采购轮次，代理人代申请人审批也不行"
    if mine & set(earlier):
        return "同一人不能审批两级"
    return ""
