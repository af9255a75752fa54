"""What writing some rows would do to the picture of now: counts, items changed, suspicious jumps. Writes nothing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import pandas as pd

from formulary.models import Institution
from shortage.actions import expected, facts
from shortage.actions.fact_tables import CONSUMPTION, ITEM_DAY, RECEIPTS, each
from shortage.models import Feed
from shortage.queries import stock as stock_queries
from shortage.queries.settings import watch_settings
from shortage.rules.stock_effect import Effect, count_outcomes, stock_jump, thin_report, use_jump
from shortage.rules.stock_file import Kind

MOST_WARNINGS = 100
Item = tuple[int, int]


def daily(frame: pd.DataFrame) -> pd.DataFrame:
    """Use by product becomes the day's use of the drug."""
    return frame.groupby(list(ITEM_DAY), as_index=False).agg({"quantity": "sum", "row": "min"})


def effect_of(frames: dict[Kind, pd.DataFrame]) -> Effect:
    """What writing these rows would do to the facts in force now."""
    effect = Effect()
    for kind, frame in frames.items():
        if kind is Kind.STOCK:
            change = facts.plan_stock(frame, complete=True)
            _stock_effect(effect, frame, change)
        elif kind is Kind.CONSUMPTION:
            change = facts.plan(CONSUMPTION, daily(frame))
            effect.warnings += _named(use_warnings(change.rows), change.rows)
        elif kind is Kind.RECEIPTS:
            change = facts.plan(RECEIPTS, frame)
        else:
            counted = expected.plan(frame)["outcome"].value_counts().to_dict()
            effect.rows[kind.value] = count_outcomes({str(name): int(n) for name, n in counted.items()}, 0)
            continue
        effect.rows[kind.value] = count_outcomes(change.counts, 0)
    effect.warnings = thin_warnings(frames) + effect.warnings
    effect.warnings = _shortened(effect.warnings)
    return effect


def _stock_effect(effect: Effect, frame: pd.DataFrame, change: facts.Change) -> None:
    lots = change.rows
    effect.expired_lots = int(((lots["expiry"] < lots["date"]) & (lots["quantity"] > 0)).sum())
    if change.levels is None:
        return
    known = stock_queries.positions(frame)
    newest = change.levels.rows.sort_values("date").drop_duplicates(["institution_id", "presentation_id"], keep="last")
    for row in each(newest):
        last = known.get((row.institution_id, row.presentation_id))
        if last is None:
            effect.items_new += 1
        elif row.date.date() >= last[0] and row.quantity != last[1]:
            effect.items_changed += 1
            effect.items_to_zero += row.quantity == 0
    effect.warnings += _named(stock_warnings(change.levels.rows, known), change.levels.rows)


def thin_warnings(frames: dict[Kind, pd.DataFrame]) -> list[str]:
    """A few items dated today make an institution look as if it had reported: asked about before it is written."""
    found = []
    for kind, feed in ((Kind.STOCK, Feed.Kind.STOCK), (Kind.CONSUMPTION, Feed.Kind.CONSUMPTION)):
        frame = frames.get(kind)
        if frame is None or frame.empty:
            continue
        places = Institution.objects.in_bulk([int(x) for x in frame["institution_id"].unique()])
        feeds = {row.institution_id: row for row in Feed.objects.filter(kind=feed, institution__in=places)}
        for pk, place in places.items():
            mine, last = frame[frame["institution_id"] == pk], feeds.get(pk)
            reached: dt.date = max(mine["date"])
            if last is None or reached <= last.last_date:
                continue
            share = watch_settings(place.alliance, reached)[2].thin_share
            items = int(mine.loc[mine["date"] > last.last_date, "presentation_id"].nunique())
            known = stock_queries.items_reported(place, kind is Kind.STOCK, last.last_date)
            words = thin_report(items, known, f"{last.last_date:%m-%d}", f"{reached:%m-%d}", share, kind.label)
            if words:
                found.append(f"{place.short_name}：{words}")
    return found


def stock_warnings(levels: pd.DataFrame, known: dict[Item, tuple[dt.date, int]]) -> list[tuple[int, str]]:
    """Source row and words for every item whose stock looks like a wrong unit against the last `known` one."""
    changed = levels[levels["outcome"] != "unchanged"]
    use = stock_queries.recent_use(changed)
    found = []
    for row in each(changed):
        item = (row.institution_id, row.presentation_id)
        last = known.get(item)
        if last is not None and row.date.date() >= last[0]:
            days = (row.date.date() - last[0]).days
            jump = stock_jump(row.quantity, last[1], use.get(item, (0.0, 0.0))[0], days)
            if jump:
                found.append((row.row, f"{jump}，请核对单位"))
    return found


def use_warnings(days: pd.DataFrame) -> list[tuple[int, str]]:
    """Source row and words for every day whose use looks like a wrong unit against the 60 days before."""
    changed = days[(days["outcome"] != "unchanged") & (days["quantity"] >= 10)]
    use = stock_queries.recent_use(changed)
    found = []
    for row in each(changed):
        jump = use_jump(row.quantity, use.get((row.institution_id, row.presentation_id), (0.0, 0.0))[1])
        if jump:
            found.append((row.row, f"{jump}，请核对单位"))
    return found


def _named(warnings: list[tuple[int, str]], rows: pd.DataFrame) -> list[str]:
    """As sentences that a person can follow to the row and the drug."""
    if not warnings:
        return []
    names = stock_queries.Names(rows)
    items = {row.row: (row.institution_id, row.presentation_id) for row in each(rows)}
    return [f"第 {row} 行：{names.of(items[row])} {text}" for row, text in warnings]


def _shortened(warnings: Sequence[str]) -> list[str]:
    more = len(warnings) - MOST_WARNINGS
    return [*warnings[:MOST_WARNINGS], *([f"另有 {more} 处类似的跳变"] if more > 0 else [])]
