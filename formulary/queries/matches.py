"""The review queue: names of policy lists that wait for a person."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import QuerySet

from formulary.models import Medicine, NameMatch, Person


@dataclass(frozen=True)
class RankedCandidate:
    """A 品种 to choose, with the matcher's score (0–1) and its reasons in words."""

    medicine: Medicine
    score: float
    why: str


def pending_match_count(_person: Person | None = None) -> int:
    return NameMatch.objects.filter(state=NameMatch.State.PENDING).count()


def matches(*, state: str = "", kind: str = "", words: str = "") -> QuerySet[NameMatch]:
    """Questions by state, list and part of the name; those that concern most rows first."""
    rows = NameMatch.objects.select_related("medicine", "decided_by")
    for field, value in (("state", state), ("kind", kind), ("name__icontains", words)):
        if value:
            rows = rows.filter(**{field: value})
    return rows.order_by("state", "-entries", "name")


def ranked_candidates(match: NameMatch) -> list[RankedCandidate]:
    """The stored candidates that still exist, best first."""
    found = Medicine.objects.in_bulk([candidate["medicine"] for candidate in match.candidates])
    return [
        RankedCandidate(found[each["medicine"]], each["score"], each["why"])
        for each in match.candidates
        if each["medicine"] in found
    ]
