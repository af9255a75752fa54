"""The central store: what lies there and is free to give, and who in the alliance needs it."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Sum

from formulary.models import Alliance, Institution, Presentation, Product
from formulary.queries import matching
from shortage import series
from shortage.models import (
    Allocation,
    CentralStore,
    Forecast,
    Risk,
    StockPosition,
    Transfer,
    TransferLine,
    TransferState,
)
from shortage.queries.freshness import latest_run
from shortage.queries.settings import act_settings, watch_settings
from shortage.queries.shelves import shelves
from shortage.queries.store import gives_only, reaches, store_of
from shortage.rules import runs
from shortage.rules.allocation import Claim, free
from shortage.rules.norms import to_order
from shortage.rules.transfers import Lot

COMING_DAYS = 14
WAITING = [TransferState.PLANNED, TransferState.APPROVED]


def free_lots(
    store: CentralStore, on: dt.date, drugs: Collection[int] | None = None, *, without: int | None = None
) -> dict[int, list[Lot]]:
    """Lots that may be given out by presentation: usable long enough, not promised, beyond what the store's own patients
    need (its own order-up-to level). `without`: a run whose own allocations are not taken off."""
    place, settings = store.institution, act_settings(store.alliance, on)
    if drugs is None:
        drugs = list(
            StockPosition.objects.filter(institution=place, quantity__gt=0).values_list("presentation", flat=True)
        )
    standing = shelves([place.pk], drugs)
    by_lot = _promised(place, drugs)
    by_run = _allocated(store, drugs, without)
    kept = own_need(store.alliance, place, drugs)
    found = {}
    for drug in drugs:
        _, lots = standing.get((place.pk, drug), (on, []))
        left = free(lots, by_lot[drug], keep=kept.get(drug, 0), on=on, least_days=settings.least_life_days)
        for product, units in by_run[drug].items():
            left = _without(left, product, units)
        if left:
            found[drug] = left
    return found


def own_need(alliance: Alliance, place: Institution, drugs: Collection[int]) -> dict[int, int]:
    """自留: the store's own order-up-to level where it also serves patients."""
    run = latest_run(alliance)
    if run is None:
        return {}
    rows = Forecast.objects.filter(institution=place, as_of=run.as_of, presentation__in=list(drugs), daily_rate__gt=0)
    return dict(rows.values_list("presentation", "order_up_to"))


def _promised(place: Institution, drugs: Collection[int]) -> dict[int, dict[tuple[int, str], int]]:
    rows = TransferLine.objects.filter(transfer__donor=place, transfer__state__in=WAITING, presentation__in=list(drugs))
    rows = rows.exclude(transfer__kind=Transfer.Kind.RELEASE)  # these come from the reserve, not from the shelf
    found: dict[int, dict[tuple[int, str], int]] = defaultdict(dict)
    sums = rows.order_by().values_list("presentation", "product", "batch").annotate(Sum("quantity"))
    for drug, product, batch, units in sums:
        found[drug][product or 0, batch] = units
    return found


def _allocated(store: CentralStore, drugs: Collection[int], without: int | None) -> dict[int, dict[int, int]]:
    """What runs still being drawn up have put aside, by presentation and product."""
    rows = Allocation.objects.filter(run__alliance=store.alliance, run__state=runs.DRAFT, presentation__in=list(drugs))
    found: dict[int, dict[int, int]] = defaultdict(dict)
    sums = rows.exclude(run=without).order_by().values_list("presentation", "product").annotate(Sum("quantity"))
    for drug, product, units in sums:
        found[drug][product or 0] = units
    return found


def _without(lots: list[Lot], product: int, units: int) -> list[Lot]:
    left = []
    for lot in lots:
        gone = min(units, lot.quantity) if lot.product == product else 0
        units -= gone
        if lot.quantity > gone:
            left.append(Lot(lot.product, lot.batch, lot.expiry, lot.quantity - gone))
    return left


@dataclass(frozen=True)
class Wish:
    """What the formula knows of one institution and drug: a claim, and the facts it was made from."""

    institution: int
    presentation: int
    stock: int
    coming: int
    per_day: float
    risk: float
    wanted: int

    @property
    def claim(self) -> Claim:
        return Claim(self.institution, self.stock + self.coming, self.per_day, self.wanted, self.risk)


def wishes(
    store: CentralStore, on: dt.date, drugs: Collection[int], *, without: int | None = None
) -> dict[int, list[Wish]]:
    """By drug, every other institution that uses it and whose stock is known; `wanted` is 0 for one that holds enough.

    Need follows the computed line (补货线): up to the order-up-to level once the position has come down to the reorder
    point. An institution whose data are late is not listed: nothing can be said of it.
    """
    run = latest_run(store.alliance)
    if run is None or not drugs:
        return {}
    keys = {"as_of": run.as_of, "institution__alliance": store.alliance, "presentation__in": list(drugs)}
    risks = _by_item(Risk.objects.filter(**keys).values_list("institution", "presentation", "p14"))
    positions = StockPosition.objects.filter(institution__alliance=store.alliance, presentation__in=list(drugs))
    held = _by_item(positions.values_list("institution", "presentation", "quantity"))
    coming = _coming(store, on, drugs, without)
    found: dict[int, list[Wish]] = defaultdict(list)
    lines = Forecast.objects.filter(**keys, daily_rate__gt=0, institution__active=True).exclude(
        institution=store.institution
    )
    names = ("institution", "presentation", "daily_rate", "reorder_point", "order_up_to")
    for site, drug, rate, point, target in lines.order_by("institution__code").values_list(*names):
        if (site, drug) not in risks:
            continue
        stock, way = held.get((site, drug), 0), coming.get((site, drug), 0)
        wanted = to_order(stock + way, point, target)
        found[drug].append(Wish(site, drug, stock, way, rate, risks[site, drug], wanted))
    return found


