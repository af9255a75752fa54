"""The only writer of facts: in bulk, idempotent, superseding; an intake can be taken back as a whole.

    change = facts.put_stock(lots, intake=intake, complete=True, now=now)
    facts.put_consumption(frame, intake=intake, now=now)

Frames carry integer ids. Columns: institution_id, presentation_id, date, quantity (minimal units) and, where the fact
has them, product_id (0 or missing = not named), batch, expiry, order_reference, supplier_code; `row` is the source row.
Each function belongs in the caller's transaction; a fact that already says the same is left alone.

Closing stock (StockLevel) is the sum of the lots that may still be used on that day: a lot counts up to and including
its expiry date, a lot without expiry always. Each change of an item's lots of a day writes a new level of that day, so
the levels' chain of superseding tells who touched the item's day last; taking back relies on it.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

import pandas as pd
from django.db import transaction

from formulary.models import Institution
from shortage.actions import bulk, monthly, positions
from shortage.actions.fact_tables import (
    CONSUMPTION,
    ITEM_DAY,
    LEVELS,
    LOTS,
    RECEIPTS,
    FactTable,
    compare,
    current,
    tidy,
)
from shortage.models import CURRENT, Consumption, Feed, Intake, StockLevel
from shortage.queries.settings import watch_settings
from shortage.queries.stock import items_reported


@dataclass(frozen=True)
class Change:
    """What one frame does to one table: `rows` is the frame with its `outcome`; `removed` are ids without successor.

    `levels` is the change of the closing stock that follows from a change of lots.
    """

    table: FactTable
    rows: pd.DataFrame
    removed: list[int] = field(default_factory=list)
    levels: Change | None = None

    @property
    def counts(self) -> dict[str, int]:
        counted = self.rows["outcome"].value_counts()
        names = ("created", "updated", "unchanged")
        return {**{name: int(counted.get(name, 0)) for name in names}, "removed": len(self.removed)}


def plan(table: FactTable, frame: pd.DataFrame) -> Change:
    """What putting the frame would do; writes nothing."""
    rows = tidy(table, frame)
    return Change(table, compare(table, rows, current(table, rows)))


def plan_stock(frame: pd.DataFrame, *, complete: bool) -> Change:
    """What putting these lots would do to lots and closing stock; writes nothing.

    `complete`: the frame states all lots of every institution × drug × day that it names, so a lot it does not name
    is gone (files). Otherwise each row speaks of its own lot only (API), except that a total without batch and a
    statement by batch of the same day replace each other: counted together they would hide a shortage.
    """
    rows = tidy(LOTS, frame)
    known = current(LOTS, rows)
    compared = compare(LOTS, rows, known)
    mine = known.merge(
        rows.assign(blank=rows["batch"] == "").groupby(list(ITEM_DAY), as_index=False)["blank"].agg(["all", "any"]),
        on=list(ITEM_DAY),
    )
    others = mine[~mine["id"].isin(compared["known_id"])]
    unnamed = others["batch"] == ""
    gone = others if complete else others[(unnamed & ~others["any"]) | (~unnamed & others["all"])]
    kept = others[~others["id"].isin(gone["id"])]
    touched = pd.concat([compared.loc[compared["outcome"] != "unchanged", list(ITEM_DAY)], gone[list(ITEM_DAY)]])
    levels = _levels(pd.concat([rows, kept[rows.columns]]), touched.drop_duplicates())
    return Change(LOTS, compared, [int(x) for x in gone["id"]], levels)


def _levels(lots: pd.DataFrame, touched: pd.DataFrame) -> Change:
    """Closing stock of every day named; a day whose lots change gets a new row even when the sum is the same."""
    usable = lots["expiry"].isna() | (lots["expiry"] >= lots["date"])
    summed = lots.assign(quantity=lots["quantity"].where(usable, 0)).groupby(list(ITEM_DAY), as_index=False)
    rows = tidy(LEVELS, summed.agg({"quantity": "sum", "row": "min"}))
    compared = compare(LEVELS, rows, current(LEVELS, rows))
    marked = compared.merge(touched.assign(touched=True), on=list(ITEM_DAY), how="left")["touched"].notna()
    again = (compared["outcome"] == "unchanged") & marked.to_numpy()
    return Change(LEVELS, compared.assign(outcome=compared["outcome"].mask(again, "updated")))


def write(change: Change, *, intake: Intake) -> None:
    """Supersedes what the change replaces and inserts what it says; inside the caller's transaction."""
    new = change.rows[change.rows["outcome"] != "unchanged"]
    old = [*(int(x) for x in new["known_id"] if x), *change.removed]
    bulk.set_for(change.table.model, old, superseded_by=intake)
    frame = new.drop(columns=["outcome", "known_id"]).assign(intake_id=intake.pk)
    if "product_id" in frame:
        named = frame["product_id"].astype("Int64")
        frame["product_id"] = named.mask(named == 0)
    if len(frame):
        bulk.insert(change.table.model, frame)
    if change.levels is not None:
        write(change.levels, intake=intake)


