"""From a locked round to orders: months, instalments, and when money is due. Pure."""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from procurement.rules.periods import days_between
from procurement.rules.quotes import share_out

DRAFT, SENT, PART, DONE, CLOSED, CANCELLED = "draft", "sent", "part", "done", "closed", "cancelled"
STATE_NAMES = {
    DRAFT: "待发送",
    SENT: "已发送",
    PART: "部分到货",
    DONE: "已到齐",
    CLOSED: "已结清",
    CANCELLED: "已取消",
}
TONES = {DRAFT: "gray", SENT: "blue", PART: "orange", DONE: "green", CLOSED: "gray", CANCELLED: "gray"}
LIVE = frozenset({SENT, PART})
SHORT_PERIOD = 15
MONTH_END, DAYS = "month_end", "days"


class Verb(StrEnum):
    SEND = "send"
    RECEIVE = "receive"
    SHORT = "short"
    CANCEL = "cancel"


@dataclass(frozen=True)
class Move:
    label: str
    before: frozenset[str]


MOVES = {
    Verb.SEND: Move("发送", frozenset({DRAFT})),
    Verb.RECEIVE: Move("收货验收", LIVE),
    Verb.SHORT: Move("余量不再供货", LIVE),
    Verb.CANCEL: Move("取消", frozenset({DRAFT, SENT})),
}


class OrderRefused(Exception):
    """The order cannot do this now; the message is for the person who asked."""


def check(verb: Verb, state: str) -> None:
    if state not in MOVES[verb].before:
        raise OrderRefused(f"订单{STATE_NAMES[state]}，不能{MOVES[verb].label}")


def months_of(start: dt.date, end: dt.date) -> list[dt.date]:
    """First days of the instalments: the period's start and each month after it that still leaves half a month."""
    found, number = [start], 1
    while True:
        index = start.year * 12 + start.month - 1 + number
        year, month = divmod(index, 12)
        day = dt.date(year, month + 1, min(start.day, calendar.monthrange(year, month + 1)[1]))
        if days_between(day, end) < SHORT_PERIOD:
            return found
        found.append(day)
        number += 1


def instalments(packs: int, minimum: int, starts: Sequence[dt.date], end: dt.date) -> list[int]:
    """Splits packs over the instalments in proportion to their days, losing nothing.

    As many instalments as keep each at least `minimum` packs; the earlier months are used first, so that a drug bought
    once comes at once.
    """
    fit = max(1, min(len(starts), packs // max(1, minimum)))
    ends = [*starts[1:fit], end + dt.timedelta(days=1)] if fit == len(starts) else list(starts[1 : fit + 1])
    days = [(last - first).days for first, last in zip(starts[:fit], ends, strict=True)]
    parts = share_out(packs, days)
    # Proportional shares may fall below the minimum by rounding: then even shares hold it.
    if min(parts) < min(minimum, packs):
        parts = share_out(packs, [1] * fit)
    return parts + [0] * (len(starts) - fit)


def due_on(accepted: dt.date, *, term: str, days: int) -> dt.date:
    """When an accepted delivery must be paid: `days` after acceptance, or the end of the month after it (2021 text)."""
    if term == MONTH_END:
        index = accepted.year * 12 + accepted.month
        year, month = divmod(index, 12)
        return dt.date(year, month + 1, calendar.monthrange(year, month + 1)[1])
    return accepted + dt.timedelta(days=days)


def number_of(first: dt.date, supplier: str, serial: int) -> str:
    """CG20261122-S01-003: day of the order's month, supplier, serial in the alliance."""
    return f"CG{first:%Y%m%d}-{supplier}-{serial:03d}"
