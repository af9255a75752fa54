"""Which institution is the alliance's central store, and who looks after it."""

from __future__ import annotations

from django.db.models import Exists, OuterRef

from formulary.models import Alliance
from formulary.queries import Scope
from shortage.models import CentralStore, Feed


def store_of(alliance: Alliance) -> CentralStore | None:
    return CentralStore.objects.select_related("institution__alliance").filter(alliance=alliance).first()


def gives_only(alliance: Alliance) -> frozenset[int]:
    """The central store where it serves no patients itself: it reports no use and needs no purchase of its own."""
    feeds = Feed.objects.filter(institution=OuterRef("institution"), kind=Feed.Kind.CONSUMPTION)
    rows = CentralStore.objects.filter(~Exists(feeds), alliance=alliance)
    return frozenset(rows.values_list("institution", flat=True))


def reaches(scope: Scope, store: CentralStore) -> bool:
    """Whether somebody with this reach looks after the store: the whole alliance, or its own institution."""
    return scope.whole_alliance or store.institution_id in scope.institution_ids
