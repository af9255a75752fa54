"""The purchase plan on synthetic alliances, timed beside two yardsticks run in the same process.

    python -m benchmarks.plan [--small]

- naive PuLP + CBC: the textbook way (`+=` on expressions, one goal after another as a MIP, 20 s a goal, gap 0.1 %);
- raw HiGHS: the relaxation's goals one after another as LPs on prepared arrays (no plan comes of it, only bounds).
`cpu` is processor time of the process, which a busy machine disturbs less than the clock.
"""

from __future__ import annotations

import argparse
import json
import time
import warnings

import pulp

from benchmarks.alliances import alliance
from procurement.optimiser.bridge import Bridge, costs_of
from procurement.optimiser.case import Case
from procurement.optimiser.construct import construct
from procurement.optimiser.goals import all_goals, floor_rows, goal_values
from procurement.optimiser.model import build_model
from procurement.optimiser.rules import Layout, all_rows, complete, indicator_rows
from procurement.optimiser.solve import Options, long_lived, solve
from procurement.optimiser.world import build_world

SIZES = {"10×300": (10, 300), "30×2000": (30, 2000)}
CBC_SECONDS = 20


def run(small: bool = False) -> dict:
    """Figures by size; CBC only at the small size, where it ends at all."""
    results = {}
    for name, (sites, drugs) in list(SIZES.items())[: 1 if small else None]:
        case = alliance(sites, drugs)
        figures = {"construct": _construct(case), "plan": _plan(case, 60), "highs_lp": _raw(case, 60)}
        if sites == 10:
            figures["cbc"] = _cbc(case)
            figures["ratio_to_cbc"] = round(figures["plan"]["seconds"] / figures["cbc"]["seconds"], 3)
        figures["ratio_to_lp"] = round(figures["plan"]["seconds"] / figures["highs_lp"]["seconds"], 3)
        results[name] = figures
        print(name, json.dumps(figures, ensure_ascii=False, indent=1), flush=True)
    return results


def _construct(case: Case) -> dict:
    """The first plan that keeps every rule."""
    start, cpu = time.perf_counter(), time.process_time()
    with long_lived():
        world = build_world(case)
        layout = Layout(world)
        packs = construct(world, layout)
        seconds, used = time.perf_counter() - start, time.process_time() - cpu
        values = goal_values(world, layout, packs, complete(world, layout, packs), all_goals(world, layout))
    return {"seconds": round(seconds, 2), "cpu": round(used, 2), "goals": [round(float(v), 2) for v in values]}


def _plan(case: Case, limit: float) -> dict:
    start, cpu = time.perf_counter(), time.process_time()
    plan = solve(case, Options(time_limit=limit))
    return {
        "seconds": round(time.perf_counter() - start, 2),
        "cpu": round(time.process_time() - cpu, 2),
        "lines": len(plan.lines),
        "broken": sum(check.broken for check in plan.checks),
        "goals": [round(goal.value, 2) for goal in plan.goals],
        "gaps": [round(goal.gap, 5) for goal in plan.goals],
    }


def _raw(case: Case, limit: float) -> dict:
    """The lean relaxation, goal after goal; a goal that HiGHS does not finish counts with the time it used."""
    with long_lived():
        model = build_model(build_world(case), lean=True)
    bridge = Bridge(model.problem, model.variables, whole=False)
    bridge.prefer_interior_point()
    start, cpu = time.perf_counter(), time.process_time()
    finished = 0
    for goal in model.goals:
        costs = costs_of(goal, bridge.size)
        bridge.set_costs(costs)
        outcome = bridge.run(seconds=max(1.0, limit - (time.perf_counter() - start)))
        if not outcome.optimal:
            break
        finished += 1
        bridge.add_ceiling(costs, outcome.objective + 1e-4 * max(1.0, abs(outcome.objective)))
    seconds, used = time.perf_counter() - start, time.process_time() - cpu
    return {"seconds": round(seconds, 2), "cpu": round(used, 2), "goals_finished": finished}


def _cbc(case: Case) -> dict:
    """Goals one after another with PuLP as the manual shows it."""
    warnings.simplefilter("ignore")
    start = time.perf_counter()
    world = build_world(case)
    layout = Layout(world)
    problem = pulp.LpProblem("naive", pulp.LpMinimize)
    whole = {*layout.x, *layout.y.values(), *layout.w.values(), *layout.z.values()}
    cells = [pulp.LpVariable(f"v{k}", 0, None, "Integer" if k in whole else "Continuous") for k in range(layout.size)]
    for row in [*all_rows(world, layout), *floor_rows(world, layout)]:
        left = pulp.lpSum(weight / row.scale * cells[at] for at, weight in row.terms)
        problem += left <= row.bound / row.scale if row.sense == "<=" else left >= row.bound / row.scale
    for at, indicator, most in indicator_rows(world, layout):
        problem += cells[at] <= most * cells[indicator]
    values, statuses = [], []
    for goal in all_goals(world, layout):
        objective = pulp.lpSum(float(weight) * cells[at] for at, weight in goal)
        problem.setObjective(objective)
        problem.solve(pulp.PULP_CBC_CMD(msg=False, timeLimit=CBC_SECONDS, gapRel=1e-3))
        value = pulp.value(objective) or 0.0
        values.append(round(value, 2))
        statuses.append(pulp.LpSolution[problem.sol_status])
        problem += objective <= value + 1e-4 * max(1.0, abs(value))
    return {"seconds": round(time.perf_counter() - start, 2), "goals": values, "statuses": statuses}


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--small", action="store_true")
    run(small=parser.parse_args().small)
