"""Two plans side by side, whatever they are: finished plans, the hand rule, a solved scenario. Reads only."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from formulary.queries import Scope
from procurement.models import Plan, PlanState, Trial
from procurement.optimiser.case import Case
from procurement.plan_store import case_of
from procurement.queries.studies import plan_before
from procurement.rules.hand_rule import hand_lines
from procurement.rules.plan_diff import Difference, Lines, Totals, differences, full_codes, lines_of, totals
from procurement.rules.quotes import product_of
from procurement.study_cases import case_of_trial

HAND = "hand"
PLAN, TRIAL = "plan-", "trial-"


@dataclass(frozen=True)
class Side:
    """One of the two: its name, its lines and the case behind them (products by full code)."""

    title: str
    lines: Lines
    case: Case


@dataclass(frozen=True)
class Comparison:
    """From `before` to `after`: every difference, the largest sums first."""

    before: Side
    after: Side
    found: list[Difference]
    totals: Totals

    @property
    def money(self) -> Decimal:
        return self.totals.after - self.totals.before

    @property
    def size(self) -> Decimal:
        return abs(self.money)


def others(plan: Plan, scope: Scope) -> list[tuple[str, str]]:
    """What a plan can be compared with: (key, name), the most telling first."""
    rows = Plan.objects.filter(alliance=scope.alliance, state=PlanState.READY).exclude(pk=plan.pk).defer("case")
    found = [(f"{PLAN}{row.pk}", f"{row.title}（{row.period_start}起）") for row in rows[:50]]
    trials = Trial.objects.filter(study__plan=plan, state=Trial.State.DONE).select_related("study")
    found += [
        (f"{TRIAL}{row.pk}", f"情景：{row.name}（{row.study.created_at:%m-%d}测算）") for row in trials.defer("outcome")
    ]
    return [*found, (HAND, "手工规则（预测用量 × 1.1，最便宜的中选优先）")]


def usual(plan: Plan) -> str:
    """What a plan is compared with when nobody says otherwise: what it was solved again from, the plan of the period
    before, else the hand rule."""
    if plan.based_on_id:
        return f"{PLAN}{plan.based_on_id}"
    earlier = plan_before(plan)
    return f"{PLAN}{earlier.pk}" if earlier else HAND


def compare(plan: Plan, key: str, scope: Scope) -> Comparison | None:
    """From the other to this plan; for a scenario from this plan to it. None for an unknown key."""
    case = case_of(plan)
    if case is None or not scope.whole_alliance:
        return None
    mine = Side(plan.title, _lines(plan), full_codes(case))
    other = _other(plan, key, scope, case)
    if other is None:
        return None
    before, after = (mine, other) if key.startswith(TRIAL) else (other, mine)
    found = differences(before.lines, after.lines, before.case, after.case, by_hand=key == HAND)
    return Comparison(before, after, found, totals(before.lines, after.lines, found))


def _other(plan: Plan, key: str, scope: Scope, case: Case) -> Side | None:
    if key == HAND:
        rows = [(*at, line.packs, line.quantity, line.amount) for at, line in hand_lines(case).items()]
        return Side("手工规则", lines_of(rows, case), full_codes(case))
    number = key.rpartition("-")[2]
    if not number.isdecimal():
        return None
    if key.startswith(TRIAL):
        trial = (
            Trial.objects.filter(pk=number, study__plan=plan, state=Trial.State.DONE).select_related("study").first()
        )
        if trial is None:
            return None
        changed = case_of_trial(trial, case)
        return Side(f"情景：{trial.name}", lines_of(trial.outcome["lines"], changed), full_codes(changed))
    other = Plan.objects.filter(alliance=scope.alliance, state=PlanState.READY, pk=number).first()
    theirs = None if other is None else case_of(other)
    return None if other is None or theirs is None else Side(other.title, _lines(other), full_codes(theirs))


def _lines(plan: Plan) -> Lines:
    rows = plan.lines.values_list("institution__code", "product__code", "supplier_code", "packs", "quantity", "amount")
    return lines_of((site, f"{product_of(code, firm)}@{firm}", *rest) for site, code, firm, *rest in rows)
