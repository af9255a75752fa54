"""A drawn history as frames in the columns of shortage.actions.facts; orders as rows of ExpectedReceipt."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fixtures.ledger import BATCH_DAYS
from fixtures.simulation import Movements, Result

# Arrived orders older than this say nothing about today's lead times.
ORDER_DAYS = 400
NO_DAY = np.datetime64("NaT", "s")


@dataclass(frozen=True)
class Keys:
    """Database ids: of each series its institution and presentation, of each product by its position in the files."""

    institution: Sequence[int]
    presentation: Sequence[int]
    product: Sequence[int]


def use(result: Result, keys: Keys) -> pd.DataFrame:
    """Units issued by day. Each institution's first series also says its last day, even if nothing was used on it:
    that is how far the institution's data reaches."""
    stated = result.issued > 0
    _sites, first = np.unique(result.world.site, return_index=True)
    stated[first, result.ends[first] - 1] = True
    series, day = np.nonzero(stated)
    return _item_days(result, keys, series, day, result.issued[series, day])


def levels(result: Result, keys: Keys) -> pd.DataFrame:
    """Closing stock of the day before the first and of every day on which it changed.

    The last day of a series is left to `lots`, whose sum it is, unless its shelf is empty then.
    """
    before = np.concatenate([result.opening[:, None], result.stock[:, :-1]], axis=1)
    changed = (before != result.stock) & result.known
    held = result.lots.total > 0
    changed[np.flatnonzero(held), result.ends[held] - 1] = False
    changed[np.flatnonzero(~held), result.ends[~held] - 1] = True
    series, day = np.nonzero(changed)
    first = np.arange(len(result.world))
    return pd.concat(
        [
            _item_days(result, keys, first, np.full(len(first), -1), result.opening),
            _item_days(result, keys, series, day, result.stock[series, day]),
        ]
    )


def receipts(result: Result, keys: Keys) -> pd.DataFrame:
    got = result.receipts
    frame = _item_days(result, keys, got.series, got.day, got.quantity)
    frame["product_id"] = np.array(keys.product)[got.ware]
    frame["batch"] = _batches(result, got.batch, got.ware)
    frame["expiry"] = _dates(result, got.expiry)
    frame["supplier_code"] = _suppliers(result)[got.ware]
    frame["order_reference"] = references(result, result.orders)[got.order]
    whole = [name for name in frame.columns if name not in ("quantity", "row")]
    return frame.groupby(whole, as_index=False, sort=False).agg({"quantity": "sum", "row": "min"})


def lots(result: Result, keys: Keys) -> pd.DataFrame:
    """What each batch holds at the end of the last day known of its series."""
    series, slot = np.nonzero(result.lots.quantity)
    frame = _item_days(result, keys, series, result.ends[series] - 1, result.lots.quantity[series, slot])
    ware = result.lots.ware[series, slot]
    frame["product_id"] = np.array(keys.product)[ware]
    frame["batch"] = _batches(result, result.lots.batch[series, slot], ware)
    frame["expiry"] = _dates(result, result.lots.expiry[series, slot])
    return frame


def orders(result: Result, keys: Keys) -> pd.DataFrame:
    """Open orders, and those of the last year or so that have arrived."""
    placed = result.orders
    chosen = (placed.arrived < 0) | (placed.day >= result.days - ORDER_DAYS)
    series, ware = placed.series[chosen], placed.ware[chosen]
    arrived, due = placed.arrived[chosen], placed.due[chosen]
    return pd.DataFrame(
        {
            "institution_id": np.array(keys.institution)[series],
            "presentation_id": np.array(keys.presentation)[series],
            "product_id": np.array(keys.product)[ware],
            "reference": references(result, placed)[chosen],
            "supplier_code": _suppliers(result)[ware],
            "supplier_name": _supplier_names(result)[ware],
            "quantity": placed.quantity[chosen],
            "ordered_on": _dates(result, placed.day[chosen]),
            "due_on": np.where(due < 0, NO_DAY, _dates(result, due)),
            "arrived_on": np.where(arrived < 0, NO_DAY, _dates(result, arrived)),
            "state": np.where(arrived < 0, "open", "arrived").astype(object),
        }
    )


def references(result: Result, placed: Movements) -> NDArray[np.object_]:
    """One order is what an institution orders on a day at one supplier: CG260301-H01-S02."""
    files = result.world.files
    sites = np.array([site.code[-3:] for site in files.sites], dtype=object)[result.world.site[placed.series]]
    dates = [f"{result.date(day):%y%m%d}" for day in range(result.days)]
    days = np.array(dates, dtype=object)[placed.day]
    named: NDArray[np.object_] = "CG" + days + "-" + sites + "-" + _suppliers(result)[placed.ware]
    return named


def _item_days(
    result: Result, keys: Keys, series: NDArray[np.int64], day: NDArray[np.int64], quantity: NDArray[np.int64]
) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "institution_id": np.array(keys.institution)[series],
            "presentation_id": np.array(keys.presentation)[series],
            "date": _dates(result, day),
            "quantity": quantity,
            "row": np.arange(1, len(series) + 1),
        }
    )


def _suppliers(result: Result) -> NDArray[np.object_]:
    return np.array([ware.supplier for ware in result.world.files.wares], dtype=object)


def _supplier_names(result: Result) -> NDArray[np.object_]:
    names = {firm.code: firm.name for firm in result.world.files.firms}
    return np.array([names[ware.supplier] for ware in result.world.files.wares], dtype=object)


def _dates(result: Result, days: NDArray[np.int64]) -> NDArray[np.datetime64]:
    return (np.datetime64(result.first) + np.asarray(days).astype("timedelta64[D]")).astype("datetime64[s]")


def _batches(result: Result, batch: NDArray[np.int64], ware: NDArray[np.int64]) -> NDArray[np.object_]:
    """Date of making and a line of the works: 250613C."""
    made = {int(b): f"{result.first + dt.timedelta(days=int(b) * BATCH_DAYS):%y%m%d}" for b in np.unique(batch)}
    lines = np.array([chr(65 + k % 7) for k in range(len(result.world.files.wares))], dtype=object)
    named: NDArray[np.object_] = np.array([made[int(b)] for b in batch], dtype=object) + lines[ware]
    return named
