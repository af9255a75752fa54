"""Case file in, plan file out: what `manage.py plan` does, free of Django."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path

from formulary.rules.tables import DataRefused, Fault
from procurement.optimiser.pins import PinsClash
from procurement.optimiser.plan import STATUS_WORDS, Plan
from procurement.optimiser.reasons.worth import best_first, told
from procurement.optimiser.solve import Options, solve
from procurement.rules.case_file import read_case
from procurement.rules.plan_file import write_plan, write_plan_json, write_refusal_json

SHOWN = 5  # clashes and worths told on the terminal


def plan_file(
    source: Path,
    out: Path,
    json_out: Path | None = None,
    *,
    time_limit: float = 60.0,
    gap: float = 0.001,
    seed: int = 0,
    say: Callable[[str], object] | None = None,
) -> str:
    """Plans one case workbook and answers a summary in Chinese. `say` hears each goal as it is settled.

    Raises DataRefused with every fault; then no workbook is written, and the JSON (where asked for) says "rejected".
    """
    started = time.monotonic()
    try:
        case = read_case(source)
    except DataRefused as refused:
        if json_out is not None:
            write_refusal_json(refused, json_out)
        raise
    read = time.monotonic() - started

    def progress(number: int, name: str, value: float, bound: float, gap: float, left: float) -> None:
        if say is None:
            return
        say(f"{number + 1}/9 {name}：{value:,.2f}（界 {bound:,.2f}，差距 {gap:.3%}，剩余 {left:.0f} 秒）")

    try:
        plan = solve(case, Options(time_limit=time_limit, gap=gap, seed=seed), progress)
    except PinsClash as clash:
        refusal = DataRefused([Fault("固定", None, "", "", why) for why in clash.messages], source=source.name)
        if json_out is not None:
            write_refusal_json(refusal, json_out)
        raise refusal from clash
    plan.seconds.read = read
    writing = time.monotonic()
    write_plan(plan, case, out)
    plan.seconds.write = time.monotonic() - writing
    if json_out is not None:
        write_plan_json(plan, json_out)
    return describe(plan, out, {row.code: row.name for row in case.institutions})


def describe(plan: Plan, out: Path, names: Mapping[str, str]) -> str:
    """A few lines for the terminal. `names` of institutions by code."""
    broken = sum(check.broken for check in plan.checks)
    goals = "\n".join(f"  {k}. {g.name}：{g.value:,.2f}（差距 {g.gap:.3%}）" for k, g in enumerate(plan.goals, start=1))
    amount = sum((line.amount for line in plan.lines), start=plan.lines[0].amount * 0) if plan.lines else 0
    return (
        f"状态：{STATUS_WORDS[plan.status]}\n{goals}\n"
        f"采购 {len(plan.lines)} 行，金额 {amount:,.2f} 元；未满足 {len(plan.unmet)} 行；规则核对违反 {broken} 处\n"
        + "".join(f"{line}\n" for line in [*clash_lines(plan), *worth_lines(plan, names)])
        + f"已写入 {out}"
    )


def clash_lines(plan: Plan) -> list[str]:
    """The first clashes with their ways out."""
    if not plan.clashes and not plan.unexplained:
        return []
    lines = [f"矛盾与出路：{len(plan.clashes)} 处要求不能同时满足"]
    for clash in plan.clashes[:SHOWN]:
        ways = "；".join(way.words if way.checked else f"{way.words}（未核对）" for way in clash.ways)
        lines.append(f"  {clash.said}" + (f"。出路：{ways}" if ways else ""))
    if len(plan.clashes) > SHOWN:
        lines.append(f"  其余 {len(plan.clashes) - SHOWN} 处见工作簿“矛盾与出路”")
    if plan.unexplained:
        lines.append(f"  另有 {plan.unexplained} 项未完成的要求没有找到矛盾：时限内未及查完，或延长求解还能改进")
    return lines


def worth_lines(plan: Plan, names: Mapping[str, str]) -> list[str]:
    """Where another 10,000 yuan bring most, the most important goal first."""
    gaining = best_first(plan.worths)
    if not gaining:
        return ["加一万元：各处均无增益"] if plan.worths else []
    lines = ["加一万元值多少（由高到低）："]
    lines += [
        f"  {told(row, '总预算' if row.institution is None else names[row.institution])}" for row in gaining[:SHOWN]
    ]
    return lines
