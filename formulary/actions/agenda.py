"""The agenda: applications and other topics, their order, and the conditions that are voted with them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from formulary.actions import adjustments
from formulary.actions.history import record
from formulary.actions.meetings import guard_run, locked, unschedule
from formulary.models import Adjustment, AgendaItem, BodyKind, Level, Meeting, Person, Restriction
from formulary.queries.meetings import may_be_discussed, rules_of
from formulary.rules import meeting_life
from formulary.rules.adjustment_life import State, Verb
from formulary.rules.meeting_life import MeetingRefused
from formulary.rules.meeting_life import Verb as Step

PENDING = AgendaItem.State.PENDING
LONGEST_REVIEW = 60


def add_application(meeting: Meeting, adjustment: Adjustment, *, by: Person, now: dt.datetime) -> AgendaItem:
    """Lists an application. The committee's agenda moves it to 上会; a group's opinion leaves its state alone."""
    with transaction.atomic():
        row = _arranged(meeting, by)
        adjustment.refresh_from_db(fields=["state"])
        if not may_be_discussed(row).filter(pk=adjustment.pk).exists():
            raise MeetingRefused(f"申请 {adjustment.number} 现为“{adjustment.get_state_display()}”，不能列入本次议程")
        if row.body.kind == BodyKind.COMMITTEE and adjustment.state == State.READY:
            adjustments.move(adjustment, Verb.SCHEDULE, by=by, now=now, note=f"会议 {row.number}")
        words = "追认" if adjustment.state == State.TEMPORARY else adjustment.get_kind_display()
        return _add(row, by, now, title=f"{words}：{adjustment.presentation}"[:200], adjustment=adjustment)


def add_topic(meeting: Meeting, title: str, *, balloted: bool, by: Person, now: dt.datetime) -> AgendaItem:
    """Another topic, voted or only heard."""
    if not title.strip():
        raise MeetingRefused("请写明议题")
    with transaction.atomic():
        return _add(_arranged(meeting, by), by, now, title=title.strip()[:200], balloted=balloted)


def remove(item: AgendaItem, *, by: Person, now: dt.datetime) -> None:
    """Takes a topic off that nobody has voted on yet."""
    with transaction.atomic():
        row = _pending(item, by)
        unschedule(row, by=by, now=now, note=f"移出会议 {row.meeting.number} 议程")
        record("移出议题", row, alliance=row.meeting.alliance, by=by, now=now, data={"meeting": row.meeting.number})
        row.delete()
        for position, left in enumerate(row.meeting.items.order_by("position"), start=1):
            if left.position != position:
                AgendaItem.objects.filter(pk=left.pk).update(position=position)


def move_up(item: AgendaItem, *, by: Person, now: dt.datetime) -> None:
    """Changes places with the topic before it; voted topics keep theirs."""
    with transaction.atomic():
        row = _pending(item, by)
        above = row.meeting.items.filter(position=row.position - 1).first()
        if above is None or above.state != PENDING:
            raise MeetingRefused("前面没有可以交换的议题")
        last = row.meeting.items.aggregate(last=Max("position"))["last"]
        for pk, position in ((row.pk, last + 1), (above.pk, row.position), (row.pk, above.position)):
            AgendaItem.objects.filter(pk=pk).update(position=position)
        record("调整议程", row, alliance=row.meeting.alliance, by=by, now=now, data={"position": above.position})


def set_conditions(item: AgendaItem, given: Mapping[str, Any], *, by: Person, now: dt.datetime) -> AgendaItem:
    """Conditions of an approval, voted as part of the topic: lowest_level, restriction, review_months; blank means none.

    Raises MeetingRefused for a word that is not known.
    """
    with transaction.atomic():
        row = _pending(item, by)
        if row.adjustment is None:
            raise MeetingRefused("只有调整申请可以附条件通过")
        wanted = {name: given[name] for name in ("lowest_level", "restriction", "review_months") if given.get(name)}
        if wanted.get("lowest_level", Level.PRIMARY) not in Level.values:
            raise MeetingRefused("最低使用级别应为三级、二级、基层或村")
        if wanted.get("restriction", Restriction.NONE) not in Restriction.values:
            raise MeetingRefused("没有这种限制")
        if not 1 <= int(wanted.get("review_months", 1)) <= LONGEST_REVIEW:
            raise MeetingRefused(f"复评月数应为 1 至 {LONGEST_REVIEW}")
        AgendaItem.objects.filter(pk=row.pk).update(conditions=wanted)
        data = {"before": row.conditions, "after": wanted}
        record("议定通过条件", row, alliance=row.meeting.alliance, by=by, now=now, data=data)
    item.refresh_from_db()
    return item


def _add(meeting: Meeting, by: Person, now: dt.datetime, **fields: Any) -> AgendaItem:
    last = meeting.items.aggregate(last=Max("position"))["last"] or 0
    secret = rules_of(meeting, timezone.localtime(meeting.starts_at).date()).secret
    item = AgendaItem.objects.create(meeting=meeting, position=last + 1, secret=secret, **fields)
    record("列入议题", item, alliance=meeting.alliance, by=by, now=now, data={"meeting": meeting.number})
    return item


def _arranged(meeting: Meeting, by: Person) -> Meeting:
    guard_run(by, meeting.alliance)
    row = locked(meeting)
    meeting_life.check(Step.ARRANGE, row.state)
    return row


def _pending(item: AgendaItem, by: Person) -> AgendaItem:
    meeting = _arranged(item.meeting, by)
    row = AgendaItem.objects.select_related("adjustment").get(pk=item.pk)
    row.meeting = meeting
    if row.state != PENDING:
        raise MeetingRefused(f"议题“{row.title}”{row.get_state_display()}，不能再调整")
    return row
