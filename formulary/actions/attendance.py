"""Who is there: each change is recorded, so that the quorum of every vote can be told afterwards."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from config.access import Permission
from formulary.actions.history import record
from formulary.actions.meetings import locked
from formulary.models import Attendance, MeetingState, Person
from formulary.queries import scope_of
from formulary.rules import meeting_life
from formulary.rules.meeting_life import MeetingRefused, Verb

A = Attendance.State
MOVES: dict[str, tuple[tuple[str, ...], str]] = {
    "arrive": ((A.INVITED, A.EXCUSED, A.LEFT), "签到"),
    "leave": ((A.PRESENT,), "离会"),
    "excuse": ((A.INVITED,), "请假"),
}
AFTER = {"arrive": A.PRESENT, "leave": A.LEFT, "excuse": A.EXCUSED}


def mark(attendance: Attendance, verb: str, *, by: Person, now: dt.datetime, note: str = "") -> Attendance:
    """arrive, leave or excuse, by the person of the seat or by the secretary. Raises MeetingRefused."""
    before, label = MOVES[verb]
    with transaction.atomic():
        meeting = locked(attendance.meeting)
        row = Attendance.objects.select_related("seat__person").get(pk=attendance.pk)
        scope = scope_of(by, Permission.RUN_MEETINGS)
        runs = scope is not None and scope.alliance.pk == meeting.alliance_id
        if not runs and row.seat.person_id != by.pk:
            raise MeetingRefused("只能登记本人的出席")
        meeting_life.check(Verb.ATTEND, meeting.state)
        if verb == "leave" and meeting.state != MeetingState.IN_SESSION:
            raise MeetingRefused("会议还没有开始，不需要登记离会")
        if row.state not in before:
            raise MeetingRefused(f"{row.seat.person} 现为“{row.get_state_display()}”，不能{label}")
        Attendance.objects.filter(pk=row.pk).update(state=AFTER[verb], at=now, note=note.strip()[:200])
        record(label, row, alliance=meeting.alliance, by=by, now=now, data={"meeting": meeting.number, "note": note})
    attendance.refresh_from_db()
    return attendance
