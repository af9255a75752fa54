"""Price events of today, the cases about them, and the evidence beside a case."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Q, QuerySet

from formulary.models import Alliance, Person
from formulary.queries import Scope
from procurement.models import Offer, Order, PriceCase
from procurement.queries import prices as asked
from procurement.queries.prices import PriceRow
from procurement.rules import price_cases as rules
from procurement.rules import prices
from procurement.rules.price_cases import Finding


def findings(alliance: Alliance, *, today: dt.date, rows: list[PriceRow] | None = None) -> list[Finding]:
    """Every event of today that may become a case: flags of prices (A5, A6), orders off the platform without filing (A8)."""
    rows = asked.price_rows(alliance, today=today) if rows is None else rows
    found = [_finding(row, flag, why) for row in rows for flag, why in zip(row.flags, row.why, strict=True)]
    since = dt.date(today.year, 1, 1)
    outside = Order.objects.filter(alliance=alliance, on_platform=False, filing="", sent_at__date__gte=since)
    for order in outside.exclude(state="cancelled").select_related("supplier"):
        found.append(
            Finding(
                rules.event_of_order(order.pk),
                rules.UNFILED,
                f"订单 {order.number} {order.supplier.name}",
                f"平台外采购 {order.amount:,.2f} 元，没有备案号",
                supplier=order.supplier_id,
                order=order.pk,
                evidence={"amount": str(order.amount), "sent": str(order.sent_at.date() if order.sent_at else "")},
            )
        )
    return found


def _finding(row: PriceRow, flag: str, why: str) -> Finding:
    known = {"former": row.former, "award": row.award, "listed": row.listed, "label": row.label, "unit": row.unit}
    return Finding(
        rules.event_of_offer(flag, row.offer.pk),
        flag,
        f"{row.offer.product.presentation} {row.offer.product.maker}",
        why,
        product=row.offer.product_id,
        supplier=row.offer.supplier_id,
        price=row.offer.price,
        evidence={name: _plain(value) for name, value in known.items() if value not in (None, "")},
    )


def _plain(value: Decimal | str | None) -> str:
    return f"{value.normalize():f}" if isinstance(value, Decimal) else str(value)


def events_with_case(alliance: Alliance) -> dict[str, int]:
    """Case by event, closed ones too: an event that was settled is not opened again."""
    return dict(PriceCase.objects.filter(alliance=alliance).values_list("event", "pk"))


def uncovered(alliance: Alliance, *, today: dt.date, rows: list[PriceRow] | None = None) -> list[Finding]:
    known = events_with_case(alliance)
    return [one for one in findings(alliance, today=today, rows=rows) if one.event not in known]


def cases(
    scope: Scope, *, state: str = "open", kind: str = "", words: str = "", owner: Person | None = None, today: dt.date
) -> QuerySet[PriceCase]:
    """state: open, overdue, or one state; what is due first comes first."""
    rows = PriceCase.objects.filter(alliance=scope.alliance)
    if state == "overdue":
        rows = rows.filter(state__in=rules.OPEN, due_on__lt=today)
    elif state == "open":
        rows = rows.filter(state__in=rules.OPEN)
    elif state:
        rows = rows.filter(state=state)
    if kind:
        rows = rows.filter(kind=kind)
    if owner is not None:
        rows = rows.filter(owner=owner)
    for word in words.split():
        rows = rows.filter(Q(title__icontains=word) | Q(number__icontains=word) | Q(supplier__name__icontains=word))
    return rows.select_related("owner", "supplier", "product__presentation").order_by("due_on", "pk")


def case_of_scope(scope: Scope, pk: int) -> PriceCase | None:
    rows = PriceCase.objects.filter(alliance=scope.alliance, pk=pk)
    return rows.select_related(
        "alliance", "owner", "supplier", "product__presentation", "order", "replacement__presentation", "opened_by"
    ).first()


@dataclass(frozen=True)
class Comparable:
    """Another offer of the same drug that runs today; `lowest` marks the network's cheapest unit."""

    offer: Offer
    unit: Decimal
    own: bool
    lowest: bool


def comparables(case: PriceCase, *, today: dt.date) -> list[Comparable]:
    """Running offers of the same 品规 in the alliance, the cheapest unit first; 红★★★ is never the cheapest to turn to."""
    if case.product is None:
        return []
    running = Offer.objects.filter(
        Q(valid_to=None) | Q(valid_to__gte=today),
        supplier__alliance=case.alliance,
        product__presentation=case.product.presentation_id,
        valid_from__lte=today,
    )
    newest = {
        (offer.supplier_id, offer.product_id): offer
        for offer in running.select_related("product__presentation", "supplier").order_by("valid_from", "pk")
    }
    priced = sorted(
        ((prices.unit_price(offer.price, offer.product.pack_size), offer) for offer in newest.values()),
        key=lambda each: (each[0], each[1].pk),
    )
    best = next((offer.pk for _unit, offer in priced if offer.label != "红3"), None)
    own = (case.supplier_id, case.product_id)
    return [
        Comparable(offer, unit, (offer.supplier_id, offer.product_id) == own, offer.pk == best)
        for unit, offer in priced
    ]


def price_now(case: PriceCase, today: dt.date) -> Decimal | None:
    """What the supplier asks today; None when it no longer offers the product."""
    running = Offer.objects.filter(
        Q(valid_to=None) | Q(valid_to__gte=today), supplier=case.supplier, product=case.product, valid_from__lte=today
    )
    newest = running.order_by("-valid_from", "-pk").first()
    return newest.price if newest else None


def summary(scope: Scope, *, today: dt.date) -> dict[str, Any]:
    """Open and overdue cases, and the first overdue ones: the panel of the first page."""
    late = cases(scope, state="overdue", today=today)
    return {
        "open": cases(scope, state="open", today=today).count(),
        "overdue": late.count(),
        "rows": list(late[:5]),
    }


def case_duty_count(person: Person) -> int:
    """Open cases of this person: the counter in the menu."""
    return PriceCase.objects.filter(owner=person, state__in=rules.OPEN).count()
