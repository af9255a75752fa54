"""Days of a series file: which period a day belongs to, the days of periods to come, and how days were written.

An answer names its days as the question did: 2026/1/5 asks, 2026/1/6 answers, so that the two files join.
"""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from typing import Literal

Freq = Literal["D", "W", "M"]
EPOCH = dt.date(1970, 1, 1).toordinal()
_MONDAY = 3
"""Days from 1970-01-01 (a Thursday) back to its Monday: ISO weeks are counted from there."""
Writing = Callable[[dt.date], str]
WRITINGS: tuple[Writing, ...] = (
    dt.date.isoformat,
    lambda day: f"{day:%Y/%m/%d}",
    lambda day: f"{day.year}/{day.month}/{day.day}",
    lambda day: f"{day:%Y%m%d}",
    lambda day: f"{day:%Y.%m.%d}",
    lambda day: f"{day.isoformat()} 00:00:00",
    lambda day: f"{day.isoformat()}T00:00:00",
    lambda day: f"{day.year}-{day.month}-{day.day}",
    lambda day: f"{day:%Y}年{day:%m}月{day:%d}日",
    lambda day: f"{day.year}年{day.month}月{day.day}日",
)


def writing(written: Iterable[tuple[dt.date, str]]) -> Writing:
    """How every one of these days was written; ISO where no one way explains them all."""
    pairs = list(written)
    return next((way for way in WRITINGS if all(way(day) == text for day, text in pairs)), dt.date.isoformat)


def period_number(day: dt.date, freq: Freq) -> int:
    """Absolute number of the period that holds `day`: the day, the ISO week, the month."""
    ordinal = day.toordinal() - EPOCH
    if freq == "D":
        return ordinal
    return (ordinal + _MONDAY) // 7 if freq == "W" else day.year * 12 + day.month - 1


def add_months(day: dt.date, months: int, month_day: int) -> dt.date:
    """The month_day-th of the month `months` later, or that month's last day."""
    index = day.year * 12 + day.month - 1 + months
    year, month = index // 12, index % 12 + 1
    return dt.date(year, month, min(month_day, calendar.monthrange(year, month)[1]))


def month_day(days: Sequence[dt.date]) -> int:
    """31 when every row stands on its month's last day, else the largest day of the month seen."""
    if all(day.day == calendar.monthrange(day.year, day.month)[1] for day in days):
        return 31
    return max(day.day for day in days)


def day_of(days: int) -> dt.date:
    """The date so many days since 1970."""
    return dt.date.fromordinal(days + EPOCH)


def later(day: dt.date, periods: int, freq: Freq) -> dt.date:
    """The same place in the period `periods` later."""
    if freq == "M":
        return add_months(day, periods, month_day([day]))
    return day + dt.timedelta(days=periods * (1 if freq == "D" else 7))
