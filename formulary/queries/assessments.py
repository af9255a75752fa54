"""基药考核 and 衔接 as people look at them: shares against targets, where they come from, and the cheapest way up."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from formulary.models import Alliance, AssessmentFigure, AssessmentRun, Institution, Presentation
from formulary.queries import evidence
from formulary.queries.reach import Scope
from formulary.queries.rule_values import rows_in_force, values
from formulary.queries.status import drug_statuses
from formulary.queries.versions import levels_open_to, version_in_force
from formulary.rules import assessment
from formulary.rules.assessment import PATIENT_DAYS, Candidate, Link, Ratio, Step

# The rule of 品种 is older than the other three and keeps its key.
KEYS = {
    Ratio.VARIETIES: "neml.variety_share",
    Ratio.USE: "neml.use_share",
    Ratio.AMOUNT: "neml.amount_share",
    Ratio.PRESCRIPTIONS: "neml.prescription_share",
}
TREND = 5


@dataclass(frozen=True)
class Target:
    """The share asked of a level, with where that is written."""

    share: Decimal
    document: str
    since: dt.date


@dataclass(frozen=True)
class Cell:
    """One share of one place. state: reached, short, no_target or no_data; trend: shares of the last quarters, oldest first."""

    ratio: Ratio
    essential: Decimal | None = None
    total: Decimal | None = None
    target: Target | None = None
    unpriced: int = 0
    trend: tuple[float | None, ...] = ()

    @property
    def share(self) -> Decimal | None:
        return self.essential / self.total if self.total and self.essential is not None else None

    @property
    def state(self) -> str:
        if self.share is None:
            return "no_data"
        if self.target is None:
            return "no_target"
        return "reached" if self.share >= self.target.share else "short"

    @property
    def words(self) -> str:
        if self.state == "no_data":
            return "未导入" if self.ratio is Ratio.PRESCRIPTIONS else "没有数据"
        if self.share is None or self.target is None:
            return "未设目标"
        gap = (self.target.share - self.share) * 100
        return "达标" if self.state == "reached" else f"差 {gap:.1f} 个百分点"

    @property
    def target_words(self) -> str:
        return f"目标 {self.target.share * 100:.0f}%" if self.target else ""

    @property
    def tone(self) -> str:
        return {"reached": "green", "short": "red"}.get(self.state, "gray")


@dataclass(frozen=True)
class Place:
    """A row of the page: an institution, or the alliance (None)."""

    institution: Institution | None
    cells: tuple[Cell, ...]


def runs(scope: Scope) -> list[AssessmentRun]:
    """Quarters that were computed, the latest first."""
    return list(
        AssessmentRun.objects.filter(alliance=scope.alliance).order_by("-quarter").defer("essential", "excluded")
    )


def targets(alliance: Alliance, on: dt.date) -> dict[tuple[str, Ratio], Target]:
    """By level and ratio: rule values such as neml.amount_share.基层 in force on a day."""
    rows = rows_in_force(alliance, "neml.", on)
    found = {}
    for ratio, key in KEYS.items():
        for name, row in rows.items():
            if name.startswith(f"{key}."):
                level = name.removeprefix(f"{key}.")
                found[level, ratio] = Target(Decimal(str(row.value)), row.document, row.valid_from)
    return found


def places(scope: Scope, run: AssessmentRun) -> list[Place]:
    """Every institution in reach with its four shares; the alliance first for those who see all of it."""
    recent = [one for one in runs(scope) if one.quarter <= run.quarter][:TREND][::-1]
    found = AssessmentFigure.objects.filter(run__in=recent)
    by_place: dict[tuple[int | None, str], dict[int, AssessmentFigure]] = defaultdict(dict)
    for figure in found:
        by_place[figure.institution_id, figure.ratio][figure.run_id] = figure
    asked = targets(scope.alliance, run.until)
    members = sorted(scope.institutions, key=lambda site: (not site.is_lead, site.code))
    sites: list[Institution | None] = [*([None] if scope.whole_alliance else []), *members]
    return [Place(site, tuple(_cell(site, ratio, run, recent, by_place, asked) for ratio in Ratio)) for site in sites]


def _cell(
    site: Institution | None,
    ratio: Ratio,
    run: AssessmentRun,
    recent: Sequence[AssessmentRun],
    figures: Mapping[tuple[int | None, str], Mapping[int, AssessmentFigure]],
    asked: Mapping[tuple[str, Ratio], Target],
) -> Cell:
    mine = figures.get((site.pk if site else None, ratio.value), {})
    now = mine.get(run.pk)
    trend = tuple(
        round(float(mine[one.pk].essential / mine[one.pk].total), 4) if one.pk in mine else None for one in recent
    )
    target = asked.get((site.level, ratio)) if site else None
    if now is None:
        return Cell(ratio, target=target, trend=trend)
    return Cell(ratio, now.essential, now.total, target, now.unpriced, trend)


@dataclass
class DrugRow:
    """What one 品规 adds to the shares of an institution in the quarter. used in the ratio's unit."""

    presentation: Presentation
    essential: bool
    counts: bool
    used: Decimal = Decimal(0)
    amount: Decimal = Decimal(0)
    unpriced: int = 0


