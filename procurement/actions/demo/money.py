"""Agreed volumes and budgets, sized by what the drawn history used and bought."""

from __future__ import annotations

import datetime as dt
import math
from collections import defaultdict
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import F, QuerySet, Sum

from formulary.actions.history import record
from procurement.actions.demo.steps import Loading
from procurement.actions.demo.supply import tender_period
from procurement.models import Budget, Commitment, Offer, Tender
from shortage.models import CURRENT, Consumption, Receipt

# Agreed is this share of a year's use (domain.md §4.1: 50–80 %).
AGREED_SHARE = 0.7
YEAR = 365
HALF_YEAR = 182
MONTH = 30
# Money of a month over what was bought in an average month; two townships are kept short.
HEADROOM = Decimal("1.12")
SHORT_OF_MONEY = {"CC-T04": Decimal("0.88"), "CC-T09": Decimal("0.92")}
HUNDRED = 100


def load_money(loading: Loading) -> dict[str, int]:
    """Makes agreed volumes and budgets when there are none."""
    if Budget.objects.filter(alliance=loading.alliance).exists():
        return {}
    with transaction.atomic():
        agreed, budgets = _commitments(loading), _budgets(loading)
        Commitment.objects.bulk_create(agreed)
        Budget.objects.bulk_create(budgets)
        counts = {"约定量": len(agreed), "预算": len(budgets)}
        record(
            "装入演示约定量与预算",
            loading.alliance,
            alliance=loading.alliance,
            by=loading.by,
            now=loading.now,
            data=counts,
        )
    return counts


def _commitments(loading: Loading) -> list[Commitment]:
    """Institution × winner: a share of the institution's use of the last year; bought: what has come since the start."""
    start, _end = tender_period(loading.as_of)
    tenders = {tender.code: tender for tender in Tender.objects.filter(alliance=loading.alliance)}
    products = loading.products()
    sites = {site.pk: site for site in loading.institutions().values()}
    used = _by_site_and(Consumption.objects.filter(date__gt=loading.as_of - dt.timedelta(days=YEAR)), "presentation_id")
    bought = _by_site_and(Receipt.objects.filter(date__gte=start), "product_id")
    reach = {firm.code: firm.delivers_to for firm in loading.files.firms}
    made = []
    for ware in loading.files.wares:
        if not ware.tender:
            continue
        product = products[ware.code]
        for pk, site in sites.items():
            packs = math.floor(used[pk, product.presentation_id] * AGREED_SHARE / ware.pack_size)
            if packs and (not reach[ware.supplier] or site.code in reach[ware.supplier]):
                made.append(
                    Commitment(
                        tender=tenders[ware.tender],
                        product=product,
                        institution=site,
                        quantity=packs * ware.pack_size,
                        bought=bought[pk, product.pk],
                        signed_minimum=packs // 2 * ware.pack_size,
                    )
                )
    return made


def _by_site_and(facts: QuerySet[Any], column: str) -> dict[tuple[int, int], int]:
    rows = facts.filter(CURRENT).order_by().values_list("institution_id", column).annotate(total=Sum("quantity"))
    return defaultdict(int, {(site, other): total for site, other, total in rows})


def _budgets(loading: Loading) -> list[Budget]:
    start, _end = tender_period(loading.as_of)
    shares = {site.code: site for site in loading.files.sites}
    spent = _spent(loading)
    budgets = []
    for code, site in loading.institutions().items():
        month = spent[site.pk] * MONTH / HALF_YEAR * SHORT_OF_MONEY.get(code, HEADROOM)
        budgets.append(
            Budget(
                alliance=loading.alliance,
                institution=site,
                valid_from=start,
                monthly_amount=_round_up(month),
                essential_share=shares[code].essential_share,
                insured_share=shares[code].insured_share,
            )
        )
    total = sum((budget.monthly_amount or Decimal(0) for budget in budgets), Decimal(0))
    return [*budgets, Budget(alliance=loading.alliance, valid_from=start, monthly_amount=total)]


def _spent(loading: Loading) -> dict[int, Decimal]:
    """What each institution's receipts of the last half year cost at today's prices."""
    prices = {
        offer.product_id: offer.price / offer.pack_size
        for offer in Offer.objects.filter(supplier__alliance=loading.alliance, valid_from__lte=loading.as_of)
        .exclude(valid_to__lt=loading.as_of)
        .annotate(pack_size=F("product__pack_size"))
    }
    received = _by_site_and(Receipt.objects.filter(date__gt=loading.as_of - dt.timedelta(days=HALF_YEAR)), "product_id")
    spent: dict[int, Decimal] = defaultdict(Decimal)
    for (site, product), quantity in received.items():
        spent[site] += prices[product] * quantity
    return spent


def _round_up(amount: Decimal) -> Decimal:
    return Decimal(max(1, math.ceil(amount / HUNDRED)) * HUNDRED)
