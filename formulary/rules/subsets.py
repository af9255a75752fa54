"""机构目录 as a file: 药品编码 a row, and 机构编码 where a file speaks of several institutions. A file is the whole list of each."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from formulary.rules.tables import DataRefused, Fault, Table, read_tables

DRUG = ("药品编码", "品规编码")
SITE = ("机构编码", "机构代码")


@dataclass(frozen=True)
class Wanted:
    """What a file says of one institution: 品规 ids in the file's order."""

    institution: int
    presentations: tuple[int, ...]


@dataclass(frozen=True)
class Difference:
    """What taking the file would do: to add, to drop, and what stays."""

    add: tuple[int, ...]
    drop: tuple[int, ...]
    keep: int


def read(
    source: bytes,
    *,
    name: str,
    own: int,
    institutions: Mapping[str, int],
    drugs: Mapping[str, int],
    allowed: Mapping[int, Collection[int]],
) -> list[Wanted]:
    """own: the institution of the page, meant where no 机构编码 is given. allowed: what the unified list opens, by institution in
    reach. Raises DataRefused with every fault: unknown code, outside the list, not in reach, twice."""
    tables = [t for t in read_tables(source, name=name, headers={*DRUG, *SITE}).values() if _column(t, DRUG)]
    if not tables:
        raise DataRefused([Fault("", None, "", "", "应有列 药品编码（多家机构时另加 机构编码）")], source=name)
    faults: list[Fault] = []
    found: dict[int, dict[int, None]] = {}
    for table in tables:
        for index in range(len(table)):
            _read_row(table, index, own, institutions, drugs, allowed, found, faults)
    if not found and not faults:
        faults.append(Fault(tables[0].name, None, "", "", "没有数据行"))
    if faults:
        raise DataRefused(faults, source=name)
    return [Wanted(site, tuple(rows)) for site, rows in found.items()]


def difference(wanted: Collection[int], now: Collection[int]) -> Difference:
    """From what is there to what is wanted."""
    add, drop = set(wanted) - set(now), set(now) - set(wanted)
    return Difference(tuple(sorted(add)), tuple(sorted(drop)), len(set(wanted) & set(now)))


def _column(table: Table, names: tuple[str, ...]) -> str:
    return next((name for name in names if name in table.columns), "")


def _read_row(
    table: Table,
    index: int,
    own: int,
    institutions: Mapping[str, int],
    drugs: Mapping[str, int],
    allowed: Mapping[int, Collection[int]],
    found: dict[int, dict[int, None]],
    faults: list[Fault],
) -> None:
    column, place = _column(table, DRUG), _column(table, SITE)
    code = table.columns[column][index].strip()
    where = table.columns[place][index].strip() if place else ""
    row = table.rows[index]
    site = institutions.get(where) if where else own
    if site is None:
        faults.append(Fault(table.name, row, place, where, "应为本医共体成员机构的编码"))
        return
    if site not in allowed:
        faults.append(Fault(table.name, row, place, where, "您不能维护此机构的目录"))
        return
    drug = drugs.get(code)
    if drug is None:
        faults.append(Fault(table.name, row, column, code, "药品库中没有此编码"))
    elif drug not in allowed[site]:
        faults.append(Fault(table.name, row, column, code, "不在统一目录对此机构级别开放的范围内"))
    elif drug in found.setdefault(site, {}):
        faults.append(Fault(table.name, row, column, code, "同一机构内重复"))
    else:
        found[site][drug] = None
