"""What declared outbreaks change: item by item the usual rate beside the one in use."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet

from formulary.models import Alliance, FormularyEntry, Presentation
from formulary.queries import matching, version_in_force
from shortage.models import Forecast, Outbreak
from shortage.queries.freshness import latest_run


def outbreaks(alliance: Alliance) -> QuerySet[Outbreak]:
    """The newest first."""
    rows = Outbreak.objects.filter(alliance=alliance).select_related("declared_by", "ended_by")
    return rows.prefetch_related("presentations", "institutions")


def in_force(alliance: Alliance, on: dt.date) -> QuerySet[Outbreak]:
    return outbreaks(alliance).filter(starts_on__lte=on, ends_on__gte=on)


@dataclass(frozen=True)
class Named:
    """What a person's words mean: the presentations, and the words that name none."""

    presentations: list[Presentation]
    unknown: list[str]


def named(alliance: Alliance, lines: list[str], on: dt.date) -> Named:
    """Items of the version in force that any of the lines names (part of a name, a code, pinyin initials)."""
    version = version_in_force(alliance, on)
    listed = FormularyEntry.objects.filter(version=version).values("presentation")
    rows = Presentation.objects.filter(pk__in=listed, active=True)
    found, unknown = Q(pk__in=[]), []
    for line in lines:
        meant = matching(line)
        if not rows.filter(meant).exists():
            unknown.append(line)
        found |= meant
    return Named(list(rows.filter(found).order_by("name", "strength", "pk")), unknown)


def changed(outbreak: Outbreak, institution_ids: frozenset[int]) -> tuple[dt.date | None, list[dict[str, Any]]]:
    """(day of the newest forecast, rows): forecast, usual rate and ratio of each item in these institutions, the greatest
    rise first; no rows where the newest pass is older than the outbreak or the outbreak is over."""
    run = latest_run(outbreak.alliance)
    if run is None or not outbreak.on(run.as_of):
        return (run.as_of if run else None), []
    rows = Forecast.objects.filter(
        as_of=run.as_of,
        institution__in=institution_ids,
        institution__alliance=outbreak.alliance,
        presentation__in=outbreak.presentations.all(),
        working__outbreak_days__gt=0,
    ).select_related("institution", "presentation")
    found = [
        {"forecast": row, "usual": row.working["usual_rate"], "ratio": row.daily_rate / row.working["usual_rate"]}
        for row in rows
        if row.working["usual_rate"] > 0
    ]
    return run.as_of, sorted(found, key=lambda row: (-row["ratio"], row["forecast"].pk))