def drug_rows(run: AssessmentRun, institution: Institution) -> list[DrugRow]:
    """Every 品规 that the institution held in the quarter, the dearest first."""
    holding = run.holdings.filter(institution=institution).first()
    ids = set(holding.presentations) if holding else set()
    essential, excluded = set(run.essential), set(run.excluded)
    drugs = Presentation.objects.select_related("medicine").in_bulk(ids)
    rows = {pk: DrugRow(drug, pk in essential, pk not in excluded) for pk, drug in drugs.items()}
    months, only = run.until.month - run.quarter.month, [institution.pk]
    alliance, patients = institution.alliance, run.terms.get("unit") == PATIENT_DAYS
    for used in evidence.use(alliance, ids, run.until, months=months, institutions=only):
        if row := rows.get(used.presentation):
            row.used += Decimal(used.quantity) / (row.presentation.daily_dose if patients else 1)
    for bought in evidence.purchases(alliance, ids, run.until, months=months, institutions=only):
        if row := rows.get(bought.presentation):
            row.amount += bought.amount
            row.unpriced += bought.unpriced
    return sorted(rows.values(), key=lambda row: (-row.amount, -row.used, row.presentation.name, row.presentation.pk))


@dataclass(frozen=True)
class Plan:
    """How an institution gets from its share to the target of a ratio. reachable: the steps suffice."""

    cell: Cell
    steps: tuple[Step, ...] = ()
    drugs: Mapping[int, Presentation] = field(default_factory=dict)

    @property
    def reachable(self) -> bool:
        return any(step.reaches for step in self.steps)

    @property
    def cost(self) -> Decimal:
        return sum((step.cost or Decimal(0) for step in self.steps), Decimal(0))


def plan(run: AssessmentRun, institution: Institution, cell: Cell, rows: Sequence[DrugRow]) -> Plan | None:
    """The cheapest moves from non-基药 to a 基药 peer that reach the target; None when nothing is short or no data leads there
    (处方)."""
    if cell.state != "short" or cell.ratio is Ratio.PRESCRIPTIONS or cell.target is None or cell.total is None:
        return None
    peers = _peers(institution, run.until)
    daily = _daily(institution.alliance, [row.presentation for row in rows] + [p for p, _ in peers.values_], run.until)
    candidates = [one for row in rows if (one := _candidate(row, cell.ratio, peers, daily)) is not None]
    if cell.ratio is Ratio.VARIETIES:
        candidates = _of_varieties(candidates, rows)
    found = assessment.steps(cell.ratio, cell.essential or Decimal(0), cell.total, cell.target.share, candidates)
    drugs = {row.presentation.pk: row.presentation for row in rows} | {p.pk: p for p, _ in peers.values_}
    return Plan(cell, tuple(found), drugs)


class _Peers:
    """基药 lines of the version in force that the institution may use, by 品种 group and by treatment class."""

    def __init__(self, drugs: Sequence[Presentation]) -> None:
        self.values_ = [(drug, drug.spec_group) for drug in drugs]
        self.by_group: dict[str, list[Presentation]] = defaultdict(list)
        self.by_class: dict[str, list[Presentation]] = defaultdict(list)
        for drug in drugs:
            self.by_group[drug.spec_group].append(drug)
            self.by_class[drug.therapeutic_class].append(drug)

    def of(self, drug: Presentation) -> tuple[Sequence[Presentation], bool]:
        """Peers and whether they are near (same substance and route); else those of the same class and form."""
        near = [one for one in self.by_group.get(drug.spec_group, ()) if drug.spec_group and one.pk != drug.pk]
        if near:
            return near, True
        same = self.by_class.get(drug.therapeutic_class, ()) if drug.therapeutic_class else ()
        return [one for one in same if one.medicine.form_group == drug.medicine.form_group], False


