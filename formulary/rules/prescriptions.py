"""处方数 by institution and quarter from a file: 机构编码, 季度 (2026Q3, 2026年第3季度), 处方总数, 含基药处方数."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass

from formulary.rules.tables import DataRefused, Fault, Table, read_tables

COLUMNS = {
    "site": ("机构编码", "机构代码"),
    "quarter": ("季度", "所属季度"),
    "total": ("处方总数", "处方数", "总处方数"),
    "essential": ("含基药处方数", "基药处方数"),
}
_QUARTER = re.compile(r"^(20\d\d)\s*(?:年)?\s*(?:[Qq]|第|-)\s*([1-4一二三四])\s*(?:季度|季)?$")
_DIGITS = {"一": 1, "二": 2, "三": 3, "四": 4}


@dataclass(frozen=True)
class Counted:
    """institution: primary key; quarter: its first day."""

    institution: int
    quarter: dt.date
    essential: int
    total: int


def read(source: bytes, *, name: str, institutions: Mapping[str, int], reach: frozenset[int]) -> list[Counted]:
    """Every row of the file. Raises DataRefused with all faults at once."""
    headers = {header for names in COLUMNS.values() for header in names}
    tables = [table for table in read_tables(source, name=name, headers=headers).values() if table.columns]
    fitting = [table for table in tables if all(_header(table, key) for key in COLUMNS)]
    if not fitting:
        expected = "、".join(names[0] for names in COLUMNS.values())
        raise DataRefused([Fault(tables[0].name if tables else "", None, "", "", f"应有列 {expected}")], source=name)
    faults: list[Fault] = []
    rows: dict[tuple[int, dt.date], Counted] = {}
    for table in fitting:
        for index in range(len(table)):
            one = _row(table, index, institutions, reach, faults)
            if one is None:
                continue
            if (one.institution, one.quarter) in rows:
                faults.append(Fault(table.name, table.rows[index], "", "", "同一机构同一季度只应填一行"))
            rows[one.institution, one.quarter] = one
    if not rows and not faults:
        faults.append(Fault(fitting[0].name, None, "", "", "没有数据行"))
    if faults:
        raise DataRefused(faults, source=name)
    return list(rows.values())


def quarter(text: str) -> dt.date | None:
    """2026Q3, 2026年第3季度, 2026-3, 2026年第三季度 → 2026-07-01; None for anything else."""
    found = _QUARTER.match(text.strip())
    if found is None:
        return None
    number = _DIGITS.get(found[2]) or int(found[2])
    return dt.date(int(found[1]), 3 * number - 2, 1)


def _header(table: Table, key: str) -> str:
    return next((name for name in COLUMNS[key] if name in table.columns), "")


def _row(
    table: Table, index: int, institutions: Mapping[str, int], reach: frozenset[int], faults: list[Fault]
) -> Counted | None:
    before = len(faults)
    cells = {key: table.columns[_header(table, key)][index].strip() for key in COLUMNS}

    def fault(key: str, expected: str) -> None:
        faults.append(Fault(table.name, table.rows[index], _header(table, key), cells[key], expected))

    site = institutions.get(cells["site"])
    if site is None:
        fault("site", "应为本医共体成员机构的编码")
    elif site not in reach:
        fault("site", "您不能代此机构填报")
    day = quarter(cells["quarter"])
    if day is None:
        fault("quarter", "应如 2026Q3 或 2026年第3季度")
    total, essential = (_count(cells[key]) for key in ("total", "essential"))
    if not total:
        fault("total", "应为大于 0 的整数")
    if essential is None:
        fault("essential", "应为不小于 0 的整数")
    elif total and essential > total:
        fault("essential", f"不应大于处方总数 {total}")
    if len(faults) > before or site is None or day is None or not total or essential is None:
        return None
    return Counted(site, day, essential, total)


def _count(text: str) -> int | None:
    plain = text.replace(",", "").replace("，", "").removesuffix(".0")
    return int(plain) if plain.isdecimal() and len(plain) < 10 else None
