"""Use per day from calendar months of use: the months before today's month, or as many of them as there are facts for."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal

from formulary.rules.evidence import UseRow
from formulary.rules.versions import months_later

Key = tuple[int, int]
"""(institution, presentation)"""


def first_month(on: dt.date, months: int) -> dt.date:
    """The first day of the earliest of the `months` whole months before the month of `on`."""
    return months_later(on.replace(day=1), -months)


def daily_use(rows: Iterable[UseRow], on: dt.date, *, months: int) -> dict[Key, Decimal]:
    """Units per day over the last `months` whole months; months of a pair before its first use count as no use."""
    start, end = first_month(on, months), on.replace(day=1)
    days = (end - start).days
    total: dict[Key, int] = {}
    for row in rows:
        if start <= row.month < end:
            key = (row.institution, row.presentation)
            total[key] = total.get(key, 0) + row.quantity
    return {key: Decimal(units) / days for key, units in total.items()} if days else {}


def yearly_use(rows: Iterable[UseRow], on: dt.date) -> dict[Key, int]:
    """Units of the twelve whole months before the month of `on`."""
    start, end = first_month(on, 12), on.replace(day=1)
    total: dict[Key, int] = {}
    for row in rows:
        if start <= row.month < end:
            key = (row.institution, row.presentation)
            total[key] = total.get(key, 0) + row.quantity
    return total
