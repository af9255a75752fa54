"""A price case (价格事件) from the alert to its end: what it was, who spoke with whom, what was decided, that it was done. Pure.

待核实 ─约谈、询价─▶ 已说明 ─确定处理─▶ 待落实 ─落实─▶ 已落实 ─办结─▶ 已办结        待核实、已说明 ─误报─▶ 已办结

States of domain.md §11.2: detected → explained → confirmed or false alarm → corrected → closed.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any

from procurement.rules import prices

DETECTED, EXPLAINED, CONFIRMED, CORRECTED, CLOSED = "detected", "explained", "confirmed", "corrected", "closed"
STATE_NAMES = {
    DETECTED: "待核实",
    EXPLAINED: "已说明",
    CONFIRMED: "待落实",
    CORRECTED: "已落实",
    CLOSED: "已办结",
}
TONES = {DETECTED: "red", EXPLAINED: "orange", CONFIRMED: "blue", CORRECTED: "teal", CLOSED: "green"}
OPEN = frozenset(STATE_NAMES) - {CLOSED}
UNFILED = "unfiled"
KIND_NAMES = prices.WORDS | {UNFILED: "平台外未备案"}
ALERTS = {
    prices.ABOVE_AWARD: "A5",
    prices.ABOVE_LISTED: "A5",
    prices.STOPPED: "A5",
    prices.TALK: "A5",
    prices.UP: "A6",
    prices.DOWN: "A6",
    prices.RATIO: "A6",
    UNFILED: "A8",
}
RED_KINDS = frozenset({prices.ABOVE_AWARD, prices.ABOVE_LISTED, prices.STOPPED, UNFILED})
CUT, SWITCH, FILE, ACCEPT, REPORT, FALSE = "cut", "switch", "file", "accept", "report", "false"
OUTCOMES = {
    CUT: "供应商降价",
    SWITCH: "改用其他产品",
    FILE: "平台外采购备案",
    ACCEPT: "说明理由后接受",
    REPORT: "上报医保、市场监管部门",
    FALSE: "误报",
}


class Verb(StrEnum):
    TAKE = "take"
    TALK = "talk"
    DECIDE = "decide"
    DISMISS = "dismiss"
    CORRECT = "correct"
    CLOSE = "close"


@dataclass(frozen=True)
class Move:
    """before: states it starts from; after: where it leads ("" leaves it where it is)."""

    label: str
    before: frozenset[str]
    after: str


MOVES = {
    Verb.TAKE: Move("指定责任人与期限", OPEN, ""),
    Verb.TALK: Move("记录约谈或询价", frozenset({DETECTED, EXPLAINED}), EXPLAINED),
    Verb.DECIDE: Move("确定处理", frozenset({EXPLAINED}), CONFIRMED),
    Verb.DISMISS: Move("认定误报", frozenset({DETECTED, EXPLAINED}), CLOSED),
    Verb.CORRECT: Move("落实", frozenset({CONFIRMED}), CORRECTED),
    Verb.CLOSE: Move("办结", frozenset({CORRECTED}), CLOSED),
}


class PriceCaseRefused(Exception):
    """The case cannot do this now; the message is for the person who asked."""


def check(verb: Verb, state: str) -> None:
    if state not in MOVES[verb].before:
        hint = "，请先记录约谈或询价" if verb is Verb.DECIDE and state == DETECTED else ""
        raise PriceCaseRefused(f"价格个案{STATE_NAMES[state]}，不能{MOVES[verb].label}{hint}")


@dataclass(frozen=True)
class Finding:
    """One event of prices. `event` names it for ever: the same price of the same supplier is one event, however often it
    is found; a new price or another order is another."""

    event: str
    kind: str
    title: str
    why: str
    product: int | None = None
    supplier: int | None = None
    order: int | None = None
    price: Decimal | None = None
    evidence: dict[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return KIND_NAMES[self.kind]

    @property
    def level(self) -> str:
        return "red" if self.kind in RED_KINDS else "yellow"


def event_of_offer(kind: str, offer: int) -> str:
    return f"{kind}:offer:{offer}"


def event_of_order(order: int) -> str:
    return f"{UNFILED}:order:{order}"


def decision_faults(outcome: str, words: str, replacement: object, *, has_order: bool) -> list[str]:
    """What lacks for this way out."""
    found = []
    if outcome not in OUTCOMES or outcome == FALSE:
        found.append("请选择处理方式")
    if not words.strip():
        found.append("请写明处理意见")
    if outcome == SWITCH and replacement is None:
        found.append("改用其他产品时请指明改用哪一个")
    if has_order and outcome in (CUT, SWITCH):
        found.append("这是订单未备案，应选备案、接受或上报")
    return found


def still_high(outcome: str, before: Decimal | None, now: Decimal | None) -> str:
    """Why a price cut cannot be called done; "" when it can."""
    if outcome != CUT or before is None or now is None or now < before:
        return ""
    return f"该供应商现价仍为 {now} 元（立案时 {before} 元），请先登记新报价"


def overdue_days(due_on: dt.date, state: str, today: dt.date) -> int:
    return max(0, (today - due_on).days) if state in OPEN else 0
