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

import numpy as np

from procurement.optimiser.bounds import Bounds, unbounded
from procurement.optimiser.bridge import Bridge
from procurement.optimiser.filling import Filling
from procurement.optimiser.goals import all_goals, goal_values
from procurement.optimiser.groups import choose_products
from procurement.optimiser.lagrange import Lagrangian, Prices
from procurement.optimiser.lexico import TOLERANCE, WORK, Clock, OrderedSolve, Progress, TimeOver, gap_of
from procurement.optimiser.mending import mended
from procurement.optimiser.model import build_model
from procurement.optimiser.parts import SERVING, solve_parts
from procurement.optimiser.picks import Picks
from procurement.optimiser.plan import GoalResult, Seconds
from procurement.optimiser.relaxation import Answer, Relaxation
from procurement.optimiser.rounding import fitted
from procurement.optimiser.rules import Layout, complete
from procurement.optimiser.shared import GOALS, Shared
from procurement.optimiser.world import World

PATH = (
    np.array((1e6, 1e5, 3e3, 1e2, 3.0, 1e-1, 1e-3, 1e-4, 0.0)),
    np.array((1e6, 1e5, 3e3, 1e2, 3.0, 3e-3, 3e-5, 3e-6, 0.0)),
)
LADDER = (0.0, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 100.0, 1000.0)  # prices of a yuan at which lines are served to begin with
PROMISE = 1.0
FEW = 0.1  # share of lines left unmet up to which every class is solved part by part
POLISHED_OFFERS = 10_000  # beyond, the exact model gains nothing in the time that is left
PASSES = 4


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

    started = time.monotonic()
    try:
        clock.tell("列出整包方案", 0.05)
        lagrangian = Lagrangian(Shared(world, layout, weights), Picks(world, clock))
    except TimeOver:
        return packs, unbounded(values_of(packs))
    relaxation = opened(world, lagrangian, seed)
    seconds.build += time.monotonic() - started
    last = path(relaxation, clock.part(0.5))
    if last is not None:
        found = filled(relaxation, last, clock)
        packs = min(packs, found, key=values_of)
    clock.tell("逐块精确求解", 0.6)
    parts = solve_parts(world, layout, packs, clock.part(0.3), seed=seed, goals=affordable(world, packs))
    packs = min(packs, mended(world, packs, parts.packs, clock.part(0.3), seed), key=values_of)
    bounds = Bounds(relaxation, last, parts.bounds, clock, gap)
    results = bounds.of(values_of(packs), on_progress)
    return polished(world, packs, results, clock, on_progress, seed=seed, gap=gap)


def opened(world: World, lagrangian: Lagrangian, seed: int) -> Relaxation:
    """The relaxation with one pick a group: the products that serve best were money no object."""
    picks, shared = lagrangian.picks, lagrangian.shared
    preferred = choose_products(world)
    best = [max(found, key=lambda k: len(picks.all[k].products & preferred)) for found in picks.of_group]
    prices: list[Prices] = []
    for yuan in LADDER:
        some = lagrangian.free(PATH[0])
        some.rows[[row for (rule, _), row in shared.row_of.items() if rule in ("机构预算", "总预算")]] = -yuan
        prices.append(some)
    relaxation = Relaxation(lagrangian, seed=seed)
    relaxation.open(best, prices)
    return relaxation


def path(relaxation: Relaxation, clock: Clock) -> Answer | None:
    """The relaxation at one set of weights after the other, each from the last point; the last answer there is."""
    last = None
    for number, weights in enumerate(PATH):
        clock.tell("按价格求松弛解", 0.15 + 0.15 * number)
        last = relaxation.minimise(weights, clock, close=PROMISE) or last
    return last


def filled(relaxation: Relaxation, answer: Answer, clock: Clock) -> list[int]:
    """Whole packs near the relaxation, then each institution anew until none gets better."""
    lagrangian, world = relaxation.lagrangian, relaxation.shared.world
    clock.tell("取整并填满预算", 0.4)
    chosen, way, share = relaxation.mixture(answer)
    filling = Filling(lagrangian, answer.prices, chosen, way, share)
    filling.share_all(clock)
    layout = relaxation.shared.layout
    for number in range(PASSES):
        better = False
        for i in range(len(world.case.institutions)):
            clock.tell("取整并填满预算", 0.4 + 0.05 * (number + i / len(world.case.institutions)))
            better |= not clock.over() and filling.fill(i)
        if number == 0 or not better:
            filling.packs = np.array(fitted(world, layout, filling.packs.tolist()), dtype=np.int64)
        if number and not better:
            break
    return fitted(world, layout, filling.packs.tolist())


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
