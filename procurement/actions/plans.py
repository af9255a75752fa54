"""Creates, solves and stores purchase plans. A finished plan is never edited: another one is made."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction

from formulary.actions import jobs
from formulary.actions.history import record
from formulary.models import Alliance, Job, Person
from formulary.queries import version_in_force
from formulary.rules.tables import Fault
from procurement.models import Plan, PlanLine, PlanState, Unmet
from procurement.optimiser.case import Case, case_from_json, case_sha256, case_to_json
from procurement.optimiser.plan import Plan as Solved
from procurement.pin_store import active_pins, with_pins
from procurement.plan_store import case_of, fields_of, rows_of
from procurement.rules.plan_settings import PlanSettings
from procurement.rules.plan_summary import summarise
from shortage.queries import latest_run

JOB_KIND = "plan"
LONGEST_DAYS = 366
BATCH = 2000


class PlanRefused(Exception):
    """A plan cannot be made or changed as asked; the message says why, in Chinese."""


def create_plan(
    alliance: Alliance,
    title: str,
    period: tuple[dt.date, dt.date],
    settings: PlanSettings,
    *,
    by: Person | None,
    now: dt.datetime,
    queue: bool = True,
) -> Plan:
    """A plan for the period (both days included) on the newest forecast, waiting to be solved.

    With `queue` a job is started for it as well; without, the caller solves it (`procurement.jobs.solve_plan`).
    Raises PlanRefused with every reason at once.
    """
    run = latest_run(alliance)
    version = version_in_force(alliance, run.as_of) if run else None
    problems = _problems(title, period, settings)
    if run is None:
        problems.append("还没有需求预测，请先运行每日监测")
    elif version is None:
        problems.append(f"{run.as_of} 没有生效的用药目录版本，请先发布目录")
    elif period[1] <= run.as_of:
        problems.append(f"计划终止日应晚于数据截至日 {run.as_of}")
    if run is None or version is None or problems:
        raise PlanRefused("；".join(problems))
    with transaction.atomic():
        plan = Plan.objects.create(
            alliance=alliance,
            title=title.strip(),
            as_of=run.as_of,
            period_start=period[0],
            period_end=period[1],
            version=version,
            settings=settings.to_json(),
            created_at=now,
            created_by=by,
        )
        record("新建采购计划", plan, alliance=alliance, by=by, now=now, data=_facts(plan))
        if queue:
            plan.job = jobs.start(
                JOB_KIND, title=f"求解：{plan.title}"[:120], alliance=alliance, params={"plan": plan.pk}, by=by, now=now
            )
            plan.save(update_fields=["job"])
    return plan


def replan(plan: Plan, *, by: Person | None, now: dt.datetime) -> Plan:
    """The same plan again on today's facts; the old one stays as it is."""
    settings = PlanSettings.from_json(plan.settings)
    return create_plan(plan.alliance, next_title(plan), (plan.period_start, plan.period_end), settings, by=by, now=now)


def solve_again(plan: Plan, *, by: Person | None, now: dt.datetime) -> Plan:
    """The very case of a finished plan with the 固定 that hold now, as another plan: nothing but the pins differs.

    Raises PlanRefused when the plan is not finished, and DataRefused with every pin that cannot hold.
    """
    case = case_of(plan)
    if plan.state != PlanState.READY or case is None:
        raise PlanRefused("计划还没有生成，不能按固定重新求解")
    pinned, _ = with_pins(case, active_pins(plan.alliance, plan.period_start, plan.period_end))
    with transaction.atomic():
        again = Plan.objects.create(
            alliance=plan.alliance,
            title=next_title(plan),
            as_of=plan.as_of,
            period_start=plan.period_start,
            period_end=plan.period_end,
            version=plan.version,
            settings=plan.settings,
            based_on=plan,
            case=case_to_json(pinned),
            case_sha256=case_sha256(pinned),
            created_at=now,
            created_by=by,
        )
        facts = _facts(again) | {"based_on": plan.pk, "pins": len(pinned.pins)}
        record("按固定重新求解", again, alliance=plan.alliance, by=by, now=now, data=facts)
        again.job = jobs.start(
            JOB_KIND,
            title=f"求解：{again.title}"[:120],
            alliance=plan.alliance,
            params={"plan": again.pk},
            by=by,
            now=now,
        )
        again.save(update_fields=["job"])
    return again


def next_title(plan: Plan) -> str:
    """冬季计划 → 冬季计划（2） → 冬季计划（3）: the first number not yet taken."""
    base = plan.title.split("（")[0]
    taken = set(Plan.objects.filter(alliance=plan.alliance, title__startswith=base).values_list("title", flat=True))
    number = 2
    while f"{base}（{number}）" in taken:
        number += 1
    return f"{base}（{number}）"


