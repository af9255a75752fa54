"""The observations of a series file as arrays, in one order whatever order the rows had, and laid out as they are needed."""

from __future__ import annotations

import datetime as dt
import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shortage.rules.series_days import Freq, Writing, add_months, day_of, month_day


@dataclass(frozen=True)
class SeriesFile:
    """One observation per row, sorted by series (by its name) and period: the order of the file's rows tells nothing.

    series: (R,) number of the row's series; period: (R,) absolute period number; days: (R,) the row's own day as days
    since 1970; y, stock_end, received: (R,) NaN where blank (None when the file has no such column); site, item:
    number per series, or None. written: how the file writes a day.
    """

    ids: list[str]
    freq: Freq
    series: NDArray[np.int64]
    period: NDArray[np.int64]
    days: NDArray[np.int64]
    y: NDArray[np.float64]
    stock_end: NDArray[np.float64] | None
    received: NDArray[np.float64] | None
    site: NDArray[np.int64] | None
    item: NDArray[np.int64] | None
    site_names: list[str]
    written: Writing = dt.date.isoformat

    def right_aligned(self, values: NDArray[np.float64]) -> NDArray[np.float32]:
        """(N, T) with each series' own last period in the last column; NaN where there is no row."""
        ends = self.ends()
        width = int((ends[self.series] - self.period).max()) + 1
        laid = np.full((len(self.ids), width), np.nan, dtype=np.float32)
        laid[self.series, width - 1 - (ends[self.series] - self.period)] = values
        return laid

    def on_calendar(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """(N, T) on the common calendar from the first to the last period of the file; NaN where there is no row."""
        first = int(self.period.min())
        laid = np.full((len(self.ids), int(self.period.max()) - first + 1), np.nan)
        laid[self.series, self.period - first] = values
        return laid

    def ends(self) -> NDArray[np.int64]:
        """(N,) absolute number of each series' last period."""
        ends = np.full(len(self.ids), np.iinfo(np.int64).min)
        np.maximum.at(ends, self.series, self.period)
        return ends

    def coming_days(self, steps: int) -> list[list[str]]:
        """For each series the ISO days of its next periods, in the convention of its own rows."""
        bounds = np.searchsorted(self.series, np.arange(len(self.ids) + 1))
        return [self._coming(self.days[a:b], steps) for a, b in itertools.pairwise(bounds)]

    def _coming(self, days: NDArray[np.int64], steps: int) -> list[str]:
        last = day_of(int(days[-1]))
        if self.freq != "M":
            stride = 1 if self.freq == "D" else 7
            return [self.written(last + dt.timedelta(days=stride * k)) for k in range(1, steps + 1)]
        on = month_day([day_of(int(day)) for day in days])
        return [self.written(add_months(last, k, on)) for k in range(1, steps + 1)]


@dataclass
class Draft:
    """Rows as they were read; sorted by series and period when the file is made."""

    code: NDArray[np.int64]
    period: NDArray[np.int64]
    days: NDArray[np.int64]
    numbers: dict[str, NDArray[np.float64]]
    groups: dict[str, NDArray[np.int64]]

    def __post_init__(self) -> None:
        key = self.code * (int(np.ptp(self.period)) + 1) + (self.period - self.period.min())
        steps = np.diff(key)
        if steps.size and steps.min() < 0:
            order = np.argsort(key, kind="stable")
            steps = np.diff(key[order])
            self.code, self.period, self.days = (part[order] for part in (self.code, self.period, self.days))
            self.numbers = {name: part[order] for name, part in self.numbers.items()}
            self.groups = {name: part[order] for name, part in self.groups.items()}
        self._twice = bool(steps.size and (steps == 0).any())

    def repeats(self) -> bool:
        """Whether a series has two rows in one period."""
        return self._twice

    def strays(self, group: NDArray[np.int64]) -> bool:
        """Whether a series stands in two sites (items)."""
        same = np.diff(self.code) == 0
        return bool((np.diff(group)[same] != 0).any())

    def file(self, ids: list[str], freq: Freq, site_names: list[str], way: Writing) -> SeriesFile:
        first = np.searchsorted(self.code, np.arange(len(ids)))
        site, item = (self.groups[name][first] if name in self.groups else None for name in ("site", "item"))
        return SeriesFile(
            ids, freq, self.code, self.period, self.days, self.numbers["y"], self.numbers.get("stock_end"),
            self.numbers.get("received"), site, item, site_names, way,
        )  # fmt: skip
