"""The case of a study and of each of its trials, worked out anew from the plan's case whenever it is asked for."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from procurement.models import Study, StudyKind, Trial
from procurement.optimiser.case import Case
from procurement.rules.plan_diff import lines_of
from procurement.rules.robust import units_by_product
from procurement.rules.scenarios import Change, apply


def case_of_study(study: Study, case: Case) -> Case:
    """The plan's case. Without any budget a curve needs one to move along: what the plan spends."""
    unlimited = case.total_budget is None and all(row.budget is None for row in case.institutions)
    if study.kind == StudyKind.CURVE and unlimited:
        return replace(case, total_budget=Decimal(study.settings["spend"]))
    return case


def case_of_trial(trial: Trial, case: Case) -> Case:
    """The plan's case after the trial's changes."""
    study = trial.study
    days = (study.plan.period_end - study.plan.period_start).days + 1
    bought = units_by_product(lines_of(study.base["lines"]))
    changes = [Change.from_json(row) for row in trial.changes]
    return apply(case_of_study(study, case), changes, days=days, bought=bought)
