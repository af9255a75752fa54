"""What the page of a study shows: scenarios in words, the table side by side, what differs, the curve, the judgement."""

from config.access import Permission, can
from config.templatetags.figures import pct, qty, signed, wan, yuan
from procurement.models import StudyKind, Trial
from procurement.plan_store import case_of
from procurement.queries.settings import buying_settings
from procurement.queries.studies import studies
from procurement.rules.outcomes import (
    covered_share,
    drugs_that_differ,
    room,
    side_by_side,
    sites_that_differ,
)
from procurement.rules.scenarios import Change, words
from procurement.study_forms import ScenarioForm, StudyForm
from procurement.views.study_curve import curve

FORMS = {"qty": qty, "pct": pct, "yuan": yuan}
HEADINGS = {StudyKind.SCENARIOS: "情景", StudyKind.CURVE: "各档预算", StudyKind.ROBUST: "备选方案"}
SHOWN = 12
SETTLED = 0.001


def tab(request, plan):
    """The tab of a plan: what was asked of it, and how to ask."""
    may_run = can(request.user, Permission.RUN_PLANS)
    form = StudyForm(seconds=default_seconds(plan)) if may_run else None
    return {"studies": studies(request.scope).filter(plan=plan), "form": form}


def default_seconds(plan):
    return int(buying_settings(plan.alliance, plan.as_of)["study.seconds"])


def scenario_form(study, data=None):
    case = case_of(study.plan)
    suppliers = sorted((row.code, row.name or row.code) for row in case.suppliers)
    drugs = sorted(((row.code, f"{row.name} {row.strength}".strip()) for row in case.drugs), key=lambda row: row[1])
    return ScenarioForm(data, suppliers=suppliers, drugs=drugs)


def live(request, study):
    """The moving part: the job and the state of every scenario."""
    case = case_of(study.plan)
    trials = list(study.trials.all())
    for trial in trials:
        trial.words = "，".join(words(Change.from_json(row), case) for row in trial.changes)
        if trial.state == Trial.State.DONE:
            trial.room = room(trial.outcome)
            trial.spend = trial.outcome["spend"]
            trial.covered = covered_share(trial.outcome)
    return {
        "study": study,
        "trials": trials,
        "waiting": sum(trial.state == Trial.State.WAITING for trial in trials),
        "may_run": can(request.user, Permission.RUN_PLANS),
        "heading": HEADINGS[study.kind],
        "free": study.kind == StudyKind.SCENARIOS,
    }


def context(request, study, form=None):
    found = live(request, study)
    done = [trial for trial in found["trials"] if trial.state == Trial.State.DONE]
    open_form = found["may_run"] and found["free"] and not study.running
    found["form"] = (form or scenario_form(study)) if open_form else None
    found["limits"] = (study.settings["seconds"], study.plan.settings.get("time_limit"))
    found["done"] = done
    if done:
        found["columns"] = ["现计划", *(trial.name for trial in done)]
        found["table"] = [shown(row) for row in side_by_side([study.base, *(trial.outcome for trial in done)])]
        found["widest"] = max(trial.room for trial in done)
        found["differing"] = [differing(study, trial) for trial in done] if found["free"] else []
    if study.kind == StudyKind.CURVE and done:
        found["curve"] = curve(done)
    if study.kind == StudyKind.ROBUST and study.result:
        found["verdict"] = study.result | {"futures": by_future(study.result)}
    return found


def by_future(result):
    """One row a future: every candidate's unserved days there, all and of 短缺急救 and 基药; the least one is marked."""
    found = []
    for place, future in enumerate(result["futures"]):
        days = [(row["days"][place], row["urgent"][place]) for row in result["rows"]]
        least = min(each for each, _ in days)
        found.append(future | {"cells": [(each, urgent, each - least < 1) for each, urgent in days]})
    return found


def shown(row):
    """A row of the table: each figure as written, its change from the plan, and whether that is better or worse."""
    write = FORMS[row.form]
    cells = []
    for place, value in enumerate(row.values):
        base = row.values[0]
        cell = {"text": write(value), "change": "", "tone": "", "gap": row.gaps[place] if row.gaps else 0.0}
        if place and value is not None and base is not None and write(value) != write(base):
            difference = value - base
            cell["change"] = change(row.form, difference)
            better = difference * row.better
            cell["tone"] = "green" if better > 0 else "red" if better < 0 else ""
        cell["open"] = cell["gap"] > SETTLED
        cells.append(cell)
    return {"label": row.label, "cells": cells}


def change(form, difference):
    if form == "pct":
        return f"{difference * 100:+.1f} 个百分点".replace("-", "−")
    if form == "yuan":
        return ("+" if difference > 0 else "") + wan(difference)
    return signed(round(difference, 2))


def differing(study, trial):
    """Drugs and institutions that fare otherwise than in the plan, the worst first."""
    case = case_of(study.plan)
    drugs = {row.code: row for row in case.drugs}
    sites = sites_that_differ(study.base, trial.outcome)
    changed = drugs_that_differ(study.base, trial.outcome)
    return {
        "name": trial.name,
        "drugs": [
            {
                "name": drugs[code].name,
                "strength": drugs[code].strength,
                "unit": drugs[code].unit,
                "was": was,
                "now": now,
            }
            for code, (was, now) in list(changed.items())[:SHOWN]
        ],
        "drug_count": len(changed),
        "sites": [
            {"name": each.name, "spend": each.spend[1] - each.spend[0], "was": each.covered[0], "now": each.covered[1]}
            for each in sites[:SHOWN]
        ],
        "site_count": len(sites),
    }
