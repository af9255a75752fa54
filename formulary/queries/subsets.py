"""机构目录: what each institution keeps of what the unified list opens to it. An institution without any row keeps all of it."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass

from django.db.models import Case, CharField, Count, Exists, OuterRef, Q, QuerySet, Subquery, Value, When

from config.access import Permission
from formulary.models import Alliance, FormularyEntry, Institution, Person, SubsetEntry, SubsetProposal
from formulary.queries.reach import Scope, scope_of
from formulary.queries.versions import levels_open_to, matching, version_in_force


@dataclass(frozen=True)
class SubsetCount:
    """opened: 品规 open to the institution; kept: of them in its list; outside: in its list but no longer open; proposals: open."""

    institution: Institution
    opened: int
    kept: int
    outside: int
    proposals: int

    @property
    def narrowed(self) -> bool:
        return bool(self.kept or self.outside)


def kept_on(alliance: Alliance, on: dt.date) -> dict[int, frozenset[int]]:
    """品规 of every institution that keeps a list of its own, by institution, on a day; one query."""
    rows = SubsetEntry.objects.filter(institution__alliance=alliance, valid_from__lte=on)
    running = rows.filter(Q(valid_to__isnull=True) | Q(valid_to__gte=on))
    found: dict[int, set[int]] = defaultdict(set)
    for site, drug in running.order_by().values_list("institution_id", "presentation_id"):
        found[site].add(drug)
    return {site: frozenset(drugs) for site, drugs in found.items()}


def subset_counts(scope: Scope, on: dt.date) -> list[SubsetCount]:
    """Every institution in reach, a fixed number of queries."""
    version = version_in_force(scope.alliance, on)
    levels = dict(version.entries.order_by().values_list("presentation_id", "lowest_level")) if version else {}
    kept = kept_on(scope.alliance, on)
    asked = SubsetProposal.objects.filter(institution__in=scope.institution_ids, state="open").order_by()
    waiting = dict(asked.values_list("institution_id").annotate(Count("pk")))
    rows = []
    for site in sorted(scope.institutions, key=lambda each: (not each.is_lead, each.code)):
        open_to = set(levels_open_to(site.level))
        mine = kept.get(site.pk, frozenset())
        inside = sum(1 for drug in mine if levels.get(drug) in open_to)
        opened = sum(1 for level in levels.values() if level in open_to)
        rows.append(SubsetCount(site, opened, inside, len(mine) - inside, waiting.get(site.pk, 0)))
    return rows


def subset_lines(
    institution: Institution, on: dt.date, *, words: str = "", state: str = "", therapeutic_class: str = ""
) -> QuerySet[FormularyEntry]:
    """Lines of the version in force open to the institution, each with `kept` (in its list), and the open proposal as
    `proposal`, `wish` (add, drop or "") and `why`. state: kept, out or asked."""
    version = version_in_force(institution.alliance, on)
    if version is None:
        return FormularyEntry.objects.none()
    mine = SubsetEntry.objects.filter(
        institution=institution, presentation=OuterRef("presentation"), ended_at__isnull=True
    )
    asked = SubsetProposal.objects.filter(institution=institution, presentation=OuterRef("presentation"), state="open")
    rows = version.entries.filter(lowest_level__in=levels_open_to(institution.level)).annotate(
        kept=Exists(mine),
        proposal=Subquery(asked.values("pk")[:1]),
        wish=Case(
            When(proposal__isnull=False, then=Subquery(asked.values("verb")[:1])),
            default=Value(""),
            output_field=CharField(),
        ),
        why=Subquery(asked.values("reason")[:1]),
    )
    if words:
        rows = rows.filter(matching(words, prefix="presentation__"))
    if therapeutic_class:
        rows = rows.filter(presentation__therapeutic_class=therapeutic_class)
    if state:
        rows = rows.filter({"kept": Q(kept=True), "out": Q(kept=False), "asked": Q(proposal__isnull=False)}[state])
    return rows.select_related("presentation__medicine").order_by("presentation__name", "presentation__strength", "pk")


def outside_lines(institution: Institution, on: dt.date) -> list[SubsetEntry]:
    """Rows of the institution's list that the version in force no longer opens to it."""
    version = version_in_force(institution.alliance, on)
    lines = FormularyEntry.objects.filter(
        version=version, presentation=OuterRef("presentation"), lowest_level__in=levels_open_to(institution.level)
    )
    rows = SubsetEntry.objects.filter(institution=institution, ended_at__isnull=True).filter(~Exists(lines))
    return list(rows.select_related("presentation").order_by("presentation__name", "pk"))


def open_proposal_count(person: Person) -> int:
    """The menu's counter: proposals that wait for this person."""
    scope = scope_of(person, Permission.DECIDE_SUBSETS)
    if scope is None:
        return 0
    return SubsetProposal.objects.filter(institution__in=scope.institution_ids, state="open").count()
