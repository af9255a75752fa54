"""Purchase rounds as a person may see them, the completeness board, the alliance's check, and what the plan reads."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, F, Max, Q, QuerySet, Sum

from formulary.queries import Scope, matching
from procurement.models import (
    Dispute,
    NeedLine,
    NeedReport,
    Order,
    OrderLine,
    Plan,
    PurchaseRound,
    RoundLine,
)
from procurement.rules import rounds as rules
from procurement.rules.needs import in_words
from procurement.sources import NeedRow, Reported


@dataclass(frozen=True)
class Board:
    """How far the reporting is: institutions, those that reported, lines, lines to explain, without a word, days left."""

    reports: list[NeedReport]
    submitted: int
    lines: int
    changed: int
    asked: int
    unexplained: int
    days_left: int

    @property
    def share(self) -> float | None:
        return self.submitted / len(self.reports) if self.reports else None


def rounds(scope: Scope, *, state: str = "", words: str = "") -> QuerySet[PurchaseRound]:
    """The alliance's rounds, newest first. `open_reports` counts the institutions still to report."""
    rows = PurchaseRound.objects.filter(alliance=scope.alliance).select_related("tender", "created_by")
    if state:
        rows = rows.filter(state=state)
    if words:
        rows = rows.filter(title__icontains=words)
    return rows.annotate(
        places=Count("reports", distinct=True),
        reported=Count("reports", filter=Q(reports__state__in=["submitted", "assumed"]), distinct=True),
    ).order_by("-created_at", "-pk")


def round_of_scope(scope: Scope, pk: int) -> PurchaseRound | None:
    rows = PurchaseRound.objects.filter(alliance=scope.alliance)
    rows = rows.select_related("alliance", "tender", "plan", "plan__job", "created_by", "applicant")
    return (
        rows.defer("plan__case", "plan__checks", "plan__commitments", "plan__transfers", "plan__reasons")
        .filter(pk=pk)
        .first()
    )


def report_of_scope(scope: Scope, round_pk: int, institution: int) -> NeedReport | None:
    rows = NeedReport.objects.filter(round__alliance=scope.alliance, round=round_pk, institution=institution)
    if institution not in scope.institution_ids:
        return None
    return rows.select_related("round__alliance", "round__tender", "institution").first()


def board(row: PurchaseRound, scope: Scope, *, today: dt.date) -> Board:
    """The completeness board, of the institutions within reach."""
    reports = list(
        row.reports.filter(institution__in=scope.institution_ids).select_related(
            "institution", "submitted_by", "confirmed_by"
        )
    )
    return Board(
        reports=reports,
        submitted=sum(not report.is_open for report in reports),
        lines=sum(report.lines_count for report in reports),
        changed=sum(report.changed for report in reports),
        asked=sum(report.asked for report in reports),
        unexplained=sum(report.unexplained for report in reports),
        days_left=(row.report_due - today).days,
    )


def need_lines(report: NeedReport, *, words: str = "", show: str = "") -> QuerySet[NeedLine]:
    """Lines of a report; `show`: asked (must be explained), bare (not yet), changed, bought (quantity > 0)."""
    rows = report.lines.select_related("presentation")
    if words:
        rows = rows.filter(matching(words, prefix="presentation__"))
    kept = {
        "asked": ~Q(asks=""),
        "bare": ~Q(asks="") & Q(reason=""),
        "changed": ~Q(quantity=F("forecast")),
        "bought": Q(quantity__gt=0),
    }
    return rows.filter(kept[show]) if show in kept else rows


@dataclass(frozen=True)
class CheckRow:
    """One 品规 over the whole alliance: what was reported beside forecast and last year."""

    name: str
    strength: str
    unit: str
    institutions: int
    reported: int
    forecast: int
    used: int
    explained: int

    @property
    def gap(self) -> int:
        return self.reported - self.forecast

    @property
    def ratio(self) -> float | None:
        return self.reported / self.forecast if self.forecast else None


def check_rows(row: PurchaseRound, *, words: str = "") -> list[CheckRow]:
    """The alliance's sum by 品规, the largest deviation from the forecast first."""
    rows = NeedLine.objects.filter(report__round=row)
    if words:
        rows = rows.filter(matching(words, prefix="presentation__"))
    sums = (
        rows.order_by()
        .values("presentation__name", "presentation__strength", "presentation__unit", "presentation_id")
        .annotate(
            places=Count("pk", filter=Q(quantity__gt=0)),
            reported=Sum("quantity"),
            expected=Sum("forecast"),
            used=Sum("used_12m"),
            told=Count("pk", filter=~Q(reason="")),
        )
    )
    found = [
        CheckRow(
            each["presentation__name"],
            each["presentation__strength"],
            each["presentation__unit"],
            each["places"],
            each["reported"],
            each["expected"],
            each["used"],
            each["told"],
        )
        for each in sums
    ]
    return sorted(found, key=lambda each: (-abs(each.gap), each.name, each.strength))


def explained_lines(row: PurchaseRound) -> QuerySet[NeedLine]:
    """Lines whose report had to be explained, with the words, the largest difference first."""
    return (
        NeedLine.objects.filter(report__round=row)
        .exclude(asks="")
        .select_related("presentation", "report__institution")
        .annotate(gap=F("quantity") - F("forecast"))
        .order_by("report__institution__code", "presentation__name", "pk")
    )


