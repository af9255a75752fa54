"""The review queue: names of policy lists that wait for a person."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet
from django.db.models.functions import Length

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


def with_best_candidate(rows: Iterable[NameMatch]) -> list[NameMatch]:
    """Each question with `best`: its first candidate's 品种, or None."""
    listed = list(rows)
    ids = {match.candidates[0]["medicine"] for match in listed if match.candidates}
    found = Medicine.objects.in_bulk(ids)
    for match in listed:
        match.best = found.get(match.candidates[0]["medicine"]) if match.candidates else None  # type: ignore[attr-defined]
    return listed


def asking_rows(match: NameMatch) -> list[dict[str, Any]]:
    """The list rows that ask, gathered by edition and wording: edition, name, form, strengths, how many, first row."""
    gathered: dict[tuple[str, str, str], dict[str, Any]] = {}
    for link in match.links.select_related("entry__edition").order_by("entry__row"):
        entry = link.entry
        new = {"edition": entry.edition, "name": entry.name, "form": link.form, "strengths": link.strengths, "count": 0}
        row = gathered.setdefault((str(entry.edition), entry.name, link.form), new | {"row": entry.row})
        row["count"] += 1
    return list(gathered.values())


def medicines_named(words: str, limit: int = 20) -> list[Medicine]:
    """品种 by part of the name or initials; shortest names first."""
    if not words.strip():
        return []
    found = Medicine.objects.filter(Q(name__icontains=words.strip()) | Q(pinyin__istartswith=words.strip()))
    return list(found.order_by(Length("name"), "name", "form_group")[:limit])


def ranked_candidates(match: NameMatch) -> list[RankedCandidate]:
    """The stored candidates that still exist, best first."""
    found = Medicine.objects.in_bulk([candidate["medicine"] for candidate in match.candidates])
    return [
        RankedCandidate(found[each["medicine"]], each["score"], each["why"])
        for each in match.candidates
        if each["medicine"] in found
    ]
