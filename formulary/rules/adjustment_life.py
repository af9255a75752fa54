"""An application's life as one table of moves (domain.md §1, 11.2).

草稿 ──提交──▶ 形式审查 ──通过──▶ 评分 ──完成──▶ 待上会 ──列入议程──▶ 上会 ──表决──▶ 通过／未通过／暂缓
  ▲─退回─┘                                                            通过 ──公示──▶ 公示中 ──▶ 待发布 ──▶ 已生效
紧急临时采购: 形式审查 ──主任批准──▶ 临时使用 ──▶ 追认／失效
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from formulary.rules.moves import Labelled


class Kind(Labelled):
    ADD = "add", "调入"
    REMOVE = "remove", "调出"
    REPLACE = "replace", "替换"
    LEVEL = "level", "调整使用级别"
    EMERGENCY = "emergency", "紧急临时采购"


class State(Labelled):
    DRAFT = "draft", "草稿"
    SUBMITTED = "submitted", "形式审查"
    RETURNED = "returned", "退回补充"
    SCORING = "scoring", "评分"
    READY = "ready", "待上会"
    ON_AGENDA = "on_agenda", "上会"
    PASSED = "passed", "表决通过"
    FAILED = "failed", "未通过"
    PUBLICITY = "publicity", "公示中"
    CLEARED = "cleared", "待发布"
    EFFECTIVE = "effective", "已生效"
    TEMPORARY = "temporary", "临时使用"
    RATIFIED = "ratified", "已追认"
    LAPSED = "lapsed", "已失效"
    REFUSED = "refused", "不予受理"
    WITHDRAWN = "withdrawn", "已撤回"


class Verb(Labelled):
    CREATE = "create", "建立"
    EDIT = "edit", "修改"
    SUBMIT = "submit", "提交"
    RETURN = "return", "退回补充"
    REFUSE = "refuse", "不予受理"
    WITHDRAW = "withdraw", "撤回"
    ACCEPT = "accept", "形式审查通过"
    SCORED = "scored", "评分完成"
    SCHEDULE = "schedule", "列入议程"
    UNSCHEDULE = "unschedule", "移出议程"
    PASS = "pass", "表决通过"
    FAIL = "fail", "表决未通过"
    DEFER = "defer", "暂缓"
    ANNOUNCE = "announce", "公示"
    UPHOLD = "uphold", "异议成立"
    CLEAR = "clear", "公示结束"
    TAKE_EFFECT = "take_effect", "发布生效"
    APPROVE = "approve", "主任批准临时使用"
    RATIFY = "ratify", "追认"
    LAPSE = "lapse", "到期失效"


S = State
_BEFORE_VOTE = frozenset({S.SUBMITTED, S.RETURNED, S.SCORING, S.READY})
OVER = frozenset({S.FAILED, S.EFFECTIVE, S.RATIFIED, S.LAPSED, S.REFUSED, S.WITHDRAWN})
"""States that nothing leads out of."""


@dataclass(frozen=True)
class Move:
    """before: states it may start from; after: where it leads, None when the state stays."""

    before: frozenset[State]
    after: State | None


MOVES: dict[Verb, Move] = {
    Verb.CREATE: Move(frozenset(), S.DRAFT),
    Verb.EDIT: Move(frozenset({S.DRAFT, S.RETURNED}), None),
    Verb.SUBMIT: Move(frozenset({S.DRAFT, S.RETURNED}), S.SUBMITTED),
    Verb.RETURN: Move(frozenset({S.SUBMITTED, S.SCORING, S.READY}), S.RETURNED),
    Verb.REFUSE: Move(frozenset({S.SUBMITTED}), S.REFUSED),
    Verb.WITHDRAW: Move(frozenset({S.DRAFT}) | _BEFORE_VOTE, S.WITHDRAWN),
    Verb.ACCEPT: Move(frozenset({S.SUBMITTED}), S.SCORING),
    Verb.SCORED: Move(frozenset({S.SCORING}), S.READY),
    Verb.SCHEDULE: Move(frozenset({S.READY}), S.ON_AGENDA),
    Verb.UNSCHEDULE: Move(frozenset({S.ON_AGENDA}), S.READY),
    Verb.PASS: Move(frozenset({S.ON_AGENDA}), S.PASSED),
    Verb.FAIL: Move(frozenset({S.ON_AGENDA}), S.FAILED),
    Verb.DEFER: Move(frozenset({S.ON_AGENDA}), S.READY),
    Verb.ANNOUNCE: Move(frozenset({S.PASSED}), S.PUBLICITY),
    Verb.UPHOLD: Move(frozenset({S.PUBLICITY}), S.READY),
    Verb.CLEAR: Move(frozenset({S.PUBLICITY}), S.CLEARED),
    Verb.TAKE_EFFECT: Move(frozenset({S.CLEARED}), S.EFFECTIVE),
    Verb.APPROVE: Move(frozenset({S.SUBMITTED}), S.TEMPORARY),
    Verb.RATIFY: Move(frozenset({S.TEMPORARY}), S.RATIFIED),
    Verb.LAPSE: Move(frozenset({S.TEMPORARY}), S.LAPSED),
}
_EMERGENCY_ONLY = frozenset({Verb.APPROVE, Verb.RATIFY, Verb.LAPSE})
_NOT_EMERGENCY = frozenset({Verb.ACCEPT})


class MoveRefused(Exception):
    """The application cannot do this now; the message is for the person who asked."""


def check(verb: Verb, state: str, kind: str) -> State:
    """The state that `verb` leads to. Raises MoveRefused."""
    move, now = MOVES[verb], State(state)
    if now not in move.before or not fits(verb, kind):
        raise MoveRefused(f"申请现为“{now.label}”，不能{verb.label}")
    return move.after or now


def fits(verb: Verb, kind: str) -> bool:
    """紧急临时采购 goes by the chair's approval, everything else by scoring and vote."""
    emergency = kind == Kind.EMERGENCY
    return verb not in (_NOT_EMERGENCY if emergency else _EMERGENCY_ONLY)


def possible(state: str, kind: str, verbs: Iterable[Verb] = tuple(Verb)) -> list[Verb]:
    """What can be done from this state: the buttons of the page, before permissions."""
    return [verb for verb in verbs if State(state) in MOVES[verb].before and fits(verb, kind)]
