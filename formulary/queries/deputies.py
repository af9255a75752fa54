"""Who acts for whom, and where a person may act: by an own right or as somebody's deputy."""

from __future__ import annotations

import datetime as dt

from django.db.models import QuerySet

from config.access import Permission
from formulary.models import Alliance, Deputy, Person
from formulary.queries.reach import scope_of
from formulary.rules.who import NotAllowed


def deputies(alliance: Alliance) -> QuerySet[Deputy]:
    return Deputy.objects.filter(alliance=alliance).select_related("person", "deputy")


def principals(person: Person, on: dt.date) -> list[Person]:
    """For whom this person stands in on the day."""
    rows = Deputy.objects.filter(deputy=person, valid_from__lte=on, valid_to__gte=on, ended_at=None).select_related(
        "person"
    )
    return [row.person for row in rows.order_by("pk")]


def acts_for(
    person: Person, permission: Permission, on: dt.date, *, alliance: Alliance, institution: int | None = None
) -> Person | None:
    """None when the right is the person's own, else the principal whose right is used. Raises NotAllowed.

    institution None asks for the right anywhere in the alliance.
    """
    for holder in (person, *principals(person, on)):
        scope = scope_of(holder, permission)
        if scope is None or scope.alliance.pk != alliance.pk:
            continue
        if institution is None or institution in scope.institution_ids:
            return None if holder is person else holder
    raise NotAllowed("您没有办理此事的权限，也没有受人委托代办")


def places_open_to(person: Person, permission: Permission, on: dt.date) -> dict[int, Person | None]:
    """Institutions where the person may act, each with the principal (None: by an own right)."""
    found: dict[int, Person | None] = {}
    for holder in (person, *principals(person, on)):
        scope = scope_of(holder, permission)
        for pk in scope.institution_ids if scope else ():
            found.setdefault(pk, None if holder is person else holder)
    return found
