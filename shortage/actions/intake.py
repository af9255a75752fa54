"""A stock file comes in: preview (nothing written) → accept (one transaction) → undo (the whole import).

seen = intake.preview(path, catalogue=…, today=…)
seen.faults, seen.effect.sentence
intake.accept(seen, alliance=…, by=…, now=…)
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from django.db import transaction

from formulary.actions.history import record
from formulary.models import Alliance, Person
from formulary.rules.tables import DataRefused, Fault
from shortage.actions import expected, facts
from shortage.actions.effects import daily, effect_of
from shortage.actions.fact_tables import each
from shortage.actions.withdrawal import LaterFactsDepend, withdraw
from shortage.models import Intake
from shortage.rules.stock_codes import Catalogue
from shortage.rules.stock_effect import Effect, count_outcomes
from shortage.rules.stock_file import Kind, read_stock_file
from shortage.rules.stock_rows import KEYS, Checked, check


class UndoRefused(Exception):
    """An intake cannot be taken back."""


class EffectChanged(Exception):
    """Since the preview other data came in, so accepting would do something else than was shown."""

    def __init__(self, effect: Effect) -> None:
        self.effect = effect
        super().__init__("预览之后数据又有变化，请核对新的预览后再确认")


@dataclass
class Preview:
    """A file as it was understood: good rows by kind, every fault, and what accepting would do now."""

    name: str
    sha256: str
    sheets: list[Checked]
    frames: dict[Kind, pd.DataFrame]
    faults: list[Fault]
    effect: Effect

    @property
    def refused(self) -> DataRefused:
        return DataRefused(self.faults, source=self.name)


def preview(source: Path | bytes, *, name: str = "", catalogue: Catalogue, today: dt.date) -> Preview:
    """Reads and checks the whole file. Raises DataRefused only when it cannot be read as tables at all."""
    label = name or (source.name if isinstance(source, Path) else "文件")
    raw = source.read_bytes() if isinstance(source, Path) else source
    sheets = [check(kind, table, catalogue, today=today) for kind, table in read_stock_file(raw, name=label)]
    faults = [fault for sheet in sheets for fault in sheet.faults]
    frames = {}
    for kind in Kind:
        parts = [sheet for sheet in sheets if sheet.kind is kind]
        if parts:
            faults += _repeated_across(kind, parts)
            frames[kind] = pd.concat([sheet.frame for sheet in parts], ignore_index=True)
    seen = Preview(label, hashlib.sha256(raw).hexdigest(), sheets, frames, faults, Effect())
    if faults:
        rejected = {(fault.sheet, fault.row) for fault in faults}
        counts = {kind.value: count_outcomes({}, _rejected(kind, sheets, rejected)) for kind in frames}
        seen.effect = Effect(rows=counts)
    else:
        seen.effect = effect_of(frames)
    return seen


def accept(seen: Preview, *, alliance: Alliance, by: Person | None, now: dt.datetime, expect: str = "") -> Intake:
    """Writes the file's facts in one transaction and returns the intake.

    `expect` is the sentence of the preview that a person agreed to; raises EffectChanged when it no longer holds,
    DataRefused when the file has faults.
    """
    if seen.faults:
        raise seen.refused
    with transaction.atomic():
        for frame in seen.frames.values():
            facts.lock(frame)
        effect = effect_of(seen.frames) if expect else seen.effect
        if expect and effect.sentence != expect:
            raise EffectChanged(effect)
        intake = Intake.objects.create(
            alliance=alliance,
            source=Intake.Source.FILE,
            name=seen.name[:200],
            sha256=seen.sha256,
            received_at=now,
            by=by,
        )
        counts = put(seen.frames, intake=intake, complete=True, now=now)
        intake.counts = {**intake.counts, **effect.as_dict(), "rows": counts}
        intake.save(update_fields=["counts"])
        record("接收库存数据", intake, alliance=alliance, by=by, now=now, data={"rows": counts, "sha256": seen.sha256})
    return intake


def put(
    frames: dict[Kind, pd.DataFrame], *, intake: Intake, complete: bool, now: dt.datetime
) -> dict[str, dict[str, int]]:
    """Writes checked frames by kind; returns the counts by kind."""
    counts = {}
    for kind, frame in frames.items():
        if kind is Kind.STOCK:
            change = facts.put_stock(frame, intake=intake, complete=complete, now=now)
        elif kind is Kind.CONSUMPTION:
            change = facts.put_consumption(daily(frame), intake=intake, now=now)
        elif kind is Kind.RECEIPTS:
            change = facts.put_receipts(frame, intake=intake, now=now)
        else:
            outcomes = expected.put(frame, intake=intake)["outcome"].value_counts()
            counts[kind.value] = count_outcomes({str(name): int(n) for name, n in outcomes.items()}, 0)
            continue
        counts[kind.value] = count_outcomes(change.counts, 0)
    return counts


def undo(intake: Intake, *, by: Person, now: dt.datetime) -> None:
    """Takes a whole intake back; the facts it had superseded are in force again.

    Raises UndoRefused when it was undone already, is demonstration data, or later reports build on it.
    """
    with transaction.atomic():
        row = Intake.objects.select_for_update().get(pk=intake.pk)
        if row.undone_at is not None:
            raise UndoRefused("此次导入已经撤销")
        if row.source == Intake.Source.SEED:
            raise UndoRefused("演示数据不能撤销")
        if row.source == Intake.Source.ORDER:
            raise UndoRefused("采购验收的入库不能在此撤销，数量有误请在下次上报库存时更正")
        if row.source == Intake.Source.TRANSFER:
            raise UndoRefused("调剂造成的库存变动不能在此撤销，请另开一张归还的调剂单")
        # Marked first: what reaches how far is counted over the intakes that are not undone.
        row.undone_at, row.undone_by = now, by
        row.save(update_fields=["undone_at", "undone_by"])
        try:
            withdrawn = withdraw(row)
        except LaterFactsDepend as later:
            raise UndoRefused(str(later)) from later
        record("撤销库存数据", row, alliance=row.alliance, by=by, now=now, data=withdrawn)


def _repeated_across(kind: Kind, parts: Sequence[Checked]) -> list[Fault]:
    """A fact stated on two sheets of one file."""
    if len(parts) < 2:
        return []
    rows = pd.concat([part.frame.assign(sheet=part.table.name) for part in parts], ignore_index=True)
    twice = rows[rows.duplicated(list(KEYS[kind]))]
    return [
        Fault(row.sheet, int(row.row), "", "", "另一张工作表已填报同一机构、药品、日期，应只填一处")
        for row in each(twice)
    ]


def _rejected(kind: Kind, sheets: Sequence[Checked], rejected: set[tuple[str, int | None]]) -> int:
    names = {sheet.table.name for sheet in sheets if sheet.kind is kind}
    return len({place for place in rejected if place[0] in names})
