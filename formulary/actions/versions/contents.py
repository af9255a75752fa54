"""What a draft holds: the cleared applications that go in, lines amended by hand, findings that may stand."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from django.db import transaction

from formulary.actions.history import record
from formulary.actions.versions.guards import day_of, must_be_draft
from formulary.models import Adjustment, FormularyEntry, FormularyVersion, Person, VersionChange
from formulary.queries.version_checks import obstacles
from formulary.queries.version_lines import lines_of, trial_months
from formulary.rules import versions as rules
from formulary.rules.adjustment_life import State
from formulary.rules.versions import Difference, Line, VersionRefused, Wish, as_stored

REASON_LENGTH = 300


def take(
    draft: FormularyVersion, chosen: Collection[int], *, by: Person, now: dt.datetime, lenient: bool = False
) -> FormularyVersion:
    """Lets the draft hold these cleared applications and no others; the rest wait for a later version.

    lenient: leaves out what does not fit instead of refusing. Raises VersionRefused, naming every application that
    does not fit or touches a drug that another one touches.
    """
    must_be_draft(draft)
    if draft.is_correction or draft.imported_from:
        raise VersionRefused("更正版和导入的草案不收调整申请")
    rows = Adjustment.objects.filter(alliance=draft.alliance, state=State.CLEARED, pk__in=chosen).order_by("number")
    wanted, faults = _wanted(draft, rows)
    if faults and not lenient:
        raise VersionRefused("；".join(faults))
    with transaction.atomic():
        locked = FormularyVersion.objects.select_for_update().get(pk=draft.pk)
        must_be_draft(locked)
        write(draft, wanted)
        numbers = [row.number for row in rows]
        record("编入调整申请", draft, alliance=draft.alliance, by=by, now=now, data={"adjustments": numbers})
    return draft


def amend(
    draft: FormularyVersion, presentation: int, line: Line | None, *, reason: str, by: Person, now: dt.datetime
) -> FormularyVersion:
    """Sets (None: removes) one drug's line of a correction or imported draft. Raises VersionRefused without a reason."""
    must_be_draft(draft)
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
        write(draft, changes)
        data = {"presentation": presentation, "after": as_stored(line), "reason": reason.strip()}
        record("改动目录草案", draft, alliance=draft.alliance, by=by, now=now, data=data)
    return draft


def except_finding(draft: FormularyVersion, key: str, reason: str, *, by: Person, now: dt.datetime) -> FormularyVersion:
    """Lets one hard finding of the draft stand, with a reason that is published with it. Raises VersionRefused."""
    must_be_draft(draft)
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


def _wanted(
    draft: FormularyVersion, rows: Iterable[Adjustment]
) -> tuple[list[tuple[Difference, Adjustment | None, str]], list[str]]:
    """Each application's changes with its reason, and why some do not fit."""
    lines = lines_of(draft.based_on)
    effective = day_of(draft)
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


def write(draft: FormularyVersion, wanted: Sequence[tuple[Difference, Adjustment | None, str]]) -> None:
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
