"""All facts of an alliance on one day, laid out for `rules.assessment`."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass, fields

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from formulary.models import Alliance, Level, Presentation
from shortage.forecasting import calendar
from shortage.forecasting.risk import Batches
from shortage.models import Feed
from shortage.rules import assessment, lead_times
from shortage.rules.watching import Habits
from shortage.series.doubts import without_doubts
from shortage.series.holdings import KEY, Holdings, holdings
from shortage.series.keys import RANK
from shortage.series.orders import lead_samples, open_orders
from shortage.series.outbreaks import with_outbreaks
from shortage.series.reading import NEVER, day
from shortage.series.use import Series, load

AHEAD_DAYS = 120
FAR_DAYS = 400
"""Batches that expire later are one batch: nothing the watch shows looks so far."""


@dataclass(frozen=True)
class Gathered:
    """known (N,): stock is known and not in doubt, and no feed of the institution is late; orders: open orders of the series, with the
    row number `series`; suppliers (N,): usual supplier code, "" when never ordered."""

    series: Series
    inputs: assessment.Inputs
    known: NDArray[np.bool_]
    orders: pd.DataFrame
    suppliers: NDArray[np.object_]

    def fingerprint(self) -> str:
        """Changes when any fact does that the numbers are made of."""
        digest = hashlib.blake2b(digest_size=32)
        for value in (self.series.institution, self.series.presentation, self.known, self.orders.to_csv().encode()):
            digest.update(np.ascontiguousarray(value) if isinstance(value, np.ndarray) else value)
        for field in fields(self.inputs):
            _feed(digest, getattr(self.inputs, field.name))
        return digest.hexdigest()


def _feed(digest: hashlib.blake2b, value: object) -> None:
    if isinstance(value, np.ndarray):
        digest.update(np.ascontiguousarray(value).view(np.uint8).reshape(-1) if value.size else b"")
    elif hasattr(value, "__dataclass_fields__"):
        for field in fields(value):  # type: ignore[arg-type]
            _feed(digest, getattr(value, field.name))
    else:
        digest.update(repr(value).encode())


def gather(alliance: Alliance, as_of: dt.date, habits: Habits) -> Gathered:
    """Reads everything the watch needs; the arrays keep the order of `series.load`."""
    series, doubtful = without_doubts(load(alliance, as_of), alliance)
    series, window = with_outbreaks(series, alliance)
    held, open_ = holdings(alliance, as_of), open_orders(alliance, as_of)
    took = lead_samples(alliance, as_of)
    place = pd.Series(np.arange(series.size), index=_index(series.institution, series.presentation))
    orders = _of_series(open_, place)
    laws = lead_times.learn(took.supplier, took.days)
    drugs, drug = np.unique(series.presentation, return_inverse=True)
    suppliers = _usual_suppliers(took, open_, place, drug, drugs)
    known, lag, review = _institutions(alliance, series, as_of, habits)
    known &= ~doubtful
    known &= place.index.isin(_index(held.stock.institution, held.stock.presentation))
    days = [as_of + dt.timedelta(days=k) for k in range(1 - series.use.shape[1], AHEAD_DAYS + 1)]
    factors = calendar.factors(days)
    letters = dict(Presentation.objects.values_list("pk", "criticality"))
    inputs = assessment.Inputs(
        use=series.use,
        exposure=series.exposure,
        past=factors[: series.use.shape[1]],
        ahead=factors[series.use.shape[1] :],
        window=window,
        drug=drug.astype(np.int64),
        institution=series.institution,
        level=_levels(alliance, series),
        review=review,
        criticality=np.array([letters[pk] for pk in series.presentation.tolist()], dtype="<U1"),
        lag=lag,
        batches=_batches(held, place, as_of),
        orders=_orders(orders, laws, as_of),
        leads=laws,
        own_lead=laws.rows(list(suppliers)),
        since_arrival=_since_arrival(took, drugs, as_of),
    )
    return Gathered(series, inputs, known, orders, suppliers)


def _index(institution: object, presentation: object) -> pd.MultiIndex:
    return pd.MultiIndex.from_arrays([institution, presentation], names=KEY)


def _of_series(frame: pd.DataFrame, place: pd.Series) -> pd.DataFrame:
    """The rows that belong to a watched series, with its number, in its order."""
    at = place.reindex(_index(frame.institution, frame.presentation)).to_numpy()
    mine = ~np.isnan(at)
    kept = frame[mine].assign(series=at[mine].astype(np.int64))
    return kept.sort_values("series", kind="stable").reset_index(drop=True)


def _batches(held: Holdings, place: pd.Series, as_of: dt.date) -> Batches:
    lots = _of_series(held.lots, place)
    lasts = np.where(lots.expiry - day(as_of) > FAR_DAYS, np.inf, lots.expiry - day(as_of))
    merged = lots.assign(lasts=lasts).groupby(["series", "lasts"], as_index=False).quantity.sum()
    series = merged.series.to_numpy(dtype=np.int64)
    column = assessment.positions(series)
    shape = (len(place), int(column.max(initial=0)) + 1)
    quantity, usable = np.zeros(shape), np.full(shape, np.inf)
    quantity[series, column], usable[series, column] = merged.quantity, merged.lasts
    return Batches(quantity, usable)


def _orders(orders: pd.DataFrame, laws: lead_times.LeadLaws, as_of: dt.date) -> assessment.OpenOrders:
    promised = np.where(orders.due == NEVER, np.nan, (orders.due - day(as_of)).astype(float))
    return assessment.OpenOrders(
        orders.series.to_numpy(dtype=np.int64),
        orders.quantity.to_numpy(dtype=float),
        orders.age.to_numpy(dtype=float),
        promised,
        laws.rows(list(orders.supplier)),
    )


def _usual_suppliers(
    took: pd.DataFrame, open_: pd.DataFrame, place: pd.Series, drug: NDArray, drugs: NDArray
) -> NDArray[np.object_]:
    """Whom the series ordered from last; else whom the alliance ordered the drug from last."""
    every = pd.concat([took[[*KEY, "supplier", "ordered"]], open_[[*KEY, "supplier", "ordered"]]])
    every = every[every.supplier != ""].sort_values("ordered", kind="stable")
    own = every.drop_duplicates(KEY, keep="last").set_index(KEY).supplier.reindex(place.index)
    common = every.drop_duplicates("presentation", keep="last").set_index("presentation").supplier.reindex(drugs)
    return own.where(own.notna(), common.to_numpy()[drug]).fillna("").to_numpy(dtype=object)


def _since_arrival(took: pd.DataFrame, drugs: NDArray, as_of: dt.date) -> NDArray[np.float64]:
    newest = took.groupby("presentation").ordered.max().reindex(drugs).to_numpy(dtype=float)
    return np.where(np.isnan(newest), np.inf, day(as_of) - newest)


def _institutions(
    alliance: Alliance, series: Series, as_of: dt.date, habits: Habits
) -> tuple[NDArray[np.bool_], NDArray[np.int64], NDArray[np.int64]]:
    """(N,) feeds are fresh, days the stock is behind, days between order days."""
    last = last_days(alliance)
    fresh, behind, every = {}, {}, {}
    for pk, review in alliance.institutions.values_list("pk", "review_days"):
        fresh[pk] = not is_late(last.get(pk, {}), as_of, habits)
        until = last.get(pk, {}).get(Feed.Kind.STOCK)
        behind[pk] = max(0, (as_of - until).days) if until and fresh[pk] else 0
        every[pk] = review
    who, at = np.unique(series.institution, return_inverse=True)
    columns = [[table[pk] for pk in who.tolist()] for table in (fresh, behind, every)]
    return (
        np.array(columns[0], dtype=bool)[at],
        np.array(columns[1], dtype=np.int64)[at],
        np.array(columns[2], dtype=np.int64)[at],
    )


def _levels(alliance: Alliance, series: Series) -> NDArray[np.int64]:
    ranks = {pk: RANK[Level(level)] for pk, level in alliance.institutions.values_list("pk", "level")}
    who, at = np.unique(series.institution, return_inverse=True)
    return np.array([ranks[pk] for pk in who.tolist()], dtype=np.int64)[at]


def last_days(alliance: Alliance) -> dict[int, dict[str, dt.date]]:
    """Per institution and kind of feed the last day that is here."""
    found: dict[int, dict[str, dt.date]] = {}
    rows = Feed.objects.filter(institution__alliance=alliance)
    for pk, kind, last in rows.values_list("institution", "kind", "last_date"):
        found.setdefault(pk, {})[kind] = last
    return found


def is_late(last: dict[str, dt.date], as_of: dt.date, habits: Habits) -> bool:
    """An institution is late when stock or use is missing or further behind than its limit: 没有数据, never 充足."""
    limits = {Feed.Kind.STOCK: habits.late_stock_days, Feed.Kind.CONSUMPTION: habits.late_use_days}
    return any(kind not in last or (as_of - last[kind]).days > limit for kind, limit in limits.items())
