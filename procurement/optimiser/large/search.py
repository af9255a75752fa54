"""Cases too large for one exact search.

1. The relaxation (`relaxation.py`) at weights that put each goal far above the next, then further apart. 2. One pick a
group; scarce and agreed products shared out, budgets filled in whole packs (`filling.py`). 3. What is scarce is solved
part by part (`parts.py`) and brought within money and 起送金额 (`mending.py`). 4. Each goal is proven from below
(`bounds.py`). 5. Where time is left, the exact model goes on from the first goal that is still open.
"""

from __future__ import annotations

import time
from dataclasses import replace
from fractions import Fraction

from procurement.optimiser.bridge import Bridge
from procurement.optimiser.goals import all_goals, goal_values
from procurement.optimiser.large.bounds import Bounds, unbounded
from procurement.optimiser.large.chunks import LINES
from procurement.optimiser.large.lagrange import Lagrangian
from procurement.optimiser.large.market import solve_in_chunks
from procurement.optimiser.large.mending import mended
from procurement.optimiser.large.parts import SERVING, solve_parts
from procurement.optimiser.large.picks import Picks
from procurement.optimiser.large.shared import GOALS, Shared
from procurement.optimiser.large.steps import filled, opened, path
from procurement.optimiser.lexico import TOLERANCE, WORK, Clock, OrderedSolve, Progress, TimeOver, gap_of
from procurement.optimiser.model import build_model
from procurement.optimiser.plan import GoalResult, Seconds
from procurement.optimiser.rules import Layout, complete
from procurement.optimiser.world import World

FEW = 0.1  # share of lines left unmet up to which every class is solved part by part
POLISHED_OFFERS = 10_000  # beyond, the exact model gains nothing in the time that is left
WHOLE = 2  # chunks' worth of lines that one relaxation still solves well


def solve_large(
    world: World,
    packs: list[int],
    clock: Clock,
    seconds: Seconds,
    on_progress: Progress | None,
    *,
    seed: int = 0,
    gap: float = 1e-3,
) -> tuple[list[int], list[GoalResult]]:
    """Improves a constructed plan and answers it with the proven bound of each goal."""
    layout = Layout(world)
    weights = all_goals(world, layout)

    def values_of(plan: list[int]) -> list[Fraction]:
        return goal_values(world, layout, plan, complete(world, layout, plan), weights)

    if len(world.lines) > WHOLE * LINES:
        return solve_in_chunks(world, packs, clock, on_progress, seed=seed)
    started = time.monotonic()
    try:
        clock.tell("列出整包方案", 0.05)
        lagrangian = Lagrangian(Shared(world, layout, weights), Picks(world, clock))
    except TimeOver:
        return packs, unbounded(values_of(packs))
    relaxation = opened(world, lagrangian, seed)
    seconds.build += time.monotonic() - started
    stages = path(relaxation, clock.part(0.5))
    if stages:
        found = filled(relaxation, stages[-1], clock)
        packs = min(packs, found, key=values_of)
    clock.tell("逐块精确求解", 0.6)
    parts = solve_parts(world, layout, packs, clock.part(0.3), seed=seed, goals=affordable(world, packs))
    packs = min(packs, mended(world, packs, parts.packs, clock.part(0.3), seed), key=values_of)
    bounds = Bounds(relaxation, stages, parts.bounds, clock, gap)
    results = bounds.of(values_of(packs), on_progress)
    return polished(world, packs, results, clock, on_progress, seed=seed, gap=gap)


def affordable(world: World, packs: list[int]) -> range:
    """The goals that parts of the case are solved for: all classes, or the first three where much stays unmet."""
    open_lines = sum(sum(packs[o] * world.offers[o].pack for o in line.offers) < line.need for line in world.lines)
    return SERVING if open_lines <= FEW * len(world.lines) else range(4)


def polished(
    world: World,
    packs: list[int],
    results: list[GoalResult],
    clock: Clock,
    on_progress: Progress | None,
    *,
    seed: int,
    gap: float,
) -> tuple[list[int], list[GoalResult]]:
    """Searches on with the exact model, from the first goal outside the asked gap. A bound that was proven while the goals
    above were still worse holds all the more now that they are not."""
    first = next((number for number, result in enumerate(results) if result.gap > gap), None)
    if first is None or clock.over() or len(world.offers) > POLISHED_OFFERS:
        return packs, results
    clock.tell("用精确模型改进", 0.9)
    model = build_model(world)
    bridge = Bridge(model.problem, model.variables, seed=seed)
    search = OrderedSolve(model, bridge, packs, clock, gap=gap, nodes=WORK // bridge.size + 1)
    for number in range(first):
        bridge.freeze(search.costs[number], float(search.values[number]), TOLERANCE)
    packs = search.run(on_progress, range(first, GOALS))
    for number in range(GOALS):
        value, bound = float(search.values[number]), results[number].bound
        if number >= first:
            bound = max(bound, search.results[number - first].bound)
        results[number] = replace(results[number], value=value, bound=bound, gap=gap_of(value, bound))
    return packs, results
