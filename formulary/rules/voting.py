"""One member, one vote: the box, the count and what it decides. Shares are exact fractions, never rounded.

A box is the list of a round's ballots, sorted: whoever reads it learns how many chose what, never who or in which order.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Any

from formulary.rules.chain import canonical, digest
from formulary.rules.moves import Labelled

ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""Signs of a receipt: none that is mistaken for another."""
RECEIPT_LENGTH = 16


class Choice(Labelled):
    AGREE = "agree", "同意"
    AGAINST = "against", "反对"
    ABSTAIN = "abstain", "弃权"


class VoteRefused(Exception):
    """This vote, declaration or count cannot be made now; the message is for the person who asked."""


@dataclass(frozen=True)
class Count:
    agree: int = 0
    against: int = 0
    abstain: int = 0

    @property
    def cast(self) -> int:
        return self.agree + self.against + self.abstain

    @property
    def tied(self) -> bool:
        """As many for as against, and somebody on either side."""
        return self.agree == self.against > 0


def ballot(choice: str, opinion: str, receipt: str, *, seat: int | None = None) -> dict[str, Any]:
    """One ballot as it lies in the box; `seat` only where the vote is by name. Raises VoteRefused."""
    if choice not in tuple(Choice):
        raise VoteRefused("请选择同意、反对或弃权")
    words = opinion.strip()
    if choice == Choice.AGAINST and not words:
        raise VoteRefused("投反对票须写明意见")
    made: dict[str, Any] = {"choice": str(choice), "opinion": words, "receipt": receipt_hash(receipt)}
    return made if seat is None else {**made, "seat": seat}


def put(box: Iterable[Mapping[str, Any]], new: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The box with one more ballot, in the only order it ever has: that of its content."""
    return sorted((dict(one) for one in [*box, new]), key=canonical)


def count(box: Iterable[Mapping[str, Any]]) -> Count:
    chosen = [one["choice"] for one in box]
    return Count(*(chosen.count(choice) for choice in (Choice.AGREE, Choice.AGAINST, Choice.ABSTAIN)))


def opinions(box: Iterable[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """(choice in words, opinion) of every ballot that says something."""
    return [(Choice(one["choice"]).label, one["opinion"]) for one in box if one["opinion"]]


def box_seal(item: int, round_: int, box: Sequence[Mapping[str, Any]]) -> str:
    return digest("", {"item": item, "round": round_, "ballots": [dict(one) for one in box]})


def receipt_hash(receipt: str) -> str:
    """What the box keeps of a receipt: who reads the box cannot show the receipt of somebody else."""
    plain = "".join(sign for sign in receipt.upper() if sign in ALPHABET)
    return hashlib.sha256(plain.encode()).hexdigest()


def required(share: Fraction, base: int) -> int:
    """The fewest of `base` that are `share` of it: 2/3 of 15 is 10, of 16 is 11."""
    return math.ceil(share * base)


@dataclass(frozen=True)
class Quorum:
    """seats: voting seats of the body; present: those that count as present."""

    seats: int
    present: int
    share: Fraction

    @property
    def required(self) -> int:
        return required(self.share, self.seats)

    @property
    def met(self) -> bool:
        return self.seats > 0 and self.present >= self.required

    @property
    def words(self) -> str:
        state = "符合" if self.met else "不足"
        return f"应到 {self.seats} 人，到会 {self.present} 人，法定人数 {self.required} 人（{self.share}），{state}"


class Result(StrEnum):
    PASSED = "passed"
    FAILED = "failed"
    DEFERRED = "deferred"
    AGAIN = "again"


@dataclass(frozen=True)
class Verdict:
    """required: votes in favour that were needed; words: the result as the minutes say it."""

    result: Result
    required: int
    words: str


def judge(
    counted: Count,
    *,
    base: int,
    share: Fraction,
    quorum: Quorum,
    round_: int,
    rounds: int,
    second_vote: bool,
) -> Verdict:
    """What a round decides. base: members that the share is taken of; those who did not cast count as not in favour.

    Without quorum nothing is decided. As many for as against is a tie: voted again while the charter allows another
    round, deferred when it does not. Raises ValueError when more voted than may.
    """
    if counted.cast > base:
        raise ValueError(f"票箱中有 {counted.cast} 票，多于可表决的 {base} 人")
    needed = required(share, base)
    said = (
        f"同意 {counted.agree} 票，反对 {counted.against} 票，弃权 {counted.abstain} 票，未投 {base - counted.cast} 人"
    )
    rule = f"计票基数 {base} 人，须同意 {needed} 票（{share}）"
    if not quorum.met:
        return Verdict(Result.DEFERRED, needed, f"{said}；到会人数不足（{quorum.words}），暂缓")
    if base == 0:
        return Verdict(Result.DEFERRED, needed, "没有可表决的委员，暂缓")
    if counted.tied and second_vote and round_ < rounds:
        return Verdict(Result.AGAIN, needed, f"{said}；{rule}；同意与反对相等，进行第 {round_ + 1} 轮表决")
    if counted.tied:
        return Verdict(Result.DEFERRED, needed, f"{said}；{rule}；同意与反对相等，暂缓")
    if counted.agree >= needed:
        return Verdict(Result.PASSED, needed, f"{said}；{rule}；通过")
    return Verdict(Result.FAILED, needed, f"{said}；{rule}；未通过")
