"""What part of a month's budget, or of a tender's remaining volume, belongs to one planning period. Pure arithmetic."""

from __future__ import annotations

import calendar
import datetime as dt
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

CENT = Decimal("0.01")


def days_between(first: dt.date, last: dt.date) -> int:
    """Days from `first` to `last`, both included; 0 when last lies before first."""
    return max(0, (last - first).days + 1)


def months_in(start: dt.date, end: dt.date) -> Fraction:
    """The length of a period in months: each day counts 1/28 … 1/31 of its own month; a whole month is exactly 1."""
    total = Fraction(0)
    day = start
    while day <= end:
        size = calendar.monthrange(day.year, day.month)[1]
        last = min(end, day.replace(day=size))
        total += Fraction(days_between(day, last), size)
        day = last + dt.timedelta(days=1)
    return total


def budget_of_period(monthly: Decimal, start: dt.date, end: dt.date) -> Decimal:
    """Yuan to the cent: the monthly amount times the months of the period."""
    share = months_in(start, end)
    return (monthly * share.numerator / share.denominator).quantize(CENT, ROUND_HALF_UP)


def volume_of_period(
    remaining: int, pack: int, *, tender: tuple[dt.date, dt.date], period: tuple[dt.date, dt.date]
) -> int:
    """剩余约定量 of one period, in minimal units: what is left of the agreed volume, spread evenly over the days left.

    remaining ÷ (days from the period's start to the tender's end) × (days both run), rounded up to whole packs so that
    the last period is never left with a part of a pack, and never more than what remains. A tender that ends within
    the period wants all that remains; one that does not run in it wants nothing.
    """
    first = max(tender[0], period[0])
    days_left = days_between(first, tender[1])
    overlap = days_between(first, min(tender[1], period[1]))
    if remaining <= 0 or not overlap:
        return 0
    packs = -(-remaining * overlap // (days_left * pack))
    return min(remaining, packs * pack)
