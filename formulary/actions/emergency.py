"""紧急临时采购: approved by the chair's or a vice chair's seat, for days and a quantity, then ratified or lapsed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from django.db import transaction
from django.utils import timezone

from config.access import Permission
from formulary.actions.adjustments import move
from formulary.actions.applications import examine, not_own
from formulary.models import Adjustment, Alliance, Office, Person
from formulary.queries.charter import body_of, charter, seat_of
from formulary.queries.deputies import acts_for
from formulary.queries.emergency import approved_before, times_allowed
from formulary.rules.adjustment_life import Kind, MoveRefused, State, Verb
from formulary.rules.who import NotAllowed

APPROVERS = (Office.CHAIR, Office.VICE_CHAIR)


def approve(
    adjustment: Adjustment,
    *,
    by: Person,
    now: dt.datetime,
    note: str = "",
    exceptions: Mapping[str, str] | None = None,
) -> Adjustment:
    """Temporary use begins today. The right is the seat's, so no deputy can use it.

    Raises NotAllowed, MoveRefused when it would last too long or the 品种 had its temporary purchases of the year,
    Blocked on hard findings without an exception.
    """
    on = timezone.localdate(now)
    with transaction.atomic():
        row = Adjustment.objects.select_related("alliance", "institution", "presentation__medicine").get(
            pk=adjustment.pk
        )
        _holds_the_chair(by, row.alliance, on)
        not_own(row, by)
        _within(row, on)
        stored = examine(row, on, exceptions or {}, by=by, now=now)
        return move(adjustment, Verb.APPROVE, by=by, now=now, note=note.strip(), findings=stored)


def ratify(adjustment: Adjustment, *, by: Person, now: dt.datetime, note: str) -> Adjustment:
    """追认 after a meeting; the note names the meeting. Use goes on until the day approved."""
    principal = _office(adjustment, by, now)
    if not note.strip():
        raise MoveRefused("请写明追认的会议与决议")
    return move(adjustment, Verb.RATIFY, by=by, now=now, note=note.strip(), on_behalf_of=principal)


def end_early(adjustment: Adjustment, *, by: Person, now: dt.datetime, note: str) -> Adjustment:
    """不追认 or no longer needed: the last day of use is today."""
    principal = _office(adjustment, by, now)
    if not note.strip():
        raise MoveRefused("请写明终止的原因")
    today = timezone.localdate(now)
    until = min(adjustment.until or today, today)
    return move(adjustment, Verb.LAPSE, by=by, now=now, note=note.strip(), on_behalf_of=principal, until=until)


def lapse_due(alliance: Alliance, on: dt.date, *, now: dt.datetime) -> int:
    """Every temporary use that ended before `on` without being ratified becomes 已失效. Running it again does nothing.

    What may be used on a day never waits for this: `queries.allowed` reads the days themselves.
    """
    due = Adjustment.objects.filter(alliance=alliance, state=State.TEMPORARY, kind=Kind.EMERGENCY, until__lt=on)
    rows = list(due.order_by("pk"))
    for row in rows:
        move(row, Verb.LAPSE, by=None, now=now, note=f"临时使用 {row.until} 到期，未追认")
    return len(rows)


def _holds_the_chair(by: Person, alliance: Alliance, on: dt.date) -> None:
    body = body_of(alliance)
    seat = seat_of(by, body, on) if body else None
    if seat is None or seat.office not in APPROVERS:
        raise NotAllowed("紧急临时采购由主任委员或副主任委员批准")


def _within(row: Adjustment, on: dt.date) -> None:
    days = charter(row.alliance, on).emergency_days
    if row.until is None or not on <= row.until <= on + dt.timedelta(days=days):
        raise MoveRefused(f"临时使用不超过 {days} 天，最晚 {on + dt.timedelta(days=days)}，请退回申请人改期")
    most, had = times_allowed(row.alliance, on), approved_before(row, on)
    if had >= most:
        raise MoveRefused(f"该品种一年内已临时采购 {had} 次（上限 {most} 次），应提出调入申请，走完整评审")


def _office(adjustment: Adjustment, by: Person, now: dt.datetime) -> Person | None:
    return acts_for(by, Permission.RUN_MEETINGS, timezone.localdate(now), alliance=adjustment.alliance)
