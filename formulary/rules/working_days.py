"""Working days of mainland China: weekends, statutory holidays and make-up days (调休上班) as the State Council publishes.

A period of N working days is counted from the day after it was announced (民法典第二百零一条: 开始的当日不计入) to the end of
the N-th working day. Years whose holidays are not published yet are counted by weekdays, and the answer says so.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import chinese_calendar
from chinese_calendar.constants import holidays

KNOWN_YEARS = frozenset(day.year for day in holidays)
"""Years whose arrangement the installed calendar holds."""
LONGEST = 366


@dataclass(frozen=True)
class Period:
    """From `opens` to `closes`, both inclusive; `days` working days counted after `opens`; `guessed`: years counted by
    weekdays because their holidays were not published."""

    opens: dt.date
    closes: dt.date
    days: int
    guessed: tuple[int, ...] = ()

    @property
    def note(self) -> str:
        """What people must be told of a year that is not published; "" when all are known."""
        if not self.guessed:
            return ""
        years = "、".join(f"{year} 年" for year in self.guessed)
        return f"{years}放假安排尚未收录，按周一至周五计算；放假安排公布后请核对截止日"


def is_working_day(day: dt.date) -> bool:
    """A make-up Saturday is one, a statutory holiday is not; in unknown years Monday to Friday are."""
    return bool(chinese_calendar.is_workday(day)) if day.year in KNOWN_YEARS else day.weekday() < 5


def after(opens: dt.date, days: int) -> Period:
    """The period that ends with the `days`-th working day after `opens`. Raises ValueError below one day."""
    if not 1 <= days <= LONGEST:
        raise ValueError("工作日数应在 1 到 366 之间")
    day, left = opens, days
    while left:
        day += dt.timedelta(days=1)
        left -= is_working_day(day)
    return Period(opens, day, days, _guessed(opens, day))


def between(opens: dt.date, closes: dt.date) -> Period:
    """How many working days follow `opens` up to and including `closes`."""
    length = max(0, (closes - opens).days)
    days = sum(is_working_day(opens + dt.timedelta(days=k)) for k in range(1, length + 1))
    return Period(opens, closes, days, _guessed(opens, closes))


def _guessed(first: dt.date, last: dt.date) -> tuple[int, ...]:
    return tuple(year for year in range(first.year, last.year + 1) if year not in KNOWN_YEARS)
