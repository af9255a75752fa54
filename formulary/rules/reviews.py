"""Dates of reviews: when a trial ends, and which full months can be looked at."""

from __future__ import annotations

import calendar
import datetime as dt


def months_later(day: dt.date, months: int) -> dt.date:
    """The same day of a later month, or that month's last day."""
    number = day.year * 12 + day.month - 1 + months
    year, month = number // 12, number % 12 + 1
    return dt.date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def full_months(since: dt.date, on: dt.date, *, most: int = 12) -> list[dt.date]:
    """First days of the calendar months that lie wholly between `since` and the month of `on`, the latest `most` of them."""
    number = since.year * 12 + since.month - 1 + (1 if since.day > 1 else 0)
    until = on.year * 12 + on.month - 1
    found = [dt.date(n // 12, n % 12 + 1, 1) for n in range(number, until)]
    return found[-most:]
