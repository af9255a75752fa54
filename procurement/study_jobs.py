"""The job that solves the trials of a study, one after the other. May be run twice: what is solved stays solved."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.urls import reverse
from django.utils import timezone

from formulary.actions.jobs import JobLost, JobRun
from procurement.actions import studies
from procurement.models import Study, StudyKind, Trial
from procurement.optimiser.case import Case
from procurement.optimiser.pins import PinsClash
from procurement.optimiser.solve import Options
from procurement.optimiser.solve import solve as optimise
from procurement.plan_store import case_of
from procurement.queries.studies import futures_of
from procurement.rules import robust
from procurement.rules.outcomes import outcome
from procurement.rules.plan_diff import lines_of
from procurement.rules.robust import Candidate
from procurement.study_cases import case_of_trial

ASK_EVERY = 1.0
GOALS = 9


def solve(run: JobRun) -> Mapping[str, Any]:
    """Handler of jobs of kind "study" (params: {"study": id}). A trial without an answer keeps its reason in Chinese."""
    study = Study.objects.select_related("alliance", "plan").get(pk=run.params["study"])
    case = case_of(study.plan)
    if case is None:
        raise studies.StudyRefused("计划没有保存算例，不能测算")
    waiting = list(
        study.trials.filter(state=Trial.State.WAITING).select_related("study__plan").defer("study__plan__case")
    )
    for place, trial in enumerate(waiting):
        watcher = Watcher(run, trial.name, place, len(waiting))
        if watcher.should_stop():
            break
        solve_trial(study, trial, case, watcher)
        if watcher.stopped:
            break
    result = verdict(study, case) if study.kind == StudyKind.ROBUST else {}
    studies.conclude(study, result, by=run.job.owner, now=timezone.now())
    states = list(study.trials.values_list("state", flat=True))
    facts = {"情景": len(states), "已求解": states.count("done"), "无解": states.count("failed")}
    return {"link": reverse("study_detail", args=[study.pk]), "facts": facts}


def solve_trial(study: Study, trial: Trial, case: Case, watcher: Watcher) -> None:
    """Changes the case, solves it, keeps the outcome or why there is none."""
    changed = case_of_trial(trial, case)
    options = Options(
        time_limit=study.settings["seconds"],
        gap=float(study.plan.settings.get("gap", 0.001)),
        seed=int(study.plan.settings.get("seed", 0)),
        reasons=False,
    )
    try:
        plan = optimise(changed, options, watcher.on_progress, watcher.should_stop)
    except JobLost:
        raise
    except PinsClash as clash:
        studies.give_up(trial, "固定不能成立：" + "；".join(clash.messages))
    except Exception as error:
        studies.give_up(trial, f"求解出错：{error}")
    else:
        studies.settle(trial, outcome(changed, plan))


def verdict(study: Study, case: Case) -> dict[str, Any]:
    """Every solved candidate in every future, and the one least to be regretted."""
    futures = futures_of(study, case)
    rows: Sequence[Trial] = list(study.trials.filter(state=Trial.State.DONE))
    named = [("现计划", study.base), *((row.name, row.outcome) for row in rows)]
    candidates = [Candidate(name, lines_of(each["lines"]), Decimal(each["spend"])) for name, each in named]
    verdicts = robust.judge(case, candidates, futures)
    pick = robust.chosen(verdicts)
    return {
        "futures": [{"name": each.name, "weight": each.weight} for each in futures],
        "rows": [
            {
                "name": each.name,
                "spend": str(each.spend),
                "price": str(each.price),
                "days": each.days,
                "urgent": each.urgent,
                "expected": each.expected,
                "worst": each.worst,
                "regret": each.regret,
                "chosen": k == pick,
            }
            for k, each in enumerate(verdicts)
        ],
        "words": robust.explained(verdicts, pick, futures),
    }


class Watcher:
    """Stands between the optimiser and the job: trial 2/4, goal 3/9; asks about stopping once a second."""

    def __init__(self, run: JobRun, name: str, place: int, count: int) -> None:
        self.run, self.name, self.place, self.count = run, name, place, count
        self.stopped = False
        self.asked_at = 0.0

    def on_progress(self, number: int, goal: str, value: float, bound: float, gap: float, left: float) -> None:
        share = (self.place + (number + 1) / GOALS) / self.count
        words = f"{self.place + 1}/{self.count} {self.name}：目标 {number + 1}/{GOALS} {goal} {value:,.2f}"
        self.run.report(round(2 + 94 * share), f"{words}，界 {bound:,.2f}，差距 {gap:.2%}，剩余 {left:.0f} 秒")

    def should_stop(self) -> bool:
        if not self.stopped and time.monotonic() - self.asked_at >= ASK_EVERY:
            self.asked_at = time.monotonic()
            self.stopped = self.run.stop_requested()
        return self.stopped
