"""The four tables of facts as frames: what makes two rows the same fact, and whether they say the same."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pandas as pd

from shortage.models import CURRENT, Consumption, Receipt, StockLevel, StockLot
from shortage.models.stock import Fact

ITEM = ("institution_id", "presentation_id")
ITEM_DAY = (*ITEM, "date")
FEW = 500


@dataclass(frozen=True)
class FactTable:
    """`keys` name a fact, `values` are what it says. product_id is 0 in frames where the table has NULL."""

    model: type[Fact]
    keys: tuple[str, ...]
    values: tuple[str, ...]


LOTS = FactTable(StockLot, (*ITEM_DAY, "product_id", "batch"), ("quantity", "expiry"))
LEVELS = FactTable(StockLevel, ITEM_DAY, ("quantity",))
CONSUMPTION = FactTable(Consumption, ITEM_DAY, ("quantity",))
RECEIPTS = FactTable(
    Receipt, (*ITEM_DAY, "product_id", "batch", "order_reference"), ("quantity", "expiry", "supplier_code")
)
TABLES = (LOTS, LEVELS, CONSUMPTION, RECEIPTS)
_DEFAULTS = {"product_id": 0, "batch": "", "order_reference": "", "supplier_code": "", "expiry": pd.NaT, "row": 0}


def tidy(table: FactTable, frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with the table's columns and types: missing ones filled, dates as datetime64[s], index 0…n−1.

    Raises ValueError when a key occurs twice: the caller has to decide what that means.
    """
    wanted = ["row", *table.keys, *table.values]
    tidied = pd.DataFrame({name: frame[name] if name in frame else _DEFAULTS[name] for name in wanted})
    tidied = tidied.reset_index(drop=True)
    for name in ("date", "expiry"):
        if name in wanted:
            tidied[name] = pd.to_datetime(tidied[name]).astype("datetime64[s]")
    for name in ("row", *ITEM, "product_id", "quantity"):
        if name in wanted:
            tidied[name] = tidied[name].fillna(0).astype("int64")
    if tidied.duplicated(list(table.keys)).any():
        raise ValueError(f"{table.model.__name__}: the same fact occurs twice in one frame")
    return tidied


def current(table: FactTable, frame: pd.DataFrame) -> pd.DataFrame:
    """The facts in force around the frame's keys, with `id` and `intake_id` (a superset: same places, drugs, days)."""
    columns = ["id", "intake_id", *table.keys, *table.values]
    if frame.empty:
        return _typed(table, pd.DataFrame(columns=columns))
    days = frame["date"]
    around: dict[str, Any] = {
        "institution_id__in": [int(x) for x in frame["institution_id"].unique()],
        "date__gte": days.min().date(),
        "date__lte": days.max().date(),
    }
    for name in ("presentation_id", "date"):
        distinct = frame[name].unique()
        if len(distinct) <= FEW:
            values = [x.date() for x in pd.to_datetime(distinct)] if name == "date" else [int(x) for x in distinct]
            around[f"{name}__in"] = values
    rows = table.model._default_manager.filter(CURRENT, **around)
    return _typed(table, pd.DataFrame.from_records(list(rows.order_by().values_list(*columns)), columns=columns))


def _typed(table: FactTable, frame: pd.DataFrame) -> pd.DataFrame:
    typed = tidy(table, frame)
    typed["id"] = frame["id"].astype("int64").to_numpy()
    typed["intake_id"] = frame["intake_id"].astype("int64").to_numpy()
    return typed


def compare(table: FactTable, frame: pd.DataFrame, known: pd.DataFrame) -> pd.DataFrame:
    """The tidy frame with `outcome` (created, updated, unchanged) and `known_id` (0 = none) per row."""
    keys, values = list(table.keys), list(table.values)
    joined = frame.merge(known[["id", *keys, *values]], on=keys, how="left", suffixes=("", "_known"), sort=False)
    present = joined["id"].notna().to_numpy()
    same = present.copy()
    for name in values:
        new, old = joined[name], joined[f"{name}_known"]
        same &= ((new == old) | (new.isna() & old.isna())).to_numpy(dtype=bool)
    outcome = pd.Series("created", index=frame.index, dtype=object)
    outcome[present] = "updated"
    outcome[same] = "unchanged"
    return frame.assign(outcome=outcome, known_id=joined["id"].fillna(0).astype("int64").to_numpy())


def each(frame: pd.DataFrame) -> Iterator[Any]:
    """The rows as named tuples, of any type: pandas cannot say what a column holds."""
    return iter(frame.itertuples(index=False))
