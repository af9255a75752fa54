"""缺药登记 as one table of moves (domain.md §7).

已登记 ──采购中──▶ 采购中 ──到药──▶ 已到药 ──取药──▶ 已取药
   └──────────到药（调剂）──────────▶   └─未来取──▶ 未取药        已登记、采购中、已到药 ──取消──▶ 已取消
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from formulary.rules.moves import Labelled


class State(Labelled):
    REGISTERED = "registered", "已登记"
    PURCHASING = "purchasing", "采购中"
    DELIVERED = "delivered", "已到药"
    COLLECTED = "collected", "已取药"
    NO_SHOW = "no_show", "未取药"
    CANCELLED = "cancelled", "已取消"


class Verb(Labelled):
    REGISTER = "register", "登记"
    ANSWER = "answer", "答复"
    PURCHASE = "purchase", "安排采购"
    DELIVER = "deliver", "到药"
    COLLECT = "collect", "取药"
    NO_SHOW = "no_show", "未来取药"
    CANCEL = "cancel", "取消"


S = State
OPEN = frozenset({S.REGISTERED, S.PURCHASING, S.DELIVERED})
OVER = frozenset({S.COLLECTED, S.NO_SHOW, S.CANCELLED})


@dataclass(frozen=True)
class Move:
    """before: states it may start from; after: where it leads, None when the state stays; words: it needs a note."""

    before: frozenset[State]
    after: State | None
    words: bool = False


MOVES: dict[Verb, Move] = {
    Verb.REGISTER: Move(frozenset(), S.REGISTERED),
    Verb.ANSWER: Move(frozenset({S.REGISTERED, S.PURCHASING}), None, words=True),
    Verb.PURCHASE: Move(frozenset({S.REGISTERED}), S.PURCHASING),
    Verb.DELIVER: Move(frozenset({S.REGISTERED, S.PURCHASING}), S.DELIVERED),
    Verb.COLLECT: Move(frozenset({S.DELIVERED}), S.COLLECTED),
    Verb.NO_SHOW: Move(frozenset({S.DELIVERED}), S.NO_SHOW),
    Verb.CANCEL: Move(OPEN, S.CANCELLED, words=True),
}
BY_CENTRE = (Verb.ANSWER, Verb.PURCHASE)
"""What the purchasing centre or the committee's office does; the rest is for the institution that registered."""
BY_PLACE = (Verb.DELIVER, Verb.COLLECT, Verb.NO_SHOW, Verb.CANCEL)


class RequestRefused(Exception):
    """The registration cannot do this now; the message is for the person who asked."""


def check(verb: Verb, state: str, *, note: str = "") -> State:
    """The state that `verb` leads to. Raises RequestRefused."""
    move, now = MOVES[verb], State(state)
    if now not in move.before:
        raise RequestRefused(f"登记现为“{now.label}”，不能{verb.label}")
    if move.words and not note.strip():
        raise RequestRefused(f"{verb.label}须写明情况")
    return move.after or now


def possible(state: str, verbs: Iterable[Verb]) -> list[Verb]:
    return [verb for verb in verbs if State(state) in MOVES[verb].before]


def fulfilment(states: Iterable[str]) -> float | None:
    """履约率 = collected ÷ (collected + no-show); None while neither happened (domain.md §7)."""
    listed = list(states)
    came, missed = listed.count(S.COLLECTED), listed.count(S.NO_SHOW)
    return came / (came + missed) if came + missed else None
