"""Plans as a person may see them: those of the alliance; figures of their own institutions where that is the reach."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, Q, QuerySet, Sum

from formulary.queries import Scope
from procurement.models import Plan, PlanLine, PlanState, Unmet

BULKY = ("case", "checks", "commitments", "transfers", "reasons")


@dataclass(frozen=True)
class Totals:
    """Spend in yuan, number of lines, of suppliers and of unmet needs, within the reach of the person."""

    spend: Decimal
    lines: int
    suppliers: int
    unmet: int


def plans(scope: Scope, *, state: str = "", words: str = "") -> QuerySet[Plan]:
    """The alliance's plans, newest first, without their bulky columns. Institutions see finished plans only."""
    rows = Plan.objects.filter(alliance=scope.alliance).defer(*BULKY).select_related("job", "created_by", "version")
    if not scope.whole_alliance:
        rows = rows.filter(state=PlanState.READY)
    if state:
        rows = rows.filter(_standing(state))
    return rows.filter(title__icontains=words) if words else rows


def _standing(state: str) -> Q:
    """The filter that answers to `Plan.standing`."""
    waiting = Q(state__in=[PlanState.DRAFT, PlanState.SOLVING])
    over = Q(job__finished_at__isnull=False)
    if state == PlanState.FAILED:
        return Q(state=PlanState.FAILED) | (waiting & over)
    return Q(state=PlanState.READY) if state == PlanState.READY else waiting & ~over


def plan_of_scope(scope: Scope, pk: int) -> Plan | None:
    """One plan, or None where the person may not see it. Its case (megabytes) is read only where it is asked for."""
    rows = Plan.objects.filter(alliance=scope.alliance).defer("case")
    rows = rows.select_related("alliance", "job", "created_by", "version")
    if not scope.whole_alliance:
        rows = rows.filter(state=PlanState.READY)
    return rows.filter(pk=pk).first()


def latest_plan(scope: Scope) -> Plan | None:
    """The newest finished plan."""
    return plans(scope).filter(state=PlanState.READY).first()


def totals(plan: Plan, scope: Scope) -> Totals:
    """Sums over the lines the person may see."""
    return totals_of([plan.pk], scope)[plan.pk]


def totals_of(plan_ids: Collection[int], scope: Scope) -> dict[int, Totals]:
    """`totals` of several plans, in two queries."""
    mine = {"plan__in": plan_ids, "institution__in": scope.institution_ids}
    sums = (
        PlanLine.objects.filter(**mine)
        .order_by()
        .values("plan")
        .annotate(spend=Sum("amount"), count=Count("pk"), shops=Count("supplier_code", distinct=True))
    )
    open_needs = Unmet.objects.filter(**mine).order_by().values("plan").annotate(count=Count("pk"))
    lines: dict[int, Any] = {row["plan"]: row for row in sums}
    unmet = {row["plan"]: row["count"] for row in open_needs}
    nothing: dict[str, Any] = {"spend": Decimal("0.00"), "count": 0, "shops": 0}
    found = {}
    for pk in plan_ids:
        row = lines.get(pk, nothing)
        found[pk] = Totals(row["spend"], row["count"], row["shops"], unmet.get(pk, 0))
    return found