def _peers(institution: Institution, on: dt.date) -> _Peers:
    version = version_in_force(institution.alliance, on)
    if version is None:
        return _Peers([])
    lines = version.entries.filter(lowest_level__in=levels_open_to(institution.level))
    drugs = [line.presentation for line in lines.select_related("presentation__medicine").order_by("presentation")]
    statuses = drug_statuses(drugs, on, region=institution.alliance.province)
    return _Peers([drug for drug in drugs if statuses[drug.pk].is_essential])


def _daily(alliance: Alliance, drugs: Sequence[Presentation], on: dt.date) -> dict[int, Decimal]:
    """Yuan of a patient-day at the cheapest offer, by 品规."""
    doses = {drug.pk: drug.daily_dose for drug in drugs}
    found: dict[int, Decimal] = {}
    for row in evidence.prices(alliance, list(doses), on):
        cost = row.price / row.pack_size * doses[row.presentation]
        found[row.presentation] = min(cost, found.get(row.presentation, cost))
    return found


def _candidate(row: DrugRow, ratio: Ratio, peers: _Peers, daily: Mapping[int, Decimal]) -> Candidate | None:
    value = row.amount if ratio is Ratio.AMOUNT else row.used
    if row.essential or not row.counts or (not value and ratio is not Ratio.VARIETIES):
        return None
    others, near = peers.of(row.presentation)
    if not others:
        return None
    peer = min(others, key=lambda one: (one.pk not in daily, daily.get(one.pk, Decimal(0)), one.pk))
    own = daily.get(row.presentation.pk)
    days = row.amount / own if ratio is Ratio.AMOUNT and own else row.used / row.presentation.daily_dose
    return Candidate(row.presentation.pk, peer.pk, value, days, own, daily.get(peer.pk), near)


def _of_varieties(candidates: Sequence[Candidate], rows: Sequence[DrugRow]) -> list[Candidate]:
    """Only 品种 that can go whole: no 品规 of them is 基药 and each of them has a peer; one candidate for each."""
    by_medicine: dict[int, list[DrugRow]] = defaultdict(list)
    for row in rows:
        by_medicine[row.presentation.medicine_id].append(row)
    medicine = {row.presentation.pk: row.presentation.medicine_id for row in rows}
    first: dict[int, Candidate] = {}
    for one in candidates:
        first.setdefault(medicine[one.presentation], one)
    able = {one.presentation for one in candidates}
    return [
        one
        for pk, one in first.items()
        if all(not row.essential and (row.presentation.pk in able or not row.counts) for row in by_medicine[pk])
    ]


@dataclass(frozen=True)
class Cohesion:
    """衔接 of every member with the lead, and how alike any two are."""

    lead: Institution | None
    sites: tuple[Institution, ...]
    links: Mapping[int, Link]
    common: Mapping[tuple[int, int], float | None]
    targets: Mapping[str, Any]


def cohesion(scope: Scope, run: AssessmentRun) -> Cohesion:
    """From what institutions held in the quarter; chronic 品种 are those of the version in force open to the member's level."""
    alliance = scope.alliance
    sites = tuple(alliance.institutions.filter(active=True).order_by("-is_lead", "code"))
    held = {row.institution_id: row.presentations for row in run.holdings.all()}
    held = {site.pk: held.get(site.pk, []) for site in sites}
    medicine_of = dict(Presentation.objects.order_by().values_list("pk", "medicine_id"))
    lead = next((site for site in sites if site.is_lead), None)
    shown = tuple(site for site in sites if site.pk in scope.institution_ids or site.is_lead)
    winners = set(run.winners)
    found = assessment.links(
        held, lead.pk if lead else None, medicine_of, _chronic(alliance, sites, run.until), winners
    )
    return Cohesion(
        lead,
        shown,
        {link.institution: link for link in found},
        assessment.common({site.pk: held[site.pk] for site in shown}, medicine_of),
        values(alliance, "cohesion.", run.until),
    )


def _chronic(alliance: Alliance, sites: Sequence[Institution], on: dt.date) -> dict[int, set[int]]:
    version = version_in_force(alliance, on)
    by_level: dict[str, set[int]] = defaultdict(set)
    if version is not None:
        lines = version.entries.filter(presentation__is_chronic=True).order_by()
        for level, medicine in lines.values_list("lowest_level", "presentation__medicine_id"):
            by_level[level].add(medicine)
    return {site.pk: set().union(*(by_level[level] for level in levels_open_to(site.level))) for site in sites}
