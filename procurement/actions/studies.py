"""Asks what if. Writes studies and trials and nothing else: no plan, no order, no need is within reach of this room
(held by an import contract: it knows no action that writes them)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Max

from config.access import Permission
from formulary.actions import jobs
from formulary.actions.history import record
from formulary.models import Alliance, Person
from formulary.queries import scope_of
from procurement.models import Plan, PlanState, Study, StudyKind, Trial
from procurement.optimiser.case import Case
from procurement.plan_store import case_of, plan_of
from procurement.rules import scenarios as rules
from procurement.rules.outcomes import outcome
from procurement.rules.plan_diff import lines_of
from procurement.rules.robust import largest_suppliers
from procurement.rules.scenarios import Change

JOB_KIND = "study"
LEAST_SECONDS, MOST_SECONDS = 1, 600
MOST_TRIALS = 12
GRID = (5, 10)
FROM_PERCENT, TO_PERCENT = 70, 110


class StudyRefused(Exception):
    """A study cannot be made or changed as asked; the message says why, in Chinese."""


def ask(plan: Plan, kind: str, seconds: int, *, step: int = 10, by: Person, now: dt.datetime) -> Study:
    """A study of a finished plan, `seconds` for each solve. Scenarios wait for `add`; curve (every `step` percent of the
    budget) and robust plans bring their trials and are queued at once. Raises StudyRefused."""
    _may(by, plan.alliance)
    case = case_of(plan)
    problems = []
    if plan.state != PlanState.READY or case is None:
        raise StudyRefused("计划还没有生成，不能测算")
    if kind not in StudyKind.values:
        problems.append("请选择测算的种类")
    if not LEAST_SECONDS <= seconds <= MOST_SECONDS:
        problems.append(f"每个情景的求解时限应在 {LEAST_SECONDS} 至 {MOST_SECONDS} 秒之间")
    if kind == StudyKind.CURVE and step not in GRID:
        problems.append("预算间隔应为 5% 或 10%")
    if problems:
        raise StudyRefused("；".join(problems))
    base = outcome(case, plan_of(plan, case))
    with transaction.atomic():
        study = Study.objects.create(
            alliance=plan.alliance,
            plan=plan,
            kind=kind,
            title=f"{StudyKind(kind).label} · {plan.title}"[:120],
            settings={"seconds": seconds, "step": step, "spend": base["spend"]},
            base=base,
            created_at=now,
            created_by=by,
        )
        record("新建测算", study, alliance=plan.alliance, by=by, now=now, data={"plan": plan.pk, "kind": kind})
        for name, changes in _own_trials(study, case, base):
            _append(study, name, changes)
        if kind != StudyKind.SCENARIOS:
            solve(study, by=by, now=now)
    return study


def add(study: Study, name: str, changes: Sequence[Change], *, by: Person, now: dt.datetime) -> Trial:
    """One more named scenario, waiting to be solved. Raises StudyRefused with every reason."""
    _may(by, study.alliance)
    case = case_of(study.plan)
    problems = [] if name.strip() else ["请填写情景名称"]
    if len(name.strip()) > 60:
        problems.append("情景名称应不超过 60 字")
    if not changes:
        problems.append("请至少填写一项变化")
    if case is not None:
        problems += rules.problems(case, changes)
    with transaction.atomic():
        row = Study.objects.select_for_update(of=("self",)).select_related("job").get(pk=study.pk)
        if row.kind != StudyKind.SCENARIOS:
            problems.append("此测算的情景由系统列出，不能另加")
        if _running(row):
            problems.append("正在求解，请等它结束或先停止")
        if row.trials.count() >= MOST_TRIALS:
            problems.append(f"一次测算最多 {MOST_TRIALS} 个情景，请另建一个")
        if row.trials.filter(name=name.strip()).exists():
            problems.append("已有同名的情景")
        if problems:
            raise StudyRefused("；".join(problems))
        made = _append(row, name.strip(), changes)
        data = {"scenario": made.name, "changes": made.changes}
        record("添加情景", row, alliance=row.alliance, by=by, now=now, data=data)
    return made


def remove(trial: Trial, *, by: Person) -> None:
    """Takes back a scenario that was not solved yet; what was solved stays. Raises StudyRefused."""
    _may(by, trial.study.alliance)
    with transaction.atomic():
        row = Trial.objects.select_for_update(of=("self",)).select_related("study__job").get(pk=trial.pk)
        if row.state != Trial.State.WAITING or row.study.kind != StudyKind.SCENARIOS or _running(row.study):
            raise StudyRefused("已求解或正在求解的情景不能删除")
        row.delete()


def solve(study: Study, *, by: Person, now: dt.datetime) -> Study:
    """Queues the job that solves every trial that waits. Raises StudyRefused when nothing waits or it already runs."""
    _may(by, study.alliance)
    with transaction.atomic():
        row = Study.objects.select_for_update().get(pk=study.pk)
        if _running(row):
            raise StudyRefused("正在求解，请等它结束")
        if not row.trials.filter(state=Trial.State.WAITING).exists():
            raise StudyRefused("没有待求解的情景")
        row.job = jobs.start(
            JOB_KIND, title=f"测算：{row.title}"[:120], alliance=row.alliance, params={"study": row.pk}, by=by, now=now
        )
        row.save(update_fields=["job"])
    study.job = row.job
    return study


def stop(study: Study, *, by: Person, now: dt.datetime) -> None:
    """Ends the running job after the best answer at hand; the other trials stay waiting. Raises StudyRefused."""
    _may(by, study.alliance)
    if study.job is None or study.job.is_over:
        raise StudyRefused("没有正在进行的求解")
    try:
        jobs.request_stop(study.job, by=by, now=now)
    except jobs.JobRefused as refused:
        raise StudyRefused(str(refused)) from refused


def settle(trial: Trial, found: Mapping[str, Any]) -> None:
    """Keeps what a trial came to, once."""
    Trial.objects.filter(pk=trial.pk, state=Trial.State.WAITING).update(state=Trial.State.DONE, outcome=dict(found))


def give_up(trial: Trial, why: str) -> None:
    """Keeps why a trial has no answer."""
    Trial.objects.filter(pk=trial.pk, state=Trial.State.WAITING).update(
        state=Trial.State.FAILED, fault=why or "未知错误"
    )


def conclude(study: Study, result: Mapping[str, Any], *, by: Person | None, now: dt.datetime) -> None:
    """The study's conclusion and a line in the history."""
    with transaction.atomic():
        row = Study.objects.select_for_update().get(pk=study.pk)
        row.result = dict(result)
        row.save(update_fields=["result"])
        states = list(row.trials.values_list("state", flat=True))
        facts = {"plan": row.plan_id, "kind": row.kind, "trials": len(states), "failed": states.count("failed")}
        record("完成测算", row, alliance=row.alliance, by=by, now=now, data=facts)


