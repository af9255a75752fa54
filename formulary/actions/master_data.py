"""Master data kept in the administration: every saved row and every imported workbook leaves its event."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.db import models, transaction

from formulary.actions.history import home_alliance, record
from formulary.models import Alliance, Person

Changes = Mapping[str, tuple[Any, Any]]


def save(row: models.Model, *, new: bool, changes: Changes, by: Person, now: dt.datetime) -> None:
    """Writes one row; `changes` is {column: (before, after)} in words. Secrets never belong into it."""
    with transaction.atomic():
        row.save()
        note(row, new=new, changes=changes, by=by, now=now)


def note(row: models.Model, *, new: bool, changes: Changes, by: Person, now: dt.datetime) -> None:
    """The event of a row that its form has saved."""
    said = {name: [str(before), str(after)] for name, (before, after) in changes.items()}
    record("新增主数据" if new else "修改主数据", row, alliance=_chain(row, by), by=by, now=now, data=said)


def note_import(kind: str, counts: Mapping[str, int], *, by: Person, now: dt.datetime) -> None:
    """The event of an imported workbook: how many rows of which kind."""
    record(f"导入{kind}", by, alliance=home_alliance(by), by=by, now=now, data=dict(counts))


def _chain(row: models.Model, by: Person) -> Alliance | None:
    """The alliance a row belongs to, else that of the person: common data has none of its own."""
    own = row if isinstance(row, Alliance) else getattr(row, "alliance", None)
    return own or home_alliance(by)
