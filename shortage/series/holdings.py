"""Usable units of every watched series, by expiry.

Batches (StockLot) say what expires when, closing stock (StockLevel) how much there is. Where closing stock is as new
as the batches or newer, it is the amount, and the batches are used up first-expired-first-out down to it.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import pandas as pd

from formulary.models import Alliance
from shortage.models import StockLevel, StockLot
from shortage.series.keys import institutions
from shortage.series.reading import NEVER, day, day_sql, newest

KEY = ["institution", "presentation"]


@dataclass(frozen=True)
class Holdings:
    """stock: institution, presentation, quantity (usable after `as_of`), day (number of the day it is known for),
    expired (units in hand that may no longer be used).
    lots: institution, presentation, expiry (day number, NEVER when not known), quantity > 0; sorted by expiry.
    """

    stock: pd.DataFrame
    lots: pd.DataFrame


def holdings(alliance: Alliance, as_of: dt.date, *, only: tuple[int, int] | None = None) -> Holdings:
    """What stands on the shelves of the alliance at the end of `as_of`, as far as it is known by then."""
    levels = _newest(StockLevel, ["quantity"], alliance, as_of, only)
    lots = _newest(StockLot, ["expiry", "quantity"], alliance, as_of, only)
    usable = _at_level(lots, levels)
    expired = usable[usable.expiry <= day(as_of)].groupby(KEY).quantity.sum()
    usable = usable[(usable.expiry > day(as_of)) & (usable.quantity > 0)]
    known = pd.concat([levels[[*KEY, "day"]], lots[[*KEY, "day"]]]).groupby(KEY).day.max().to_frame()
    known["quantity"] = usable.groupby(KEY).quantity.sum().reindex(known.index, fill_value=0).astype("int64")
    known["expired"] = expired.reindex(known.index, fill_value=0).astype("int64")
    columns = [*KEY, "expiry", "quantity"]
    return Holdings(known.reset_index(), usable.sort_values([*KEY, "expiry"])[columns].reset_index(drop=True))


def _newest(
    model: type[StockLevel] | type[StockLot],
    columns: list[str],
    alliance: Alliance,
    as_of: dt.date,
    only: tuple[int, int] | None,
) -> pd.DataFrame:
    """The rows of the newest day of each series: institution, presentation, day, then the columns."""
    places = [only[0]] if only else [institution.pk for institution in institutions(alliance)]
    chosen = [f"COALESCE({day_sql('s.expiry')}, {NEVER})" if name == "expiry" else f"s.{name}" for name in columns]
    parts = [newest(model, chosen, place, as_of, only[1] if only else None) for place in places]
    rows = np.concatenate([np.empty((0, 2 + len(columns)), dtype=np.int64), *parts])
    frame = pd.DataFrame(rows, columns=["presentation", "day", *columns])
    frame.insert(0, "institution", np.repeat(np.array(places, dtype=np.int64), [len(part) for part in parts]))
    return frame


def _at_level(lots: pd.DataFrame, levels: pd.DataFrame) -> pd.DataFrame:
    """Batches that add up to the closing stock wherever that is as new; the rest has no known expiry."""
    both = lots.merge(levels, on=KEY, how="left", suffixes=("", "_level"))
    both = both.sort_values([*KEY, "expiry"], kind="stable", ignore_index=True)
    ruled = both.day_level >= both.day
    # Closing stock counts usable units only: what had expired by then is not in it.
    gone = ruled & (both.expiry <= both.day_level)
    both["standing"] = both.quantity.where(~gone, 0)
    group = both.groupby(KEY)
    before = group.standing.cumsum() - both.standing
    used = (group.standing.transform("sum") - both.quantity_level).clip(lower=0).fillna(0)
    left = both.standing - (used - before).clip(lower=0).clip(upper=both.standing)
    both["quantity"] = both.quantity.where(~ruled | gone, left).astype("int64")
    shown = both[~gone].groupby(KEY).quantity.sum()
    newest_lot = lots.groupby(KEY).day.max()
    index = pd.MultiIndex.from_frame(levels[KEY])
    fresh = ~(newest_lot.reindex(index).to_numpy() > levels.day.to_numpy())
    over = levels.quantity.to_numpy() - shown.reindex(index, fill_value=0).to_numpy()
    rest = levels[KEY].assign(expiry=NEVER, quantity=over)[fresh & (over > 0)]
    return pd.concat([both[[*KEY, "expiry", "quantity"]], rest], ignore_index=True)
