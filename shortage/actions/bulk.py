"""Many rows at once into one table: COPY on PostgreSQL, one prepared statement on SQLite.

Model instances would cost more time than the database; facts come by the hundred thousand.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd
from django.db import connection, models

CHUNK = 5_000


def insert(model: type[models.Model], frame: pd.DataFrame) -> None:
    """Inserts the frame; its columns are field attribute names (`institution_id`). Dates as datetime64, NaT = NULL.

    An integer column whose 0 means "none" must be of pandas' nullable Int64 with NA.
    """
    columns = [_column(model, name) for name in frame.columns]
    table = connection.ops.quote_name(model._meta.db_table)
    names = ", ".join(connection.ops.quote_name(column) for column in columns)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
                for record in _records(frame):
                    copy.write_row(record)
        else:
            marks = ", ".join(["%s"] * len(columns))
            cursor.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", list(_records(frame)))


def _column(model: type[models.Model], attribute: str) -> str:
    return next(str(field.column) for field in model._meta.concrete_fields if field.attname == attribute)


def _records(frame: pd.DataFrame) -> Iterator[tuple[Any, ...]]:
    return zip(*(_plain(frame[name]) for name in frame.columns), strict=True)


def _plain(column: pd.Series) -> list[Any]:
    """Python values, dates as ISO text: what both drivers take without asking the type of every cell."""
    empty = column.isna().to_numpy()
    if pd.api.types.is_datetime64_any_dtype(column):
        values: np.ndarray = column.to_numpy().astype("datetime64[D]").astype(str).astype(object)
    else:
        values = column.to_numpy(dtype=object)
    if empty.any():
        values = values.copy()
        values[empty] = None
    return list(values)


def set_for(model: type[models.Model], ids: Sequence[int], **fields: Any) -> None:
    """UPDATE … WHERE id IN (…), in pieces that every database takes."""
    for start in range(0, len(ids), CHUNK):
        model._default_manager.filter(pk__in=list(ids[start : start + CHUNK])).update(**fields)
