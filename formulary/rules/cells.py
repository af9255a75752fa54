"""Turns text columns into values, collecting every fault on the way.

    reader = Reader(table, faults)
    codes = reader.text("机构编码", required=True)
    needs = reader.whole("需求量", required=True, minimum=0)
    if faults: raise DataRefused(faults)

Each method answers one list as long as the table; a faulty or blank cell is None.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import TypeVar

from formulary.rules.tables import Fault, Table, clean

T = TypeVar("T")
YES = {"是", "1", "true", "yes", "y", "√"}
NO = {"否", "0", "false", "no", "n"}
MAX_WHOLE = 2_147_483_647  # what an integer column of the database holds
MAX_MONEY = Decimal(10**12)  # beyond any budget, and exact in cents as a float
_DATE = re.compile(r"^(\d{4})[-/.年]?(\d{1,2})[-/.月]?(\d{1,2})日?(?:[ T]00:00(?::00)?)?$")


class _TooLarge(ValueError):
    """A whole number beyond what is kept; says so."""


class Reader:
    """Reads the columns of one table; `faults` is shared with the other tables of the file."""

    def __init__(self, table: Table, faults: list[Fault]) -> None:
        self.table = table
        self.faults = faults

    def has(self, column: str) -> bool:
        return clean(column) in self.table.columns

    def fault(self, index: int, column: str, value: object, expected: str) -> None:
        """Records one fault at the index-th entry."""
        self.faults.append(Fault(self.table.name, self.table.rows[index], column, str(value), expected))

    def text(self, column: str, *, required: bool = False) -> list[str | None]:
        return self._column(column, required, lambda cell: clean(cell) or None, "")

    def whole(self, column: str, *, required: bool = False, minimum: int | None = 0) -> list[int | None]:
        """Whole numbers; thousands separators and full-width digits are understood, 12.0 counts as 12."""
        expected = "应为整数" if minimum is None else f"应为不小于 {minimum} 的整数"

        def parse(cell: str) -> int:
            number = _decimal(cell)
            if number != number.to_integral_value() or (minimum is not None and number < minimum):
                raise ValueError
            if abs(number) > MAX_WHOLE:
                raise _TooLarge(f"{expected}，且不大于 {MAX_WHOLE:,}")
            return int(number)

        return self._column(column, required, parse, expected)

    def number(
        self, column: str, *, required: bool = False, minimum: float | None = 0, maximum: float | None = None
    ) -> list[float | None]:
        def parse(cell: str) -> float:
            number = float(_decimal(cell))
            low, high = -math.inf if minimum is None else minimum, math.inf if maximum is None else maximum
            if not math.isfinite(number) or not low <= number <= high:
                raise ValueError
            return number

        return self._column(column, required, parse, _range(minimum, maximum))

    def money(self, column: str, *, required: bool = False, minimum: Decimal = Decimal(0)) -> list[Decimal | None]:
        """Exact decimals as written; rounding to the cent is the caller's decision."""

        def parse(cell: str) -> Decimal:
            number = _decimal(cell)
            if number < minimum:
                raise ValueError
            if number > MAX_MONEY:
                raise _TooLarge(f"应为不小于 {minimum} 的金额，且不大于 {MAX_MONEY:,}")
            return number

        return self._column(column, required, parse, f"应为不小于 {minimum} 的金额")

    def date(self, column: str, *, required: bool = False) -> list[dt.date | None]:
        """2026-11-21, 2026/1/5, 20260105, 2026年1月5日, or the serial number Excel keeps."""
        return self._column(column, required, parse_date, "应为日期，如 2026-11-21")

    def flag(self, column: str, *, required: bool = False) -> list[bool | None]:
        def parse(cell: str) -> bool:
            word = clean(cell).lower()
            if word in YES or word in NO:
                return word in YES
            raise ValueError

        return self._column(column, required, parse, "应为 是 或 否")

    def choice(self, column: str, options: Mapping[str, T], *, required: bool = False) -> list[T | None]:
        def parse(cell: str) -> T:
            try:
                return options[clean(cell)]
            except KeyError:
                raise ValueError from None

        return self._column(column, required, parse, "应为 " + "、".join(options) + " 之一")

    def unique(self, *columns: str) -> None:
        """Faults every row that repeats an earlier row's key."""
        first: dict[tuple[str, ...], int] = {}
        parts = [
            [clean(cell) for cell in self.table.columns.get(clean(name), [""] * len(self.table))] for name in columns
        ]
        for index, key in enumerate(zip(*parts, strict=True)):
            if key in first:
                self.fault(
                    index,
                    "、".join(columns),
                    "、".join(key),
                    f"与第 {self.table.rows[first[key]]} 行重复，应只出现一次",
                )
            else:
                first[key] = index

    def _column(self, column: str, required: bool, parse: Callable[[str], T], expected: str) -> list[T | None]:
        cells = self.table.columns.get(clean(column))
        if cells is None:
            if required:
                self.faults.append(Fault(self.table.name, None, column, "", "缺少此列"))
            return [None] * len(self.table)
        values: list[T | None] = []
        for index, cell in enumerate(cells):
            value: T | None = None
            if cell:
                try:
                    value = parse(cell)
                except _TooLarge as large:
                    self.fault(index, column, cell, str(large))
                except (ValueError, InvalidOperation, OverflowError):
                    self.fault(index, column, cell, expected)
            elif required:
                self.fault(index, column, "", "不能为空" + (f"，{expected}" if expected else ""))
            values.append(value)
        return values


def parse_date(cell: str) -> dt.date:
    """One date from text; raises ValueError. Excel serials count from 1899-12-30."""
    text = clean(cell)
    found = _DATE.match(text)
    if found:
        return dt.date(*(int(part) for part in found.groups()))
    serial = float(text)
    if not 20_000 <= serial < 80_000:
        raise ValueError(cell)
    return dt.date(1899, 12, 30) + dt.timedelta(days=int(serial))


def _decimal(cell: str) -> Decimal:
    number = Decimal(clean(cell).replace(",", "").replace("¥", "").replace(" ", ""))
    if not number.is_finite():
        raise ValueError(cell)
    return number


def _range(minimum: float | None, maximum: float | None) -> str:
    low = "" if minimum is None or math.isinf(minimum) else f"不小于 {minimum:g} "
    high = "" if maximum is None or math.isinf(maximum) else f"不大于 {maximum:g} "
    both = "且" if low and high else ""
    return f"应为{low}{both}{high}的数" if low or high else "应为数字"
