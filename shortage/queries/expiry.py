"""近效期: lots that expire soon, what of them the place itself cannot use, and who could."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from django.db.models import F, Q, QuerySet

from formulary.models import Institution
from formulary.queries import Scope, rule_value
from shortage.models import Forecast, StockPosition
from shortage.queries.freshness import latest_run
from shortage.queries.settings import act_settings
from shortage.queries.shelves import Item, shelves
from shortage.rules.transfers import Lot, distance_km

BANDS = {"red": "3 个月内", "warn": "6 个月内", "expired": "已过期"}


@dataclass(frozen=True)
class Limits:
    """Days before expiry that warn, and that are red (rule values expiry.warn_days, expiry.red_days)."""

    warn: int
    red: int


def limits(scope: Scope, on: dt.date) -> Limits:
    values = {
        name: int(rule_value(f"expiry.{name}_days", alliance=scope.alliance, on=on, default=default))
        for name, default in (("warn", 180), ("red", 90))
    }
    return Limits(**values)


@dataclass
class Expiring:
    """An item with lots that expire soon. excess: units that will not be used here before they expire; takers: who could
    use them in time: (institution, units, km)."""

    position: StockPosition
    lots: list[tuple[Lot, int]]
    excess: int = 0
    takers: list[tuple[Institution, int, float | None]] = field(default_factory=list)


def positions(scope: Scope, on: dt.date, band: str, *, words: str = "", institution: int | None = None) -> QuerySet:
    """Items in reach with such lots, the first to expire first. band: red, warn or expired."""
    bounds = limits(scope, on)
    rows = StockPosition.objects.filter(institution__in=scope.institution_ids)
    if band == "expired":
        rows = rows.filter(Q(expired__gt=0) | Q(nearest_expiry__lt=on))
    else:
        days = bounds.red if band == "red" else bounds.warn
        rows = rows.filter(nearest_expiry__gte=on, nearest_expiry__lte=on + dt.timedelta(days=days), quantity__gt=0)
    if institution:
        rows = rows.filter(institution=institution)
    for word in words.split():
        rows = rows.filter(
            Q(presentation__name__icontains=word)
            | Q(presentation__code__iexact=word)
            | Q(presentation__pinyin__istartswith=word)
        )
    return rows.select_related("institution", "presentation").order_by(
        F("nearest_expiry").asc(nulls_last=True), "presentation__name", "pk"
    )


def with_takers(scope: Scope, rows: list[StockPosition], on: dt.date, band: str) -> list[Expiring]:
    """The rows of one page with their lots, excess and takers; a fixed number of queries."""
    bounds, rules = limits(scope, on), act_settings(scope.alliance, on)
    members = {row.pk: row for row in scope.alliance.institutions.filter(active=True)}
    drugs = {row.presentation_id for row in rows}
    standing = shelves(list(members), drugs)
    run = latest_run(scope.alliance)
    rates: dict[Item, float] = {
        (place, drug): rate
        for place, drug, rate in Forecast.objects.filter(
            as_of=run.as_of if run else on, institution__in=list(members), presentation__in=drugs
        ).values_list("institution", "presentation", "daily_rate")
    }
    until = on + dt.timedelta(days=bounds.red if band == "red" else bounds.warn)
    found = []
    for row in rows:
        item = (row.institution_id, row.presentation_id)
        lots = sorted(
            (lot for lot in standing.get(item, (on, []))[1] if lot.expiry is not None),
            key=lambda lot: lot.expiry or on,
        )
        chosen = [
            (lot, (lot.expiry - on).days)
            for lot in lots
            if lot.expiry is not None and (lot.expiry < on if band == "expired" else on <= lot.expiry <= until)
        ]
        one = Expiring(row, chosen)
        if band != "expired":
            one.excess = _excess([(lot.quantity, days) for lot, days in chosen], rates.get(item, 0.0))
            if one.excess and chosen[-1][1] >= rules.least_life_days:
                one.takers = _takers(row, chosen[-1][1], one.excess, members, standing, rates, on)
        found.append(one)
    return found


def _excess(lots: list[tuple[int, int]], rate: float) -> int:
    """Units left of lots (units, days to expiry; sorted) when each day's use takes the first to expire."""
    served = 0.0
    left = 0.0
    for units, days in lots:
        mine = min(float(units), max(0.0, rate * max(days, 0) - served))
        served += mine
        left += units - mine
    return int(left)


def _takers(
    row: StockPosition,
    days: int,
    excess: int,
    members: dict[int, Institution],
    standing: dict[Item, tuple[dt.date, list[Lot]]],
    rates: dict[Item, float],
    on: dt.date,
) -> list[tuple[Institution, int, float | None]]:
    """Who would use them in time, after its own lots that expire no later; the largest room first."""
    found = []
    until = on + dt.timedelta(days=days)
    for pk, place in members.items():
        rate = rates.get((pk, row.presentation_id), 0.0)
        if pk == row.institution_id or rate <= 0:
            continue
        own = standing.get((pk, row.presentation_id), (on, []))[1]
        earlier = sum(lot.quantity for lot in own if lot.expiry is not None and on < lot.expiry <= until)
        room = min(excess, int(rate * days - earlier))
        if room > 0:
            found.append((place, room, _km(row.institution, place)))
    return sorted(found, key=lambda one: (-one[1], one[2] or 0.0))[:3]


def _km(first: Institution, second: Institution) -> float | None:
    if None in (first.latitude, first.longitude, second.latitude, second.longitude):
        return None
    return distance_km((first.latitude, first.longitude), (second.latitude, second.longitude))  # type: ignore[arg-type]
