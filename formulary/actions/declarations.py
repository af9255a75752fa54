"""利益关系声明: every voting member says, for every topic, that there is nothing to declare or that they are recused."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from django.db import transaction

from config.access import Permission
from formulary.actions.history import record
from formulary.actions.meetings import locked
from formulary.models import AgendaItem, Declaration, Person, Seat, VoterMark
from formulary.queries import scope_of
from formulary.rules import meeting_life
from formulary.rules.meeting_life import Verb
from formulary.rules.voting import VoteRefused


def declare(
    item: AgendaItem, seat: Seat, *, recused: bool, reason: str = "", by: Person, now: dt.datetime
) -> Declaration:
    """Written before the seat votes; it may be changed until then. By the member, or by the secretary from paper.

    Raises VoteRefused, MeetingRefused.
    """
    words = reason.strip()[:200]
    if recused and not words:
        raise VoteRefused("回避须写明事由")
    with transaction.atomic():
        meeting = locked(item.meeting)
        meeting_life.check(Verb.DECLARE, meeting.state)
        row = AgendaItem.objects.select_related("adjustment__presentation").get(pk=item.pk)
        _guard(row, seat, recused=recused, by=by)
        said, _new = Declaration.objects.update_or_create(
            item=row, seat=seat, defaults={"recused": recused, "reason": words if recused else "", "at": now, "by": by}
        )
        data = {"meeting": meeting.number, "item": str(row), "recused": recused, "reason": said.reason}
        record("声明回避" if recused else "声明无利益冲突", said, alliance=meeting.alliance, by=by, now=now, data=data)
    return said


def declare_none(items: Iterable[AgendaItem], seat: Seat, *, by: Person, now: dt.datetime) -> int:
    """“以下议题均无利益冲突”: for those not declared yet. Returns how many; topics of one's own application are left."""
    done = 0
    with transaction.atomic():
        for item in items:
            own = item.adjustment is not None and item.adjustment.applicant_id == seat.person_id
            if own or not item.balloted or item.state == AgendaItem.State.DECIDED:
                continue
            if not item.declarations.filter(seat=seat).exists():
                declare(item, seat, recused=False, by=by, now=now)
                done += 1
    return done


def _guard(item: AgendaItem, seat: Seat, *, recused: bool, by: Person) -> None:
    scope = scope_of(by, Permission.RUN_MEETINGS)
    if seat.person_id != by.pk and (scope is None or scope.alliance.pk != item.meeting.alliance_id):
        raise VoteRefused("只能声明本人的利益关系")
    if not seat.votes or not item.meeting.attendances.filter(seat=seat).exists():
        raise VoteRefused("只有本次会议的表决委员需要声明")
    if not item.balloted:
        raise VoteRefused("该议题不表决，不需要声明")
    if item.state == AgendaItem.State.DECIDED:
        raise VoteRefused("议题已决，不能再声明")
    if VoterMark.objects.filter(item=item, seat=seat).exists():
        raise VoteRefused("已经投票，不能再更改声明")
    if not recused and item.adjustment is not None and item.adjustment.applicant_id == seat.person_id:
        raise VoteRefused("您是该申请的申请人，须回避")