def _own_trials(study: Study, case: Case, base: Mapping[str, Any]) -> Iterable[tuple[str, list[Change]]]:
    if study.kind == StudyKind.CURVE:
        for percent in range(FROM_PERCENT, TO_PERCENT + 1, study.settings["step"]):
            yield f"预算 {percent}%", [Change(rules.BUDGET, Decimal(percent - 100))]
    elif study.kind == StudyKind.ROBUST:
        more = [(f"多备 {percent}%", [Change(rules.DEMAND, Decimal(percent))]) for percent in (10, 20)]
        yield from more
        largest = largest_suppliers(case, lines_of(base["lines"]), 1)
        for code in largest:
            halved = Change(rules.SPREAD, Decimal(50), code=code)
            yield "分散供应商", [halved]
            yield "多备 10% 并分散", [Change(rules.DEMAND, Decimal(10)), halved]


def _append(study: Study, name: str, changes: Sequence[Change]) -> Trial:
    last = study.trials.aggregate(last=Max("number"))["last"] or 0
    return Trial.objects.create(
        study=study, number=last + 1, name=name, changes=[change.to_json() for change in changes]
    )


def _running(study: Study) -> bool:
    return study.job is not None and not study.job.is_over


def _may(by: Person, alliance: Alliance) -> None:
    scope = scope_of(by, Permission.RUN_PLANS)
    if scope is None or scope.alliance.pk != alliance.pk:
        raise StudyRefused("您的角色不能做采购测算")
