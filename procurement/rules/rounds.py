"""A purchase round's life as one table of moves, from 报量 to 考核.

报量中 ─汇总─▶ 核对中 ─优化─▶ 优化中 ─交机构确认─▶ 机构确认中 ─送审─▶ 待审批 ─审批通过─▶ 已锁定 ─下达订单─▶ 执行中 ─关闭─▶ 已关闭 ─考核─▶ 已考核
Before it is locked a round may go back (退回报量, 重新优化, 审批退回) or be dropped (作废); afterwards it only goes on.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

REPORTING, CHECKING, SOLVING, CONFIRMING = "reporting", "checking", "solving", "confirming"
APPROVING, LOCKED, SENT, CLOSED, ASSESSED, CANCELLED = "approving", "locked", "sent", "closed", "assessed", "cancelled"
STATE_NAMES = {
    REPORTING: "报量中",
    CHECKING: "核对中",
    SOLVING: "优化中",
    CONFIRMING: "机构确认中",
    APPROVING: "待审批",
    LOCKED: "已锁定",
    SENT: "执行中",
    CLOSED: "已关闭",
    ASSESSED: "已考核",
    CANCELLED: "已作废",
}
ROAD = (REPORTING, CHECKING, SOLVING, CONFIRMING, APPROVING, LOCKED, SENT, CLOSED, ASSESSED)
OPEN = frozenset({REPORTING, CHECKING, SOLVING, CONFIRMING, APPROVING})
TONES = {
    REPORTING: "blue",
    CHECKING: "blue",
    SOLVING: "blue",
    CONFIRMING: "orange",
    APPROVING: "orange",
    LOCKED: "teal",
    SENT: "teal",
    CLOSED: "gray",
    ASSESSED: "green",
    CANCELLED: "gray",
}


class Verb(StrEnum):
    OPEN = "open"
    GATHER = "gather"
    REOPEN = "reopen"
    OPTIMISE = "optimise"
    PRESENT = "present"
    SUBMIT = "submit"
    APPROVE = "approve"
    PASS = "pass"
    REJECT = "reject"
    SEND = "send"
    CLOSE = "close"
    ASSESS = "assess"
    CANCEL = "cancel"


@dataclass(frozen=True)
class Move:
    """before: states it may start from; after: the state it leads to, "" when the state stays."""

    label: str
    before: frozenset[str]
    after: str


MOVES: dict[Verb, Move] = {
    Verb.OPEN: Move("发起", frozenset(), REPORTING),
    Verb.GATHER: Move("汇总核对", frozenset({REPORTING}), CHECKING),
    Verb.REOPEN: Move("退回报量", frozenset({CHECKING, SOLVING, CONFIRMING}), REPORTING),
    Verb.OPTIMISE: Move("优化", frozenset({CHECKING, SOLVING, CONFIRMING}), SOLVING),
    Verb.PRESENT: Move("交机构确认", frozenset({SOLVING}), CONFIRMING),
    Verb.SUBMIT: Move("送审", frozenset({CONFIRMING}), APPROVING),
    Verb.APPROVE: Move("审批同意", frozenset({APPROVING}), ""),
    Verb.PASS: Move("审批通过", frozenset({APPROVING}), LOCKED),
    Verb.REJECT: Move("审批退回", frozenset({APPROVING}), CONFIRMING),
    Verb.SEND: Move("下达订单", frozenset({LOCKED}), SENT),
    Verb.CLOSE: Move("关闭", frozenset({SENT}), CLOSED),
    Verb.ASSESS: Move("考核", frozenset({CLOSED}), ASSESSED),
    Verb.CANCEL: Move("作废", OPEN, CANCELLED),
}


class RoundRefused(Exception):
    """The round cannot do this now; the message is for the person who asked."""


class WrongState(RoundRefused):
    """The move does not start from the state that the round is in."""


class NotYours(RoundRefused):
    """The person may not do this: another institution, another role, or the applicant approving himself."""


class Incomplete(RoundRefused):
    """Something has to be done first: a report missing, a reason missing, a dispute unanswered."""


class WordsMissing(RoundRefused):
    """The move has to say why."""


def check(verb: Verb, state: str) -> None:
    """Raises WrongState when `verb` is not possible from `state`."""
    if state not in MOVES[verb].before:
        raise WrongState(f"采购轮次{STATE_NAMES[state]}，不能{MOVES[verb].label}")


def possible(state: str) -> frozenset[Verb]:
    return frozenset(verb for verb, move in MOVES.items() if state in move.before)


def road(state: str) -> list[tuple[str, str]]:
    """(name, done/current/todo/refused) of every station, for the page."""
    if state == CANCELLED:
        return [(STATE_NAMES[CANCELLED], "refused")]
    at = ROAD.index(state)
    last = len(ROAD) - 1
    return [
        (
            STATE_NAMES[station],
            "done" if k < at or (k == at == last) else "current" if k == at else "todo",
        )
        for k, station in enumerate(ROAD)
    ]
