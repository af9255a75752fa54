"""Suppliers by what they did in the last year: time, punctuality, fill, price, arrears, failures."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count, Q, Sum

from formulary.queries import Scope
from procurement.models import DeliveryLine, OrderLine, Payable, Supplier
from procurement.queries.prices import price_rows
from procurement.queries.settings import buying_settings
from procurement.rules import scorecard as rules
from procurement.rules.scorecard import Arrived
from shortage.models import ExpectedReceipt

YEAR = 365


@dataclass(frozen=True)
class Scorecard:
    """Shares 0–1, money in yuan, days; None where nothing is known. `overdue` is what the alliance owes the supplier."""

    supplier: Supplier
    orders: int
    lead: float | None
    on_time: float | None
    fill: float | None
    price: float | None
    late_now: int
    refused: int
    failures: int
    overdue: Decimal
    score: float | None


def scorecards(scope: Scope, *, today: dt.date) -> list[Scorecard]:
    """All suppliers of the alliance, the best score first; a fixed number of queries."""
    since = today - dt.timedelta(days=YEAR)
    alliance = scope.alliance
    arrived: dict[str, list[Arrived]] = defaultdict(list)
    late: dict[str, int] = defaultdict(int)
    rows = ExpectedReceipt.objects.filter(institution__in=scope.institution_ids, ordered_on__gte=since)
    for code, state, ordered, due, came in rows.values_list(
        "supplier_code", "state", "ordered_on", "due_on", "arrived_on"
    ):
        if state == ExpectedReceipt.State.ARRIVED and came is not None:
            arrived[code].append(Arrived((came - ordered).days, (due - ordered).days if due else None))
        elif state == ExpectedReceipt.State.OPEN and due and due < today:
            late[code] += 1
    lines = OrderLine.objects.filter(
        order__alliance=alliance, institution__in=scope.institution_ids, order__sent_at__date__gte=since
    ).exclude(order__state="cancelled")
    ended = lines.filter(order__state__in=["done", "closed"])
    filled = {
        code: (packs, came)
        for code, packs, came in ended.order_by()
        .values_list("order__supplier__code")
        .annotate(packs_sum=Sum("packs"), came_sum=Sum("accepted"))
        .values_list("order__supplier__code", "packs_sum", "came_sum")
    }
    refused = dict(
        DeliveryLine.objects.filter(
            delivery__order__alliance=alliance,
            delivery__institution__in=scope.institution_ids,
            delivery__arrived_on__gte=since,
        )
        .order_by()
        .values_list("delivery__order__supplier__code")
        .annotate(Sum("refused"))
    )
    failed = dict(lines.filter(Q(stopped__gt=0)).order_by().values_list("order__supplier__code").annotate(Count("pk")))
    owed = dict(
        Payable.objects.filter(
            delivery__order__alliance=alliance,
            delivery__institution__in=scope.institution_ids,
            paid_on=None,
            due_on__lt=today,
        )
        .order_by()
        .values_list("delivery__order__supplier__code")
        .annotate(Sum("amount"))
    )
    prices = _price_shares(scope, today)
    weights = buying_settings(alliance, today)["supplier.weights"]
    found = []
    for supplier in Supplier.objects.filter(alliance=alliance):
        code = supplier.code
        packs, came = filled.get(code, (0, 0))
        figures = {
            "on_time": rules.on_time_share(arrived[code]),
            "fill": came / packs if packs else None,
            "price": prices.get(code),
        }
        found.append(
            Scorecard(
                supplier=supplier,
                orders=len(arrived[code]),
                lead=rules.lead_days(arrived[code]),
                late_now=late[code],
                refused=refused.get(code) or 0,
                failures=failed.get(code, 0),
                overdue=owed.get(code, Decimal("0.00")),
                score=rules.total(figures, weights),
                **figures,
            )
        )
    return sorted(found, key=lambda card: (card.score is None, -(card.score or 0), card.supplier.code))


def _price_shares(scope: Scope, today: dt.date) -> dict[str, float]:
    """Mean nearness to the lowest unit price of the same product, where several suppliers offer it."""
    by_product: dict[int, list[tuple[str, Decimal]]] = defaultdict(list)
    for row in price_rows(scope.alliance, today=today):
        by_product[row.offer.product_id].append((row.offer.supplier.code, row.offer.price))
    shares: dict[str, list[float]] = defaultdict(list)
    for offered in by_product.values():
        if len(offered) > 1:
            lowest = min(price for _code, price in offered)
            for code, price in offered:
                share = rules.price_share(float(price), float(lowest))
                if share is not None:
                    shares[code].append(share)
    return {code: sum(values) / len(values) for code, values in shares.items()}
