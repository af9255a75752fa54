"""The job that solves a plan: builds the case, runs the optimiser, stores what it found. May be run twice."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Protocol

from django.urls import reverse
from django.utils import timezone

from formulary.actions.jobs import JobLost, JobRun, JobStopped
from formulary.models import Person
from formulary.rules.tables import DataRefused
from procurement.actions import plans
from procurement.case_builder import BuiltCase, build_case
from procurement.models import Plan, PlanState
from procurement.optimiser.case import case_sha256
from procurement.optimiser.pins import PinsClash
from procurement.optimiser.plan import STATUS_WORDS
from procurement.optimiser.solve import Options
from procurement.optimiser.solve import solve as optimise
from procurement.plan_store import case_of
from procurement.queries.rounds import reported_need
from procurement.rules.plan_settings import PlanSettings

GOALS = 9
ASK_EVERY = 1.0


class Listener(Protocol):
    """Who hears of progress and may ask to stop: a job, or a terminal."""

    def report(self, percent: int, note: str) -> None: ...

    def stop_requested(self) -> bool: ...


def solve(run: JobRun) -> Mapping[str, Any]:
    """Handler of jobs of kind "plan" (params: {"plan": id}). Faults and errors stay on the plan, in Chinese."""
    plan = Plan.objects.select_related("alliance", "version", "based_on").get(pk=run.params["plan"])
    if plan.state != PlanState.READY:
        plan = solve_or_say_why(plan, run, by=run.job.owner)
    facts = {
        "计划": plan.title,
        "采购金额（元）": f"{Decimal(str(plan.summary['spend'])):,.2f}",
        "采购明细（条）": f"{plan.summary['lines']:,}",
        "未满足（条）": plan.summary["unmet"],
        "结论": STATUS_WORDS[plan.status],
    }
    return {"link": reverse("plan_detail", args=[plan.pk]), "facts": facts}


def solve_or_say_why(plan: Plan, listener: Listener, *, by: Person | None) -> Plan:
    """Solves and stores a plan; when that fails the reason stays on the plan and the exception goes on."""
    try:
        return solve_plan(plan, listener, by=by, clock=timezone.now)
    except JobLost:
        raise
    except DataRefused as refused:
        plans.fail(plan, refused.faults, by=by, now=timezone.now())
        raise
    except PinsClash as clash:
        plans.fail(plan, clash.messages, by=by, now=timezone.now())
        raise
    except JobStopped as stopped:
        plans.fail(plan, [str(stopped)], by=by, now=timezone.now())
        raise
    except Exception as error:
        plans.fail(plan, [f"求解出错：{error}"], by=by, now=timezone.now())
        raise


def solve_plan(plan: Plan, listener: Listener, *, by: Person | None, clock: Callable[[], dt.datetime]) -> Plan:
    """Builds, solves and stores one plan. A request to stop ends with the best plan found until then."""
    listener.report(2, "读取目录、需求与报价")
    settings = PlanSettings.from_json(plan.settings)
    started = time.monotonic()
    built = facts_of(plan, settings)
    case = plans.begin(plan, built.case)
    read = time.monotonic() - started
    listener.report(8, f"算例：{len(case.institutions)} 家机构、{len(case.needs)} 行需求、{len(case.products)} 个产品")
    if listener.stop_requested():
        raise JobStopped("求解开始前已停止，没有可保留的计划")
    watcher = Watcher(plan, listener)
    options = Options(time_limit=settings.time_limit, gap=settings.gap, seed=settings.seed)
    solved = optimise(case, options, watcher.on_progress, watcher.should_stop, watcher.on_phase)
    solved.seconds.read = read
    listener.report(94, f"写入计划：{len(solved.lines)} 行采购、{len(solved.unmet)} 行未满足")
    notes = [*built.notes, *(["按要求提前停止，保留了当时最好的计划"] if watcher.stopped else [])]
    if case_sha256(case) != case_sha256(built.case):
        notes.append("任务中断后重新运行，沿用中断前的算例")
    return plans.finish(plan, case, solved, notes=notes, by=by, now=clock())


def facts_of(plan: Plan, settings: PlanSettings) -> BuiltCase:
    """The case of a plan from today's database; of one that is solved again around its 固定, the case it was given."""
    given = case_of(plan)
    if plan.based_on is not None and given is not None:
        notes = [f"沿用“{plan.based_on}”的算例，按 {len(given.pins)} 条固定重新求解"]
        return BuiltCase(given, plan.version, notes)
    return build_case(
        plan.alliance,
        as_of=plan.as_of,
        start=plan.period_start,
        end=plan.period_end,
        settings=settings,
        reported=reported_need(plan),
    )


class Watcher:
    """Stands between the optimiser and the job: reports each step and settled goal, asks about stopping once a second."""

    def __init__(self, plan: Plan, listener: Listener) -> None:
        self.plan, self.listener = plan, listener
        self.goals: list[dict[str, Any]] = []
        self.stopped, self.phased = False, False
        self.asked_at, self.reached = 0.0, 0.0

    def on_progress(self, number: int, name: str, value: float, bound: float, gap: float, left: float) -> None:
        self.goals = [*self.goals[:number], {"name": name, "value": value, "bound": bound, "gap": gap}]
        plans.note_goals(self.plan, self.goals)
        note = f"目标 {number + 1}/{GOALS} {name}：{value:,.2f}，界 {bound:,.2f}，差距 {gap:.2%}，剩余 {left:.0f} 秒"
        self._report((number + 1) / GOALS if not self.phased else 0.0, note)

    def on_phase(self, phase: str, fraction: float, left: float) -> None:
        """The steps in between, of cases that take several."""
        self.phased = True
        self._report(fraction, f"{phase}：约完成 {fraction:.0%}，剩余 {left:.0f} 秒")

    def _report(self, fraction: float, note: str) -> None:
        self.reached = max(self.reached, fraction)
        self.listener.report(10 + round(82 * self.reached), note)

    def should_stop(self) -> bool:
        if not self.stopped and time.monotonic() - self.asked_at >= ASK_EVERY:
            self.asked_at = time.monotonic()
            self.stopped = self.listener.stop_requested()
        return self.stopped
