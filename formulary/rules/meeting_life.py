"""A meeting's life as one table of moves (domain.md §11.2).

筹备中 ──通知──▶ 已通知 ──开会──▶ 进行中 ──结束──▶ 表决结束 ──签发──▶ 纪要已签发
筹备中、已通知 ──取消──▶ 已取消
"""

from __future__ import annotations

from dataclasses import dataclass

from formulary.rules.moves import Labelled


class State(Labelled):
    PLANNED = "planned", "筹备中"
    NOTIFIED = "notified", "已通知"
    IN_SESSION = "in_session", "进行中"
    CLOSED = "closed", "表决结束"
    SIGNED = "signed", "纪要已签发"
    CANCELLED = "cancelled", "已取消"


class Verb(Labelled):
    EDIT = "edit", "修改"
    ARRANGE = "arrange", "调整议程"
    NOTIFY = "notify", "发出通知"
    ATTEND = "attend", "登记出席"
    DECLARE = "declare", "声明利益关系"
    OPEN = "open", "宣布开会"
    VOTE = "vote", "表决"
    CLOSE = "close", "结束会议"
    WRITE = "write", "填写纪要"
    SIGN = "sign", "签发纪要"
    CANCEL = "cancel", "取消会议"


S = State
_COMING = frozenset({S.PLANNED, S.NOTIFIED})


@dataclass(frozen=True)
class Move:
    """before: states it may be done in; after: where it leads, None when the state stays."""

    before: frozenset[State]
    after: State | None = None


MOVES: dict[Verb, Move] = {
    Verb.EDIT: Move(_COMING),
    Verb.ARRANGE: Move(_COMING | {S.IN_SESSION}),
    Verb.NOTIFY: Move(frozenset({S.PLANNED}), S.NOTIFIED),
    Verb.ATTEND: Move(frozenset({S.NOTIFIED, S.IN_SESSION})),
    Verb.DECLARE: Move(frozenset({S.NOTIFIED, S.IN_SESSION})),
    Verb.OPEN: Move(frozenset({S.NOTIFIED}), S.IN_SESSION),
    Verb.VOTE: Move(frozenset({S.IN_SESSION})),
    Verb.CLOSE: Move(frozenset({S.IN_SESSION}), S.CLOSED),
    Verb.WRITE: Move(frozenset({S.IN_SESSION, S.CLOSED})),
    Verb.SIGN: Move(frozenset({S.CLOSED}), S.SIGNED),
    Verb.CANCEL: Move(_COMING, S.CANCELLED),
}


class MeetingRefused(Exception):
    """The meeting cannot do this now; the message is for the person who asked."""


def check(verb: Verb, state: str) -> State:
    """The state that `verb` leads to. Raises MeetingRefused."""
    now = State(state)
    if now not in MOVES[verb].before:
        raise MeetingRefused(f"会议现为“{now.label}”，不能{verb.label}")
    return MOVES[verb].after or now


def possible(state: str) -> frozenset[Verb]:
    return frozenset(verb for verb, move in MOVES.items() if State(state) in move.before)
