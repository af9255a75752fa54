"""Where a person may use a permission."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from config.access import ALLIANCE_ROLES, ROLES, Permission, Role
from formulary.models import Alliance, Institution, Person


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
