"""What is due for review: conditional entries on their day, new ones after the trial months."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.utils import timezone

from config.access import Permission
from formulary.models import (
    Adjustment,
    Alliance,
    EntryReview,
    FormularyEntry,
    FormularyVersion,
    Person,
    Presentation,
    VersionChange,
)
from formulary.queries import evidence
from formulary.queries.charter import charter
from formulary.queries.reach import Scope, scope_of
from formulary.queries.versions import version_in_force
from formulary.rules.reviews import full_months, months_later

AHEAD = dt.timedelta(days=30)


@dataclass(frozen=True)
class Due:
    """An entry to look at. since: in the list from that day; forecast: units a month said in the application, None when nobody
    said; actual: mean of the full months in the list; why: 附条件复评 or 试用期满."""

    entry: FormularyEntry
    due_on: dt.date
    since: dt.date
    why: str
    adjustment: Adjustment | None
    forecast: int | None
    actual: int
    months: int
    places: int

    @property
    def presentation(self) -> Presentation:
        return self.entry.presentation

    @property
    def ratio(self) -> float | None:
        """Real use ÷ forecast."""
        return self.actual / self.forecast if self.forecast else None


def due_reviews(scope: Scope, on: dt.date) -> list[Due]:
    """Everything due up to thirty days ahead, the most overdue first."""
    wanted = _wanted(scope.alliance, on)
    version = version_in_force(scope.alliance, on)
    if version is None or not wanted:
        return []
    entries = version.entries.filter(presentation__in=wanted).select_related("presentation__medicine", "version")
    found = _with_use(scope.alliance, list(entries), wanted, on)
    return sorted(found, key=lambda one: (one.due_on, one.presentation.name))


def due_review(scope: Scope, code: str, on: dt.date) -> Due | None:
    return next((one for one in due_reviews(scope, on) if one.presentation.code == code), None)


def done_reviews(scope: Scope) -> list[EntryReview]:
    rows = EntryReview.objects.filter(alliance=scope.alliance)
    return list(rows.select_related("presentation", "by", "adjustment")[:100])


def due_review_count(person: Person) -> int:
    """The menu's counter, for those who may draft what a review asks for."""
    scope = scope_of(person, Permission.CHECK_PROPOSALS)
    return len(_wanted(scope.alliance, timezone.localdate())) if scope else 0


def _wanted(alliance: Alliance, on: dt.date) -> dict[int, tuple[dt.date, str]]:
    """By 品规 the day and the why of what is due soon and was not reviewed since."""
    version = version_in_force(alliance, on)
    if version is None:
        return {}
    days = _days(alliance, version, on)
    reviewed = EntryReview.objects.filter(alliance=alliance, presentation__in=days).order_by("at")
    for drug, due_on, next_on in reviewed.values_list("presentation_id", "due_on", "next_on"):
        day, _ = days.get(drug, (dt.date.max, ""))
        if next_on and next_on > day:
            days[drug] = (next_on, "再次复评")
        elif due_on >= day:
            days.pop(drug, None)
    listed = set(version.entries.filter(presentation__in=days).values_list("presentation_id", flat=True))
    return {drug: told for drug, told in days.items() if drug in listed and told[0] <= on + AHEAD}


def _days(alliance: Alliance, version: FormularyVersion, on: dt.date) -> dict[int, tuple[dt.date, str]]:
    """By 品规 the earlier of its own review day and the end of its trial."""
    months = charter(alliance, on).review_months
    days: dict[int, tuple[dt.date, str]] = {}
    for drug, day in version.entries.filter(review_on__isnull=False).values_list("presentation_id", "review_on"):
        if day is not None:
            days[drug] = (day, "附条件复评")
    for drug, (_, since) in _additions(alliance, on).items():
        end = months_later(since, months)
        if drug not in days or end < days[drug][0]:
            days[drug] = (end, "试用期满")
    return days


def _additions(alliance: Alliance, on: dt.date) -> dict[int, tuple[int | None, dt.date]]:
    """The last addition of each 品规: its application and since when."""
    rows = VersionChange.objects.filter(
        version__alliance=alliance, version__published_at__isnull=False, version__effective_from__lte=on, kind="added"
    ).order_by("version__effective_from")
    return {
        drug: (adjustment, since)
        for drug, adjustment, since in rows.values_list("presentation_id", "adjustment_id", "version__effective_from")
        if since is not None
    }


def _with_use(
    alliance: Alliance, entries: list[FormularyEntry], days: dict[int, tuple[dt.date, str]], on: dt.date
) -> list[Due]:
    additions = _additions(alliance, on)
    began = dict(
        FormularyVersion.objects.filter(alliance=alliance, pk__in=[entry.version_id for entry in entries]).values_list(
            "pk", "effective_from"
        )
    )
    adjustments = Adjustment.objects.in_bulk([pk for pk, _ in additions.values() if pk])
    used: dict[int, dict[dt.date, int]] = {}
    places: dict[int, set[int]] = {}
    for row in evidence.use(alliance, [entry.presentation_id for entry in entries], on, months=12):
        used.setdefault(row.presentation, {}).setdefault(row.month, 0)
        used[row.presentation][row.month] += row.quantity
        if row.quantity:
            places.setdefault(row.presentation, set()).add(row.institution)
    found = []
    for entry in entries:
        pk = entry.presentation_id
        adjustment, since = additions.get(pk, (None, began.get(entry.version_id) or on))
        months = full_months(since, on)
        asked = adjustments.get(adjustment or 0)
        total = sum(used.get(pk, {}).get(month, 0) for month in months)
        found.append(
            Due(
                entry, days[pk][0], since, days[pk][1], asked, asked.monthly_use if asked else None,
                round(total / len(months)) if months else 0, len(months), len(places.get(pk, ())),
            )
        )  # fmt: skip
    return found
