"""Reads the series files of interfaces.md §3 into arrays, and writes answers beside them.

Rows → one long list of observations (`SeriesFile`), which forecast and replay lay out as they need: aligned at the
end for a forecast, on one calendar for a replay.
"""

from __future__ import annotations

import csv
import os
import tempfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TextIO

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from formulary.rules.cells import Reader, parse_date
from formulary.rules.tables import MAX_BYTES, DataRefused, Fault, Table, clean, read_tables
from shortage.rules import series_plain
from shortage.rules.series_days import EPOCH, Freq, day_of, period_number, writing
from shortage.rules.series_layout import Draft, SeriesFile
from shortage.rules.series_plain import Plain

COLUMNS = ("unique_id", "ds", "y", "stock_end", "received", "site", "item")
MOST_PERIODS = 20_000
MOST_FAULTS = 2_000
FIRST_YEAR, LAST_YEAR = 1900, 2200
LARGEST = 1e12
"""Squares of what is read must stay within single precision."""
_BAD = -700_000
"""Stands for a date that could not be read."""


def read(source: Path, freq: Freq, *, need_stock: bool = False) -> SeriesFile:
    """Reads one series file. Raises DataRefused with every fault: missing column, bad cell, negative, duplicate."""
    required = ("unique_id", "ds", "y", *(("stock_end",) if need_stock else ()))
    plain = series_plain.read(source)
    if plain is not None and len(plain) and set(required) <= set(plain.columns):
        file = _plain_rows(plain, freq)
        if file is not None:
            return file
    if source.stat().st_size > MAX_BYTES and plain is None:
        expected = f"大于 {MAX_BYTES // 2**20} MB 的文件应为规整的 CSV：首行列名，数字不带千分位；请核对或拆分后再试"
        raise DataRefused([Fault("", None, "", "", expected)], source=source.name)
    return _careful(source, freq, required)


def _careful(source: Path, freq: Freq, required: Sequence[str]) -> SeriesFile:
    """Cell by cell: understands more, and names every fault."""
    tables = read_tables(source, headers=COLUMNS)
    # Of a workbook's sheets the one that names most of the columns (notes may stand before it).
    table = max(tables.values(), key=lambda one: len(set(COLUMNS) & set(one.columns)), default=Table(source.stem))
    faults: list[Fault] = []
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


def _plain_rows(plain: Plain, freq: Freq) -> SeriesFile | None:
    """The file when nothing in it is doubtful, else None."""
    (code, names), (place, texts) = plain.texts["unique_id"], plain.texts["ds"]
    found = [_day_in(text) for text in texts]
    if not all(names) or None in found:
        return None
    days = np.array([day for day in found if day is not None], dtype=np.int64)
    periods = np.array([period_number(day_of(int(day)), freq) for day in days], dtype=np.int64)
    if np.ptp(periods) >= MOST_PERIODS or not all(map(_in_range, plain.numbers.values())):
        return None
    ids, of_name = _sorted(names)
    groups: dict[str, NDArray[np.int64]] = {}
    group_names: dict[str, list[str]] = {"site": []}
    for name in ("site", "item"):
        if name in plain.texts:
            number, seen = plain.texts[name]
            group_names[name], of_group = _sorted([clean(text) for text in seen])
            groups[name] = of_group[number]
    draft = Draft(of_name[code], periods[place], days[place], plain.numbers, groups)
    if draft.repeats() or any(draft.strays(group) for group in draft.groups.values()):
        return None
    way = writing((day_of(int(day)), text) for day, text in zip(days, texts, strict=True))
    return draft.file(ids, freq, group_names["site"], way)


def _sorted(texts: Sequence[str]) -> tuple[list[str], NDArray[np.int64]]:
    """The different texts in order, and the number of each one given."""
    names, number = np.unique(np.array(texts, dtype=object), return_inverse=True)
    return [str(name) for name in names], number.astype(np.int64)


def _in_range(values: NDArray[np.float64]) -> bool:
    known = values[~np.isnan(values)]
    return not known.size or bool(known.min() >= 0 and known.max() <= LARGEST)


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
    ids, code = _sorted(names)
    unique_days, place = np.unique(days, return_inverse=True)
    periods = np.array([period_number(day_of(int(day)), freq) for day in unique_days], dtype=np.int64)[place]
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
    groups: dict[str, NDArray[np.int64]] = {}
    group_names: dict[str, list[str]] = {"site": []}
    for name in ("site", "item"):
        if name in table.columns:
            groups[name], group_names[name] = _groups(reader, name, code, len(ids))
    if faults:
        return None
    texts = table.columns["ds"]
    way = writing((day_of(day), text) for day, text in set(zip(days.tolist(), texts, strict=True)))
    given = {name: values for name, values in numbers.items() if values is not None}
    draft = Draft(code, periods, days, given, groups)
    return draft.file(ids, freq, group_names["site"], way)


def _day_in(text: str) -> int | None:
    """Days since 1970; None where the text is no day of the years that are read."""
    try:
        day = parse_date(text)
    except (ValueError, OverflowError):
        return None
    return day.toordinal() - EPOCH if FIRST_YEAR <= day.year <= LAST_YEAR else None


def _dates(reader: Reader) -> NDArray[np.int64]:
    """Days since 1970, _BAD where faulty (each distinct text is parsed once)."""
    code, texts = pd.factorize(np.array(reader.table.columns["ds"], dtype=object))
    found = np.full(len(texts), _BAD, dtype=np.int64)
    for k, text in enumerate(texts):
        day = _day_in(str(text))
        if day is not None:
            found[k] = day
            continue
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


def _groups(reader: Reader, name: str, code: NDArray[np.int64], n: int) -> tuple[NDArray[np.int64], list[str]]:
    """Number of each row's site (or item); a series must stay in one."""
    cells = reader.table.columns[name]
    names, group = _sorted([clean(cell) for cell in cells])
    first = np.full(n, -1, dtype=np.int64)
    first[code[::-1]] = group[::-1]
    for k in np.flatnonzero(group != first[code]):
        expected = f"同一序列前面写的是“{names[first[code[k]]]}”，应一致"
        reader.fault(int(k), name, cells[k], expected)
    return group, names


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
