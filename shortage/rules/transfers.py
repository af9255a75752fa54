"""A transfer between two institutions as one table of moves, and the arithmetic of its lots. Pure.

拟定 ──双方签字──▶ 已批准 ──发出──▶ 运送中 ──全部收货──▶ 已完成
                                   └──部分收货──▶ 部分收货 ──补收／了结──▶ 已完成
拟定、已批准 ──拒绝／取消──▶ 已拒绝／已取消
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import asin, cos, radians, sin, sqrt

PLANNED, APPROVED, DISPATCHED, PARTLY = "planned", "approved", "dispatched", "partly"
CLOSED, REFUSED, CANCELLED = "closed", "refused", "cancelled"
STATE_NAMES = {
    PLANNED: "待签字",
    APPROVED: "待发出",
    DISPATCHED: "运送中",
    PARTLY: "部分收货",
    CLOSED: "已完成",
    REFUSED: "已拒绝",
    CANCELLED: "已取消",
}
LIVE = frozenset({PLANNED, APPROVED, DISPATCHED, PARTLY})


class Step(StrEnum):
    """What people do with a transfer."""

    PLAN = "plan"
    SIGN = "sign"
    REFUSE = "refuse"
    CANCEL = "cancel"
    DISPATCH = "dispatch"
    RECEIVE = "receive"
    SETTLE = "settle"


@dataclass(frozen=True)
class Move:
    """side: whose people may do it ("donor", "receiver", "either"); before: states it may start from."""

    label: str
    side: str
    before: frozenset[str]


MOVES: dict[Step, Move] = {
    Step.PLAN: Move("拟定", "either", frozenset()),
    Step.SIGN: Move("签字", "either", frozenset({PLANNED})),
    Step.REFUSE: Move("拒绝", "either", frozenset({PLANNED, APPROVED})),
    Step.CANCEL: Move("取消", "either", frozenset({PLANNED, APPROVED})),
    Step.DISPATCH: Move("发出", "donor", frozenset({APPROVED})),
    Step.RECEIVE: Move("收货", "receiver", frozenset({DISPATCHED, PARTLY})),
    Step.SETTLE: Move("了结差额", "receiver", frozenset({PARTLY})),
}


class TransferRefused(Exception):
    """The transfer cannot do this; the message is for the person who asked."""


class WrongState(TransferRefused):
    """Not possible from the state it is in now."""


class NotYourSide(TransferRefused):
    """The person does not work for the institution that has to do this."""


class SamePerson(TransferRefused):
    """One person may not sign for both sides."""


class AlreadySigned(TransferRefused):
    """This side has signed."""


class NotEnough(TransferRefused):
    """The donor does not hold that much of the lot, or would fall under its own line."""


class QuantityWrong(TransferRefused):
    """A quantity is not a whole number in its range."""


class WordsMissing(TransferRefused):
    """A refusal, a cancellation or a difference asks for its reason."""


def check(step: Step, state: str) -> None:
    """Raises WrongState when `step` is not possible from `state`."""
    if state not in MOVES[step].before:
        raise WrongState(f"调剂单{STATE_NAMES[state]}，不能{MOVES[step].label}")


@dataclass(frozen=True)
class Lot:
    """A batch on a shelf: product (key, 0 when not named), expiry None when not known, whole minimal units."""

    product: int
    batch: str
    expiry: dt.date | None
    quantity: int


def draw(lots: Sequence[Lot], wanted: int, *, on: dt.date, least_days: int = 0) -> list[Lot]:
    """`wanted` units from the lots, first expiring first; lots that expire before `on + least_days` stay where they are.

    Lots without a known expiry come last. Raises NotEnough when the usable lots do not hold it.
    """
    if wanted < 1:
        raise QuantityWrong("调剂数量应为不小于 1 的整数")
    until = on + dt.timedelta(days=max(least_days, 1))
    usable = [lot for lot in lots if lot.quantity > 0 and (lot.expiry is None or lot.expiry >= until)]
    usable.sort(key=lambda lot: (lot.expiry is None, lot.expiry or on, lot.batch, lot.product))
    taken, rest = [], wanted
    for lot in usable:
        if rest == 0:
            break
        part = min(lot.quantity, rest)
        taken.append(Lot(lot.product, lot.batch, lot.expiry, part))
        rest -= part
    if rest:
        raise NotEnough(f"调出机构效期合格的批次只有 {wanted - rest:,}，不足 {wanted:,}")
    return taken


def less(lots: Sequence[Lot], taken: Sequence[Lot]) -> list[Lot]:
    """What stays on the shelf. Raises NotEnough, naming the batch, when a lot does not hold what is taken from it."""
    left = {(lot.product, lot.batch): lot for lot in lots}
    for one in taken:
        held = left.get((one.product, one.batch))
        if held is None or held.quantity < one.quantity:
            has = held.quantity if held else 0
            raise NotEnough(f"批号 {one.batch or '未分批'} 现有 {has:,}，不足 {one.quantity:,}；请先更新库存或改数量")
        left[one.product, one.batch] = Lot(held.product, held.batch, held.expiry, held.quantity - one.quantity)
    return list(left.values())


def without(lots: Sequence[Lot], promised: Sequence[Lot]) -> list[Lot]:
    """What is free beside what is promised; a promised lot that is no longer there takes nothing away."""
    gone: dict[tuple[int, str], int] = {}
    for one in promised:
        gone[one.product, one.batch] = gone.get((one.product, one.batch), 0) + one.quantity
    free = [
        Lot(lot.product, lot.batch, lot.expiry, max(0, lot.quantity - gone.get((lot.product, lot.batch), 0)))
        for lot in lots
    ]
    return [lot for lot in free if lot.quantity]


def more(lots: Sequence[Lot], added: Sequence[Lot]) -> list[Lot]:
    """The shelf after the lots have been put on it; the same batch is one lot, with the earlier of two expiries."""
    held = {(lot.product, lot.batch): lot for lot in lots}
    for one in added:
        at = (one.product, one.batch)
        old = held.get(at)
        if old is None:
            held[at] = one
            continue
        known = [day for day in (old.expiry, one.expiry) if day is not None]
        held[at] = Lot(one.product, one.batch, min(known, default=None), old.quantity + one.quantity)
    return list(held.values())


def drawn_down(lots: Sequence[Lot], level: int) -> list[Lot]:
    """The lots of an older count brought to a newer closing stock: used up first-expired-first-out, the rest unnamed."""
    ordered = sorted(lots, key=lambda lot: (lot.expiry is None, lot.expiry or dt.date.max, lot.batch))
    used = max(0, sum(lot.quantity for lot in ordered) - level)
    left = []
    for lot in ordered:
        gone = min(lot.quantity, used)
        used -= gone
        if lot.quantity > gone:
            left.append(Lot(lot.product, lot.batch, lot.expiry, lot.quantity - gone))
    over = level - sum(lot.quantity for lot in left)
    return more(left, [Lot(0, "", None, over)]) if over > 0 else left


@dataclass(frozen=True)
class Loan:
    """What one loan still owes of one drug, in minimal units."""

    lent: int
    returned: int
    converted: bool

    @property
    def owed(self) -> int:
        return 0 if self.converted else max(0, self.lent - self.returned)


def distance_km(first: tuple[float, float], second: tuple[float, float]) -> float:
    """Kilometres as the crow flies between two (latitude, longitude) in degrees; a road is longer."""

    (a, b), (c, d) = ((radians(x), radians(y)) for x, y in (first, second))
    half = sin((c - a) / 2) ** 2 + cos(a) * cos(c) * sin((d - b) / 2) ** 2
    return 2 * 6371.0 * asin(sqrt(half))


def whole(text: object, *, most: int, least: int = 0, what: str = "数量") -> int:
    """A count as people type it. Raises QuantityWrong with what was expected."""
    words = str(text).strip().replace(",", "")
    if not words.isdecimal() or not least <= int(words) <= most:
        raise QuantityWrong(f"{what}“{text}”有误，应为 {least} 到 {most:,} 的整数")
    return int(words)


def still_missing(lines: Mapping[int, tuple[int, int]]) -> int:
    """Units sent and not yet received, over all lines (sent, received)."""
    return sum(sent - got for sent, got in lines.values())
