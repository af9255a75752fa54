"""Orders, deliveries and payables as a person may see them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Case, Count, F, Min, Q, QuerySet, Sum, When
from django.db.models.functions import Coalesce

from formulary.queries import Scope
from procurement.models import Delivery, Order, OrderLine, Payable

MONEY = Decimal("0.00")


def orders(
    scope: Scope,
    *,
    state: str = "",
    supplier: str = "",
    words: str = "",
    round: int | None = None,
    late_on: dt.date | None = None,
) -> QuerySet[Order]:
    """Orders with lines of institutions within reach, soonest due first; drafts only for the whole alliance."""
    rows = Order.objects.filter(alliance=scope.alliance).select_related("supplier", "round")
    if not scope.whole_alliance:
        mine = OrderLine.objects.filter(institution__in=scope.institution_ids).values("order")
        rows = rows.filter(pk__in=mine).exclude(state="draft")
    for name, value in {"state": state, "supplier__code": supplier, "round": round}.items():
        if value:
            rows = rows.filter(**{name: value})
    if words:
        rows = rows.filter(Q(number__icontains=words) | Q(supplier__name__icontains=words))
    if late_on:
        rows = rows.filter(state__in=["sent", "part"], due_on__lt=late_on)
    rank = Case(When(state__in=["sent", "part"], then=0), When(state="draft", then=1), default=2)
    return rows.annotate(rank=rank).order_by("rank", "due_on", "number")


@dataclass(frozen=True)
class Filled:
    """Packs of one order within reach: ordered, accepted, of how many institutions; yuan."""

    packs: int
    accepted: int
    institutions: int
    amount: Decimal

    @property
    def share(self) -> float:
        return self.accepted / self.packs if self.packs else 0.0


def filled(order_ids: list[int], scope: Scope) -> dict[int, Filled]:
    rows = (
        OrderLine.objects.filter(order__in=order_ids, institution__in=scope.institution_ids)
        .order_by()
        .values("order")
        .annotate(
            packs_sum=Sum("packs"),
            accepted_sum=Sum("accepted"),
            places=Count("institution", distinct=True),
            money=Sum(F("price") * F("packs")),
        )
    )
    return {
        row["order"]: Filled(row["packs_sum"], row["accepted_sum"], row["places"], row["money"] or MONEY)
        for row in rows
    }


def order_of_scope(scope: Scope, pk: int) -> Order | None:
    return orders(scope).select_related("alliance", "supplier", "round", "sent_by").filter(pk=pk).first()


def order_lines(order: Order, scope: Scope) -> QuerySet[OrderLine]:
    rows = order.lines.filter(institution__in=scope.institution_ids)
    return rows.select_related("institution", "product__presentation")


def deliveries(order: Order, scope: Scope) -> QuerySet[Delivery]:
    rows = order.deliveries.filter(institution__in=scope.institution_ids)
    return rows.select_related("institution", "received_by").annotate(
        came=Coalesce(Sum("lines__delivered"), 0), refused=Coalesce(Sum("lines__refused"), 0)
    )


def payables(
    scope: Scope, *, today: dt.date, state: str = "", supplier: str = "", institution: str = ""
) -> QuerySet[Payable]:
    """What must be paid, the longest overdue first; `state`: open, overdue, paid."""
    rows = Payable.objects.filter(
        delivery__order__alliance=scope.alliance, delivery__institution__in=scope.institution_ids
    )
    kept = {"open": Q(paid_on=None), "overdue": Q(paid_on=None, due_on__lt=today), "paid": Q(paid_on__isnull=False)}
    if state in kept:
        rows = rows.filter(kept[state])
    if supplier:
        rows = rows.filter(delivery__order__supplier__code=supplier)
    if institution:
        rows = rows.filter(delivery__institution__code=institution)
    return rows.select_related("delivery__order__supplier", "delivery__institution", "paid_by").order_by(
        F("paid_on").asc(nulls_first=True), "due_on", "pk"
    )


@dataclass(frozen=True)
class Arrears:
    """One supplier's open bills in yuan: all, overdue, and the days of the oldest overdue one."""

    code: str
    name: str
    open: Decimal
    overdue: Decimal
    bills: int
    oldest_days: int


def arrears(scope: Scope, *, today: dt.date) -> list[Arrears]:
    """By supplier, the most overdue first; only bills of institutions within reach."""
    rows = (
        payables(scope, today=today, state="open")
        .order_by()
        .values("delivery__order__supplier__code", "delivery__order__supplier__name")
        .annotate(
            open_sum=Sum("amount"),
            overdue_sum=Sum("amount", filter=Q(due_on__lt=today)),
            bills=Count("pk"),
            oldest=Min("due_on", filter=Q(due_on__lt=today)),
        )
    )
    found = [
        Arrears(
            row["delivery__order__supplier__code"],
            row["delivery__order__supplier__name"],
            row["open_sum"],
            row["overdue_sum"] or MONEY,
            row["bills"],
            (today - row["oldest"]).days if row["oldest"] else 0,
        )
        for row in rows
    ]
    return sorted(found, key=lambda row: (-row.overdue, -row.open, row.code))
