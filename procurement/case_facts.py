"""Reads what a purchase case is made of, in a fixed number of queries. Put together in `case_builder.py`."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

from django.db.models import Q

from formulary.models import Alliance, FormularyVersion, Institution, Presentation, Product
from formulary.models.alliance import Level
from formulary.queries import version_in_force
from formulary.rules.tables import DataRefused, Fault
from procurement.models import Budget, Commitment, Offer, PlanLine, PlanState, Supplier
from procurement.rules.quotes import Quote, choose
from procurement.sources import NeedRow, Reported, needs_of
from shortage.models import CURRENT, Receipt
from shortage.queries import gives_only

RANK = {level.value: rank for rank, level in enumerate(Level)}
IN_USE_DAYS = 180


@dataclass
class Facts:
    """What was read. `allowed` pairs (institution id, presentation id); `rows` are the 产品 rows by row code."""

    alliance: Alliance
    as_of: dt.date
    start: dt.date
    end: dt.date
    version: FormularyVersion
    sites: list[Institution]
    drugs: dict[int, Presentation]
    allowed: set[tuple[int, int]]
    needs: list[NeedRow]
    products: dict[str, Product] = field(default_factory=dict)
    suppliers: dict[str, Supplier] = field(default_factory=dict)
    rows: dict[str, Quote] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    @cached_property
    def site_codes(self) -> dict[int, str]:
        return {site.pk: site.code for site in self.sites}

    @cached_property
    def rows_of_product(self) -> dict[str, dict[str, Quote]]:
        found: dict[str, dict[str, Quote]] = defaultdict(dict)
        for code, quote in self.rows.items():
            found[quote.product][code] = quote
        return dict(found)

    @cached_property
    def needs_of_drug(self) -> dict[int, list[NeedRow]]:
        found: dict[int, list[NeedRow]] = defaultdict(list)
        for row in self.needs:
            found[row.presentation_id].append(row)
        return dict(found)

    def drug_of(self, row_code: str) -> int:
        """The presentation id of a 产品 row."""
        return self.products[self.rows[row_code].product].presentation_id

    def named_reach(self, supplier: Supplier) -> set[str]:
        """Codes of the institutions a supplier is limited to; empty when it delivers everywhere."""
        return {self.site_codes[site.pk] for site in supplier.delivers_to.all() if site.pk in self.site_codes}


def read_facts(
    alliance: Alliance, *, as_of: dt.date, start: dt.date, end: dt.date, reported: Reported | None = None
) -> Facts:
    """`reported` replaces the forecast by what institutions reported, and may narrow the case to some drugs.

    Raises DataRefused, with every fault at once, without a version in force, an institution or a forecast.
    """
    version = version_in_force(alliance, as_of)
    sites = list(alliance.institutions.filter(active=True).exclude(pk__in=gives_only(alliance)).order_by("code"))
    needs, forecast_on = (reported.needs, None) if reported else needs_of(alliance, as_of=as_of, end=end)
    faults = []
    if version is None:
        faults.append(Fault("在用目录", None, "", "", f"{as_of} 没有生效的用药目录版本，请先发布目录"))
    if not sites:
        faults.append(Fault("机构", None, "", "", "医共体没有在用机构"))
    if not needs:
        faults.append(Fault("需求", None, "", "", f"没有截至 {as_of} 的需求预测，请先运行监测"))
    if version is None or faults:
        raise DataRefused(faults, source=f"{alliance}采购算例")
    entries = list(version.entries.filter(presentation__active=True).select_related("presentation"))
    if reported is not None and reported.only is not None:
        entries = [entry for entry in entries if entry.presentation_id in reported.only]
    allowed = {
        (site.pk, entry.presentation_id)
        for entry in entries
        for site in sites
        if RANK[site.level] <= RANK[entry.lowest_level]
    }
    kept = [row for row in needs if (row.institution_id, row.presentation_id) in allowed]
    drugs = {entry.presentation_id: entry.presentation for entry in entries}
    facts = Facts(alliance, as_of, start, end, version, sites, drugs, allowed, kept)
    if reported is not None:
        facts.notes.append(reported.note)
    if len(kept) < len(needs):
        facts.notes.append(f"{len(needs) - len(kept)} 条需求的品规不在在用目录中或超出机构级别，未列入本计划")
    if forecast_on is not None and forecast_on < as_of:
        facts.notes.append(f"需求预测作于 {forecast_on}，早于数据截至日 {as_of}")
    doubtful = [row for row in kept if row.on_order < row.ordered]
    if doubtful:
        facts.notes.append(f"{len(doubtful)} 条需求的在途含逾期订单，只按仍可能到货的部分抵扣（见补货线页）")
    _read_offers(facts)
    return facts


def _read_offers(facts: Facts) -> None:
    """Offers valid on the day; of two running offers of the same supplier the later one holds."""
    running = (
        Offer.objects.filter(
            Q(valid_to__isnull=True) | Q(valid_to__gte=facts.as_of),
            supplier__alliance=facts.alliance,
            supplier__active=True,
            product__active=True,
            product__presentation__entries__version=facts.version,
            product__presentation__active=True,
            valid_from__lte=facts.as_of,
        )
        .select_related("supplier", "product")
        .order_by("valid_from")
    )
    offers = {
        (offer.product.code, offer.supplier.code): offer
        for offer in running
        if offer.product.presentation_id in facts.drugs
    }
    facts.products = {offer.product.code: offer.product for offer in offers.values()}
    shops = Supplier.objects.filter(alliance=facts.alliance, active=True).prefetch_related("delivers_to")
    facts.suppliers = {shop.code: shop for shop in shops}
    everyone = frozenset(facts.site_codes.values())
    reach = {code: frozenset(facts.named_reach(shop)) or everyone for code, shop in facts.suppliers.items()}
    facts.rows = choose(_quote(offer, reach[offer.supplier.code]) for offer in offers.values())
    without = len(facts.drugs) - len({product.presentation_id for product in facts.products.values()})
    if without:
        facts.notes.append(f"在用目录中有 {without} 个品规当日没有有效报价")


def _quote(offer: Offer, reach: frozenset[str]) -> Quote:
    return Quote(
        product=offer.product.code,
        supplier=offer.supplier.code,
        price=offer.price,
        reach=reach,
        minimum_packs=offer.minimum_packs,
        minimum_order=offer.supplier.minimum_order,
        supply=offer.supply_limit,
        status=offer.vbp_status,
        label=offer.label,
    )


def budgets_of(alliance: Alliance, *, on: dt.date) -> dict[int | None, Budget]:
    """By institution id (None: the whole alliance) the budget row in force on a day."""
    rows = Budget.objects.filter(alliance=alliance, valid_from__lte=on).order_by("valid_from")
    return {row.institution_id: row for row in rows}


def running_commitments(facts: Facts) -> Iterable[Commitment]:
    """Agreed volumes of the tenders that run within the period."""
    return (
        Commitment.objects.filter(
            tender__alliance=facts.alliance,
            tender__start__lte=facts.end,
            tender__end__gte=facts.start,
            product__presentation__in=facts.drugs,
        )
        .select_related("tender", "product", "institution")
        .order_by("pk")
    )


def products_in_use(facts: Facts) -> set[int] | None:
    """Ids of the products received lately or bought by the last plan; None when nothing is on record."""
    since = facts.as_of - dt.timedelta(days=IN_USE_DAYS)
    received = Receipt.objects.filter(
        CURRENT, institution__in=facts.sites, product__isnull=False, date__gt=since, date__lte=facts.as_of
    )
    found = set(received.order_by().values_list("product_id", flat=True).distinct())
    ready = facts.alliance.plans.filter(state=PlanState.READY, as_of__lt=facts.as_of).order_by("-as_of", "-pk").first()
    if ready is not None:
        found |= set(PlanLine.objects.filter(plan=ready).values_list("product_id", flat=True).distinct())
    return found or None
