"""Notices of versions: who has read, what waits for whom."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import QuerySet

from formulary.models import FormularyVersion, Person, RunDown, VersionNotice
from formulary.queries.reach import Scope


def notices_of(version: FormularyVersion) -> QuerySet[VersionNotice]:
    """One row per institution, those that have not read first."""
    rows = version.notices.select_related("institution", "read_by")
    return rows.order_by("read_at", "institution__code")


def unread(institutions: Collection[int]) -> QuerySet[VersionNotice]:
    rows = VersionNotice.objects.filter(institution__in=institutions, read_at=None)
    return rows.select_related("version", "institution").order_by("version__effective_from", "version__number")


def unread_notices_of(person: Person) -> int:
    """The menu's counter: notices of the person's own institutions that nobody there has confirmed."""
    from config.access import Permission
    from formulary.queries.reach import scope_of

    scope = scope_of(person, Permission.CONFIRM_NOTICES)
    return unread(scope.institution_ids).count() if scope else 0


def run_downs(version: FormularyVersion, scope: Scope) -> QuerySet[RunDown]:
    """The version's run-down rows within reach; open ones first."""
    rows = version.run_downs.filter(institution__in=scope.institution_ids)
    rows = rows.select_related("institution", "presentation", "transfer_to", "confirmed_by")
    return rows.order_by("confirmed_at", "presentation__name", "presentation__strength", "institution__code")
