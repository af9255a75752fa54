"""What a file changes in an edition that is already there: new, changed, unchanged and absent rows, cell by cell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from formulary.rules.lists.entries import Entry


class Change(StrEnum):
    NEW = "新增"
    CHANGED = "变更"


@dataclass(frozen=True)
class Preview:
    """One row that would be written. cells: column → (before, after), only those that differ; before is "" for a new row."""

    row: int
    name: str
    form: str
    change: Change
    cells: Mapping[str, tuple[str, str]]


@dataclass
class Changes:
    """Positions in the entries given, by what happens to them; `absent` are keys stored but not in the file."""

    new: list[int] = field(default_factory=list)
    changed: list[int] = field(default_factory=list)
    unchanged: int = 0
    absent: int = 0


def compare(entries: Sequence[Entry], stored: Mapping[str, Mapping[str, str]]) -> Changes:
    """Rows are compared by all their columns as written; the order of rows and columns does not count."""
    changes = Changes(absent=len(stored.keys() - {entry.key for entry in entries}))
    for position, entry in enumerate(entries):
        before = stored.get(entry.key)
        if before is None:
            changes.new.append(position)
        elif dict(before) != dict(entry.attributes):
            changes.changed.append(position)
        else:
            changes.unchanged += 1
    return changes


def preview(entry: Entry, before: Mapping[str, str] | None) -> Preview:
    """The row's cells that differ from what is stored."""
    stored = before or {}
    columns = list(dict.fromkeys([*entry.attributes, *stored]))
    cells = {
        column: (stored.get(column, ""), entry.attributes.get(column, ""))
        for column in columns
        if stored.get(column, "") != entry.attributes.get(column, "")
    }
    return Preview(entry.row, entry.name, entry.form, Change.NEW if before is None else Change.CHANGED, cells)
