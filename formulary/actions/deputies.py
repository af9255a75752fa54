"""A person names somebody who acts for them while away; applications, checks and approvals, never a vote."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.utils import timezone

from formulary.actions.history import record
from formulary.models import Alliance, Deputy, Person

LONGEST_DAYS = 366


class DeputyRefused(Exception):
    """A deputy cannot be named like this."""


def name_deputy(
    alliance: Alliance,
    deputy: Person,
    *,
    valid_from: dt.date,
    valid_to: dt.date,
    reason: str,
    by: Person,
    now: dt.datetime,
) -> Deputy:
    """`by` lets `deputy` act from day to day, both inclusive. Raises DeputyRefused."""
    today = timezone.localdate(now)
    if deputy.pk == by.pk:
        raise DeputyRefused("不能委托自己")
    if not any(row.alliance_id == alliance.pk for row in deputy.active_memberships):
        raise DeputyRefused(f"{deputy}不是本医共体的在任人员")
    if valid_from < today or valid_to < valid_from:
        raise DeputyRefused("起始日不能早于今天，终止日不能早于起始日")
    if (valid_to - valid_from).days > LONGEST_DAYS:
        raise DeputyRefused("一次委托不超过一年")
    if not reason.strip():
        raise DeputyRefused("请写明事由")
    with transaction.atomic():
        running = Deputy.objects.filter(person=by, valid_from__lte=valid_to, valid_to__gte=valid_from, ended_at=None)
        if running.exists():
            raise DeputyRefused("此期间已委托他人，请先结束原委托")
        row = Deputy.objects.create(
            alliance=alliance,
            person=by,
            deputy=deputy,
            valid_from=valid_from,
            valid_to=valid_to,
            reason=reason.strip(),
            named_at=now,
        )
        record("委托代办", row, alliance=alliance, by=by, now=now, data={"起": valid_from, "止": valid_to})
    return row


def end_deputy(row: Deputy, *, by: Person, now: dt.datetime) -> None:
    """Ends a delegation at once."""
    if row.person_id != by.pk:
        raise DeputyRefused("只能结束自己的委托")
    with transaction.atomic():
        running = Deputy.objects.filter(pk=row.pk, ended_at=None, valid_to__gte=timezone.localdate(now))
        if running.update(ended_at=now) != 1:
            raise DeputyRefused("委托已经结束")
        record("结束代办", row, alliance=row.alliance, by=by, now=now)
