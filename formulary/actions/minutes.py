"""会议纪要: what was said is typed in, the rest comes from the record; the chair signs, and then nothing changes any more."""

from __future__ import annotations

import datetime as dt
import hashlib
from typing import Any

from django.core.files.base import ContentFile
from django.db import transaction
from django.utils import timezone

from formulary.actions.history import record
from formulary.actions.meetings import guard_run, locked
from formulary.models import AgendaItem, Meeting, MeetingPaper, MeetingState, Person
from formulary.queries.meetings import may_sign, rules_of
from formulary.queries.minutes import minutes_of
from formulary.queries.seals import seal_of_meeting
from formulary.rules import meeting_docx, meeting_life
from formulary.rules.meeting_life import MeetingRefused, Verb

LONGEST = 4000


def write_item(
    item: AgendaItem, *, discussion: str, owner: str, due: dt.date | None, by: Person, now: dt.datetime
) -> Meeting:
    """Discussion, owner and due date of one topic."""
    said = {
        "discussion": discussion.strip()[:LONGEST],
        "owner": owner.strip()[:60],
        "due": due.isoformat() if due else "",
    }
    return _write(item.meeting, {"items": {str(item.pk): said}}, by=by, now=now, what=str(item))


def write_summary(meeting: Meeting, text: str, *, by: Person, now: dt.datetime) -> Meeting:
    return _write(meeting, {"summary": text.strip()[:LONGEST]}, by=by, now=now, what="其他事项")


def sign(meeting: Meeting, *, by: Person, now: dt.datetime) -> MeetingPaper:
    """The chair's signature: the file is made and kept, everything is sealed. Raises MeetingRefused."""
    with transaction.atomic():
        row = locked(meeting)
        after = meeting_life.check(Verb.SIGN, row.state)
        _guard_chair(row, by)
        on = timezone.localtime(now).date()
        rules = rules_of(row, on)
        content = meeting_docx.minutes(minutes_of(row, signer=str(by), signed_on=on))
        checksum = hashlib.sha256(content).hexdigest()
        name = f"会议纪要 {row.number} {row.title}.docx"
        paper = MeetingPaper.objects.create(
            meeting=row,
            kind=MeetingPaper.Kind.MINUTES,
            name=name[:200],
            file=ContentFile(content, name=name),
            sha256=checksum,
            size=len(content),
            by=by,
            at=now,
            keep_until=on.replace(year=on.year + rules.minutes_years, month=12, day=31),
        )
        row.state, row.signed_by, row.signed_at = after, by, now
        row.seal = seal_of_meeting(row, checksum)
        row.save(update_fields=["state", "signed_by", "signed_at", "seal"])
        data = {"sha256": checksum, "seal": row.seal, "keep_until": paper.keep_until}
        record(Verb.SIGN.label, row, alliance=row.alliance, by=by, now=now, data=data)
    meeting.refresh_from_db()
    return paper


def _guard_chair(meeting: Meeting, by: Person) -> None:
    if not may_sign(meeting, by):
        raise MeetingRefused("纪要由主任委员签发；主任委员未到会时由到会的副主任委员签发")


def _write(meeting: Meeting, change: dict[str, Any], *, by: Person, now: dt.datetime, what: str) -> Meeting:
    guard_run(by, meeting.alliance)
    with transaction.atomic():
        row = locked(meeting)
        meeting_life.check(Verb.WRITE, row.state)
        text = {**row.minutes, **change, "items": {**row.minutes.get("items", {}), **change.get("items", {})}}
        Meeting.objects.filter(pk=row.pk, state__in=(MeetingState.IN_SESSION, MeetingState.CLOSED)).update(minutes=text)
        data = {"what": what, **change}
        record(Verb.WRITE.label, row, alliance=row.alliance, by=by, now=now, data=data)
    meeting.refresh_from_db()
    return meeting
