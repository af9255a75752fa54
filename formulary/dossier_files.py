"""What belongs into the dossier of a version: everything that led to it, each record with all its fields in words."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterable
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q

from formulary import notice_files, version_exports
from formulary.models import Adjustment, Event, FormularyVersion, Meeting, Publicity
from formulary.queries.history import CONTENT
from formulary.queries.version_lines import differences
from formulary.rules.chain import Link
from formulary.rules.workbook import workbook_bytes
from formulary.version_files import changes_sheets

DEEP = 3
NEVER = frozenset({"password"})


def files_of(version: FormularyVersion) -> dict[str, bytes]:
    """File name → content."""
    rows = differences(version.based_on, version)
    found = {
        "目录/版本.json": _json(_told(version, depth=0)),
        "目录/目录.xlsx": version_exports.version_xlsx(version),
        "目录/目录.json": version_exports.version_json(version),
        "目录/变化.xlsx": workbook_bytes(changes_sheets(version.based_on, version, rows)),
        "目录/规则核对.json": _json(version.findings),
        "通知/通知.docx": notice_files.notice_docx(version),
        "通知/变化与阅知.xlsx": workbook_bytes(notice_files.notice_sheets(version)),
        "通知/阅知.json": _json([_told(row, depth=0) for row in version.notices.all()]),
        "通知/消化计划.json": _json([_told(row, depth=0) for row in version.run_downs.all()]),
    }
    for row in applications_of(version):
        found[f"申请/{_safe(row.number)}.json"] = _json(_told(row, depth=DEEP, skip=("agenda_items", "publicities")))
        for file in row.files.all():
            found[f"申请/{_safe(row.number)}-附件/{file.pk}-{_safe(file.name)}"] = _bytes(file.file)
    for meeting in meetings_of(version):
        found[f"会议/{_safe(meeting.number)}.json"] = _json(_told(meeting, depth=DEEP))
        papers = meeting.papers.all() if hasattr(meeting, "papers") else ()
        for paper in papers:
            found[f"会议/{_safe(meeting.number)}-文件/{paper.pk}-{_safe(paper.name)}"] = _bytes(paper.file)
    for shown in publicities_of(version):
        found[f"公示/{_safe(shown.number)}.json"] = _json(_told(shown, depth=DEEP))
    return found


def applications_of(version: FormularyVersion) -> list[Adjustment]:
    return list(Adjustment.objects.filter(changes__version=version).distinct().order_by("number"))


def meetings_of(version: FormularyVersion) -> list[Meeting]:
    return list(Meeting.objects.filter(items__adjustment__changes__version=version).distinct().order_by("number"))


def publicities_of(version: FormularyVersion) -> list[Publicity]:
    return list(Publicity.objects.filter(adjustments__changes__version=version).distinct().order_by("number"))


def links_of(version: FormularyVersion) -> list[Link]:
    """The deeds of the chain that speak of the version or of what led to it, in their order."""
    subjects = [_subject(version)]
    for group in (applications_of(version), meetings_of(version), publicities_of(version)):
        for row in group:
            subjects.append(_subject(row))
            subjects += [_subject(child) for child in _children(row)]
    events = Event.objects.filter(Q(subject__in=subjects), chain=version.alliance.code).order_by("number")
    return [link_of(event) for event in events]


def link_of(event: Event) -> Link:
    content = {"at": event.at.astimezone(dt.UTC).isoformat(), **{name: getattr(event, name) for name in CONTENT}}
    return Link(event.number, content, event.previous, event.digest)


def _children(row: models.Model) -> Iterable[models.Model]:
    for relation in _relations(row):
        yield from getattr(row, relation.get_accessor_name()).all()


def _relations(row: models.Model) -> list[Any]:
    """What hangs on a record and belongs to it: one-to-many rows of this app that name it."""
    return [
        relation
        for relation in row._meta.related_objects
        if relation.one_to_many
        and relation.related_model._meta.app_label == "formulary"
        and relation.related_name != "+"
    ]


def _told(row: models.Model, *, depth: int, skip: tuple[str, ...] = ()) -> dict[str, Any]:
    """All fields in words, keys of other records as what they are called, and what hangs on the record."""
    told: dict[str, Any] = {}
    for field in row._meta.concrete_fields:
        if field.name in NEVER:
            continue
        value = getattr(row, field.name)
        if isinstance(value, models.Model):
            value = str(value)
        elif isinstance(field, models.FileField):
            value = value.name
        elif field.choices:
            value = {"code": value, "text": getattr(row, f"get_{field.name}_display")()}
        told[str(field.verbose_name)] = value
    for relation in _relations(row) if depth else ():
        name = relation.get_accessor_name()
        if name in skip or relation.related_model in (FormularyVersion, Meeting, Adjustment):
            continue
        rows = list(getattr(row, name).all())
        if rows:
            label = str(relation.related_model._meta.verbose_name)
            told[label] = [_told(child, depth=depth - 1) for child in rows]
    return told


def _subject(row: models.Model) -> str:
    return f"{row._meta.label}:{row.pk}"


def _safe(name: str) -> str:
    return re.sub(r'[\\/:*?"<>|\x00-\x1f]+', "_", name).lstrip(".")[:120] or "文件"


def _bytes(stored: Any) -> bytes:
    try:
        with stored.open("rb") as file:
            return bytes(file.read())
    except FileNotFoundError:
        return "原文件已不在服务器上".encode()


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=1, cls=DjangoJSONEncoder).encode()
