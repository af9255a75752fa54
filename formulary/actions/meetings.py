"""A meeting from its plan to its close: guard → change → history. Votes are in `ballots`, minutes in `minutes`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone

from config.access import Permission
from formulary.actions import adjustments
from formulary.actions.history import record
from formulary.models import AgendaItem, Alliance, Attendance, Body, BodyKind, Meeting, Person
from formulary.queries import scope_of
from formulary.queries.charter import seats_on
from formulary.queries.meetings import charter_with_sources, room, rules_of
from formulary.queries.numbers import next_in_year
from formulary.rules import meeting_life
from formulary.rules.adjustment_life import State, Verb
from formulary.rules.meeting_life import MeetingRefused
from formulary.rules.meeting_life import Verb as Step

PLANNED_FIELDS = ("title", "occasion", "starts_at", "place")


def plan(
    body: Body, *, title: str, occasion: str, starts_at: dt.datetime, place: str, by: Person, now: dt.datetime
) -> Meeting:
    """筹备中, with the next number of its year."""
    guard_run(by, body.alliance)
    if body.dissolved_on is not None:
        raise MeetingRefused(f"{body} 已撤销，不能召开会议")
    with transaction.atomic():
        # The alliance's row is locked so that two secretaries do not get the same number.
        alliance = Alliance.objects.select_for_update().get(pk=body.alliance_id)
        meeting = Meeting.objects.create(
            alliance=alliance,
            body=body,
            number=next_in_year(Meeting.objects.filter(alliance=alliance), timezone.localtime(starts_at).year, 2),
            title=title,
            occasion=occasion,
            starts_at=starts_at,
            place=place,
        )
        _record("筹备会议", meeting, by=by, now=now, data={"starts_at": starts_at, "place": place, "body": str(body)})
    return meeting


def edit(meeting: Meeting, fields: Mapping[str, Any], *, by: Person, now: dt.datetime) -> Meeting:
    """Changes title, occasion, time or place before the meeting."""
    given = {name: fields[name] for name in PLANNED_FIELDS if name in fields}
    before = {name: getattr(Meeting.objects.get(pk=meeting.pk), name) for name in given}
    return step(meeting, Step.EDIT, by=by, now=now, data={"before": before, "after": given}, **given)


def notify(meeting: Meeting, *, by: Person, now: dt.datetime) -> Meeting:
    """Invites every seat whose term covers the day: the meeting appears in each member's own list."""
    with transaction.atomic():
        invited = _invite(meeting)
        if not any(row.seat.votes for row in invited):
            raise MeetingRefused(f"{meeting.body} 在开会当日没有任期内的表决席位，请先维护席位")
        if not meeting.items.exists():
            raise MeetingRefused("议程还是空的，请先列入议题再通知")
        return step(meeting, Step.NOTIFY, by=by, now=now, data={"invited": len(invited)})


def open_meeting(meeting: Meeting, *, by: Person, now: dt.datetime) -> Meeting:
    """Freezes the charter of the day. Raises MeetingRefused without quorum."""
    on = timezone.localtime(now).date()
    with transaction.atomic():
        _invite(meeting)
        quorum = room(meeting, rules_of(meeting, on)).quorum
        if not quorum.met:
            raise MeetingRefused(f"不能开会：{quorum.words}")
        frozen = charter_with_sources(meeting.alliance, on)
        data = {"quorum": quorum.words, "charter": frozen["values"]}
        return step(meeting, Step.OPEN, by=by, now=now, data=data, charter=frozen, opened_at=now)


def close(meeting: Meeting, *, by: Person, now: dt.datetime) -> Meeting:
    """Raises MeetingRefused while a topic is open."""
    left = meeting.items.exclude(state=AgendaItem.State.DECIDED)
    if left.exists():
        names = "；".join(str(item) for item in left)
        raise MeetingRefused(f"还有 {left.count()} 个议题没有结果，不能结束会议：{names}")
    return step(meeting, Step.CLOSE, by=by, now=now, closed_at=now)


def cancel(meeting: Meeting, reason: str, *, by: Person, now: dt.datetime) -> Meeting:
    """Its applications wait for another meeting."""
    if not reason.strip():
        raise MeetingRefused("请写明取消会议的原因")
    with transaction.atomic():
        done = step(meeting, Step.CANCEL, by=by, now=now, data={"reason": reason.strip()})
        for item in meeting.items.select_related("adjustment"):
            unschedule(item, by=by, now=now, note=f"会议 {meeting.number} 取消：{reason.strip()}")
    return done


def unschedule(item: AgendaItem, *, by: Person, now: dt.datetime, note: str) -> None:
    """The application of a topic goes back to 待上会; what was not moved on by the agenda stays where it is."""
    adjustment, kind = item.adjustment, item.meeting.body.kind
    if adjustment is not None and kind == BodyKind.COMMITTEE and adjustment.state == State.ON_AGENDA:
        adjustments.move(adjustment, Verb.UNSCHEDULE, by=by, now=now, note=note)


def step(
    meeting: Meeting, verb: Step, *, by: Person, now: dt.datetime, data: Mapping[str, Any] | None = None, **fields: Any
) -> Meeting:
    """One move of the table of moves. Raises MeetingRefused, also when somebody else was quicker."""
    guard_run(by, meeting.alliance)
    with transaction.atomic():
        row = locked(meeting)
        after = meeting_life.check(verb, row.state)
        Meeting.objects.filter(pk=row.pk).update(state=after, **fields)
        _record(verb.label, row, by=by, now=now, data={"state": after, **(data or {})})
    meeting.refresh_from_db()
    return meeting


def locked(meeting: Meeting) -> Meeting:
    """The meeting, held until the transaction ends: attendance, votes and the close come one after another."""
    return Meeting.objects.select_for_update(of=("self",)).select_related("alliance", "body").get(pk=meeting.pk)


def guard_run(by: Person, alliance: Alliance) -> None:
    scope = scope_of(by, Permission.RUN_MEETINGS)
    if scope is None or scope.alliance.pk != alliance.pk:
        raise MeetingRefused("只有委员会秘书可以组织会议")


def _invite(meeting: Meeting) -> list[Attendance]:
    """One row for every seat of the day; seats that ended meanwhile leave unless they already signed in."""
    on = timezone.localtime(meeting.starts_at).date()
    seats = list(seats_on(meeting.body, on))
    stale = meeting.attendances.exclude(seat__in=seats).filter(state=Attendance.State.INVITED)
    stale.delete()
    known = set(meeting.attendances.values_list("seat_id", flat=True))
    Attendance.objects.bulk_create(Attendance(meeting=meeting, seat=seat) for seat in seats if seat.pk not in known)
    return list(meeting.attendances.select_related("seat"))


def _record(words: str, meeting: Meeting, *, by: Person, now: dt.datetime, data: Mapping[str, Any]) -> None:
    record(words, meeting, alliance=meeting.alliance, by=by, now=now, data=data)
