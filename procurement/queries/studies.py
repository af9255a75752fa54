"""Studies and 固定 as a person may see them, and the futures that a robust plan is judged by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import Count, Q, QuerySet

from formulary.queries import Scope
from procurement.models import Pin, Plan, PlanState, Study
from procurement.optimiser.case import Case
from procurement.queries.settings import buying_settings
from procurement.rules import robust
from procurement.rules.plan_diff import lines_of
from procurement.rules.robust import Future
from shortage.models import Forecast

FAILING = 3


def studies(scope: Scope) -> QuerySet[Study]:
    """The alliance's studies, newest first; what-if shows all institutions, so only to who reaches them all."""
    if not scope.whole_alliance:
        return Study.objects.none()
    rows = Study.objects.filter(alliance=scope.alliance).defer("base", "result", "plan__case")
    counts = {"trials_count": Count("trials"), "solved": Count("trials", filter=Q(trials__state="done"))}
    return rows.select_related("plan", "job", "created_by").annotate(**counts).order_by("-created_at", "-pk")


def study_of_scope(scope: Scope, pk: int) -> Study | None:
    if not scope.whole_alliance:
        return None
    rows = Study.objects.filter(alliance=scope.alliance).select_related("alliance", "plan", "job", "created_by")
    return rows.filter(pk=pk).first()


def pins_of_plan(plan: Plan, scope: Scope) -> QuerySet[Pin]:
    """Every 固定 of the plan's period, holding or withdrawn; an institution sees its own and the alliance's."""
    rows = Pin.objects.filter(
        alliance=plan.alliance_id, period_start=plan.period_start, period_end=plan.period_end
    ).select_related("institution", "product__presentation", "made_by", "withdrawn_by")
    if not scope.whole_alliance:
        rows = rows.filter(Q(institution=None) | Q(institution__in=scope.institution_ids))
    return rows.order_by("withdrawn_at", "-made_at")


def pin_of_scope(scope: Scope, pk: int) -> Pin | None:
    return Pin.objects.filter(alliance=scope.alliance, pk=pk).select_related("alliance", "plan").first()


def plan_before(plan: Plan) -> Plan | None:
    """The last finished plan of an earlier period."""
    rows = Plan.objects.filter(alliance=plan.alliance_id, state=PlanState.READY, period_start__lt=plan.period_start)
    return rows.defer("case").order_by("-period_start", "-created_at").first()


def futures_of(study: Study, case: Case) -> list[Future]:
    """As forecast; demand high everywhere (90 % of the forecast's distribution, else `study.high_demand`); each of the
    largest suppliers failing; high demand and the largest failing together. Weights are `study.weights`."""
    settings = buying_settings(study.alliance, study.plan.as_of)
    weights: Mapping[str, Any] = settings["study.weights"]
    lines = lines_of(study.base["lines"])
    names = {row.code: row.name or row.code for row in case.suppliers}
    known = demand_ratios(study.plan)
    high = robust.raised(case, known, 1 + float(settings["study.high_demand"]))
    largest = robust.largest_suppliers(case, lines, FAILING)
    found = [
        Future("如预测", float(weights["expected"])),
        Future("需求普遍偏高", float(weights["high"]), demand=high),
    ]
    found += [Future(f"{names[code]}断供", float(weights["failed"]), failed=frozenset({code})) for code in largest]
    if largest:
        found.append(
            Future(
                f"需求偏高且{names[largest[0]]}断供",
                float(weights["both"]),
                demand=high,
                failed=frozenset(largest[:1]),
            )
        )
    return found


def demand_ratios(plan: Plan) -> dict[tuple[str, str], float]:
    """90 % point ÷ mean of the forecast of the plan's day, by (institution code, drug code)."""
    rows = Forecast.objects.filter(institution__alliance=plan.alliance_id, as_of=plan.as_of, mean_30__gt=0).values_list(
        "institution__code", "presentation__code", "mean_30", "q90_30"
    )
    return {(site, drug): max(1.0, high / mean) for site, drug, mean, high in rows}
