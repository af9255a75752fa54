"""What a voter may ask: own meetings and topics that wait, and whether a receipt's ballot is in the box."""

from __future__ import annotations

from typing import Any, NamedTuple

from django.db.models import Exists, OuterRef, Q, QuerySet

from formulary.models import (
    AgendaItem,
    Alliance,
    Attendance,
    BallotBox,
    Declaration,
    Meeting,
    MeetingState,
    Office,
    Person,
    VoterMark,
)
from formulary.models.committee import VOTING_OFFICES
from formulary.queries.meetings import may_sign
from formulary.rules import voting

S = AgendaItem.State
LONGEST_NUMBER = 12


class Found(NamedTuple):
    """A receipt that belongs to a box; `ballot` is told only when the box is sealed."""

    item: AgendaItem
    round: int
    ballot: dict[str, Any] | None


def find_receipt(alliance: Alliance, text: str) -> Found | None:
    """The ballot of a receipt “题号.轮次.XXXX-XXXX-XXXX-XXXX”."""
    parts = text.strip().split(".")
    if len(parts) != 3 or not all(part.isdecimal() and len(part) < LONGEST_NUMBER for part in parts[:2]):
        return None
    box = (
        BallotBox.objects.filter(item=int(parts[0]), round=int(parts[1]), item__meeting__alliance=alliance)
        .select_related("item__meeting")
        .first()
    )
    if box is None:
        return None
    wanted = voting.receipt_hash(parts[2])
    mine = next((one for one in box.ballots if one["receipt"] == wanted), None)
    return None if mine is None else Found(box.item, box.round, mine if box.seal else None)


def waiting_declarations(person: Person) -> QuerySet[AgendaItem]:
    """Topics of coming or running meetings that this voting member has not declared on."""
    seat = Attendance.objects.filter(
        meeting=OuterRef("meeting"), seat__person=person, seat__office__in=VOTING_OFFICES
    ).exclude(state=Attendance.State.EXCUSED)
    said = Declaration.objects.filter(item=OuterRef("pk"), seat__person=person)
    rows = AgendaItem.objects.filter(Exists(seat), ~Exists(said), balloted=True)
    return rows.filter(
        ~Q(state=S.DECIDED), meeting__state__in=(MeetingState.NOTIFIED, MeetingState.IN_SESSION)
    ).select_related("meeting")


def waiting_ballots(person: Person) -> QuerySet[AgendaItem]:
    """Topics being voted on where this member is there, may vote and has not."""
    there = Attendance.objects.filter(
        meeting=OuterRef("meeting"),
        seat__person=person,
        seat__office__in=VOTING_OFFICES,
        state=Attendance.State.PRESENT,
    )
    away = Declaration.objects.filter(item=OuterRef("pk"), seat__person=person, recused=True)
    done = VoterMark.objects.filter(item=OuterRef("pk"), round=OuterRef("round"), seat__person=person)
    rows = AgendaItem.objects.filter(Exists(there), ~Exists(away), ~Exists(done), state=S.VOTING)
    return rows.select_related("meeting")


def waiting_minutes(person: Person) -> list[Meeting]:
    """Closed meetings whose minutes wait for this person's signature."""
    rows = Meeting.objects.filter(
        attendances__seat__person=person,
        attendances__seat__office__in=(Office.CHAIR, Office.VICE_CHAIR),
        state=MeetingState.CLOSED,
    )
    return [meeting for meeting in rows.distinct() if may_sign(meeting, person)]


def waiting_count(person: Person) -> int:
    """The counter of the menu: declarations and ballots that wait for this person."""
    declared_first = waiting_declarations(person).exclude(state=S.VOTING).count()
    return declared_first + waiting_ballots(person).count()
