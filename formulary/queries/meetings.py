"""Meetings: the list, who is there, whether there is a quorum, what can be put on the agenda."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, F, Q, QuerySet

from formulary.models import (
    Adjustment,
    AgendaItem,
    Alliance,
    Attendance,
    Body,
    BodyKind,
    Declaration,
    Meeting,
    MeetingState,
    Office,
    Outcome,
    Person,
    Presentation,
    RuleValue,
)
from formulary.queries.charter import charter
from formulary.queries.rule_check import class_codes
from formulary.queries.rule_values import values
from formulary.queries.status import listed_entries
from formulary.queries.versions import rule_value
from formulary.rules import antimicrobials
from formulary.rules.adjustment_life import Kind, State
from formulary.rules.charter import KEYS, Charter, as_stored, read_charter
from formulary.rules.findings import antimicrobials as by_code
from formulary.rules.findings import read_limits
from formulary.rules.voting import Quorum

A = Attendance.State


def meetings(alliance: Alliance) -> QuerySet[Meeting]:
    return (
        Meeting.objects.filter(alliance=alliance)
        .select_related("body")
        .annotate(item_count=Count("items", distinct=True))
        .order_by("-starts_at", "-pk")
    )


def meetings_of(person: Person, alliance: Alliance) -> QuerySet[Meeting]:
    """Meetings this person was invited to, the next ones first."""
    rows = meetings(alliance).filter(attendances__seat__person=person).exclude(state=MeetingState.PLANNED)
    return rows.order_by("-starts_at")


def may_sign(meeting: Meeting, person: Person) -> bool:
    """主任委员; a 副主任委员 only where the chair was not there."""
    there = {row.seat.office: row for row in meeting.attendances.select_related("seat").filter(seat__person=person)}
    if Office.CHAIR in there:
        return True
    vice = there.get(Office.VICE_CHAIR)
    came = (Attendance.State.PRESENT, Attendance.State.LEFT)
    chair_came = meeting.attendances.filter(seat__office=Office.CHAIR, state__in=came).exists()
    return vice is not None and vice.state in came and not chair_came


def items_of(meeting: Meeting) -> list[AgendaItem]:
    rows = meeting.items.select_related(
        "adjustment__presentation__medicine", "adjustment__drops", "adjustment__scoring", "meeting__body"
    )
    return list(rows.prefetch_related("declarations__seat__person", "marks"))


def attendances_of(meeting: Meeting) -> list[Attendance]:
    rows = meeting.attendances.select_related("seat__person", "seat__institution", "meeting")
    return list(rows.order_by("seat__pk"))


def rules_of(meeting: Meeting, on: dt.date) -> Charter:
    """The charter the meeting was opened under; before that, the one that would hold on the day."""
    stored = meeting.charter.get("values")
    return read_charter(stored.get) if stored else charter(meeting.alliance, on)


def charter_with_sources(alliance: Alliance, on: dt.date) -> dict[str, Any]:
    """values: what was in force; sources: the 文号 and first day of each value that has a row of its own."""
    rows = (
        RuleValue.objects.filter(Q(alliance=alliance) | Q(alliance=None), key__in=KEYS, valid_from__lte=on)
        .exclude(valid_to__lt=on)
        .order_by(F("alliance").asc(nulls_first=True), "valid_from")
    )
    sources = {row.key: {"document": row.document, "valid_from": row.valid_from.isoformat()} for row in rows}
    return {"values": as_stored(charter(alliance, on)), "sources": sources}


def is_antimicrobial(drug: Presentation, alliance: Alliance, on: dt.date) -> bool:
    """By its NHSA class as the rule findings count; by its therapeutic class where no code and no list names one."""
    code = class_codes([drug], listed_entries({drug.medicine_id}, on))[drug.pk]
    if code:
        return by_code.is_antimicrobial(code, read_limits(values(None, "finding.", on).get).antimicrobial_classes)
    classes = rule_value(antimicrobials.CLASSES_KEY, alliance=alliance, on=on, default=list(antimicrobials.CLASSES))
    return antimicrobials.is_antimicrobial(drug.therapeutic_class, classes)


@dataclass(frozen=True)
class Room:
    """Who is there: ids of seats. `recused` and `declared` are those of one item, empty without one."""

    voting: frozenset[int]
    present: frozenset[int]
    declared: frozenset[int]
    recused: frozenset[int]
    rules: Charter

    @property
    def quorum(self) -> Quorum:
        """Whether recused members count as present is the charter's to say."""
        there = self.present if self.rules.recused_count else self.present - self.recused
        return Quorum(len(self.voting), len(there), self.rules.quorum)

    @property
    def electors(self) -> frozenset[int]:
        """Those who may cast now: present, declared, not recused."""
        return (self.present & self.declared) - self.recused

    @property
    def undeclared(self) -> frozenset[int]:
        return self.present - self.declared


def room(meeting: Meeting, rules: Charter, item: AgendaItem | None = None) -> Room:
    rows = [row for row in meeting.attendances.select_related("seat") if row.seat.votes]
    said = Declaration.objects.filter(item=item).values_list("seat_id", "recused") if item else ()
    voting = frozenset(row.seat_id for row in rows)
    return Room(
        voting=voting,
        present=frozenset(row.seat_id for row in rows if row.state == A.PRESENT),
        declared=frozenset(seat for seat, _recused in said) & voting,
        recused=frozenset(seat for seat, recused in said if recused) & voting,
        rules=rules,
    )


def group_item(adjustment: Adjustment) -> AgendaItem | None:
    """What the 抗菌药物工作组 last decided on this application."""
    rows = AgendaItem.objects.filter(
        adjustment=adjustment, state=AgendaItem.State.DECIDED, meeting__body__kind=BodyKind.ANTIMICROBIAL
    )
    return rows.exclude(outcome=Outcome.DEFERRED).select_related("meeting").order_by("-decided_at").first()


def may_be_discussed(meeting: Meeting) -> QuerySet[Adjustment]:
    """Applications that can be put on this agenda: READY and temporary ones; a group may also take what is being scored."""
    states = [State.READY, State.TEMPORARY]
    if meeting.body.kind != BodyKind.COMMITTEE:
        states += [State.SCORING, State.ON_AGENDA]
    rows = Adjustment.objects.filter(alliance=meeting.alliance, state__in=states)
    rows = rows.exclude(pk__in=meeting.items.exclude(adjustment=None).values("adjustment"))
    return (
        rows.exclude(state=State.ON_AGENDA, kind=Kind.EMERGENCY)
        .select_related("presentation", "institution")
        .order_by("submitted_at", "pk")
    )


def bodies(alliance: Alliance) -> QuerySet[Body]:
    return Body.objects.filter(alliance=alliance, dissolved_on__isnull=True)
