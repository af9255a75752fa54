"""Meetings of fixtures/meetings.csv: notice, agenda, attendance, declarations, sealed ballots, minutes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from zoneinfo import ZoneInfo

from django.conf import settings

from fixtures.tables import rows
from formulary.actions import agenda, attendance, ballots, declarations, meetings, minutes
from formulary.models import Adjustment, AgendaItem, Attendance, Body, Meeting, Seat
from formulary.rules import working_days
from procurement.actions.demo.applications import CHAIR
from procurement.actions.demo.decisions import DAY, Past, decisions

NOTICE_DAYS = 3
AGAINST = "同类药品已能满足需要，建议暂缓。"
MINUTE = dt.timedelta(minutes=1)


def convene(past: Past, key: str, also: Sequence[Adjustment] = ()) -> Meeting:
    """Plans the meeting, puts its applications (and `also` others) on the agenda and invites; a past one is also held."""
    row = next(row for row in rows("meetings.csv") if row["会议"] == key)
    starts, by = _starts(past, row), past.secretary
    told = min(starts - NOTICE_DAYS * DAY, past.loading.now)
    body = Body.objects.get(alliance=past.loading.alliance, kind=row["类型"])
    meeting = meetings.plan(
        body, title=row["名称"], occasion=row["性质"], starts_at=starts, place=row["地点"], by=by, now=told
    )
    topics = {one["键"]: one for one in decisions() if key in one["会议"].split()}
    for application, topic in topics.items():
        item = agenda.add_application(meeting, past.made[application], by=by, now=told)
        if topic["复评月数"]:
            agenda.set_conditions(item, {"review_months": int(topic["复评月数"])}, by=by, now=told)
    for other in also:
        agenda.add_application(meeting, other, by=by, now=told)
    meetings.notify(meeting, by=by, now=told)
    if row["走到"] != "notified":
        _hold(past, meeting, row, list(topics.values()))
    return meeting


def _starts(past: Past, row: dict[str, str]) -> dt.datetime:
    """The working day on or before the planned one, so many days before or after loading."""
    day = past.ago(row["距今天数"]).astimezone(ZoneInfo(settings.TIME_ZONE)).date()
    while not working_days.is_working_day(day):
        day -= DAY
    hour, minute = (int(part) for part in row["时刻"].split(":"))
    return dt.datetime(day.year, day.month, day.day, hour, minute, tzinfo=ZoneInfo(settings.TIME_ZONE))


def _hold(past: Past, meeting: Meeting, row: dict[str, str], topics: list[dict[str, str]]) -> None:
    by, now = past.secretary, meeting.starts_at
    for one in meeting.attendances.select_related("seat__person"):
        _sign_in(one, row, now)
    meetings.open_meeting(meeting, by=by, now=now)
    items = list(meeting.items.select_related("adjustment").order_by("position"))
    for place, (item, topic) in enumerate(zip(items, topics, strict=True), start=1):
        _vote(past, item, topic, now + place * 8 * MINUTE)
        if topic["讨论"] and meeting.body.kind == "committee":
            minutes.write_item(
                item, discussion=topic["讨论"], owner=topic["责任人"], due=None, by=by, now=now + place * 8 * MINUTE
            )
    meetings.close(meeting, by=by, now=now + 90 * MINUTE)
    if row["其他事项"]:
        minutes.write_summary(meeting, row["其他事项"], by=by, now=now + 95 * MINUTE)
    if row["走到"] == "signed":
        minutes.sign(meeting, by=past.people[CHAIR], now=now + DAY)


def _sign_in(one: Attendance, row: dict[str, str], now: dt.datetime) -> None:
    username = one.seat.person.username
    if username in row["请假"].split():
        attendance.mark(one, "excuse", by=one.seat.person, now=now - DAY, note="外出会诊")
    elif username not in row["缺席"].split():
        attendance.mark(one, "arrive", by=one.seat.person, now=now - 5 * MINUTE)


def _vote(past: Past, item: AgendaItem, topic: dict[str, str], now: dt.datetime) -> None:
    recused = dict([topic["回避"].split(":", 1)]) if topic["回避"] else {}
    there = item.meeting.attendances.filter(state=Attendance.State.PRESENT).select_related("seat__person")
    electors: list[Seat] = []
    for seat in (one.seat for one in there.order_by("pk") if one.seat.votes):
        own = item.adjustment is not None and item.adjustment.applicant_id == seat.person_id
        reason = "本人是申请人" if own else recused.get(seat.person.username, "")
        declarations.declare(item, seat, recused=bool(reason), reason=reason, by=seat.person, now=now)
        if not reason:
            electors.append(seat)
    ballots.open_vote(item, by=past.secretary, now=now + MINUTE)
    against, abstain = int(topic["反对"]), int(topic["弃权"])
    for place, seat in enumerate(reversed(electors)):
        choice = "against" if place < against else "abstain" if place < against + abstain else "agree"
        opinion = AGAINST if choice == "against" else ""
        ballots.cast(item, choice, opinion, by=seat.person, now=now + 2 * MINUTE)
    ballots.close_vote(item, by=past.secretary, now=now + 5 * MINUTE)
