"""The committee as its pages show it: seats in force with what is wrong, rules with their 文号, the pool and the draws."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from formulary.models import Alliance, Body, BodyKind, Expert, ExpertDraw, RuleValue, Seat
from formulary.queries.charter import body_of, charter, seats_on
from formulary.queries.rule_values import values
from formulary.rules.charter import LABELS, text_of
from formulary.rules.committee import Sitting, committee_warnings, read_size


def bodies(alliance: Alliance) -> QuerySet[Body]:
    """Standing bodies, the committee first."""
    return Body.objects.filter(alliance=alliance, dissolved_on__isnull=True).order_by("pk")


def former_seats(body: Body, on: dt.date) -> QuerySet[Seat]:
    return body.seats.filter(valid_to__lt=on).select_related("person", "institution").order_by("-valid_to", "pk")


def body_warnings(body: Body, on: dt.date) -> list[str]:
    """What is not as it should be with a body on a day."""
    size = read_size(values(body.alliance, "committee.", on).get)
    places = {}
    if body.kind == BodyKind.COMMITTEE:
        sites = body.alliance.institutions.filter(active=True).exclude(level="村")
        places = {site.pk: site.short_name or site.name for site in sites}
    seats = [
        Sitting(str(seat.person), seat.office, seat.votes, seat.institution_id, seat.valid_to)
        for seat in seats_on(body, on)
    ]
    return committee_warnings(seats, places, size, on=on, whole=body.kind == BodyKind.COMMITTEE)


def committee_warning_count(alliance: Alliance, on: dt.date) -> int:
    body = body_of(alliance)
    return len(body_warnings(body, on)) if body else 1


@dataclass(frozen=True)
class CharterRow:
    """One rule as it stands: `row` names where the value comes from, None for the built-in default; coming: later rows."""

    field: str
    label: str
    value: str
    row: RuleValue | None
    coming: list[RuleValue]

    @property
    def confirmed(self) -> bool:
        return self.row is not None and bool(self.row.confirmed_by)


def charter_rows(alliance: Alliance, on: dt.date) -> list[CharterRow]:
    """Every rule of the charter with the row in force and the rows to come; two queries."""
    now = charter(alliance, on)
    rows = RuleValue.objects.filter(key__startswith="charter.").filter(alliance__in=[alliance.pk]) | (
        RuleValue.objects.filter(key__startswith="charter.", alliance=None)
    )
    by_key: dict[str, list[RuleValue]] = {}
    for row in rows.order_by("valid_from"):
        by_key.setdefault(row.key, []).append(row)
    return [_charter_row(field, now, by_key.get(f"charter.{field}", []), on) for field in LABELS]


def _charter_row(field: str, now: Any, rows: list[RuleValue], on: dt.date) -> CharterRow:
    standing = [row for row in rows if row.valid_from <= on and (row.valid_to is None or row.valid_to >= on)]
    own = [row for row in standing if row.alliance_id is not None] or standing
    coming = [row for row in rows if row.valid_from > on]
    return CharterRow(field, LABELS[field], text_of(getattr(now, field)), own[-1] if own else None, coming)


def charter_history(alliance: Alliance, field: str) -> QuerySet[RuleValue]:
    rows = RuleValue.objects.filter(key=f"charter.{field}")
    return (rows.filter(alliance=alliance) | rows.filter(alliance=None)).order_by("-valid_from")


def experts(alliance: Alliance) -> QuerySet[Expert]:
    return Expert.objects.filter(alliance=alliance).select_related("person").order_by("-active", "specialty", "name")


def expert_draws(alliance: Alliance) -> QuerySet[ExpertDraw]:
    return ExpertDraw.objects.filter(alliance=alliance).select_related("by")
