"""What writing some rows would do to the picture of now: counts, items changed, suspicious jumps. Writes nothing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import pandas as pd

from shortage.actions import facts
from shortage.actions.fact_tables import CONSUMPTION, ITEM_DAY, RECEIPTS, each
from shortage.queries import stock as stock_queries
from shortage.rules.stock_effect import Effect, count_outcomes, stock_jump, use_jump
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
        else:
            change = facts.plan(RECEIPTS, frame)
        effect.rows[kind.value] = count_outcomes(change.counts, 0)
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
