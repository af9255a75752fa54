"""Reads the series files of interfaces.md §3 into arrays, and writes answers beside them.

Rows → one long list of observations (`SeriesFile`), which forecast and replay lay out as they need: aligned at the
end for a forecast, on one calendar for a replay.
"""

from __future__ import annotations

import calendar
import csv
import datetime as dt
import itertools
import os
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TextIO, cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from formulary.rules.cells import Reader, parse_date
from formulary.rules.tables import DataRefused, Fault, Table, clean, read_tables

Freq = Literal["D", "W", "M"]
COLUMNS = ("unique_id", "ds", "y", "stock_end", "received", "site", "item")
_EPOCH = dt.date(1970, 1, 1).toordinal()
_MONDAY = 3
"""Days from 1970-01-01 (a Thursday) back to its Monday: ISO weeks are counted from there."""
MOST_PERIODS = 20_000
MOST_FAULTS = 2_000
FIRST_YEAR, LAST_YEAR = 1900, 2200
LARGEST = 1e12
"""Squares of what is read must stay within single precision."""
_BAD = -700_000
"""Stands for a date that could not be read."""


@dataclass(frozen=True)
class SeriesFile:
    """One observation per row, sorted by series (in order of appearance) and period.

    series: (R,) number of the row's series; period: (R,) absolute period number; days: (R,) the row's own day as days
    since 1970; y, stock_end, received: (R,) NaN where blank (None when the file has no such column); site, item:
    number per series, or None.
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
        last = _day(int(days[-1]))
        if self.freq != "M":
            stride = 1 if self.freq == "D" else 7
            return [(last + dt.timedelta(days=stride * k)).isoformat() for k in range(1, steps + 1)]
        return [
            add_months(last, k, _month_day([_day(int(day)) for day in days])).isoformat() for k in range(1, steps + 1)
        ]


def period_number(day: dt.date, freq: Freq) -> int:
    """Absolute number of the period that holds `day`: the day, the ISO week, the month."""
    ordinal = day.toordinal() - _EPOCH
    if freq == "D":
        return ordinal
    return (ordinal + _MONDAY) // 7 if freq == "W" else day.year * 12 + day.month - 1


def add_months(day: dt.date, months: int, month_day: int) -> dt.date:
    """The month_day-th of the month `months` later, or that month's last day."""
    index = day.year * 12 + day.month - 1 + months
    year, month = index // 12, index % 12 + 1
    return dt.date(year, month, min(month_day, calendar.monthrange(year, month)[1]))


def _month_day(days: Sequence[dt.date]) -> int:
    """31 when every row stands on its month's last day, else the largest day of the month seen."""
    if all(day.day == calendar.monthrange(day.year, day.month)[1] for day in days):
        return 31
    return max(day.day for day in days)


def _day(days: int) -> dt.date:
    return dt.date.fromordinal(days + _EPOCH)


def read(source: Path, freq: Freq, *, need_stock: bool = False) -> SeriesFile:
    """Reads one series file. Raises DataRefused with every fault: missing column, bad cell, negative, duplicate."""
    tables = read_tables(source, headers=COLUMNS)
    # Of a workbook's sheets the one that names most of the columns (notes may stand before it).
    table = max(tables.values(), key=lambda one: len(set(COLUMNS) & set(one.columns)), default=Table(source.stem))
    faults: list[Fault] = []
    required = ("unique_id", "ds", "y", *(("stock_end",) if need_stock else ()))
    for name in required:
        if name not in table.columns:
            faults.append(Fault(table.name, None, name, "", "缺少此列，应有"))
    if not faults and not len(table):
        faults.append(Fault(table.name, None, "", "", "没有数据行"))
    if faults:
        raise DataRefused(faults, source=source.name)
    file = _rows(table, freq, faults)
    if faults or file is None:
        raise DataRefused(_listed(table.name, faults), source=source.name)
    return file


def _listed(sheet: str, faults: list[Fault]) -> list[Fault]:
    rest = len(faults) - MOST_FAULTS
    more = [Fault(sheet, None, "", "", f"另有 {rest} 处问题未逐一列出")] if rest > 0 else []
    return faults[:MOST_FAULTS] + more


def _rows(table: Table, freq: Freq, faults: list[Fault]) -> SeriesFile | None:
    reader = Reader(table, faults)
    # As written (trimmed): whoever joins the answer to the question does so by these very letters.
    names = [cell.strip() for cell in table.columns["unique_id"]]
    for index, name in enumerate(names):
        if not name:
            reader.fault(index, "unique_id", "", "不能为空")
    days = _dates(reader)
    numbers = {name: _numbers(reader, name) for name in ("y", "stock_end", "received")}
    code, ids = pd.factorize(np.array(names, dtype=object))
    unique_days, place = np.unique(days, return_inverse=True)
    periods = np.array([period_number(_day(int(day)), freq) for day in unique_days], dtype=np.int64)[place]
    known = (days != _BAD) & np.array([bool(name) for name in names])
    _refuse_twice(reader, code, periods, known)
    if faults:
        return None
    if periods.max() - periods.min() >= MOST_PERIODS:
        faults.append(
            Fault(
                table.name,
                None,
                "ds",
                "",
                f"首尾相差 {periods.max() - periods.min() + 1} 期，应不超过 {MOST_PERIODS} 期",
            )
        )
        return None
    order = np.lexsort((periods, code))
    optional = {name: None if value is None else value[order] for name, value in numbers.items()}
    site, site_names = _groups(reader, "site", code, len(ids))
    item, _ = _groups(reader, "item", code, len(ids))
    if faults:
        return None
    return SeriesFile(
        [str(name) for name in ids],
        freq,
        code[order].astype(np.int64),
        periods[order],
        days[order],
        cast(NDArray[np.float64], optional["y"]),
        optional["stock_end"],
        optional["received"],
        site,
        item,
        site_names,
    )


