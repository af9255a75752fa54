"""Delivery runs of the central store, always within somebody's reach."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, Prefetch, Q, QuerySet

from config.access import Permission
from formulary.models import Institution, Person
from formulary.queries import Scope, scope_of
from shortage.models import Allocation, DeliveryRun, Transfer, TransferLine
from shortage.queries.central import reaches, store_of
from shortage.rules import runs as rules


def runs(scope: Scope, *, state: str = "") -> QuerySet[DeliveryRun]:
    """Runs that serve an institution in reach, the newest first; drafts only for those who look after the store.

    state: open, or one state.
    """
    rows = DeliveryRun.objects.filter(alliance=scope.alliance)
    if not _keeper(scope):
        rows = rows.filter(pk__in=Transfer.objects.filter(receiver__in=scope.institution_ids).values("run"))
    if state == "open":
        rows = rows.filter(state__in=rules.OPEN)
    elif state:
        rows = rows.filter(state=state)
    done = Q(legs__state="closed")
    return (
        rows.select_related("centre", "planned_by", "confirmed_by", "loaded_by")
        .annotate(places=Count("legs", distinct=True), arrived=Count("legs", filter=done, distinct=True))
        .order_by("-on", "-pk")
    )


def _keeper(scope: Scope) -> bool:
    store = store_of(scope.alliance)
    return scope.whole_alliance or (store is not None and reaches(scope, store))


def run_of_scope(scope: Scope, pk: int) -> DeliveryRun | None:
    return runs(scope).select_related("alliance").filter(pk=pk).first()


def allocations(run: DeliveryRun, scope: Scope) -> QuerySet[Allocation]:
    """What the run gives, within reach."""
    rows = run.allocations.select_related("institution", "presentation", "product")
    return rows if _keeper(scope) else rows.filter(institution__in=scope.institution_ids)


def legs(run: DeliveryRun, scope: Scope) -> QuerySet[Transfer]:
    rows = run.legs.select_related("donor", "receiver", "receiver_by", "received_by", "dispatched_by")
    lines = TransferLine.objects.select_related("presentation", "product")
    rows = rows.prefetch_related(Prefetch("lines", lines)).order_by("receiver__code")
    return rows if _keeper(scope) else rows.filter(receiver__in=scope.institution_ids)


@dataclass(frozen=True)
class Served:
    """One institution of a run being drawn up: lines and packs it is to get."""

    institution: Institution
    lines: int
    packs: int


def served(rows: list[Allocation]) -> list[Served]:
    found: dict[Institution, list[int]] = {}
    for row in rows:
        if row.quantity:
            found.setdefault(row.institution, []).append(row.packs)
    return [
        Served(place, len(packs), sum(packs)) for place, packs in sorted(found.items(), key=lambda each: each[0].code)
    ]


def waiting_run_count(person: Person) -> int:
    """Runs that the person's institution has to confirm or to load: the number beside the menu."""
    scope = scope_of(person, Permission.MOVE_TRANSFERS)
    if scope is None or scope.whole_alliance:
        return 0
    rows = DeliveryRun.objects.filter(alliance=scope.alliance, centre__in=scope.institution_ids)
    loadable = Q(state=rules.SIGNING) & ~Q(legs__state="planned")
    return rows.filter(Q(state=rules.DRAFT) | loadable).distinct().count()
