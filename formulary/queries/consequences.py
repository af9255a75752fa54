"""Gathers what the consequence sheet computes with: the list before and after, statuses, evidence of the other rooms."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from formulary.models import Adjustment, Alliance, FormularyVersion, Presentation
from formulary.queries import evidence
from formulary.queries.status import standings
from formulary.queries.version_lines import latest_published, lines_of, touched_by, trial_months
from formulary.queries.versions import rule_value
from formulary.rules import versions as rules
from formulary.rules.adjustment_life import Kind
from formulary.rules.consequences import Drug, Facts, Figure, Place, sheet, unit_prices
from formulary.rules.rates import daily_use, yearly_use
from formulary.rules.versions import Line, VersionRefused, Wish

RATE_MONTHS = 3
GROUP_LIMIT = 2
FEW = 500
LEVELS_WITH_TARGET = ("三级", "二级", "基层")


@dataclass(frozen=True)
class Sheet:
    """The figures, on what day, for which applications, and which of them could not be applied and why."""

    figures: list[Figure]
    on: dt.date
    applications: list[Adjustment]
    left_out: list[str]


def of_applications(alliance: Alliance, applications: Iterable[Adjustment], on: dt.date) -> Sheet:
    """What these applications would do together to the latest published version, as of a day."""
    rows = sorted(applications, key=lambda one: one.number)
    before = lines_of(latest_published(alliance))
    after: Mapping[int, Line] = before
    left_out, successors, expected = [], {}, {}
    trial = trial_months(alliance, on)
    for row in rows:
        line = rules.with_conditions(
            Line(row.lowest_level or "基层", row.restriction, row.tier),
            row.conditions,
            effective=on,
            trial_months=trial,
        )
        wish = Wish(_as_listed(row), row.presentation_id or 0, line, row.drops_id)
        try:
            after = rules.applied(after, rules.wanted(after, wish))
        except VersionRefused as refused:
            left_out.append(f"{row.number}：{refused}")
            continue
        if row.drops_id and row.presentation_id:
            successors[row.drops_id] = row.presentation_id
        elif wish.kind == Kind.ADD and row.presentation_id and row.monthly_use:
            expected[row.presentation_id] = row.monthly_use * 12
    facts = _facts(alliance, before, after, on, successors=successors, expected=expected)
    return Sheet(sheet(facts), on, rows, left_out)


def of_draft(draft: FormularyVersion, on: dt.date) -> Sheet:
    """What the draft does, its applications giving replacements and expected use."""
    rows = list(Adjustment.objects.filter(changes__version=draft).distinct().order_by("number"))
    successors = {row.drops_id: row.presentation_id for row in rows if row.drops_id and row.presentation_id}
    expected = {
        row.presentation_id: row.monthly_use * 12
        for row in rows
        if row.kind == Kind.ADD and row.presentation_id and row.monthly_use
    }
    before, changed = lines_of(draft.based_on), touched_by(draft.based_on, draft)
    after = {key: line for key, line in before.items() if key not in changed} | lines_of(draft, changed)
    facts = _facts(draft.alliance, before, after, on, successors=successors, expected=expected)
    return Sheet(sheet(facts), on, rows, [])


def _as_listed(row: Adjustment) -> str:
    """An emergency item is looked at as if it were added for good."""
    return Kind.ADD if row.kind == Kind.EMERGENCY else row.kind


def _facts(
    alliance: Alliance,
    before: Mapping[int, Line],
    after: Mapping[int, Line],
    on: dt.date,
    *,
    successors: Mapping[int, int],
    expected: Mapping[int, int],
) -> Facts:
    keys = {*before, *after}
    drugs = _drugs(alliance, keys, on)
    touched = {key for key in keys if before.get(key) != after.get(key)}
    groups, medicines = {drugs[key].group for key in touched} - {""}, {drugs[key].medicine for key in touched}
    near = {key for key, drug in drugs.items() if drug.medicine in medicines or drug.group in groups} | touched
    drugs |= _doses(drugs, near)
    use = evidence.use(alliance, sorted(near), on, months=12)
    places = alliance.institutions.filter(active=True).order_by("-is_lead", "code")
    return Facts(
        drugs=drugs,
        places=[Place(site.pk, site.short_name, site.level, site.is_lead) for site in places],
        before=before,
        after=after,
        successors=successors,
        expected=expected,
        yearly=yearly_use(use, on),
        lately=evidence.used(alliance, on, months=RATE_MONTHS),
        rates=daily_use(use, on, months=RATE_MONTHS),
        prices=unit_prices(evidence.prices(alliance, sorted(near), on)),
        stock=evidence.stock(alliance, sorted(touched), on),
        commitments=evidence.commitments(alliance, sorted(touched), on),
        targets=targets(alliance, on),
        group_limit=int(rule_value("finding.specs_per_route", alliance=alliance, on=on, default=GROUP_LIMIT)),
    )


def targets(alliance: Alliance, on: dt.date) -> dict[str, float]:
    """The 基药 variety share asked of each level on a day (neml.variety_share.<level>)."""
    found = {}
    for level in LEVELS_WITH_TARGET:
        value = rule_value(f"neml.variety_share.{level}", alliance=alliance, on=on)
        if value is not None:
            found[level] = float(value)
    return found


def _drugs(alliance: Alliance, keys: Collection[int], on: dt.date) -> dict[int, Drug]:
    """Every drug of the lists, read as plain rows: there may be ten thousand. Doses are added where they are asked for."""
    rows = Presentation.objects.filter(pk__in=keys) if len(keys) <= FEW else Presentation.objects.all()
    fields = ("pk", "medicine_id", "form", "strength", "name", "spec_group", "is_chronic", "unit")
    found = [row for row in rows.order_by().values_list(*fields) if row[0] in keys]
    said = standings((row[:4] for row in found), on, region=alliance.province)
    return {
        pk: Drug(pk, f"{name} {strength}", medicine, group, *said[pk], chronic, unit=unit)
        for pk, medicine, _form, strength, name, group, chronic, unit in found
    }


def _doses(drugs: Mapping[int, Drug], near: Collection[int]) -> dict[int, Drug]:
    rows = Presentation.objects.filter(pk__in=near).order_by().values_list("pk", "daily_dose")
    return {pk: replace(drugs[pk], daily_dose=dose) for pk, dose in rows}
