"""Calendar factors of Chinese hospitals for daily series: holidays, make-up days, and the weeks around 春节.

The Spring Festival profile is one Beijing hospital pharmacy's (forecasting.md §3: ×1.40 and ×1.53 in the two weeks
before, ×0.31 in the closure, ×0.8 after). Other statutory days off issue about as a Sunday does; a make-up working day
(调休上班) is an ordinary day. Learn the weekday factors of each institution on top (`seasonal.factors`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from functools import cache

import chinese_calendar
import numpy as np
from numpy.typing import NDArray

SPRING_FESTIVAL = ((-14, -8, 1.40), (-7, -2, 1.53), (-1, 5, 0.31), (6, 20, 0.80), (21, 28, 0.87))
"""(first day, last day, factor) relative to 正月初一."""
DAY_OFF = 0.6
"""Other statutory holidays, between the closure of 春节 and an ordinary day; an assumption, not measured."""


def factors(days: Sequence[dt.date]) -> NDArray[np.float32]:
    """(T,) factor of each day, 1 for ordinary ones; years the calendar does not know keep 1."""
    return np.array([_factor(day) for day in days], dtype=np.float32)


@cache
def _factor(day: dt.date) -> float:
    for year in (day.year, day.year + 1):
        festival = new_year(year)
        if festival is None:
            continue
        offset = (day - festival).days
        for first, last, factor in SPRING_FESTIVAL:
            if first <= offset <= last:
                return factor
    try:
        off, name = chinese_calendar.get_holiday_detail(day)
    except NotImplementedError:
        return 1.0
    return DAY_OFF if off and name else 1.0


def new_year(year: int) -> dt.date | None:
    """正月初一, or None outside the table (the published holiday lists do not say which of their days it is)."""
    return _NEW_YEARS.get(year)


_NEW_YEARS = {
    date.year: date
    for date in map(
        dt.date.fromisoformat,
        [
            "2014-01-31",
            "2015-02-19",
            "2016-02-08",
            "2017-01-28",
            "2018-02-16",
            "2019-02-05",
            "2020-01-25",
            "2021-02-12",
            "2022-02-01",
            "2023-01-22",
            "2024-02-10",
            "2025-01-29",
            "2026-02-17",
            "2027-02-06",
            "2028-01-26",
            "2029-02-13",
            "2030-02-03",
        ],
    )
}
