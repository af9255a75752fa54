"""A committee of five and its meeting, solvable by hand: 主任 王芳, 副主任 甲, 委员 乙 丙 丁; 秘书 周敏 without a vote.

Two thirds of five are four: quorum is four, and with all five voting four must agree.
"""

import datetime as dt

from config.access import Role
from formulary.actions import agenda, attendance, ballots, declarations, meetings
from formulary.models import Adjustment, Attendance, Body, BodyKind, Membership, Office, Person, Seat
from formulary.rules.adjustment_life import Kind, State
from tests.conftest import NOW

NAMES = ("甲", "乙", "丙", "丁")


class Committee:
    def __init__(self, world, kind=BodyKind.COMMITTEE):
        self.world = world
        self.secretary = world.people[Role.SECRETARY]
        self.body = Body.objects.create(
            alliance=world.alliance, kind=kind, name=BodyKind(kind).label, founded_on=dt.date(2026, 1, 1)
        )
        people = [world.people[Role.COMMITTEE], *(self._person(name) for name in NAMES)]
        offices = [Office.CHAIR, Office.VICE_CHAIR, Office.MEMBER, Office.MEMBER, Office.MEMBER]
        self.seats = [self._seat(who, office) for who, office in zip(people, offices, strict=True)]
        self._seat(self.secretary, Office.SECRETARY)

    def _person(self, name):
        person, new = Person.objects.get_or_create(username=f"member-{NAMES.index(name)}", defaults={"name": name})
        if new:
            Membership.objects.create(
                person=person, role=Role.COMMITTEE, alliance=self.world.alliance, valid_from=dt.date(2025, 1, 1)
            )
        return person

    def _seat(self, person, office):
        return Seat.objects.create(body=self.body, person=person, office=office, valid_from=dt.date(2026, 1, 1))

    def application(self, number="2026-1", *, drug="M1", kind=Kind.ADD, state=State.READY, **fields):
        return Adjustment.objects.create(
            alliance=self.world.alliance,
            number=number,
            kind=kind,
            state=state,
            presentation=self.world.drugs[drug],
            institution=self.world.t1,
            applicant=fields.pop("applicant", self.world.people[Role.PHARMACIST]),
            created_at=NOW,
            **fields,
        )

    def planned(self):
        return meetings.plan(
            self.body,
            title="第四季度例会",
            occasion="regular",
            starts_at=NOW,
            place="三楼会议室",
            by=self.secretary,
            now=NOW,
        )

    def in_session(self, *applications, topics=(), absent=()):
        """A meeting under way: everybody there but `absent` (numbers of seats)."""
        meeting = self.planned()
        for one in applications:
            agenda.add_application(meeting, one, by=self.secretary, now=NOW)
        for title in topics:
            agenda.add_topic(meeting, title, balloted=True, by=self.secretary, now=NOW)
        meetings.notify(meeting, by=self.secretary, now=NOW)
        for at, seat in enumerate(self.seats):
            if at not in absent:
                self.attend(meeting, seat)
        return meetings.open_meeting(meeting, by=self.secretary, now=NOW)

    def attend(self, meeting, seat, verb="arrive"):
        row = Attendance.objects.get(meeting=meeting, seat=seat)
        return attendance.mark(row, verb, by=self.secretary, now=NOW)

    def declare(self, item, *, recused=()):
        """Everybody present declares; `recused` are numbers of seats."""
        there = Attendance.objects.filter(meeting=item.meeting, state=Attendance.State.PRESENT)
        present = set(there.values_list("seat", flat=True))
        for at, seat in enumerate(self.seats):
            if seat.pk in present:
                away = at in recused
                declarations.declare(
                    item, seat, recused=away, reason="本科室申请" if away else "", by=seat.person, now=NOW
                )

    def cast(self, item, at, choice, opinion=""):
        words = opinion or ("价格偏高" if choice == "against" else "")
        return ballots.cast(item, choice, words, by=self.seats[at].person, now=NOW)

    def vote(self, item, choices, *, recused=()):
        """choices: number of seat → choice, in the order cast. Declares, opens, casts, counts."""
        if item.state == item.State.PENDING:
            self.declare(item, recused=recused)
            ballots.open_vote(item, by=self.secretary, now=NOW)
        for at, choice in choices.items():
            self.cast(item, at, choice)
        return ballots.close_vote(item, by=self.secretary, now=NOW)
