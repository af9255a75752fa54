"""Which 品规 an institution may use on a day: its lines of the version in force, and what was allowed for a time.

Order rules, plans and pages ask this one question; the answer is read with a handful of queries for a whole alliance.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass, field

from django.utils import timezone

from formulary.models import Adjustment, AdjustmentStep, Alliance, FormularyVersion, Institution
from formulary.queries.rule_check import lines_of
from formulary.queries.subsets import kept_on
from formulary.queries.versions import levels_open_to, version_in_force
from formulary.rules.adjustment_life import Kind, State, Verb
from formulary.rules.findings import Line

TEMPORARY = (State.TEMPORARY, State.RATIFIED, State.LAPSED)


@dataclass(frozen=True)
class Temporary:
    """A 品规 that one institution may use from the chair's approval to a day, up to a quantity (minimal units)."""

    institution: int
    presentation: int
    since: dt.date
    until: dt.date
    quantity: int | None
    adjustment: int


@dataclass(frozen=True)
class Allowed:
    """`lines`: the version in force; `temporary`: by institution; `kept`: lists of institutions that keep one of their own.
    `open_to` is what may be ordered."""

    on: dt.date
    version: FormularyVersion | None
    lines: dict[int, Line]
    temporary: dict[int, list[Temporary]] = field(default_factory=dict)
    kept: dict[int, frozenset[int]] = field(default_factory=dict)

    def lines_open_to(self, institution: Institution) -> frozenset[int]:
        """What the version opens to the institution's level, whatever it keeps of it."""
        levels = set(levels_open_to(institution.level))
        return frozenset(pk for pk, line in self.lines.items() if line.lowest_level in levels)

    def listed_for(self, institution: Institution) -> frozenset[int]:
        """What the version opens to the institution's level, as far as its own list (机构目录) keeps it."""
        opened = self.lines_open_to(institution)
        return opened & self.kept[institution.pk] if institution.pk in self.kept else opened

    def open_to(self, institution: Institution) -> frozenset[int]:
        return self.listed_for(institution) | {row.presentation for row in self.temporary.get(institution.pk, ())}

    def why(self, institution: Institution, presentation: int) -> str:
        """统一目录, 临时, or "" when the institution may not use it."""
        line, mine = self.lines.get(presentation), self.kept.get(institution.pk)
        opened = line is not None and line.lowest_level in levels_open_to(institution.level)
        if opened and (mine is None or presentation in mine):
            return "统一目录"
        held = any(row.presentation == presentation for row in self.temporary.get(institution.pk, ()))
        return "临时" if held else ""


def allowed(alliance: Alliance, on: dt.date) -> Allowed:
    """The answer for every institution of the alliance on a day."""
    version = version_in_force(alliance, on)
    by_site: dict[int, list[Temporary]] = defaultdict(list)
    for row in temporary_uses(alliance, on):
        by_site[row.institution].append(row)
    return Allowed(on, version, lines_of(version), dict(by_site), kept_on(alliance, on))


def temporary_uses(alliance: Alliance, on: dt.date) -> list[Temporary]:
    """Emergency purchases that the chair approved and that run on the day."""
    rows = Adjustment.objects.filter(
        alliance=alliance, kind=Kind.EMERGENCY, state__in=TEMPORARY, until__gte=on, presentation__isnull=False
    )
    steps = AdjustmentStep.objects.filter(adjustment__in=rows, verb=Verb.APPROVE)
    since = {pk: timezone.localdate(at) for pk, at in steps.values_list("adjustment_id", "at")}
    return [
        Temporary(row.institution_id, row.presentation_id, since[row.pk], row.until, row.quantity, row.pk)
        for row in rows.order_by("pk")
        if row.presentation_id and row.until and since.get(row.pk, dt.date.max) <= on
    ]


def temporary_applications(alliance: Alliance, on: dt.date) -> list[Adjustment]:
    """The applications behind the temporary uses of the day, with drug and place: what the formulary page shows as 临时."""
    running = [row.adjustment for row in temporary_uses(alliance, on)]
    rows = Adjustment.objects.filter(pk__in=running).select_related("presentation", "institution")
    return list(rows.order_by("until", "pk"))
