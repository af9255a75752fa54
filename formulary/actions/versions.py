"""The next version: drafted from what stands and what was passed, published once, frozen; corrected by a further one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from formulary.actions.adjustments import move
from formulary.actions.history import record
from formulary.actions.notices import send_notices
from formulary.actions.run_down import plan_run_down
from formulary.models import Adjustment, Alliance, FormularyEntry, FormularyVersion, Person, VersionChange
from formulary.queries.version_checks import obstacles
from formulary.queries.version_lines import codes_of, latest_published, lines_of, trial_months
from formulary.rules import versions as rules
from formulary.rules.adjustment_life import State, Verb
from formulary.rules.versions import Difference, Line, VersionRefused, Wish, as_stored

REASON_LENGTH = 300


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
        _write(draft, [(one, None, f"导入 {file}：{rules.sentence(one)}") for one in found])
        data = {"file": file, "lines": len(lines), "changes": len(found)}
        record("导入目录草案", draft, alliance=alliance, by=by, now=now, data=data)
    return draft


def take(
    draft: FormularyVersion, chosen: Collection[int], *, by: Person, now: dt.datetime, lenient: bool = False
) -> FormularyVersion:
    """Lets the draft hold these cleared applications and no others; the rest wait for a later version.

    lenient: leaves out what does not fit instead of refusing. Raises VersionRefused, naming every application that
    does not fit or touches a drug that another one touches.
    """
    _must_be_draft(draft)
    if draft.is_correction or draft.imported_from:
        raise VersionRefused("更正版和导入的草案不收调整申请")
    rows = Adjustment.objects.filter(alliance=draft.alliance, state=State.CLEARED, pk__in=chosen).order_by("number")
    wanted, faults = _wanted(draft, rows)
    if faults and not lenient:
        raise VersionRefused("；".join(faults))
    with transaction.atomic():
        locked = FormularyVersion.objects.select_for_update().get(pk=draft.pk)
        _must_be_draft(locked)
        _write(draft, wanted)
        numbers = [row.number for row in rows]
        record("编入调整申请", draft, alliance=draft.alliance, by=by, now=now, data={"adjustments": numbers})
    return draft


def amend(
    draft: FormularyVersion, presentation: int, line: Line | None, *, reason: str, by: Person, now: dt.datetime
) -> FormularyVersion:
    """Sets (None: removes) one drug's line of a correction or imported draft. Raises VersionRefused without a reason."""
    _must_be_draft(draft)
    if not (draft.is_correction or draft.imported_from):
        raise VersionRefused("目录内容只能随表决通过的申请变动；差错请用更正版")
    if not reason.strip():
        raise VersionRefused("请写明更正理由")
    with transaction.atomic():
        kept = [row for row in draft.changes.all() if row.presentation_id != presentation]
        before = lines_of(draft.based_on).get(presentation)
        changes = [
            (
                Difference(row.presentation_id, rules.from_stored(row.before), rules.from_stored(row.after)),
                None,
                row.reason,
            )
            for row in kept
        ]
        if before != line:
            changes.append((Difference(presentation, before, line), None, reason.strip()))
        _write(draft, changes)
        data = {"presentation": presentation, "after": as_stored(line), "reason": reason.strip()}
        record("改动目录草案", draft, alliance=draft.alliance, by=by, now=now, data=data)
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
    _must_be_draft(draft)
    _must_fit(effective_from, draft.based_on, now)
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


def except_finding(draft: FormularyVersion, key: str, reason: str, *, by: Person, now: dt.datetime) -> FormularyVersion:
    """Lets one hard finding of the draft stand, with a reason that is published with it. Raises VersionRefused."""
    _must_be_draft(draft)
    if not reason.strip():
        raise VersionRefused("请写明例外理由")
    found = next((one for one in obstacles(draft).findings if one.key == key and one.finding.hard), None)
    if found is None:
        raise VersionRefused("没有这条须说明的规则，可能草案已变")
    code, subject = found.finding.key
    with transaction.atomic():
        kept = [row for row in draft.findings if (row["code"], row["subject"]) != (code, subject)]
        row = {"code": code, "subject": subject, "reason": reason.strip(), "by": str(by), "at": now.isoformat()}
        FormularyVersion.objects.filter(pk=draft.pk, published_at=None).update(findings=[*kept, row])
        draft.refresh_from_db()
        data = {"rule": code, "sentence": found.finding.sentence, "reason": reason.strip()}
        record("记录规则例外", draft, alliance=draft.alliance, by=by, now=now, data=data)
    return draft


def discard(draft: FormularyVersion, *, by: Person, now: dt.datetime) -> None:
    """Throws a draft away; the applications in it wait for another. Raises VersionRefused once it is published."""
    _must_be_draft(draft)
    with transaction.atomic():
        record("放弃目录草案", draft, alliance=draft.alliance, by=by, now=now, data={"number": draft.number})
        draft.delete()