def put_stock(frame: pd.DataFrame, *, intake: Intake, complete: bool, now: dt.datetime) -> Change:
    """Lots by batch and the closing stock that follows from them."""
    with transaction.atomic():
        lock(frame)
        change = plan_stock(frame, complete=complete)
        write(change, intake=intake)
        _arrived(change.rows, Feed.Kind.STOCK, intake=intake, now=now)
    return change


def put_levels(frame: pd.DataFrame, *, intake: Intake, now: dt.datetime) -> Change:
    """Closing stock alone, where no batches are known (history). Lots of the same days are not touched."""
    with transaction.atomic():
        lock(frame)
        change = plan(LEVELS, frame)
        write(change, intake=intake)
        _arrived(change.rows, Feed.Kind.STOCK, intake=intake, now=now)
    return change


def put_consumption(frame: pd.DataFrame, *, intake: Intake, now: dt.datetime) -> Change:
    """Units used by day; a later statement replaces the day's total."""
    with transaction.atomic():
        lock(frame)
        change = plan(CONSUMPTION, frame)
        write(change, intake=intake)
        monthly.refresh(change.rows.loc[change.rows["outcome"] != "unchanged", list(ITEM_DAY)])
        _arrived(change.rows, Feed.Kind.CONSUMPTION, intake=intake, now=now)
    return change


def put_receipts(frame: pd.DataFrame, *, intake: Intake, now: dt.datetime) -> Change:  # noqa: ARG001 (same shape as its sisters)
    """Goods that arrived; an expected receipt whose order has come in full is closed."""
    with transaction.atomic():
        lock(frame)
        change = plan(RECEIPTS, frame)
        write(change, intake=intake)
        intake.institutions.add(*(int(x) for x in change.rows["institution_id"].unique()))
        positions.settle_expected(change.rows[["institution_id", "presentation_id", "order_reference"]])
    return change


def lock(frame: pd.DataFrame) -> None:
    """One writer per institution at a time: what is compared here is still so when it is written."""
    ids = sorted({int(x) for x in frame["institution_id"].unique()})
    list(Institution.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk").values_list("pk"))


def _whole_days(rows: pd.DataFrame, kind: Feed.Kind) -> pd.DataFrame:
    """Of rows entered by hand those of days that are told well enough to count as reported: one item entered today does
    not make an institution's silence since last week a report."""
    kept = []
    stock, model = kind is Feed.Kind.STOCK, (StockLevel if kind is Feed.Kind.STOCK else Consumption)
    for place in Institution.objects.select_related("alliance").filter(pk__in=rows["institution_id"].unique().tolist()):
        feed = Feed.objects.filter(institution=place, kind=kind).first()
        mine = rows[rows["institution_id"] == place.pk]
        for date in pd.DatetimeIndex(mine["date"].unique()):
            share = watch_settings(place.alliance, date.date())[2].thin_share
            known = items_reported(place, stock, feed.last_date) if feed else 0
            told = model._default_manager.filter(CURRENT, institution=place, date=date.date()).count()
            if feed is None or date.date() <= feed.last_date or told >= share * known:
                kept.append(mine[mine["date"] == date])
    return pd.concat(kept) if kept else rows.iloc[:0]


def _arrived(rows: pd.DataFrame, kind: Feed.Kind, *, intake: Intake, now: dt.datetime) -> None:
    institutions = {int(x) for x in rows["institution_id"].unique()}
    intake.institutions.add(*institutions)
    reached = rows if intake.source != Intake.Source.HAND else _whole_days(rows, kind)
    positions.extend_feeds(reached, kind, now=now)
    if kind is Feed.Kind.STOCK:
        positions.refresh(institutions, {int(x) for x in rows["presentation_id"].unique()})
