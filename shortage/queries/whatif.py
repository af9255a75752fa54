"""The shelves of some drugs all over the alliance, as `rules.whatif` needs them: laws of the newest pass, goods of now."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from math import ceil

from formulary.models import Alliance, Institution
from shortage.forecasting import calendar, reliability
from shortage.models import ExpectedReceipt, Feed, Forecast, WatchRun
from shortage.queries.freshness import latest_run
from shortage.queries.settings import act_settings, watch_settings
from shortage.queries.shelves import Item, shelves
from shortage.rules import lead_times, whatif
from shortage.rules.acting import ActRules
from shortage.rules.grading import Thresholds
from shortage.rules.transfers import Lot
from shortage.series import is_late, last_days, open_orders
from shortage.series.reading import NEVER, day


@dataclass(frozen=True)
class Place:
    """One drug at one institution: its lots of now, its forecast, and its shelf for `rules.whatif`."""

    item: Item
    lots: tuple[Lot, ...]
    forecast: Forecast
    shelf: whatif.Shelf
    late: bool

    @property
    def rate(self) -> float:
        return self.forecast.daily_rate

    def line(self, rules: ActRules) -> int:
        """Units it must not fall under: the reorder point, and some days of use."""
        return max(self.forecast.reorder_point, round(self.rate * rules.donor_keep_days))


@dataclass(frozen=True)
class Bench:
    """Where measures are tried out. as_of: the newest pass; on: the day the goods are looked at."""

    as_of: dt.date
    on: dt.date
    night: whatif.Night
    places: Mapping[Item, Place]
    institutions: Mapping[int, Institution]
    rules: ActRules
    thresholds: Thresholds

    def spare(self, item: Item) -> tuple[int, list[Lot]]:
        """Units an institution can give without falling under its line, and the lots that live long enough to be given.

        0 where its data is late: what is not known is not given away.
        """
        place = self.places.get(item)
        if place is None or place.late:
            return 0, []
        until = self.on + dt.timedelta(days=max(self.rules.least_life_days, 1))
        lots = [lot for lot in place.lots if lot.expiry is None or lot.expiry >= until]
        standing = sum(lot.quantity for lot in place.lots if lot.expiry is None or lot.expiry > self.on)
        used = round(place.shelf.lag * place.rate)
        over = standing - used - place.line(self.rules)
        return max(0, min(over, sum(lot.quantity for lot in lots))), lots

    def wanted(self, item: Item, found: whatif.Outlook) -> int:
        """Units that bring an institution up to its line with what comes in time; while it is at risk at least the days
        of use that a donor keeps: an order that may come late bridges nothing."""
        place = self.places[item]
        units = place.shelf.units - place.shelf.lag * place.rate
        timely = sum(order.quantity for order in place.shelf.coming if order.promised >= 0)
        short = place.line(self.rules) - units - timely
        bridge = place.rate * self.rules.donor_keep_days - units if self.needs_alert(found) else 0.0
        return max(0, ceil(short), ceil(bridge))

    def needs_alert(self, found: whatif.Outlook) -> bool:
        """Would the watch raise an alert for this outlook?"""
        limits = self.thresholds
        return (
            found.p7 >= limits.red_p7 or found.p14 >= limits.orange_p14 or found.days_out >= limits.yellow_days_out
        )  # fmt: skip


def bench(alliance: Alliance, presentations: Collection[int], on: dt.date) -> Bench | None:
    """None before the first pass of the watch. A fixed number of queries for any number of institutions."""
    run = latest_run(alliance)
    if run is None:
        return None
    members = {row.pk: row for row in alliance.institutions.filter(active=True)}
    thresholds, _, habits = watch_settings(alliance, run.as_of)
    last = last_days(alliance)
    standing = shelves(list(members), presentations)
    laws = lead_times.restored(run.laws)
    coming = _coming(members, presentations, run, laws)
    forecasts = Forecast.objects.filter(
        as_of=run.as_of, institution__in=list(members), presentation__in=list(presentations)
    )
    places = {}
    for forecast in forecasts:
        item = (forecast.institution_id, forecast.presentation_id)
        _, lots = standing.get(item, (run.as_of, []))
        feed = last.get(item[0], {})
        known = feed.get(Feed.Kind.STOCK)
        behind = max(0, (run.as_of - known).days) if known else 0
        shelf = whatif.Shelf(
            _law(forecast, laws, members[item[0]]),
            tuple((_lasts(lot.expiry, run.as_of), float(lot.quantity)) for lot in lots),
            tuple(coming.get(item, ())),
            float(behind),
        )
        late = is_late(feed, run.as_of, habits) or item not in standing
        places[item] = Place(item, tuple(lots), forecast, shelf, late)
    days = [run.as_of + dt.timedelta(days=k) for k in range(1, 31)]
    told = run.calibration.get("maps", {})
    night = whatif.Night(calendar.factors(days), laws, {name: reliability.from_json(one) for name, one in told.items()})
    return Bench(run.as_of, on, night, places, members, act_settings(alliance, on), thresholds)


def _law(forecast: Forecast, laws: lead_times.LeadLaws, institution: Institution) -> whatif.Law:
    working = forecast.working
    return whatif.Law(
        rate=forecast.daily_rate,
        variance_30=float(working.get("variance_30", 0.0)),
        growth=float(working.get("growth", 1.2)),
        power=float(working.get("power", 1.0)),
        reorder_point=float(forecast.reorder_point),
        review=float(working.get("review_days", institution.review_days)),
        short=float(working.get("short", 0.0)),
        lead=int(laws.rows([str(working.get("supplier", ""))])[0]),
    )


def _lasts(expiry: dt.date | None, on: dt.date) -> float:
    return float("inf") if expiry is None else float((expiry - on).days)


def _coming(
    members: Collection[int], presentations: Collection[int], run: WatchRun, laws: lead_times.LeadLaws
) -> dict[Item, list[whatif.Coming]]:
    """Open orders with what of them is still to come."""
    frame = open_orders(run.alliance, run.as_of, drugs=presentations)
    found: dict[Item, list[whatif.Coming]] = {}
    rows = laws.rows(list(frame.supplier))
    for lead, row in zip(rows.tolist(), frame.to_dict("records"), strict=True):
        promised = float("nan") if row["due"] == NEVER else float(row["due"] - day(run.as_of))
        one = whatif.Coming(float(row["quantity"]), float(row["age"]), promised, lead)
        found.setdefault((int(row["institution"]), int(row["presentation"])), []).append(one)
    fresh = ExpectedReceipt.objects.filter(
        institution__in=list(members),
        presentation__in=list(presentations),
        state=ExpectedReceipt.State.OPEN,
        ordered_on__gt=run.as_of,
    )
    for order in fresh:
        promised = float("nan") if order.due_on is None else float((order.due_on - run.as_of).days)
        one = whatif.Coming(float(order.quantity), 0.0, promised, int(laws.rows([order.supplier_code])[0]))
        found.setdefault((order.institution_id, order.presentation_id), []).append(one)
    return found
