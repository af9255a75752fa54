"""Lines and unmet needs of a plan: filtered, grouped, and only of the institutions within reach."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from django.db.models import CharField, Count, F, OuterRef, Q, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce, Concat

from formulary.queries import Scope
from procurement.models import Plan, PlanLine, Supplier, Unmet

GROUPS = {"supplier": "supplier_code", "institution": "institution", "drug": "product__presentation"}


@dataclass(frozen=True)
class LineGroup:
    """Lines of one supplier, institution or drug; `key` filters the lines to it."""

    key: str
    label: str
    lines: int
    packs: int
    amount: Decimal
    institutions: int


def lines(
    plan: Plan,
    scope: Scope,
    *,
    words: str = "",
    institution: str = "",
    supplier: str = "",
    need_class: str = "",
    drug: str = "",
) -> QuerySet[PlanLine]:
    """Lines with drug, product, institution and `supplier_name`, the largest amount first."""
    rows = plan.lines.filter(institution__in=scope.institution_ids)
    if words:
        rows = rows.filter(_drug_words("product__presentation__", words) | Q(product__code__icontains=words))
    for name, value in {
        "institution__code": institution,
        "supplier_code": supplier,
        "need_class": need_class,
        "product__presentation__code": drug,
    }.items():
        if value:
            rows = rows.filter(**{name: value})
    return (
        rows.select_related("institution", "product__presentation")
        .annotate(supplier_name=_supplier_name(plan))
        .order_by("-amount", "pk")
    )


def grouped(rows: QuerySet[PlanLine], by: str) -> list[LineGroup]:
    """Sums of lines by "supplier", "institution" or "drug", the largest amount first."""
    key, label = {
        "supplier": (F("supplier_code"), F("supplier_name")),
        "institution": (F("institution__code"), F("institution__name")),
        "drug": (
            F("product__presentation__code"),
            Concat("product__presentation__name", Value(" "), "product__presentation__strength"),
        ),
    }[by]
    sums = (
        rows.order_by()
        .values(key=key, label=label)
        .annotate(
            count=Count("pk"),
            sum_packs=Sum("packs"),
            sum_amount=Sum("amount"),
            sites=Count("institution", distinct=True),
        )
        .order_by("-sum_amount", "key")
    )
    return [
        LineGroup(row["key"], row["label"], row["count"], row["sum_packs"], row["sum_amount"], row["sites"])
        for row in sums
    ]


def unmet(plan: Plan, scope: Scope, *, words: str = "", institution: str = "", need_class: str = "") -> QuerySet[Unmet]:
    """Needs left open, by class in the order of the goals, then by institution."""
    rows = plan.unmet.filter(institution__in=scope.institution_ids)
    if words:
        rows = rows.filter(_drug_words("presentation__", words))
    if institution:
        rows = rows.filter(institution__code=institution)
    if need_class:
        rows = rows.filter(need_class=need_class)
    return rows.select_related("institution", "presentation").order_by("pk")


def line_choices(plan: Plan, scope: Scope) -> dict[str, list[tuple[str, str]]]:
    """What the filters of the lines may be set to."""
    mine = plan.lines.filter(institution__in=scope.institution_ids).order_by()
    named = mine.annotate(supplier_name=_supplier_name(plan))
    return {
        "institution": sorted(mine.values_list("institution__code", "institution__short_name").distinct()),
        "supplier": sorted(named.values_list("supplier_code", "supplier_name").distinct()),
        "need_class": [(name, name) for name in sorted(mine.values_list("need_class", flat=True).distinct())],
    }


def unmet_choices(plan: Plan, scope: Scope) -> dict[str, list[tuple[str, str]]]:
    """What the filters of the unmet needs may be set to."""
    mine = plan.unmet.filter(institution__in=scope.institution_ids).order_by()
    return {
        "institution": sorted(mine.values_list("institution__code", "institution__short_name").distinct()),
        "need_class": [(name, name) for name in sorted(mine.values_list("need_class", flat=True).distinct())],
    }


def _supplier_name(plan: Plan) -> Coalesce:
    found = Supplier.objects.filter(alliance=plan.alliance_id, code=OuterRef("supplier_code")).values("name")
    return Coalesce(Subquery(found[:1]), F("supplier_code"), output_field=CharField())


def _drug_words(path: str, words: str) -> Q:
    """All words must occur in name, strength, code or pinyin initials."""
    found = Q()
    for word in words.split():
        found &= (
            Q(**{f"{path}name__icontains": word})
            | Q(**{f"{path}strength__icontains": word})
            | Q(**{f"{path}code__icontains": word})
            | Q(**{f"{path}pinyin__icontains": word})
        )
    return found
