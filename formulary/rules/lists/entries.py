"""What every list row becomes, and the tools its modules share."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from formulary.rules.names import DrugName, parse_name
from formulary.rules.tables import Fault, Table, clean


@dataclass(frozen=True)
class Item:
    """One 品种 that a row speaks of: the name to match, other readings to try after it, the form and strengths listed."""

    name: DrugName
    alternatives: tuple[DrugName, ...] = ()
    form: str = ""
    strengths: tuple[str, ...] = ()


@dataclass(frozen=True)
class Entry:
    """One source row. `key` identifies it within its edition, `attributes` keeps every column as written.

    category: 甲, 乙, 国谈, △, 中选 or "". section: its part of the list (`sections.py`). price in yuan per smallest unit, quantity in smallest units.
    """

    key: str
    row: int
    name: str
    attributes: Mapping[str, str]
    number: str = ""
    form: str = ""
    strength: str = ""
    category: str = ""
    section: str = ""
    tender: str = ""
    region: str = ""
    company: str = ""
    price: Decimal | None = None
    quantity: Decimal | None = None
    valid_to: dt.date | None = None
    items: tuple[Item, ...] = field(default=(), compare=False)


@dataclass(frozen=True)
class Layout:
    """The columns of one kind of list. Each field names the headers it may stand under, the usual one first."""

    title: str
    required: Mapping[str, tuple[str, ...]]
    optional: Mapping[str, tuple[str, ...]]
    hint: Callable[[set[str]], str] = lambda _headers: ""

    def fits(self, table: Table) -> bool:
        return all(_found(table, names) for names in self.required.values())

    def headers(self) -> set[str]:
        return {name for names in (*self.required.values(), *self.optional.values()) for name in names}

    def share(self, table: Table) -> float:
        """How much of what is required the table has: which layout a misfit is nearest to."""
        return sum(bool(_found(table, names)) for names in self.required.values()) / len(self.required)

    def expected(self) -> str:
        return "、".join(names[0] for names in self.required.values())

    def refuse(self, tables: Sequence[Table]) -> Fault:
        """One fault that says what was found, what is missing and what the file may be instead."""
        nearest = max(tables, key=self.share, default=None)
        headers = set(nearest.columns) if nearest else set()
        missing = [names[0] for names in self.required.values() if not nearest or not _found(nearest, names)]
        hint = self.hint(headers)
        return Fault(
            nearest.name if nearest else "",
            None,
            "、".join(missing),
            "",
            f"不符合《{self.title}》的列：缺少 {'、'.join(missing)}；应有 {self.expected()}"
            + (f"。{hint}" if hint else ""),
        )


class Rows:
    """The rows of a table by field name of a layout; blank where an optional column is missing."""

    def __init__(self, table: Table, layout: Layout) -> None:
        self.table = table
        self.columns = {field: _found(table, names) for field, names in {**layout.required, **layout.optional}.items()}

    def __len__(self) -> int:
        return len(self.table)

    def column(self, field_name: str) -> str:
        """The header that a field was found under, "" if none."""
        return self.columns[field_name]

    def get(self, index: int, field_name: str) -> str:
        header = self.columns[field_name]
        return self.table.columns[header][index].strip() if header else ""

    def attributes(self, index: int) -> dict[str, str]:
        return {header: cells[index] for header, cells in self.table.columns.items()}


def _found(table: Table, names: tuple[str, ...]) -> str:
    return next((clean(name) for name in names if clean(name) in table.columns), "")


def with_ordinals(entries: Sequence[Entry]) -> list[Entry]:
    """Rows that share a natural key get #2, #3 …, in the order of their content, so that a re-sorted file keeps its keys."""
    groups: dict[str, list[int]] = defaultdict(list)
    for position, entry in enumerate(entries):
        groups[entry.key].append(position)
    numbered = list(entries)
    for key, positions in groups.items():
        by_content = sorted(positions, key=lambda k: (sorted(entries[k].attributes.items()), k))
        for ordinal, position in enumerate(by_content[1:], start=2):
            numbered[position] = replace(entries[position], key=f"{key}#{ordinal}")
    return numbered


def natural_key(*parts: str) -> str:
    """Parts joined by |, at most 240 characters: a longer one keeps its head and a digest of the whole."""
    key = "|".join(clean(part) for part in parts)
    if len(key) <= 240:
        return key
    return key[:200] + "~" + hashlib.sha256(key.encode()).hexdigest()[:32]


def item_of(raw: str, form: str = "", *, strengths: tuple[str, ...] = ()) -> Item:
    """An item of a list that does not say whether it is 中成药: read the western way first, the Chinese way second."""
    return Item(parse_name(raw, form), (parse_name(raw, form, chinese_medicine=True),), form, strengths)
