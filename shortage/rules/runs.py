"""A delivery run of the central store as one table of moves; what its legs (transfers) do decides where it stands. Pure.

拟定中 ─确认（中心药房签字）─▶ 待接收方签字 ─装车发出─▶ 配送中 ─各机构收货─▶ 已完成
拟定中、待接收方签字 ─取消─▶ 已取消
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from shortage.rules import transfers
from shortage.rules.transfers import TransferRefused

DRAFT, SIGNING, MOVING, CLOSED, CANCELLED = "draft", "signing", "moving", "closed", "cancelled"
STATE_NAMES = {
    DRAFT: "拟定中",
    SIGNING: "待接收方签字",
    MOVING: "配送中",
    CLOSED: "已完成",
    CANCELLED: "已取消",
}
TONES = {DRAFT: "blue", SIGNING: "orange", MOVING: "purple", CLOSED: "green", CANCELLED: "gray"}
OPEN = frozenset({DRAFT, SIGNING, MOVING})


class Step(StrEnum):
    PROPOSE = "propose"
    EDIT = "edit"
    CONFIRM = "confirm"
    LOAD = "load"
    CANCEL = "cancel"


@dataclass(frozen=True)
class Move:
    label: str
    before: frozenset[str]


MOVES: dict[Step, Move] = {
    Step.PROPOSE: Move("重新计算", frozenset({DRAFT})),
    Step.EDIT: Move("调整分配", frozenset({DRAFT})),
    Step.CONFIRM: Move("确认分配并签字", frozenset({DRAFT})),
    Step.LOAD: Move("装车发出", frozenset({SIGNING})),
    Step.CANCEL: Move("取消配送", frozenset({DRAFT, SIGNING})),
}


class RunRefused(TransferRefused):
    """The run cannot do this; the message is for the person who asked."""


def check(step: Step, state: str) -> None:
    """Raises RunRefused when `step` is not possible from `state`."""
    if state not in MOVES[step].before:
        raise RunRefused(f"配送单{STATE_NAMES[state]}，不能{MOVES[step].label}")


def state_of(legs: Collection[str]) -> str:
    """Where a confirmed run stands, by the states of its transfers."""
    if set(legs) & {transfers.PLANNED, transfers.APPROVED}:
        return SIGNING
    if set(legs) & {transfers.DISPATCHED, transfers.PARTLY}:
        return MOVING
    return CLOSED if transfers.CLOSED in legs else CANCELLED
