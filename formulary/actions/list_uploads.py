"""A policy list on the web: received, checked, its effect shown, accepted. Large files are worked on by a job."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping
from typing import Any

from django.core.files.base import ContentFile
from django.db import transaction

from formulary.actions import jobs
from formulary.actions.reference import ImportResult, ReferenceRefused, import_reference
from formulary.models import Alliance, Job, JobState, ListUpload, Person
from formulary.queries.lists import thin_parts
from formulary.rules.list_changes import Change, Preview
from formulary.rules.tables import DataRefused, Fault, read_tables

LARGEST_BYTES = 20 * 1024 * 1024
UNREAD_BYTES = 2 * 1024 * 1024
ROWS_AT_ONCE = 3_000
FAULTS_KEPT = 2_000
CHANGED_SHOWN, NEW_SHOWN = 100, 20
COUNTS = ("new", "changed", "unchanged", "queued", "medicines", "absent")
State = ListUpload.State


class UploadRefused(Exception):
    """A file cannot be received or accepted as asked."""


class EffectChanged(Exception):
    """Since the preview somebody else imported; the new preview is kept for another look."""


def receive(
    content: bytes, name: str, *, given: Mapping[str, Any], alliance: Alliance, by: Person, now: dt.datetime
) -> ListUpload:
    """Keeps the file and checks it, at once or by a job when it has more than 3,000 rows.

    given: kind, edition, valid_from, valid_to, document. Raises UploadRefused above 20 MB.
    """
    if len(content) > LARGEST_BYTES:
        raise UploadRefused(f"文件应不大于 20 MB，此文件为 {len(content) / 1024 / 1024:.1f} MB，请分开导入")
    with transaction.atomic():
        upload = ListUpload.objects.create(
            **given,
            alliance=alliance,
            by=by,
            name=name[-200:],
            file=ContentFile(content, name=name),
            sha256=hashlib.sha256(content).hexdigest(),
            uploaded_at=now,
        )
        if _is_large(content, name):
            _queue(upload, "检查", by=by, now=now)
    if upload.job_id is None:
        check(upload, now=now)
    return upload


def check(upload: ListUpload, *, now: dt.datetime) -> None:
    """Fills in what the file would do, or every fault; running it again gives the same. A faulty file is not kept."""
    try:
        result = _import(upload, by=upload.by, now=now, dry_run=True)
    except DataRefused as refused:
        _faulty(upload, refused.faults)
    except ReferenceRefused as refused:
        _faulty(upload, [Fault("", None, "", "", str(refused))])
    else:
        upload.state, upload.faults, upload.effect = State.READY, [], _effect(upload, result)
    upload.save(update_fields=["state", "faults", "effect"])
    if upload.state == State.FAULTY:
        upload.file.delete(save=True)


def accept(upload: ListUpload, *, by: Person, now: dt.datetime) -> ListUpload:
    """Imports the file, at once or by a job. Accepting an accepted file again changes nothing.

    Raises UploadRefused when it is not ready, EffectChanged when the preview no longer holds.
    """
    with transaction.atomic():
        row = ListUpload.objects.select_for_update().get(pk=upload.pk)
        broken_off = row.state == State.ACCEPTING and row.job is not None and row.job.is_over
        if row.state in (State.ACCEPTED, State.ACCEPTING) and not broken_off:
            return row
        if row.state != State.READY and not broken_off:
            raise UploadRefused("文件有问题或尚未检查完，不能导入")
        if sum(row.effect["counts"][key] for key in ("new", "changed", "unchanged")) > ROWS_AT_ONCE:
            row.state = State.ACCEPTING
            _queue(row, "导入", by=by, now=now)
            row.save(update_fields=["state"])
            return row
    return write(row, by=by, now=now)


def write(upload: ListUpload, *, by: Person, now: dt.datetime) -> ListUpload:
    """The second half of accepting: exactly what was shown, in one transaction."""
    try:
        with transaction.atomic():
            row = ListUpload.objects.select_for_update().get(pk=upload.pk)
            if row.state == State.ACCEPTED:
                return row
            result = _import(row, by=by, now=now, dry_run=False)
            if _counts(result) != row.effect["counts"]:
                raise EffectChanged("预览之后目录已有变化，请重新核对后再确认")
            row.state = State.ACCEPTED
            row.save(update_fields=["state"])
            _look_again(by, now)
            return row
    except (EffectChanged, DataRefused, ReferenceRefused) as refused:
        check(upload, now=now)
        if isinstance(refused, EffectChanged):
            raise
        raise EffectChanged(str(refused)) from refused


def faults(upload: ListUpload) -> list[Fault]:
    return [Fault(*parts) for parts in upload.faults]


def _import(upload: ListUpload, *, by: Person, now: dt.datetime, dry_run: bool) -> ImportResult:
    with upload.file.open("rb") as file:
        content = file.read()
    given = {key: getattr(upload, key) for key in ("edition", "valid_from", "valid_to", "document")}
    return import_reference(upload.kind, content, **given, by=by, now=now, dry_run=dry_run, name=upload.name)


def _look_again(by: Person, now: dt.datetime) -> None:
    """A new edition may move the list of every alliance; each looks by a job of its own."""
    for alliance in Alliance.objects.filter(versions__published_at__isnull=False).distinct():
        waiting = Job.objects.filter(kind="suggestions", alliance=alliance, state=JobState.QUEUED)
        if not waiting.exists():
            jobs.start("suggestions", title="查找调整线索（目录导入后）", alliance=alliance, params={}, by=by, now=now)


def _faulty(upload: ListUpload, found: list[Fault]) -> None:
    upload.state, upload.effect = State.FAULTY, {"fault_count": len(found)}
    upload.faults = [[f.sheet, f.row, f.column, f.value, f.expected] for f in found[:FAULTS_KEPT]]


def _counts(result: ImportResult) -> dict[str, int]:
    return {key: getattr(result, key) for key in COUNTS}


def _effect(upload: ListUpload, result: ImportResult) -> dict[str, Any]:
    changed = [row for row in result.previews if row.change is Change.CHANGED][:CHANGED_SHOWN]
    new = [row for row in result.previews if row.change is Change.NEW][:NEW_SHOWN]
    return {
        "counts": _counts(result),
        "editions": list(result.editions),
        "notes": list(result.notes),
        "warnings": thin_parts(upload.kind, result.editions, upload.valid_from, result.parts),
        "changed": [_shown(row) for row in changed],
        "new": [_shown(row) for row in new],
    }


def _shown(row: Preview) -> dict[str, Any]:
    cells = [[column, before, after] for column, (before, after) in row.cells.items()]
    return {"row": row.row, "name": row.name, "form": row.form, "cells": cells}


def _is_large(content: bytes, name: str) -> bool:
    if len(content) > UNREAD_BYTES:
        return True
    try:
        return sum(len(table) for table in read_tables(content, name=name).values()) > ROWS_AT_ONCE
    except DataRefused:
        return False


def _queue(upload: ListUpload, step: str, *, by: Person, now: dt.datetime) -> None:
    upload.job = jobs.start(
        "list_import",
        title=f"{step}{upload.get_kind_display()}：{upload.name}"[:120],
        alliance=upload.alliance,
        params={"upload": upload.pk},
        by=by,
        now=now,
    )
    upload.save(update_fields=["job"])
