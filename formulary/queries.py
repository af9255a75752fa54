"""What other apps and pages may ask of the formulary."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db.models import QuerySet

from config.access import ALLIANCE_ROLES, ROLES, Permission, Role
from formulary.models import Alliance, ChainHead, Event, FormularyVersion, Institution, Person, RuleValue
from formulary.rules import chain

CONTENT = ("by", "by_name", "verb", "subject", "label", "data")


@dataclass(frozen=True)
class Scope:
    """Where a person may use one permission: one alliance and these of its institutions."""

    alliance: Alliance
    institution_ids: frozenset[int]
    whole_alliance: bool

    @cached_property
    def institutions(self) -> list[Institution]:
        return list(Institution.objects.filter(pk__in=self.institution_ids))


def scope_of(person: Person, permission: Permission) -> Scope | None:
    """The rows a person may see or change under this permission; None when there are none."""
    granting = [m for m in person.active_memberships if permission in ROLES[Role(m.role)].permissions]
    if not granting or not person.is_active:
        return None
    alliance = granting[0].alliance
    mine = [m for m in granting if m.alliance_id == alliance.pk]
    whole = any(m.role in ALLIANCE_ROLES for m in mine)
    if whole:
        ids = frozenset(alliance.institutions.filter(active=True).values_list("pk", flat=True))
    else:
        ids = frozenset(m.institution_id for m in mine if m.institution_id)
    return Scope(alliance, ids, whole)


def version_in_force(alliance: Alliance, on: dt.date) -> FormularyVersion | None:
    """The published version with the latest effective date not after `on`."""
    return (
        FormularyVersion.objects.filter(alliance=alliance, published_at__isnull=False, effective_from__lte=on)
        .order_by("-effective_from", "-number")
        .first()
    )


def rule_value(key: str, *, alliance: Alliance | None, on: dt.date, default: Any = None) -> Any:
    """The value of a dated rule: the alliance's own row before the common one; `default` when neither exists."""
    rows = RuleValue.objects.filter(key=key, valid_from__lte=on).exclude(valid_to__lt=on)
    for owner in (alliance, None) if alliance else (None,):
        row = rows.filter(alliance=owner).order_by("-valid_from").first()
        if row is not None:
            return row.value
    return default


def events(scope: Scope) -> QuerySet[Event]:
    return Event.objects.filter(chain=scope.alliance.code)


def verify_history() -> Iterator[tuple[str, int, list[chain.Break]]]:
    """Per chain: name, number of events, and every place where it does not hold."""
    for head in ChainHead.objects.order_by("chain"):
        rows = Event.objects.filter(chain=head.chain).order_by("number")
        links = (
            chain.Link(
                row.number,
                {"at": row.at.astimezone(dt.UTC).isoformat(), **{name: getattr(row, name) for name in CONTENT}},
                row.previous,
                row.digest,
            )
            for row in rows.iterator()
        )
        yield head.chain, head.number, chain.verify(links, head_number=head.number, head_digest=head.digest)
