"""Daily use and in-stock exposure of every watched series of an alliance."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from formulary.models import Alliance, Institution, Level
from shortage.forecasting import exposure
from shortage.models import Consumption, Feed, Receipt, StockLevel
from shortage.series import keys
from shortage.series.reading import chunks, date_of, day, day_sql, newest, table

HISTORY_DAYS = 365
Ints = NDArray[np.int64]
Floats32 = NDArray[np.float32]


@dataclass(frozen=True)
class Series:
    """N series over the T days that end with `as_of`, ordered by institution, then presentation (primary keys).

    use (N, T): units issued; NaN where the day is not known (before the first sign of the drug there, outside what the
    institution's feed covers), 0 where it is known that nothing was issued.
    exposure (N, T): share of the day in stock, from closing stock that holds until its next row; ½ on the day it ran
    out; 1 where stock is not known.
    """

    as_of: dt.date
    institution: Ints
    presentation: Ints
    use: Floats32
    exposure: Floats32

    @property
    def size(self) -> int:
        return int(self.institution.size)


def load(
    alliance: Alliance, as_of: dt.date, *, days: int = HISTORY_DAYS, only: tuple[int, int] | None = None
) -> Series:
    """Every (institution, presentation) in force there or with use or stock in the window.

    `only=(institution, presentation)` loads that one series (a page's curve).
    """
    first = day(as_of) - days + 1
    entries, active = keys.in_force(alliance, as_of), keys.active_presentations()
    feeds = _coverage(alliance)
    parts = []
    for institution in keys.institutions(alliance):
        if only and institution.pk != only[0]:
            continue
        listed = np.intersect1d(entries[keys.RANK[Level(institution.level)]], active)
        parts.append(_institution(institution, listed, active, feeds.get(institution.pk), first, days, only))
    if not parts:
        return Series(as_of, *(np.empty(0, dtype=np.int64),) * 2, *(np.empty((0, days), dtype=np.float32),) * 2)
    institution_ids = np.concatenate([np.full(len(who), pk, dtype=np.int64) for pk, who, _, _ in parts])
    presentation_ids = np.concatenate([who for _, who, _, _ in parts])
    use = np.concatenate([use for _, _, use, _ in parts])
    return Series(as_of, institution_ids, presentation_ids, use, np.concatenate([seen for _, _, _, seen in parts]))


def _coverage(alliance: Alliance) -> dict[int, tuple[int, int]]:
    rows = Feed.objects.filter(institution__alliance=alliance, kind=Feed.Kind.CONSUMPTION)
    return {
        pk: (day(first), day(last)) for pk, first, last in rows.values_list("institution", "first_date", "last_date")
    }


def _institution(
    institution: Institution,
    listed: Ints,
    active: Ints,
    covered: tuple[int, int] | None,
    first: int,
    days: int,
    only: tuple[int, int] | None,
) -> tuple[int, Ints, Floats32, Floats32]:
    """(pk, presentations, use, exposure) of one institution."""
    one = only[1] if only else None
    issued = window_rows(Consumption, institution.pk, first, days, one)
    levels = np.concatenate(
        [_carried(institution.pk, first, one), window_rows(StockLevel, institution.pk, first, days, one)]
    )
    moving = np.concatenate([rows[rows[:, 2] > 0, 0] for rows in (issued, levels)])
    who = np.union1d(listed, np.intersect1d(moving, active))
    if one is not None:
        who = who[who == one]
    use = np.zeros((len(who), days), dtype=np.float32)
    level = np.full((len(who), days), np.nan, dtype=np.float32)
    _scatter(use, who, issued, first)
    _scatter(level, who, levels, first)
    _hold(level)
    begun = (use > 0) | np.isfinite(level)
    seen = exposure.from_stock(use, level, "D")
    unknown = ~np.logical_or.accumulate(begun, axis=1)
    since, until = covered or (first + days, first - 1)
    at = np.arange(first, first + days)
    unknown[:, (at < since) | (at > until)] = True
    use[unknown] = np.nan
    return institution.pk, who, use, seen


def window_rows(
    model: type[Consumption | StockLevel | Receipt], institution: int, first: int, days: int, one: int | None = None
) -> Ints:
    """(rows, 3): presentation, day number, quantity of the window, current facts only.

    The database joins each day's pairs into one text: half the time of handing over a Python row per fact.
    """
    joined = "STRING_AGG" if connection.vendor == "postgresql" else "GROUP_CONCAT"
    sql = (
        f"SELECT {day_sql('date')}, {joined}(presentation_id || ',' || quantity, ',') FROM {table(model)} "
        "WHERE institution_id = %s AND date >= %s AND date <= %s AND superseded_by_id IS NULL"
    )
    since = date_of(first)
    params: list[object] = [institution, since, since + dt.timedelta(days=days - 1)]
    if one is not None:
        sql, params = sql + " AND presentation_id = %s", [*params, one]
    parts = []
    for number, text in (row for rows in chunks(sql + " GROUP BY date", params) for row in rows):
        pairs = np.fromstring(text, dtype=np.int64, sep=",").reshape(-1, 2)
        parts.append(np.insert(pairs, 1, number, axis=1))
    return np.concatenate(parts) if parts else np.empty((0, 3), dtype=np.int64)


def _carried(institution: int, first: int, one: int | None) -> Ints:
    """The last closing stock before the window, set on its first day: it holds until the next row."""
    rows = newest(StockLevel, ["s.quantity"], institution, date_of(first - 1), one)
    rows[:, 1] = first
    return rows


def _scatter(block: Floats32, who: Ints, rows: Ints, first: int) -> None:
    """Puts quantities at (presentation, day); a row of the window follows, and so replaces, the carried one."""
    if not len(who) or not len(rows):
        return
    at = np.minimum(np.searchsorted(who, rows[:, 0]), len(who) - 1)
    mine = who[at] == rows[:, 0]
    block[at[mine], rows[mine, 1] - first] = rows[mine, 2]


def _hold(level: Floats32) -> None:
    """Fills forward in place: closing stock does not change between two rows."""
    known = np.where(np.isfinite(level), np.arange(level.shape[1], dtype=np.int32), 0)
    np.maximum.accumulate(known, axis=1, out=known)
    level[:] = np.take_along_axis(level, known, axis=1)