def reported_need(plan: Plan) -> Reported | None:
    """What the plan of a round is made for; None for a plan without a round.

    demand = use expected before the period + quantity reported; safety stock is not asked for again where an
    institution reported 0 for the whole period.
    """
    row = PurchaseRound.objects.filter(plan=plan).select_related("tender").first()
    if row is None:
        return None
    lines = NeedLine.objects.filter(report__round=row).order_by("report__institution__code", "presentation__code")
    values = lines.values_list(
        "report__institution_id", "presentation_id", "before", "quantity", "safety", "stock", "on_order", "ordered"
    )
    needs = [
        NeedRow(site, drug, early + quantity, safety if quantity else 0, stock, coming, ordered)
        for site, drug, early, quantity, safety, stock, coming, ordered in values
    ]
    only = frozenset(need.presentation_id for need in needs) if row.tender_id else None
    scope = f"只含{row.tender}的品规，预算仍按机构全部采购计" if row.tender else "全部在用品规"
    return Reported(needs, only, f"需求取自“{row.title}”各机构报量，{scope}")


def round_lines(
    row: PurchaseRound, scope: Scope, *, institution: str = "", words: str = "", show: str = ""
) -> QuerySet[RoundLine]:
    """What is to be bought, within reach; `show`: disputed (open), changed (agreed otherwise than planned)."""
    rows = row.lines.filter(institution__in=scope.institution_ids)
    if institution:
        rows = rows.filter(institution__code=institution)
    if words:
        rows = rows.filter(matching(words, prefix="product__presentation__"))
    if show == "disputed":
        rows = rows.filter(disputes__state=Dispute.State.OPEN)
    if show == "changed":
        rows = rows.exclude(packs=F("planned"))
    return rows.select_related("institution", "product__presentation", "supplier").order_by(
        "institution__code", "product__presentation__name", "pk"
    )


def disputes(row: PurchaseRound, scope: Scope) -> QuerySet[Dispute]:
    rows = Dispute.objects.filter(line__round=row, line__institution__in=scope.institution_ids)
    return rows.select_related(
        "line__institution", "line__product__presentation", "line__supplier", "raised_by", "answered_by"
    )


def line_totals(row: PurchaseRound, scope: Scope) -> dict[str, Any]:
    """Amount (yuan), lines, suppliers, institutions of the round's lines within reach."""
    found = row.lines.filter(institution__in=scope.institution_ids, packs__gt=0).aggregate(
        amount=Sum(F("price") * F("packs")),
        lines=Count("pk"),
        suppliers=Count("supplier", distinct=True),
        institutions=Count("institution", distinct=True),
    )
    return found | {"amount": found["amount"] or Decimal("0.00")}


def round_assessment(row: PurchaseRound) -> dict[str, Any]:
    """How the round went: fill rate, on-time orders, refused packs, per institution what was ordered and accepted."""
    lines = OrderLine.objects.filter(order__round=row).exclude(order__state="cancelled")
    whole = lines.aggregate(
        spend=Sum(F("price") * F("accepted")), ordered=Sum("packs"), came=Sum("accepted"), rest=Sum("stopped")
    )
    orders = list(
        Order.objects.filter(round=row)
        .exclude(state="cancelled")
        .annotate(last=Max("deliveries__arrived_on"), refused=Sum("deliveries__lines__refused"))
        .values_list("due_on", "last", "state", "refused")
    )
    arrived = [(due, last) for due, last, state, _refused in orders if last and state in ("done", "closed")]
    by_site = (
        lines.order_by()
        .values("institution__name")
        .annotate(ordered=Sum("packs"), came=Sum("accepted"))
        .order_by("institution__name")
    )
    ordered = whole["ordered"] or 0
    return {
        "orders": len(orders),
        "ordered_packs": ordered,
        "accepted_packs": whole["came"] or 0,
        "stopped_packs": whole["rest"] or 0,
        "refused_packs": sum(refused or 0 for *_rest, refused in orders),
        "spend": str((whole["spend"] or Decimal(0)).quantize(Decimal("0.01"))),
        "fill_rate": (whole["came"] or 0) / ordered if ordered else None,
        "on_time_rate": sum(last <= due for due, last in arrived) / len(arrived) if arrived else None,
        "assumed_reports": row.reports.filter(state=NeedReport.State.ASSUMED).count(),
        "institutions": [
            {"name": each["institution__name"], "ordered": each["ordered"], "accepted": each["came"]}
            for each in by_site
        ],
    }


def asked_words(line: NeedLine) -> str:
    """Why this line must be explained, in words; "" when it need not."""
    return in_words(line.asks.split(",")) if line.asks else ""


def waiting_for(row: PurchaseRound) -> str:
    """What this round waits for, in words."""
    return {
        rules.REPORTING: "等待各机构报量",
        rules.CHECKING: "等待采购员核对并优化",
        rules.SOLVING: "等待计划生成后交机构确认",
        rules.CONFIRMING: "等待机构确认与异议答复",
        rules.APPROVING: "等待审批",
        rules.LOCKED: "等待下达订单",
        rules.SENT: "等待到货验收",
        rules.CLOSED: "等待考核",
    }.get(row.state, "")
