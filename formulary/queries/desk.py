"""What the secretary's desk shows of a running meeting, read with a handful of queries whatever its length."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

from django.utils import timezone

from formulary.models import AgendaItem, Attendance, Meeting
from formulary.queries.meetings import Room, attendances_of, items_of, room, rules_of
from formulary.rules.voting import Quorum

S = AgendaItem.State
FEW = 6


@dataclass(frozen=True)
class Row:
    """One topic. declared, voted: how many of those present; waiting: names of those the vote waits for."""

    item: AgendaItem
    declared: int
    recused: int
    electors: int
    voted: int
    waiting: tuple[str, ...]
    quorum: Quorum

    @property
    def waiting_words(self) -> str:
        """All names of a few, the first of many."""
        shown = "、".join(self.waiting[: len(self.waiting) if len(self.waiting) <= FEW else 3])
        return shown if len(self.waiting) <= FEW else f"{shown} 等 {len(self.waiting)} 人"

    @property
    def may_open(self) -> bool:
        return self.item.state == S.PENDING and self.item.balloted and not self.waiting and self.quorum.met


@dataclass(frozen=True)
class Desk:
    meeting: Meeting
    attendances: list[Attendance]
    rows: list[Row]
    quorum: Quorum

    @property
    def stamp(self) -> str:
        """Changes when anything the desk shows changes; a poll with the same stamp is answered with nothing."""
        seen = [self.meeting.state, *((row.seat_id, row.state) for row in self.attendances)]
        seen += [
            (row.item.pk, row.item.position, row.item.state, row.item.round, row.declared, row.recused, row.voted)
            for row in self.rows
        ]
        return hashlib.sha256(repr(seen).encode()).hexdigest()[:12]

    @property
    def decided(self) -> int:
        return sum(row.item.state == S.DECIDED for row in self.rows)

    @property
    def voting(self) -> Row | None:
        return next((row for row in self.rows if row.item.state == S.VOTING), None)

    @property
    def open_topics(self) -> int:
        return len(self.rows) - self.decided


def desk(meeting: Meeting) -> Desk:
    attendances = attendances_of(meeting)
    rules = rules_of(meeting, timezone.localtime(meeting.starts_at).date())
    there = room(meeting, rules)
    names = {row.seat_id: str(row.seat.person) for row in attendances}
    rows = [_row(item, there, names) for item in items_of(meeting)]
    return Desk(meeting, attendances, rows, there.quorum)


def _row(item: AgendaItem, there: Room, names: dict[int, str]) -> Row:
    said = {row.seat_id: row.recused for row in item.declarations.all()}
    voted = frozenset(mark.seat_id for mark in item.marks.all() if mark.round == item.round)
    own = replace(
        there,
        present=there.present | (voted if item.state == S.VOTING else frozenset()),
        declared=frozenset(said) & there.voting,
        recused=frozenset(seat for seat, recused in said.items() if recused) & there.voting,
    )
    late = own.undeclared if item.state == S.PENDING else own.electors - voted | own.undeclared
    return Row(
        item=item,
        declared=len(own.declared & own.present),
        recused=len(own.recused),
        electors=len(own.electors),
        voted=len(voted),
        waiting=tuple(names.get(seat, "") for seat in sorted(late)) if item.balloted else (),
        quorum=own.quorum,
    )
