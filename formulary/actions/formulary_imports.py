"""An existing 目录 workbook becomes a draft: what it would do is shown whole before, names nobody knows go to review."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.core.files.base import ContentFile
from django.db import transaction

from formulary.actions.history import record
from formulary.actions.product_approvals import approvals_told, set_approvals
from formulary.actions.versions import draft_import
from formulary.models import Alliance, FormularyImport, FormularyVersion, NameMatch, Person, Presentation
from formulary.queries.medicines import match_medicine, matcher
from formulary.queries.version_lines import latest_published, lines_of
from formulary.rules.formulary_file import HEADERS, Row, guess, read_rows, repeated
from formulary.rules.strengths import same_strength
from formulary.rules.tables import DataRefused, Fault, Table, read_tables
from formulary.rules.versions import Line, VersionRefused, diff

LARGEST = 20 * 1024 * 1024
FAULTS_KEPT, NAMES_KEPT = 2000, 500
KIND = "formulary"
State = FormularyImport.State


def receive(
    content: bytes,
    name: str,
    *,
    alliance: Alliance,
    title: str,
    effective_from: dt.date,
    default_level: str,
    by: Person,
    now: dt.datetime,
) -> FormularyImport:
    """Keeps the file, guesses its columns and shows what it would do. Raises VersionRefused above 20 MB."""
    if len(content) > LARGEST:
        raise VersionRefused("文件应不大于 20 MB")
    upload = FormularyImport.objects.create(
        alliance=alliance, name=name[-200:], file=ContentFile(content, name=name), title=title,
        effective_from=effective_from, default_level=default_level, by=by, at=now,
    )  # fmt: skip
    tables = columns_of(upload)
    best = max(tables, key=lambda sheet: len(guess(tables[sheet])), default="")
    upload.sheet, upload.mapping = best, guess(tables.get(best, []))
    return check(upload)


def remap(upload: FormularyImport, *, sheet: str, mapping: Mapping[str, str], default_level: str) -> FormularyImport:
    """Other columns, another sheet: the preview is made anew."""
    if upload.state == State.ACCEPTED:
        raise VersionRefused("此文件已成草案")
    upload.sheet, upload.default_level = sheet, default_level
    upload.mapping = {field: column for field, column in mapping.items() if column}
    return check(upload)


def check(upload: FormularyImport) -> FormularyImport:
    """Fills in the preview; running it again gives the same."""
    lines, faults, waiting, approvals = _read(upload)
    before = lines_of(latest_published(upload.alliance))
    changes = diff(before, lines) if not faults else []
    upload.state = State.FAULTY if faults or not lines else State.READY
    if not faults and not lines:
        faults = [Fault(upload.sheet, None, "", "", "没有一行能对应到品规，请检查列的对应")]
    upload.effect = {
        "lines": len(lines),
        "added": sum(one.before is None for one in changes),
        "removed": sum(one.after is None for one in changes),
        "changed": sum(one.before is not None and one.after is not None for one in changes),
        "approvals": len(approvals),
        "fault_count": len(faults),
        "faults": [[f.sheet, f.row, f.column, f.value, f.expected] for f in faults[:FAULTS_KEPT]],
        "waiting_count": len(waiting),
        "waiting": [[row.row, row.name, row.form, row.strength, why] for row, why in waiting[:NAMES_KEPT]],
    }
    upload.save()
    return upload


def accept(upload: FormularyImport, *, by: Person, now: dt.datetime) -> FormularyVersion:
    """Makes the draft, and asks the review queue about the names that are not known. Raises VersionRefused."""
    with transaction.atomic():
        row = FormularyImport.objects.select_for_update().select_related("alliance").get(pk=upload.pk)
        if row.state != State.READY:
            raise VersionRefused("文件有问题或已成草案，不能写入")
        lines, faults, waiting, approvals = _read(row)
        if faults or len(lines) != row.effect["lines"]:
            raise VersionRefused("预览之后名称匹配或药品已有变化，请重新核对")
        draft = draft_import(
            row.alliance, lines, file=row.name, effective_from=row.effective_from, title=row.title, by=by, now=now
        )
        dated = set_approvals(row.alliance, approvals, source=row.name, by=by, now=now)
        asked = _ask([item for item, why in waiting if why == UNKNOWN])
        row.state, row.version = State.ACCEPTED, draft
        row.save(update_fields=["state", "version"])
        record(
            "导入现有目录",
            row,
            alliance=row.alliance,
            by=by,
            now=now,
            data={"lines": len(lines), "asked": asked, "approvals": dated},
        )
    upload.refresh_from_db()
    return draft


def columns_of(upload: FormularyImport) -> dict[str, list[str]]:
    """Sheet → its columns; {} when the file cannot be read."""
    try:
        return {name: list(table.columns) for name, table in _tables(upload).items()}
    except DataRefused:
        return {}


UNKNOWN, NO_STRENGTH = "名称未能对应到品种", "品种已知，没有这个规格的品规，请先在主数据中建立"


def _tables(upload: FormularyImport) -> dict[str, Table]:
    with upload.file.open("rb") as file:
        return read_tables(file.read(), name=upload.name, headers=HEADERS)


def _read(
    upload: FormularyImport,
) -> tuple[dict[int, Line], list[Fault], list[tuple[Row, str]], dict[int, dt.date]]:
    """Lines by presentation, faults, rows that wait for a name or a strength, and last days of approvals by product."""
    try:
        tables = _tables(upload)
    except DataRefused as refused:
        return {}, list(refused.faults), [], {}
    table = tables.get(upload.sheet)
    if table is None:
        return {}, [Fault(upload.sheet, None, "", "", "没有这个工作表，请选择")], [], {}
    rows, faults = read_rows(table, upload.mapping, default_level=upload.default_level)
    found, waiting = _drugs(rows, table.name, faults)
    faults += repeated(found, table.name)
    lines = {drug: Line(row.level, row.restriction, row.tier, row.reason) for row, drug in found}
    approvals, wrong = approvals_told(found, table.name)
    return lines, faults + wrong, waiting, approvals


def _drugs(rows: list[Row], sheet: str, faults: list[Fault]) -> tuple[list[tuple[Row, int]], list[tuple[Row, str]]]:
    drugs = list(Presentation.objects.filter(active=True).order_by("pk"))
    by_code = {drug.code.upper(): drug.pk for drug in drugs}
    by_medicine: dict[int, list[Presentation]] = {}
    for drug in drugs:
        by_medicine.setdefault(drug.medicine_id, []).append(drug)
    known: Any = None
    found: list[tuple[Row, int]] = []
    waiting: list[tuple[Row, str]] = []
    for row in rows:
        if row.code:
            pk = by_code.get(row.code.upper())
            if pk is None:
                faults.append(Fault(sheet, row.row, "药品编码", row.code, "没有此药品编码，应为系统中在用的编码"))
            else:
                found.append((row, pk))
            continue
        known = known or matcher()
        match = match_medicine(row.name, row.form, using=known)
        if len(match.medicines) != 1:
            waiting.append((row, UNKNOWN))
            continue
        same = [
            one
            for one in by_medicine.get(int(str(match.medicines[0])), [])
            if same_strength(one.strength, row.strength)
        ]
        if row.form and len(same) > 1:
            same = [one for one in same if one.form == row.form] or same
        if len(same) == 1:
            found.append((row, same[0].pk))
        elif same:
            codes = "、".join(one.code for one in same)
            faults.append(Fault(sheet, row.row, "规格", row.strength, f"对应多个品规（{codes}），请写药品编码"))
        else:
            waiting.append((row, NO_STRENGTH))
    return found, waiting


def _ask(rows: list[Row]) -> int:
    """One question for each name; a name that was asked before is not asked again."""
    known = matcher() if rows else None
    wanted = {(row.name[:250], row.form[:250]): row for row in rows}
    for (name, form), row in wanted.items():
        match = match_medicine(row.name, row.form, using=known)
        candidates = [{"medicine": one.medicine, "score": one.score, "why": one.why} for one in match.candidates]
        NameMatch.objects.get_or_create(name=name, form=form, defaults={"kind": KIND, "candidates": candidates})
    return len(wanted)