def _dates(reader: Reader) -> NDArray[np.int64]:
    """Days since 1970, _BAD where faulty (each distinct text is parsed once)."""
    code, texts = pd.factorize(np.array(reader.table.columns["ds"], dtype=object))
    found = np.full(len(texts), _BAD, dtype=np.int64)
    for k, text in enumerate(texts):
        try:
            day = parse_date(str(text))
            if not FIRST_YEAR <= day.year <= LAST_YEAR:
                raise ValueError(text)
            found[k] = day.toordinal() - _EPOCH
        except (ValueError, OverflowError):
            expected = f"应为 {FIRST_YEAR} 至 {LAST_YEAR} 年间的日期，如 2026-11-21"
            for index in np.flatnonzero(code == k):
                reader.fault(int(index), "ds", text, expected if text else f"不能为空，{expected}")
    return found[code]


def _numbers(reader: Reader, name: str) -> NDArray[np.float64] | None:
    cells = reader.table.columns.get(name)
    if cells is None:
        return None
    quick = pd.to_numeric(pd.Series(cells, dtype=object), errors="coerce").to_numpy(dtype=np.float64, copy=True)
    odd = [k for k in np.flatnonzero(~((quick >= 0) & (quick <= LARGEST))) if cells[k]]
    for k in odd:
        # Thousands separators and full-width digits are understood too, cell by cell: the one-row reader knows how.
        one = Table(reader.table.name, {name: [cells[k]]}, [reader.table.rows[k]])
        before = len(reader.faults)
        value = Reader(one, reader.faults).number(name, maximum=LARGEST)[0]
        quick[k] = np.nan if value is None else value
        if len(reader.faults) > before and name == "y" and cells[k].strip().startswith(("-", "－", "−")):
            reader.faults[-1] = Fault(
                one.name, one.rows[0], name, cells[k], "应为不小于 0 的数；退货请先在原发药期冲减，或不计入消耗"
            )
    return quick


def _refuse_twice(reader: Reader, code: NDArray[np.int64], period: NDArray[np.int64], known: NDArray[np.bool_]) -> None:
    frame = pd.DataFrame({"code": code, "period": period})[known]
    twice = frame.index[frame.duplicated()]
    if not len(twice):
        return
    first = frame[~frame.duplicated()].reset_index().set_index(["code", "period"])["index"]
    ids, ds = reader.table.columns["unique_id"], reader.table.columns["ds"]
    for k in twice:
        row = reader.table.rows[int(first.loc[(code[k], period[k])])]
        reader.fault(int(k), "unique_id、ds", f"{ids[k]}、{ds[k]}", f"与第 {row} 行属同一序列同一期，应只出现一次")


def _groups(reader: Reader, name: str, code: NDArray[np.int64], n: int) -> tuple[NDArray[np.int64] | None, list[str]]:
    """Number of each series' site (or item); a series must stay in one."""
    cells = reader.table.columns.get(name)
    if cells is None:
        return None, []
    group, names = pd.factorize(np.array([clean(cell) for cell in cells], dtype=object))
    first = np.full(n, -1, dtype=np.int64)
    first[code[::-1]] = group[::-1]
    for k in np.flatnonzero(group != first[code]):
        expected = f"同一序列前面写的是“{names[first[code[k]]]}”，应一致"
        reader.fault(int(k), name, cells[k], expected)
    return first, [str(value) for value in names]


def iso(day: int) -> str:
    """ISO text of days since 1970."""
    return _day(day).isoformat()


def later(day: int, periods: int, freq: Freq) -> str:
    """ISO text of the same place in the period `periods` later."""
    date = _day(day)
    if freq == "M":
        return add_months(date, periods, _month_day([date])).isoformat()
    return (date + dt.timedelta(days=periods * (1 if freq == "D" else 7))).isoformat()


def write_csv(target: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Writes the whole file or nothing."""

    def fill(stream: TextIO) -> None:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)

    _replace(target, fill)


def write_text(target: Path, text: str) -> None:
    """Writes the whole file or nothing."""
    _replace(target, lambda stream: stream.write(text))


def _replace(target: Path, fill: Callable[[TextIO], object]) -> None:
    """A temporary file beside the target takes its place when it is complete."""
    handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", text=True)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as stream:
            fill(stream)
        Path(temporary).chmod(0o644)
        Path(temporary).replace(target)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
