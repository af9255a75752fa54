"""Prices in force with what is wrong with them; their history; how much is bought on the platform; savings."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db.models import Q, QuerySet, Sum

from formulary.models import Alliance, Product
from formulary.queries import Scope, matching
from formulary.rules.strengths import parse_strength
from procurement.models import ListedPrice, Offer, Order, TenderProduct
from procurement.queries.settings import buying_settings
from procurement.rules import prices as rules
from procurement.rules.prices import Watch
from procurement.rules.settings import Settings
from shortage.models import CURRENT, Receipt


@dataclass
class PriceRow:
    """One offer in force: prices in yuan, `flags` what must be looked at, each with its words in `why`."""

    offer: Offer
    unit: Decimal
    day: Decimal
    award: Decimal | None = None
    listed: Decimal | None = None
    former: Decimal | None = None
    label: str = ""
    flags: list[str] = field(default_factory=list)
    why: list[str] = field(default_factory=list)

    @property
    def badges(self) -> list[tuple[str, str, str]]:
        return [(rules.WORDS[flag], rules.TONES[flag], text) for flag, text in zip(self.flags, self.why, strict=True)]

    def flag(self, name: str, text: str) -> None:
        self.flags.append(name)
        self.why.append(text)


def watch_of(settings: Settings) -> Watch:
    return Watch(
        settings.decimal("price.rise_check"),
        settings.decimal("price.fall_check"),
        settings.decimal("price.ratio_tolerance"),
    )


def price_rows(alliance: Alliance, *, today: dt.date, words: str = "", flag: str = "") -> list[PriceRow]:
    """Every offer in force with its flags, those to look at first. Seven queries, whatever the number of offers."""
    settings = buying_settings(alliance, today)
    watch = watch_of(settings)
    every = Offer.objects.filter(supplier__alliance=alliance, valid_from__lte=today).select_related(
        "product__presentation__medicine", "supplier"
    )
    if words:
        every = every.filter(matching(words, prefix="product__presentation__") | Q(product__maker__icontains=words))
    newest: dict[tuple[int, int], Offer] = {}
    former: dict[tuple[int, int], Decimal] = {}
    for offer in every.order_by("valid_from", "pk"):
        key = (offer.supplier_id, offer.product_id)
        if key in newest:
            former[key] = newest[key].price
        newest[key] = offer
    running = {key: offer for key, offer in newest.items() if offer.valid_to is None or offer.valid_to >= today}
    awards = award_prices(alliance, today)
    listed = listed_prices(today)
    rows = []
    for key, offer in running.items():
        drug = offer.product.presentation
        pack = offer.product.pack_size
        row = PriceRow(offer, rules.unit_price(offer.price, pack), rules.day_price(offer.price, pack, drug.daily_dose))
        row.award, row.listed, row.former = awards.get(offer.product_id), listed.get(offer.product_id), former.get(key)
        row.label = rules.label(offer.price, row.listed, settings["price.label_steps"]) if row.listed else offer.label
        _judge(row, watch)
        rows.append(row)
    _ratios(rows, watch)
    if flag:
        rows = [row for row in rows if flag in row.flags]
    return sorted(rows, key=lambda row: (not row.flags, row.offer.product.presentation.name, row.unit, row.offer.pk))


def _judge(row: PriceRow, watch: Watch) -> None:
    price, pack = row.offer.price, row.offer.product.pack_size
    if row.label == "红3":
        row.flag(rules.STOPPED, "价格标识红★★★，停止采购（苏医保发〔2021〕64号）")
    elif row.label in ("红1", "红2"):
        row.flag(rules.TALK, f"价格标识{row.label}，先谈价、慎采")
    if row.award is not None and rules.above_award(price, pack, row.award):
        row.flag(rules.ABOVE_AWARD, f"现价 {price}，中选价折每包 {row.award * pack:.2f}")
    if row.listed is not None and price > row.listed:
        row.flag(rules.ABOVE_LISTED, f"现价 {price}，挂网价 {row.listed}")
    change = rules.step(row.former, price, watch) if row.former else ""
    if change:
        row.flag(change, f"由 {row.former} 调为 {price}")


def _ratios(rows: list[PriceRow], watch: Watch) -> None:
    """差比价 within one maker's medicine and form: the cheapest unit is the representative."""
    groups: dict[tuple[int, str, str], list[PriceRow]] = defaultdict(list)
    for row in rows:
        drug = row.offer.product.presentation
        groups[drug.medicine_id, drug.form, row.offer.product.maker].append(row)
    for same in groups.values():
        base = min(same, key=lambda row: (_amount(row) or 0, row.offer.product.pack_size, row.offer.price))
        for row in same:
            different = _differences(base, row)
            if row is base or not different:
                continue
            allowed = rules.ratio_price(base.offer.price, different)
            if rules.breaks_ratio(row.offer.price, allowed, watch):
                name = base.offer.product.presentation.strength
                row.flag(
                    rules.RATIO,
                    f"代表品 {name}×{base.offer.product.pack_size} 为 {base.offer.price}，折算应不高于 {allowed}",
                )


