"""Long work of an alliance, newest first."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from formulary.models import Job
from formulary.queries.reach import Scope


def jobs(scope: Scope, *, state: str = "", kind: str = "", words: str = "") -> QuerySet[Job]:
    """Jobs of the alliance and of the system itself, without their logs."""
    rows = Job.objects.filter(_seen(scope)).defer("log", "result").select_related("owner")
    if state:
        rows = rows.filter(state=state)
    if kind:
        rows = rows.filter(kind=kind)
    return rows.filter(title__icontains=words) if words else rows


def job_of_scope(scope: Scope, pk: int) -> Job | None:
    """One job with its log, or None where the person may not see it."""
    return Job.objects.filter(_seen(scope), pk=pk).select_related("owner", "alliance").first()


def job_kinds(scope: Scope) -> list[str]:
    return sorted(Job.objects.filter(_seen(scope)).order_by().values_list("kind", flat=True).distinct())


def _seen(scope: Scope) -> Q:
    return Q(alliance=scope.alliance) | Q(alliance__isnull=True)
