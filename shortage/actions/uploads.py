"""A stock file on the web: received, checked, its effect shown, accepted. Large files are worked on by a job."""

from __future__ import annotations

import datetime as dt
import hashlib

from django.db import transaction
from django.utils import timezone

from config.access import Permission
from formulary.actions import jobs
from formulary.models import Person
from formulary.queries import Scope, scope_of
from formulary.rules.tables import DataRefused, Fault
from shortage.actions import intake, quality
from shortage.models import Upload
from shortage.queries import stock as stock_queries
from shortage.rules.stock_file import read_stock_file
from shortage.rules.stock_workbook import marked

LARGEST_BYTES = 20 * 1024 * 1024
UNREAD_BYTES = 2 * 1024 * 1024
ROWS_AT_ONCE = 3_000
FAULTS_KEPT = 2_000
State = Upload.State


class UploadRefused(Exception):
    """A file cannot be received or accepted as asked."""


def receive(content: bytes, name: str, *, scope: Scope, by: Person, now: dt.datetime) -> Upload:
    """Keeps the file and checks it, at once or by a job when it is large. Raises UploadRefused above 20 MB."""
    if len(content) > LARGEST_BYTES:
        raise UploadRefused(f"文件应不大于 20 MB，此文件为 {len(content) / 1024 / 1024:.1f} MB，请分开导入")
    with transaction.atomic():
        upload = Upload.objects.create(
            alliance=scope.alliance,
            by=by,
            name=name[-200:],
            sha256=hashlib.sha256(content).hexdigest(),
            content=content,
            uploaded_at=now,
        )
        if _is_large(content, name):
            _queue(upload, "检查", by=by, now=now)
    if upload.job_id is None:
        check(upload)
    return upload


def check(upload: Upload) -> None:
    """Fills in what the file would do, or every fault; running it again gives the same."""
    try:
        seen = _preview(upload)
        upload.faults, upload.effect = [_listed(fault) for fault in seen.faults[:FAULTS_KEPT]], seen.effect.as_dict()
        upload.effect["fault_count"] = len(seen.faults)
        upload.effect["kinds"] = {kind.value: len(frame) for kind, frame in seen.frames.items()}
    except DataRefused as refused:
        upload.faults, upload.effect = [_listed(fault) for fault in refused.faults], {"fault_count": 1, "rows": {}}
    upload.state = State.FAULTY if upload.faults else State.READY
    upload.save(update_fields=["faults", "effect", "state"])


def accept(upload: Upload, *, by: Person, now: dt.datetime) -> Upload:
    """Writes the facts, at once or by a job. Accepting an accepted file again changes nothing.

    Raises UploadRefused when it is not ready, EffectChanged when the preview no longer holds (the new one is kept).
    """
    with transaction.atomic():
        row = Upload.objects.select_for_update().get(pk=upload.pk)
        if row.state in (State.ACCEPTED, State.ACCEPTING):
            return row
        if row.state != State.READY:
            raise UploadRefused("文件有问题或尚未检查完，不能接收")
        if sum(row.effect.get("kinds", {}).values()) > ROWS_AT_ONCE:
            row.state = State.ACCEPTING
            _queue(row, "写入", by=by, now=now)
            row.save(update_fields=["state"])
            return row
    return write(row, by=by, now=now)


def write(upload: Upload, *, by: Person, now: dt.datetime) -> Upload:
    """The second half of accepting: what was shown, in one transaction."""
    seen = _preview(upload)
    try:
        with transaction.atomic():
            row = Upload.objects.select_for_update().get(pk=upload.pk)
            if row.state == State.ACCEPTED:
                return row
            sentence = row.effect["sentence"]
            row.intake = intake.accept(seen, alliance=row.alliance, by=by, now=now, expect=sentence)
            row.state = State.ACCEPTED
            row.save(update_fields=["state", "intake"])
            touched = row.intake.institutions.values_list("pk", flat=True)
            quality.check(row.alliance, timezone.localdate(now), now=now, only=touched)
            return row
    except (intake.EffectChanged, DataRefused):
        check(upload)
        raise


def workbook(upload: Upload) -> bytes:
    """The same file with its faults marked."""
    try:
        faults = _preview(upload).faults
    except DataRefused as refused:
        faults = refused.faults
    return marked(bytes(upload.content), upload.name, faults)


def faults(upload: Upload) -> list[Fault]:
    return [Fault(*parts) for parts in upload.faults]


def _preview(upload: Upload) -> intake.Preview:
    scope = scope_of(upload.by, Permission.IMPORT_STOCK)
    if scope is None or scope.alliance != upload.alliance:
        raise UploadRefused("提交人已没有导入库存的权限")
    reach = stock_queries.catalogue(scope.alliance, scope.institution_ids)
    return intake.preview(bytes(upload.content), name=upload.name, catalogue=reach, today=timezone.localdate())


def _is_large(content: bytes, name: str) -> bool:
    if len(content) > UNREAD_BYTES:
        return True
    try:
        return sum(len(table) for _, table in read_stock_file(content, name=name)) > ROWS_AT_ONCE
    except DataRefused:
        return False


def _queue(upload: Upload, step: str, *, by: Person, now: dt.datetime) -> None:
    upload.job = jobs.start(
        "stock_import",
        title=f"{step}库存文件：{upload.name}"[:120],
        alliance=upload.alliance,
        params={"upload": upload.pk},
        by=by,
        now=now,
    )
    upload.save(update_fields=["job"])


def _listed(fault: Fault) -> list[object]:
    return [fault.sheet, fault.row, fault.column, fault.value, fault.expected]