def _by_item(rows: Iterable[tuple[int, int, Any]]) -> dict[tuple[int, int], Any]:
    return {(site, drug): value for site, drug, value in rows}


def _coming(
    store: CentralStore, on: dt.date, drugs: Collection[int], without: int | None
) -> dict[tuple[int, int], int]:
    """Units that each institution can count on: open orders, transfers signed for, and what other runs have put aside."""
    _, _, habits = watch_settings(store.alliance, on)
    orders = series.coming(store.alliance, on, COMING_DAYS, overdue_after=habits.overdue_days)
    found: dict[tuple[int, int], int] = defaultdict(int)
    columns = (orders[name].tolist() for name in ("institution", "presentation", "counted"))
    for site, drug, units in zip(*columns, strict=True):
        found[site, drug] += units
    waiting = TransferLine.objects.filter(
        transfer__alliance=store.alliance, transfer__state__in=WAITING, presentation__in=list(drugs)
    )
    rows = waiting.order_by().values_list("transfer__receiver", "presentation").annotate(Sum("quantity"))
    drafts = Allocation.objects.filter(
        run__alliance=store.alliance, run__state=runs.DRAFT, presentation__in=list(drugs)
    ).exclude(run=without)
    others = drafts.order_by().values_list("institution", "presentation").annotate(Sum("quantity"))
    for site, drug, units in [*rows, *others]:
        found[site, drug] += units
    return found


@dataclass
class Held:
    """One drug in the central store, quantities in minimal units."""

    presentation: Presentation
    lots: list[tuple[Lot, Product | None]]
    stock: int
    kept: int
    free: int
    coming: int
    wanted: int
    places: int
    shortest: list[str] = field(default_factory=list)

    @property
    def level(self) -> str:
        """Not enough for what is wanted: orange; nothing free at all while somebody needs it: red."""
        if not self.wanted:
            return ""
        return "red" if not self.free else "orange" if self.free < self.wanted else ""


def central_stock(store: CentralStore, on: dt.date, *, words: str = "", show: str = "") -> list[Held]:
    """What lies in the store by drug and lot, and what the others need of it; what is needed most urgently first.

    show: wanted (somebody needs it), free (something may be given), short (less is free than is needed).
    """
    place = store.institution
    held = StockPosition.objects.filter(institution=place, quantity__gt=0)
    if words:
        held = held.filter(matching(words, prefix="presentation__"))
    rows = list(held.select_related("presentation").order_by("presentation__name", "pk"))
    drugs = [row.presentation_id for row in rows]
    standing, spare = shelves([place.pk], drugs), free_lots(store, on, drugs)
    needs, kept = wishes(store, on, drugs), own_need(store.alliance, place, drugs)
    orders = series.open_orders(store.alliance, on)
    way = orders[orders.institution == place.pk].groupby("presentation").quantity.sum()
    ids = {lot.product for _day, lots in standing.values() for lot in lots}
    products = Product.objects.in_bulk([pk for pk in ids if pk])
    names = dict(store.alliance.institutions.values_list("pk", "short_name"))
    found = []
    for row in rows:
        drug = row.presentation_id
        asked = [wish for wish in needs.get(drug, []) if wish.wanted]
        asked.sort(key=lambda wish: (wish.claim.position / wish.per_day, wish.institution))
        lots = sorted(standing[place.pk, drug][1], key=lambda lot: (lot.expiry is None, lot.expiry or on, lot.batch))
        found.append(
            Held(
                row.presentation,
                [(lot, products.get(lot.product)) for lot in lots],
                row.quantity,
                kept.get(drug, 0),
                sum(lot.quantity for lot in spare.get(drug, [])),
                int(way.get(drug, 0)),
                sum(wish.wanted for wish in asked),
                len(asked),
                [names[wish.institution] for wish in asked[:3]],
            )
        )
    tests: dict[str, Callable[[Held], bool]] = {
        "wanted": lambda one: one.wanted > 0,
        "free": lambda one: one.free > 0,
        "short": lambda one: one.wanted > one.free,
    }
    kept_rows = [one for one in found if show not in tests or tests[show](one)]
    return sorted(kept_rows, key=lambda one: (not one.wanted, -one.places, one.presentation.name))


__all__ = ["Held", "Wish", "central_stock", "free_lots", "gives_only", "own_need", "reaches", "store_of", "wishes"]
