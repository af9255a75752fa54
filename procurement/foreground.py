"""Plans an alliance in the terminal, without the queue: what `manage.py plan_alliance` and `make demo` do."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

from django.utils import timezone

from formulary.models import Alliance
from procurement import jobs
from procurement.actions import plans
from procurement.case_builder import build_case
from procurement.models import Plan, PlanState
from procurement.optimiser.case import case_sha256
from procurement.plan_store import case_of, plan_of
from procurement.queries import default_settings
from procurement.rules.plan_file import write_plan
from procurement.rules.plan_settings import PlanSettings
from shortage.queries import latest_run


class Terminal:
    """Says progress on a terminal; Ctrl-C is the only way to stop it."""

    def __init__(self, say: Callable[[str], object]) -> None:
        self.say = say

    def report(self, percent: int, note: str) -> None:
        self.say(f"[{percent:3d}%] {note}")

    def stop_requested(self) -> bool:
        return False


def alliance_of(code: str | None) -> Alliance:
    """The alliance of this code; without a code the only one, or the first that has forecasts."""
    found = Alliance.objects.order_by("code")
    if code:
        chosen = found.filter(code=code).first()
    else:
        chosen = found.filter(watch_runs__isnull=False).first() or found.first()
    if chosen is None:
        raise plans.PlanRefused(f"没有编码为“{code}”的医共体" if code else "数据库中没有医共体，请先载入数据")
    return chosen


def plan_alliance(
    alliance: Alliance,
    *,
    days: int,
    say: Callable[[str], object],
    time_limit: int | None = None,
    out: Path | None = None,
) -> Plan:
    """Plans the `days` after the newest forecast. A plan already made from the very same case is taken again.

    Raises PlanRefused or DataRefused with every reason.
    """
    now = timezone.now()
    run = latest_run(alliance)
    as_of = run.as_of if run else timezone.localdate()
    period = (as_of + dt.timedelta(days=1), as_of + dt.timedelta(days=days))
    settings = default_settings(alliance, on=as_of, time_limit=time_limit)
    plan = _same(alliance, as_of, period, settings) if run else None
    if plan is None:
        title = f"{period[0]:%Y年%-m月%-d日}起 {days} 天采购计划"
        plan = plans.create_plan(alliance, title, period, settings, by=None, now=now, queue=False)
        plan = jobs.solve_or_say_why(plan, Terminal(say), by=None)
    else:
        say(f"数据没有变化，沿用已生成的计划：{plan.title}")
    case = case_of(plan)
    if out is not None and case is not None:
        write_plan(plan_of(plan, case), case, out)
    return plan


def _same(alliance: Alliance, as_of: dt.date, period: tuple[dt.date, dt.date], settings: PlanSettings) -> Plan | None:
    """A ready plan whose case has the fingerprint that the database gives now."""
    ready = Plan.objects.filter(
        alliance=alliance, state=PlanState.READY, as_of=as_of, period_start=period[0], period_end=period[1]
    )
    if not ready.exists():
        return None
    built = build_case(alliance, as_of=as_of, start=period[0], end=period[1], settings=settings)
    return ready.filter(case_sha256=case_sha256(built.case)).first()


def describe(plan: Plan, out: Path | None) -> str:
    """A few lines for the terminal, in Chinese."""
    summary = plan.summary
    agreed = summary["agreed"]
    done = "无" if agreed["share"] is None else _percent(agreed["share"])
    lines = [
        f"采购计划：{plan.title}（数据截至 {plan.as_of}，目录第 {plan.version.number} 版）",
        f"  采购 {summary['lines']} 行，{summary['suppliers']} 家供应商，金额 {float(summary['spend']):,.2f} 元",
        f"  约定量完成 {done}；未满足 {summary['unmet']} 行",
    ]
    for row in summary["coverage"]:
        if row["lines"]:
            lines.append(f"  {row['kind']}：满足 {_percent(row['covered'] / row['need'])}（{row['lines']} 行需求）")
    lines += [f"  注意：{note}" for note in summary["notes"]]
    if out is not None:
        lines.append(f"  已写入 {out}")
    return "\n".join(lines)


def _percent(share: float) -> str:
    """Never 100 % where something is missing."""
    return "> 99.9%" if 0.9995 <= share < 1 else f"{share:.1%}"