def _differences(base: PriceRow, row: PriceRow) -> list[tuple[str, float]]:
    """What differs, as far as it is plainly known; nothing when a strength cannot be compared."""
    found = []
    first, second = _amount(base), _amount(row)
    if base.offer.product.presentation.strength != row.offer.product.presentation.strength:
        if not first or not second:
            return []
        found.append((rules.STRENGTH, float(second / first)))
    x = row.offer.product.pack_size / base.offer.product.pack_size
    if x != 1:
        found.append((rules.PACK, x))
    return found


def _amount(row: PriceRow) -> Decimal | None:
    """The one amount of a plain strength; None for compounds, solutions and what is not plainly written."""
    strength = parse_strength(row.offer.product.presentation.strength)
    plain = strength.known and strength.volume is None and len(strength.amounts) == 1
    return strength.amounts[0][1] if plain else None


def award_prices(alliance: Alliance, today: dt.date) -> dict[int, Decimal]:
    """Award per minimal unit of the products of running tenders."""
    rows = TenderProduct.objects.filter(tender__alliance=alliance, tender__start__lte=today, tender__end__gte=today)
    return dict(rows.order_by("tender__start").values_list("product_id", "award_price"))


def listed_prices(today: dt.date) -> dict[int, Decimal]:
    rows = ListedPrice.objects.filter(Q(valid_to=None) | Q(valid_to__gte=today), valid_from__lte=today)
    return dict(rows.order_by("valid_from").values_list("product_id", "price"))


def history(alliance: Alliance, product: Product) -> QuerySet[Offer]:
    """Every price a product ever had, newest first."""
    return product.offers.filter(supplier__alliance=alliance).select_related("supplier").order_by("-valid_from", "pk")


@dataclass(frozen=True)
class Platform:
    """网采率 of the orders sent since a day, in yuan; orders outside without a filing."""

    inside: Decimal
    outside: Decimal
    unfiled: int
    rate: float | None
    level: str


def platform(scope: Scope, *, since: dt.date) -> Platform:
    sent = Order.objects.filter(alliance=scope.alliance, sent_at__date__gte=since).exclude(state="cancelled")
    sums = dict(sent.order_by().values_list("on_platform").annotate(Sum("amount")))
    inside, outside = sums.get(True, Decimal(0)), sums.get(False, Decimal(0))
    settings = buying_settings(scope.alliance, since)
    rate = rules.platform_rate(inside, outside)
    level = rules.platform_level(rate, warn=float(settings["platform.warn"]), red=float(settings["platform.red"]))
    return Platform(inside, outside, sent.filter(on_platform=False, filing="").count(), rate, level)


def savings(alliance: Alliance, *, since: dt.date, today: dt.date) -> dict[str, Any]:
    """What 集采 saved since a day, and what buying the cheapest offer of the same 品规 would have saved. Yuan."""
    came = dict(
        Receipt.objects.filter(
            CURRENT, institution__alliance=alliance, product__isnull=False, date__gte=since, date__lte=today
        )
        .order_by()
        .values_list("product_id")
        .annotate(Sum("quantity"))
    )
    won = [
        (each, came.get(each.product_id, 0))
        for each in TenderProduct.objects.filter(tender__alliance=alliance, prior_price__isnull=False)
        .select_related("product__presentation", "tender")
        .order_by("tender__code", "item", "product__code")
    ]
    offers = {row.offer.product_id: row for row in reversed(price_rows(alliance, today=today))}
    lowest: dict[int, PriceRow] = {}
    for row in offers.values():
        drug = row.offer.product.presentation_id
        if row.label != "红3" and (drug not in lowest or row.unit < lowest[drug].unit):
            lowest[drug] = row
    switch = []
    for product, quantity in came.items():
        own = offers.get(product)
        best = lowest.get(own.offer.product.presentation_id) if own else None
        if own and best and best.unit < own.unit:
            switch.append((own, best, quantity, (own.unit - best.unit) * quantity))
    return {"won": won, "switch": sorted(switch, key=lambda each: -each[3])}
