"""Rows of whole numbers from a raw cursor into arrays, on SQLite and PostgreSQL alike."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any

import numpy as np
from django.db import connection, models
from numpy.typing import NDArray

from formulary.models import Presentation

EPOCH = dt.date(1970, 1, 1)
CHUNK = 100_000
NEVER = 1_000_000
"""Day number of what does not expire or is not due."""


def day(date: dt.date) -> int:
    """Days since 1970: dates travel through arrays as whole numbers."""
    return (date - EPOCH).days


def date_of(number: int) -> dt.date:
    return EPOCH + dt.timedelta(days=int(number))


def day_sql(column: str) -> str:
    """SQL for the day number of a date column (spares a Python date per row)."""
    if connection.vendor == "postgresql":
        return f"({column} - DATE '1970-01-01')"
    # julianday of 1970-01-01 00:00 is 2440587.5; the half keeps the cast away from rounding down a day.
    return f"CAST(julianday({column}) - 2440587.0 AS INTEGER)"


def table(model: type[models.Model]) -> str:
    return connection.ops.quote_name(model._meta.db_table)


def whole_numbers(sql: str, params: Sequence[Any], width: int) -> NDArray[np.int64]:
    """(rows, width) of a query whose columns are all whole numbers."""
    parts = [
        np.fromiter(chain.from_iterable(rows), dtype=np.int64, count=len(rows) * width) for rows in chunks(sql, params)
    ]
    return np.concatenate(parts).reshape(-1, width) if parts else np.empty((0, width), dtype=np.int64)


def newest(
    model: type[models.Model], columns: Sequence[str], institution: int, until: dt.date, one: int | None
) -> NDArray[np.int64]:
    """(rows, 2 + columns): presentation, day number and `columns` (SQL over `s`) of the rows of the newest day of every
    presentation, not after `until`, current facts only.

    One probe of the key's index per presentation: grouping would read the whole history of the institution. CROSS JOIN
    because SQLite then keeps the order of the loops; with JOIN it reads the history after all.
    """
    name, drugs = table(model), table(Presentation)
    chosen = ", ".join(("s.presentation_id", day_sql("s.date"), *columns))
    which, extra = ("", []) if one is None else (" WHERE p.id = %s", [one])
    sql = (
        f"SELECT {chosen} FROM (SELECT p.id AS presentation_id, (SELECT l.date FROM {name} l "
        "WHERE l.institution_id = %s AND l.presentation_id = p.id AND l.date <= %s AND l.superseded_by_id IS NULL "
        f"ORDER BY l.date DESC LIMIT 1) AS newest FROM {drugs} p{which}) last CROSS JOIN {name} s "
        "WHERE s.institution_id = %s AND s.presentation_id = last.presentation_id AND s.date = last.newest AND s.superseded_by_id IS NULL"
    )
    return whole_numbers(sql, [institution, until, *extra, institution], 2 + len(columns))


def chunks(sql: str, params: Sequence[Any]) -> Iterator[list[tuple]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        while rows := cursor.fetchmany(CHUNK):
            yield rows
