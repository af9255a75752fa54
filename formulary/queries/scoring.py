"""Scoring: what is known of a subject beforehand, who has scored what, and the results side by side."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any

from django.db.models import Count, F, Q, QuerySet

from config.access import Permission
from formulary.models import (
    Adjustment,
    Alliance,
    FormularyEntry,
    Person,
    Presentation,
    ScoreSheet,
    ScoreTemplate,
    Scoring,
)
from formulary.queries import evidence
from formulary.queries.reach import scope_of
from formulary.queries.status import drug_statuses
from formulary.queries.versions import version_in_force
from formulary.rules import scorecard
from formulary.rules.adjustment_life import State
from formulary.rules.score_compare import Comparison, Sensitivity, Summary, band_of, compare, sensitivity, summarise
from formulary.rules.scorecard import Template

CENT = Decimal("0.01")
LESS, EQUAL, MORE = "低于中位数", "中位数", "高于中位数"


def current_template(alliance: Alliance, form: str) -> ScoreTemplate | None:
    return ScoreTemplate.objects.filter(alliance=alliance, form=form).order_by("-number").first()


def templates(alliance: Alliance) -> QuerySet[ScoreTemplate]:
    return ScoreTemplate.objects.filter(alliance=alliance).annotate(used=Count("scorings")).select_related("by")


def form_of(drug: Presentation) -> str:
    chinese = drug.medicine.is_chinese_medicine
    return ScoreTemplate.Form.CHINESE if chinese else ScoreTemplate.Form.WESTERN


def comparators(adjustment: Adjustment, on: dt.date) -> list[Presentation]:
    """Drugs of the same class in the version in force, those of the same 通用名 first."""
    drug = adjustment.presentation
    version = version_in_force(adjustment.alliance, on)
    if drug is None or version is None:
        return []
    listed = FormularyEntry.objects.filter(version=version).values("presentation")
    rows = Presentation.objects.filter(pk__in=listed).exclude(pk=drug.pk).select_related("medicine")
    near = Q(medicine=drug.medicine_id) | Q(spec_group=drug.spec_group, spec_group__gt="")
    same_class = Q(therapeutic_class=drug.therapeutic_class, therapeutic_class__gt="")
    found = list(rows.filter(near | same_class).order_by("name", "strength"))
    return sorted(found, key=lambda one: one.medicine_id != drug.medicine_id)


def facts_of(alliance: Alliance, subjects: Iterable[Presentation], on: dt.date) -> dict[str, dict[str, Any]]:
    """Per subject: what the lists and the price list say, each with its source. Daily cost in yuan a patient-day."""
    drugs = list(subjects)
    statuses = drug_statuses(drugs, on, region=alliance.province)
    same = Presentation.objects.filter(medicine__in=[drug.medicine_id for drug in drugs])
    costs = _daily_costs(alliance, {drug.pk: drug for drug in [*drugs, *same]}, on)
    known = sorted(cost for drug in drugs if (cost := costs.get(drug.pk)) is not None)
    found: dict[str, dict[str, Any]] = {}
    for drug in drugs:
        status = statuses[drug.pk]
        insurance, essential = status.insurance, status.essential
        word = {"国谈": "乙"}.get(status.insurance_class, status.insurance_class)
        limited = "限" if insurance and insurance.restriction and word in ("甲", "乙") else ""
        triangle = "△" if essential and essential.specialist else ""
        rows = {
            "医保": (word + limited, insurance.edition if insurance else "医保目录中没有"),
            "基药": (f"基药{triangle}", essential.edition)
            if status.is_essential and essential
            else ("无", "基药目录中没有"),
            "集采": ("中选", status.wins[0].tender) if status.wins else ("否", "集采中选结果中没有"),
        }
        if drug.needs_cold_chain:
            rows["贮藏"] = ("冷藏", "药品主数据")
        cost = costs.get(drug.pk)
        if cost is not None:
            generic = min(
                costs[one.pk] for one in [drug, *same] if one.medicine_id == drug.medicine_id and one.pk in costs
            )
            rows["日费用"] = (str(cost), "在用报价中最低一种 ÷ 包装数 × 日用量")
            rows["最低.同通用名"] = (str(generic), "同一品种各规格中最低")
            rows["最低.可替代"] = (str(known[0]), "本次评分对象中最低")
            rows["费用位置"] = (_place(cost, known), "在本次评分对象中")
        found[str(drug.pk)] = {name: {"value": value, "source": source} for name, (value, source) in rows.items()}
    return found


def _daily_costs(alliance: Alliance, drugs: dict[int, Presentation], on: dt.date) -> dict[int, Decimal]:
    costs: dict[int, Decimal] = {}
    for row in evidence.prices(alliance, list(drugs), on):
        dose = drugs[row.presentation].daily_dose
        cost = (row.price / row.pack_size * dose).quantize(CENT, ROUND_HALF_UP)
        cost = max(cost, CENT)
        costs[row.presentation] = min(cost, costs.get(row.presentation, cost))
    return costs


def _place(cost: Decimal, known: list[Decimal]) -> str:
    if cost == known[0]:
        return "最低"
    if cost == known[-1]:
        return "最高"
    middle = (known[(len(known) - 1) // 2] + known[len(known) // 2]) / 2
    return EQUAL if cost == middle else LESS if cost < middle else MORE


def words_of(scoring: Scoring, subject: int) -> dict[str, str]:
    """The facts of a subject as the rules read them."""
    return {name: row["value"] for name, row in scoring.facts.get(str(subject), {}).items()}


def scorings(alliance: Alliance) -> QuerySet[Adjustment]:
    """Applications being scored, and those that were, the open ones first."""
    rows = Adjustment.objects.filter(alliance=alliance).filter(Q(state=State.SCORING) | Q(scoring__isnull=False))
    rows = rows.select_related("presentation", "institution", "scoring__template")
    given = Count(
        "scoring__sheets",
        filter=Q(scoring__sheets__submitted_at__isnull=False, scoring__sheets__subject=F("presentation")),
    )
    return rows.annotate(given=given).order_by("scoring__closed_at", "-submitted_at", "-pk")


@dataclass(frozen=True)
class Result:
    """Everything the results page shows. band: the decision on the candidate, "" while something is missing."""

    template: Template
    subjects: list[Presentation]
    summaries: dict[int, Summary]
    comparison: Comparison
    sensitivity: Sensitivity | None
    band: str
    sheets: dict[int, list[ScoreSheet]]


def result(scoring: Scoring) -> Result:
    template = scorecard.from_data(scoring.template.content)
    candidate = scoring.adjustment.presentation_id
    subjects = sorted(scoring.subjects.all(), key=lambda one: (one.pk != candidate, one.name, one.strength))
    given = scoring.sheets.exclude(submitted_at=None).select_related("scorer").order_by("pk")
    sheets: dict[int, list[ScoreSheet]] = {subject.pk: [] for subject in subjects}
    for sheet in given:
        sheets[sheet.subject_id].append(sheet)
    summaries = {
        subject: summarise(template, [scorecard.score(template, scorecard.read_answers(one.answers)) for one in rows])
        for subject, rows in sheets.items()
    }
    compared = compare(template, summaries)
    own = summaries[candidate] if candidate else None
    band = band_of(template, own.mean) if own and own.complete else ""
    swing = sensitivity(template, compared, candidate) if candidate and compared.full and own and own.sheets else None
    return Result(template, subjects, summaries, compared, swing, band, sheets)


def sheet_of(scoring: Scoring, subject: Presentation, scorer: Person) -> ScoreSheet | None:
    return scoring.sheets.filter(subject=subject, scorer=scorer).first()


def waiting_sheets(person: Person, alliance: Alliance) -> int:
    """Sheets this scorer has not handed in; own applications are not theirs to score."""
    open_now = Scoring.objects.filter(adjustment__alliance=alliance, closed_at=None).exclude(
        adjustment__applicant=person
    )
    wanted = open_now.aggregate(many=Count("subjects"))["many"]
    done = ScoreSheet.objects.filter(scoring__in=open_now, scorer=person).exclude(submitted_at=None).count()
    return int(wanted) - done


def waiting_count(person: Person) -> int:
    scope = scope_of(person, Permission.SCORE)
    return waiting_sheets(person, scope.alliance) if scope else 0


def shown(value: Fraction) -> str:
    """Points as people read them: 78.5, 6, 3.33."""
    return f"{float(value):.2f}".rstrip("0").rstrip(".")