def begin(plan: Plan, case: Case) -> Case:
    """Keeps the case before it is solved. A plan taken up again after a killed worker gets the case it began with."""
    with transaction.atomic():
        row = Plan.objects.select_for_update().get(pk=plan.pk)
        _refuse_finished(row)
        if row.case is not None:
            if row.state == PlanState.DRAFT:
                row.state = PlanState.SOLVING
                row.save(update_fields=["state"])
            return case_from_json(row.case)
        row.case, row.case_sha256, row.state = case_to_json(case), case_sha256(case), PlanState.SOLVING
        row.save(update_fields=["case", "case_sha256", "state"])
    return case


def note_goals(plan: Plan, goals: Sequence[Mapping[str, Any]]) -> None:
    """Shows the goals settled so far while the plan is being solved. Progress, not a decision: no history row."""
    Plan.objects.filter(pk=plan.pk, state=PlanState.SOLVING).update(goals=[dict(goal) for goal in goals])


def finish(
    plan: Plan, case: Case, solved: Solved, *, notes: Sequence[str], by: Person | None, now: dt.datetime
) -> Plan:
    """Stores the result once: lines with reasons, unmet needs, goals, checks, summary."""
    summary = summarise(case, solved, notes)
    with transaction.atomic():
        row = Plan.objects.select_for_update().select_related("alliance").get(pk=plan.pk)
        _refuse_finished(row)
        lines, unmet = rows_of(row, row.alliance, case, solved)
        PlanLine.objects.bulk_create(lines, batch_size=BATCH)
        Unmet.objects.bulk_create(unmet, batch_size=BATCH)
        for name, value in fields_of(solved).items():
            setattr(row, name, value)
        row.summary, row.state, row.faults = summary, PlanState.READY, []
        row.save()
        facts = {"spend": summary["spend"], "lines": len(lines), "unmet": len(unmet), "status": solved.status}
        record("生成采购计划", row, alliance=row.alliance, by=by, now=now, data={**facts, "case": row.case_sha256})
    return row


def fail(plan: Plan, faults: Sequence[Fault | str], *, by: Person | None, now: dt.datetime) -> None:
    """Keeps why a plan could not be made. A plan that is ready stays ready."""
    with transaction.atomic():
        row = Plan.objects.select_for_update().select_related("alliance").get(pk=plan.pk)
        if row.state == PlanState.READY:
            return
        row.state, row.faults = PlanState.FAILED, [_fault_row(fault) for fault in faults]
        row.save(update_fields=["state", "faults"])
        record("采购计划未成功", row, alliance=row.alliance, by=by, now=now, data={"faults": [str(f) for f in faults]})


def stop(plan: Plan, *, by: Person | None, now: dt.datetime) -> Job:
    """Asks the solver to end with the best plan so far. Raises PlanRefused when nothing is running."""
    if plan.job is None or plan.job.is_over:
        raise PlanRefused("计划不在求解中，无需停止")
    try:
        jobs.request_stop(plan.job, by=by, now=now)
    except jobs.JobRefused as refused:
        raise PlanRefused(str(refused)) from refused
    return plan.job


def _problems(title: str, period: tuple[dt.date, dt.date], settings: PlanSettings) -> list[str]:
    problems = settings.problems()
    if not title.strip():
        problems.append("请填写计划名称")
    if len(title.strip()) > 120:
        problems.append("计划名称应不超过 120 字")
    if period[1] < period[0]:
        problems.append("计划终止日应不早于起始日")
    if (period[1] - period[0]).days >= LONGEST_DAYS:
        problems.append(f"计划周期应不超过 {LONGEST_DAYS} 天")
    return problems


def _refuse_finished(row: Plan) -> None:
    if row.state == PlanState.READY:
        raise PlanRefused("计划已经生成，不能改写；请新建计划")


def _facts(plan: Plan) -> dict[str, Any]:
    return {
        "as_of": plan.as_of,
        "period": [plan.period_start, plan.period_end],
        "version": plan.version.number,
        "settings": plan.settings,
    }


def _fault_row(fault: Fault | str) -> dict[str, Any]:
    if isinstance(fault, str):
        return {"sheet": "", "row": None, "column": "", "value": "", "expected": fault}
    return {
        "sheet": fault.sheet,
        "row": fault.row,
        "column": fault.column,
        "value": fault.value,
        "expected": fault.expected,
    }
