"""会商: a meeting's life, and its agenda from what is wrong today (行动计划2025 六: 采购和供应保障会商). Pure.

待召开 ─召开─▶ 已召开 ─办结─▶ 已办结        每项决定: 待办 ─办结─▶ 已办结
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

PLANNED, HELD, CLOSED = "planned", "held", "closed"
STATE_NAMES = {PLANNED: "待召开", HELD: "已召开", CLOSED: "已办结"}
TONES = {PLANNED: "blue", HELD: "orange", CLOSED: "green"}
RED, ORANGE, YELLOW = "red", "orange", "yellow"
RANK = {RED: 0, ORANGE: 1, YELLOW: 2}
TENDER, ALERT, PRICE, ARREARS, SUPPLIER, CARRIED = "tender", "alert", "price", "arrears", "supplier", "carried"
KIND_NAMES = {
    CARRIED: "上次决定未办结",
    TENDER: "集采执行",
    ALERT: "短缺",
    PRICE: "价格",
    ARREARS: "货款",
    SUPPLIER: "配送",
}


class Verb(StrEnum):
    REFRESH = "refresh"
    HOLD = "hold"
    DECIDE = "decide"
    CLOSE = "close"


@dataclass(frozen=True)
class Move:
    label: str
    before: frozenset[str]
    after: str


MOVES = {
    Verb.REFRESH: Move("更新议题", frozenset({PLANNED}), ""),
    Verb.HOLD: Move("召开", frozenset({PLANNED}), HELD),
    Verb.DECIDE: Move("作出决定", frozenset({PLANNED, HELD}), ""),
    Verb.CLOSE: Move("办结", frozenset({HELD}), CLOSED),
}


class ConsultationRefused(Exception):
    """The meeting cannot do this now; the message is for the person who asked."""


def check(verb: Verb, state: str) -> None:
    if state not in MOVES[verb].before:
        raise ConsultationRefused(f"会商{STATE_NAMES[state]}，不能{MOVES[verb].label}")


@dataclass(frozen=True, slots=True)
class Topic:
    """One line of the agenda: what, how bad, the figures in words, and the page behind them."""

    kind: str
    level: str
    title: str
    facts: str
    path: str = ""

    def to_json(self) -> dict[str, str]:
        return {"kind": self.kind, "level": self.level, "title": self.title, "facts": self.facts, "path": self.path}


def agenda(topics: Iterable[Topic], *, most_of_a_kind: int = 10) -> list[Topic]:
    """What is worst first, within the order of kinds; of each kind so many that a meeting can speak of them."""
    kinds = list(KIND_NAMES)
    counted: dict[str, int] = dict.fromkeys(kinds, 0)
    found = []
    for topic in sorted(topics, key=lambda topic: (kinds.index(topic.kind), RANK[topic.level])):
        counted[topic.kind] += 1
        if counted[topic.kind] <= most_of_a_kind:
            found.append(topic)
    return found


def left_out(topics: Sequence[Topic], kept: Sequence[Topic]) -> int:
    return len(topics) - len(kept)


def problems(text: str, owner: object, due: dt.date | None, *, today: dt.date) -> list[str]:
    """A decision without words, an owner or a day to come is none."""
    found = []
    if not text.strip():
        found.append("请写明决定内容")
    if owner is None:
        found.append("请指定责任人")
    if due is None or due < today:
        found.append("办结期限应不早于今天")
    return found
