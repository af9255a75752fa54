"""The next version as a draft: from what was passed, as a correction, or from a file."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from django.db import transaction
from django.db.models import Max

from formulary.actions.history import record
from formulary.actions.versions.contents import take, write
from formulary.actions.versions.guards import must_be_draft, must_fit
from formulary.models import Adjustment, Alliance, FormularyVersion, Person
from formulary.queries.version_lines import latest_published, lines_of
from formulary.rules import versions as rules
from formulary.rules.adjustment_life import State
from formulary.rules.versions import Line, VersionRefused


def draft_next(
    alliance: Alliance, *, effective_from: dt.date, title: str = "", by: Person, now: dt.datetime
) -> FormularyVersion:
    """The draft on top of the latest published version, holding every cleared application that fits.

    Raises VersionRefused when a draft exists already or the day is past.
    """
    base = latest_published(alliance)
    with transaction.atomic():
        draft = _new_draft(alliance, base, effective_from=effective_from, title=title, now=now)
        cleared = Adjustment.objects.filter(alliance=alliance, state=State.CLEARED).order_by("number")
        take(draft, [one.pk for one in cleared], by=by, now=now, lenient=True)
        record("起草目录版本", draft, alliance=alliance, by=by, now=now, data={"effective_from": effective_from})
    return draft


def draft_correction(
    base: FormularyVersion, *, wrong: str, effective_from: dt.date, by: Person, now: dt.datetime
) -> FormularyVersion:
    """A draft that corrects a published version; `wrong` says what was wrong. Rows are then amended one by one."""
    if not base.is_published:
        raise VersionRefused("只能更正已发布的版本")
    if not wrong.strip():
        raise VersionRefused("请写明前一版本错在哪里")
    with transaction.atomic():
        draft = _new_draft(base.alliance, base, effective_from=effective_from, title=base.title, now=now)
        draft.is_correction, draft.note = True, wrong.strip()
        draft.save(update_fields=["is_correction", "note"])
        data = {"effective_from": effective_from, "wrong": wrong.strip(), "corrects": base.number}
        record("起草更正版", draft, alliance=base.alliance, by=by, now=now, data=data)
    return draft


def draft_import(
    alliance: Alliance,
    lines: Mapping[int, Line],
    *,
    file: str,
    effective_from: dt.date,
    title: str,
    by: Person,
    now: dt.datetime,
) -> FormularyVersion:
    """A draft that holds exactly the imported lines; what differs from the latest version is named with the file."""
    base = latest_published(alliance)
    with transaction.atomic():
        draft = _new_draft(alliance, base, effective_from=effective_from, title=title, now=now)
        draft.imported_from = file[:200]
        draft.save(update_fields=["imported_from"])
        found = rules.diff(lines_of(base), lines)
        write(draft, [(one, None, f"导入 {file}：{rules.sentence(one)}") for one in found])
        data = {"file": file, "lines": len(lines), "changes": len(found)}
        record("导入目录草案", draft, alliance=alliance, by=by, now=now, data=data)
    return draft


def describe(
    draft: FormularyVersion,
    *,
    title: str,
    effective_from: dt.date,
    document: str,
    note: str,
    by: Person,
    now: dt.datetime,
) -> FormularyVersion:
    """The draft's name, day, 文号 and words; dates of review move with the day."""
    must_be_draft(draft)
    must_fit(effective_from, draft.based_on, now)
    moved = effective_from != draft.effective_from
    given = {"title": title, "effective_from": effective_from, "document": document, "note": note}
    with transaction.atomic():
        FormularyVersion.objects.filter(pk=draft.pk, published_at=None).update(**given)
        draft.refresh_from_db()
        record("修改目录草案", draft, alliance=draft.alliance, by=by, now=now, data=given)
        if moved and not draft.is_correction and not draft.imported_from:
            chosen = draft.changes.filter(adjustment__isnull=False).values_list("adjustment", flat=True)
            take(draft, set(chosen), by=by, now=now)
    return draft


def discard(draft: FormularyVersion, *, by: Person, now: dt.datetime) -> None:
    """Throws a draft away; the applications in it wait for another. Raises VersionRefused once it is published."""
    must_be_draft(draft)
    with transaction.atomic():
        record("放弃目录草案", draft, alliance=draft.alliance, by=by, now=now, data={"number": draft.number})
        draft.delete()


def _new_draft(
    alliance: Alliance,
    base: FormularyVersion | None,
    *,
    effective_from: dt.date,
    title: str,
    now: dt.datetime,
) -> FormularyVersion:
    Alliance.objects.select_for_update().get(pk=alliance.pk)
    there = FormularyVersion.objects.filter(alliance=alliance, published_at=None).first()
    if there is not None:
        raise VersionRefused(f"已有草案第 {there.number} 版，请先发布或放弃")
    must_fit(effective_from, base, now)
    number = (FormularyVersion.objects.filter(alliance=alliance).aggregate(n=Max("number"))["n"] or 0) + 1
    draft = FormularyVersion.objects.create(
        alliance=alliance,
        number=number,
        title=title or (base.title if base else f"{alliance}统一用药目录"),
        effective_from=effective_from,
        based_on=base,
    )
    write(draft, [])
    return draft