def publish(draft: FormularyVersion, *, by: Person, now: dt.datetime) -> FormularyVersion:
    """Publishes and seals the draft; its applications take effect with it, the institutions are told.

    Raises VersionRefused naming every obstacle: an objection without answer, publicity too short, a hard finding
    without a recorded exception, a draft that is stale.
    """
    with transaction.atomic():
        Alliance.objects.select_for_update().get(pk=draft.alliance_id)
        version = FormularyVersion.objects.select_related("alliance", "based_on").get(pk=draft.pk)
        _must_be_draft(version)
        _must_have_day(version, now)
        checked = obstacles(version)
        if checked.blocking:
            raise VersionRefused("；".join(checked.blocking))
        changes = list(version.changes.select_related("adjustment"))
        for application in dict.fromkeys(row.adjustment for row in changes if row.adjustment):
            note = f"第 {version.number} 版，{version.effective_from} 起生效"
            move(application, Verb.TAKE_EFFECT, by=by, now=now, note=note)
        version.published_at, version.published_by, version.findings = (
            now,
            by,
            [one.as_stored() for one in checked.findings],
        )
        version.save(update_fields=["published_at", "published_by", "findings"])
        freeze(version)
        data = {
            "number": version.number,
            "effective_from": version.effective_from,
            "entries": version.entries.count(),
            "changes": len(changes),
            "seal": version.seal,
        }
        record("发布用药目录", version, alliance=version.alliance, by=by, now=now, data=data)
        send_notices(version, now=now)
        plan_run_down(version, now=now)
    draft.refresh_from_db()
    return draft


def freeze(version: FormularyVersion) -> None:
    """Writes the seal of a published version; from then on the database refuses every change to it."""
    if version.effective_from is None:
        raise VersionRefused("没有生效日的版本不能封存")
    lines = lines_of(version)
    codes = codes_of(lines)
    version.seal = rules.seal(version.number, version.effective_from, {codes[key]: lines[key] for key in lines})
    version.save(update_fields=["seal"])


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
    _must_fit(effective_from, base, now)
    number = (FormularyVersion.objects.filter(alliance=alliance).aggregate(n=Max("number"))["n"] or 0) + 1
    draft = FormularyVersion.objects.create(
        alliance=alliance,
        number=number,
        title=title or (base.title if base else f"{alliance}统一用药目录"),
        effective_from=effective_from,
        based_on=base,
    )
    _write(draft, [])
    return draft


def _wanted(
    draft: FormularyVersion, rows: Iterable[Adjustment]
) -> tuple[list[tuple[Difference, Adjustment | None, str]], list[str]]:
    """Each application's changes with its reason, and why some do not fit."""
    lines = lines_of(draft.based_on)
    effective = _day(draft)
    trial = trial_months(draft.alliance, effective)
    wanted: list[tuple[Difference, Adjustment | None, str]] = []
    faults: list[str] = []
    touched: dict[int, str] = {}
    for row in rows:
        try:
            changes = rules.wanted(lines, wish_of(row, effective=effective, trial=trial))
        except VersionRefused as refused:
            faults.append(f"{row.number}：{refused}")
            continue
        clash = [touched[one.presentation] for one in changes if one.presentation in touched]
        if clash:
            faults.append(f"{row.number}：与 {clash[0]} 涉及同一品规，请分在两版")
            continue
        for one in changes:
            touched[one.presentation] = row.number
            wanted.append((one, row, reason_of(row)))
    return wanted, faults


def wish_of(row: Adjustment, *, effective: dt.date, trial: int) -> Wish:
    """What a passed application asks, under the conditions of its vote."""
    line = Line(row.lowest_level, row.restriction, row.tier, reason=f"申请 {row.number}")
    new = row.kind in ("add", "replace")
    line = rules.with_conditions(line, row.conditions, effective=effective, trial_months=trial if new else 0)
    return Wish(row.kind, row.presentation_id or 0, line, row.drops_id)


def reason_of(row: Adjustment) -> str:
    words = " ".join(row.reason.split())
    return f"申请 {row.number}（{row.get_kind_display()}）：{words}"[:REASON_LENGTH]


def _write(draft: FormularyVersion, wanted: Sequence[tuple[Difference, Adjustment | None, str]]) -> None:
    """Entries = the base's with the changes applied; entries and changes of the draft are written anew."""
    lines = rules.applied(lines_of(draft.based_on), [one for one, _, _ in wanted])
    draft.entries.all().delete()
    draft.changes.all().delete()
    FormularyEntry.objects.bulk_create(
        [FormularyEntry(version=draft, presentation_id=key, **_columns(line)) for key, line in lines.items()],
        batch_size=2000,
    )
    VersionChange.objects.bulk_create(
        [
            VersionChange(
                version=draft,
                presentation_id=one.presentation,
                kind=one.kind,
                before=as_stored(one.before),
                after=as_stored(one.after),
                reason=reason[:REASON_LENGTH],
                adjustment=adjustment,
            )
            for one, adjustment, reason in wanted
        ],
        batch_size=2000,
    )


def _columns(line: Line) -> dict[str, Any]:
    return {name: getattr(line, name) for name in ("lowest_level", "restriction", "tier", "reason", "review_on")}


def _must_be_draft(version: FormularyVersion) -> None:
    if version.is_published:
        raise VersionRefused(f"第 {version.number} 版已发布，不能再改；有误请发布更正版")


def _must_fit(effective: dt.date, base: FormularyVersion | None, now: dt.datetime) -> None:
    today = timezone.localdate(now)
    if effective < today:
        raise VersionRefused(f"生效日应不早于今天（{today}）")
    if base is not None and base.effective_from is not None and effective < base.effective_from:
        raise VersionRefused(f"生效日应不早于所依据的第 {base.number} 版的生效日（{base.effective_from}）")


def _day(version: FormularyVersion) -> dt.date:
    if version.effective_from is None:
        raise VersionRefused("请先定生效日")
    return version.effective_from


def _must_have_day(version: FormularyVersion, now: dt.datetime) -> None:
    _must_fit(_day(version), version.based_on, now)
