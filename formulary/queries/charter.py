"""The committee: its rules on a date, its seats, and who sits where."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import F, Q, QuerySet

from formulary.models import Alliance, Body, BodyKind, Person, RuleValue, Seat
from formulary.rules.charter import Charter, read_charter


def charter(alliance: Alliance, on: dt.date) -> Charter:
    """The alliance's own values before the common ones, read with one query."""
    rows = (
        RuleValue.objects.filter(Q(alliance=alliance) | Q(alliance=None), key__startswith="charter.")
        .filter(valid_from__lte=on)
        .exclude(valid_to__lt=on)
        .order_by(F("alliance").asc(nulls_first=True), "valid_from")
    )
    values: dict[str, Any] = dict(rows.values_list("key", "value"))
    return read_charter(values.get)


def body_of(alliance: Alliance, kind: str = BodyKind.COMMITTEE) -> Body | None:
    """The standing body of this kind."""
    return Body.objects.filter(alliance=alliance, kind=kind, dissolved_on__isnull=True).first()


def seats_on(body: Body, on: dt.date) -> QuerySet[Seat]:
    """Seats whose term covers the day."""
    rows = body.seats.filter(valid_from__lte=on).exclude(valid_to__lt=on)
    return rows.select_related("person", "institution").order_by("pk")


def seat_of(person: Person, body: Body, on: dt.date) -> Seat | None:
    return seats_on(body, on).filter(person=person).first()
