"""National and provincial shortage lists that name a drug: which list, of what level, from when, official or not."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from formulary.models import ListKind, Presentation
from formulary.queries.status import links_in_force


@dataclass(frozen=True)
class Listed:
    """One row of a list in force on the day asked for."""

    edition: str
    region: str
    document: str
    valid_from: dt.date
    valid_to: dt.date | None
    official: bool
    edition_id: int

    @property
    def level(self) -> str:
        """国家 where an official list names no region; a list that is not official has no level."""
        return (self.region or "国家") if self.official else "非官方"


def shortage_lists(drugs: Iterable[Presentation], on: dt.date, *, region: str) -> dict[int, list[Listed]]:
    """By presentation, official ones first, then the newest; of provincial lists only those of `region`. Two queries."""
    rows = list(drugs)
    links = links_in_force(on, [ListKind.SHORTAGE]).filter(medicine__in={row.medicine_id for row in rows})
    found: dict[int, dict[int, Listed]] = defaultdict(dict)
    for link in links.select_related("entry__edition"):
        edition, entry = link.entry.edition, link.entry
        if entry.region and region not in entry.region:
            continue
        if (entry.valid_to and entry.valid_to < on) or link.medicine_id is None:
            continue
        found[link.medicine_id][edition.pk] = Listed(
            edition.edition, entry.region, edition.document, edition.valid_from, entry.valid_to or edition.valid_to,
            edition.official, edition.pk,
        )  # fmt: skip
    by_drug = {
        medicine: sorted(lists.values(), key=lambda one: (not one.official, -one.valid_from.toordinal()))
        for medicine, lists in found.items()
    }
    return {row.pk: by_drug[row.medicine_id] for row in rows if row.medicine_id in by_drug}
