"""公示: what may be shown, what is open, what was objected, and whether it may end."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from django.db.models import Count, Q, QuerySet

from formulary.models import Adjustment, AgendaItem, Alliance, Objection, Person, Publicity
from formulary.queries.charter import charter
from formulary.queries.version_lines import votes_in_words
from formulary.rules import working_days
from formulary.rules.adjustment_life import State
from formulary.rules.publicity import ShortPublicity, Standing, conditions_in_words
from formulary.rules.versions import RESTRICTIONS


def waiting_for_publicity(alliance: Alliance) -> list[Adjustment]:
    """Passed, and not yet shown."""
    rows = Adjustment.objects.filter(alliance=alliance, state=State.PASSED)
    return with_conditions(rows.select_related("presentation", "drops", "institution").order_by("number"))


def with_conditions(rows: Iterable[Adjustment]) -> list[Adjustment]:
    """Each with `attached`: what the committee attached to its yes, in words."""
    found = list(rows)
    for row in found:
        row.attached = conditions_in_words(row.conditions, RESTRICTIONS)  # type: ignore[attr-defined]
    return found


def publicities(alliance: Alliance) -> QuerySet[Publicity]:
    """The latest first, with how many objections there are and how many wait for an answer."""
    return (
        Publicity.objects.filter(alliance=alliance)
        .annotate(
            raised=Count("objections", distinct=True),
            open_objections=Count("objections", filter=Q(objections__answered_at=None), distinct=True),
            items=Count("adjustments", distinct=True),
        )
        .order_by("-opens_on", "-pk")
    )


def standing(publicity: Publicity, today: dt.date) -> Standing:
    """Where a publicity stands: open, over, or waiting for an answer."""
    unanswered = publicity.objections.filter(answered_at=None).count()
    return Standing.of(publicity.closes_on, publicity.ended_at is not None, unanswered, today)


def due_publicities(alliance: Alliance, today: dt.date) -> list[Publicity]:
    """Open ones whose last day is past and whose objections are all answered."""
    rows = Publicity.objects.filter(alliance=alliance, ended_at=None, closes_on__lt=today)
    return list(rows.exclude(objections__in=Objection.objects.filter(answered_at=None)).order_by("opens_on"))


def last_publicity(adjustment: Adjustment) -> Publicity | None:
    """Upheld objections send an application round again: the last publicity is the one that counts."""
    return adjustment.publicities.order_by("-opens_on", "-pk").first()


def shortness(publicity: Publicity) -> ShortPublicity | None:
    """Says how much too short a publicity was, by the rule of the day it opened; None when it was long enough."""
    asked = charter(publicity.alliance, publicity.opens_on).publicity_days
    period = working_days.between(publicity.opens_on, publicity.closes_on)
    return ShortPublicity(publicity.number, period.days, asked) if period.days < asked else None


def shown_items(publicity: Publicity) -> list[Adjustment]:
    """The applications of a notice with `votes` (counts only) and `said` (objections to each)."""
    rows = with_conditions(
        publicity.adjustments.select_related("presentation__medicine", "drops", "institution").order_by("number")
    )
    items = AgendaItem.objects.filter(adjustment__in=rows, state="decided", outcome="passed").select_related("meeting")
    items = items.filter(decided_at__lte=publicity.announced_at).order_by("decided_at")
    votes = {item.adjustment_id: votes_in_words(item) for item in items}
    raised = publicity.objections.select_related("institution", "by", "answered_by").order_by("at")
    by_item: dict[int, list[Objection]] = {}
    for objection in raised:
        by_item.setdefault(objection.adjustment_id, []).append(objection)
    for row in rows:
        row.votes = votes.get(row.pk, "")  # type: ignore[attr-defined]
        row.said = by_item.get(row.pk, [])  # type: ignore[attr-defined]
    return rows


def unanswered(adjustments: Iterable[Adjustment]) -> QuerySet[Objection]:
    rows = Objection.objects.filter(adjustment__in=list(adjustments), answered_at=None)
    return rows.select_related("adjustment", "institution").order_by("at")


def open_objection_count(person: Person) -> int:
    """Objections of the person's alliances that wait for an answer: the menu's counter of the secretary."""
    from config.access import Permission
    from formulary.queries.reach import scope_of

    scope = scope_of(person, Permission.PUBLISH_FORMULARY)
    if scope is None:
        return 0
    return Objection.objects.filter(publicity__alliance=scope.alliance, answered_at=None).count()
