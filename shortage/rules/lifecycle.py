"""An alert's life as one table of moves: what people do and what the nightly watch does.

待处置 ──接手──▶ 处置中 ──结案──▶ 已解除 ──复发／重新打开──▶ 待处置
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

OPEN, ACTING, CLOSED = "open", "acting", "closed"
STATE_NAMES = {OPEN: "待处置", ACTING: "处置中", CLOSED: "已解除"}
LIVE = frozenset({OPEN, ACTING})


class Verb(StrEnum):
    """What a step of an alert can be. People: take_on … reopen. The watch: raise … relapse. Measures: start, outcome. Silence: remind."""

    TAKE_ON = "take_on"
    NOTE = "note"
    CLOSE = "close"
    REOPEN = "reopen"
    RAISE = "raise"
    ESCALATE = "escalate"
    LOWER = "lower"
    CLEAR = "clear"
    RELAPSE = "relapse"
    START = "start"
    OUTCOME = "outcome"
    REMIND = "remind"


@dataclass(frozen=True)
class Move:
    """before: states it may start from; after: the state it leads to, "" when the state stays."""

    label: str
    before: frozenset[str]
    after: str


MOVES: dict[Verb, Move] = {
    Verb.TAKE_ON: Move("接手", frozenset({OPEN}), ACTING),
    Verb.NOTE: Move("记录", LIVE, ""),
    Verb.CLOSE: Move("结案", LIVE, CLOSED),
    Verb.REOPEN: Move("重新打开", frozenset({CLOSED}), OPEN),
    Verb.RAISE: Move("触发", frozenset(), OPEN),
    Verb.ESCALATE: Move("升级", LIVE, ""),
    Verb.LOWER: Move("降级", LIVE, ""),
    Verb.CLEAR: Move("自动解除", LIVE, CLOSED),
    Verb.RELAPSE: Move("复发", frozenset({CLOSED}), OPEN),
    Verb.START: Move("发起措施", LIVE, ACTING),
    Verb.REMIND: Move("催办", LIVE, ""),
    Verb.OUTCOME: Move("措施结果", frozenset({OPEN, ACTING, CLOSED}), ""),
}
BY_PEOPLE = (Verb.TAKE_ON, Verb.NOTE, Verb.CLOSE, Verb.REOPEN)
RESPOND_DAYS = {"red": 1, "orange": 3, "yellow": 7, "blue": 7}
"""Days from the last rise in which an alert should be handled, by the remedy that its level calls for."""
ADVICE = {
    "red": "立即从有余量的机构调剂，或紧急采购",
    "orange": "催促供应商发货，或改向其他供应商采购",
    "yellow": "列入下一次订单",
    "blue": "药品本身可能短缺：由医共体统一安排替代、调剂与备货",
}
OUTCOMES = (
    "已调剂补足",
    "已动用储备",
    "已到货",
    "已换供应商采购",
    "已改用替代药品",
    "已停用该品规",
    "经核实为误报",
    "其他",
)
"""How a case can end (domain.md §6.3: disposal options); 其他 asks for words."""


class MoveRefused(Exception):
    """The alert cannot do this now; the message is for the person who asked."""


class AlreadyTaken(MoveRefused):
    """Somebody has taken the alert on."""


class AlreadyClosed(MoveRefused):
    """The alert is over."""


class StillLive(MoveRefused):
    """What is asked is for closed alerts."""


class WordsMissing(MoveRefused):
    """A note or an outcome has to say something."""


class NotInReach(MoveRefused):
    """The alert belongs to an institution that the person does not work for."""


class Succeeded(MoveRefused):
    """A newer live alert speaks of the same drug at the same institution."""


def check(verb: Verb, state: str, *, handler: str = "") -> None:
    """Raises the named refusal when `verb` is not possible from `state`."""
    if state in MOVES[verb].before:
        return
    label = MOVES[verb].label
    if state == CLOSED:
        raise AlreadyClosed(f"预警已解除，不能{label}；情况有变请先重新打开")
    if verb is Verb.TAKE_ON:
        raise AlreadyTaken(f"预警已由{handler or '他人'}接手")
    raise StillLive(f"预警{STATE_NAMES[state]}，不能{label}")


def possible(state: str, verbs: Iterable[Verb] = BY_PEOPLE) -> list[Verb]:
    """What people can do from this state: the buttons of the page."""
    return [verb for verb in verbs if state in MOVES[verb].before]
