"""Cases too large for one exact search.

Up to `SEARCHED_OFFERS` the constructed plan is improved goal by goal on the true model, guided and bounded by the
relaxation of `choice.py`. Beyond, the better of the constructed plan and the one built on the relaxation's choice of
products is kept, and each goal is bounded under the values that the goals above it reached.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from procurement.optimiser.audit import broken_rows
from procurement.optimiser.bridge import Bridge
from procurement.optimiser.choice import Choice
from procurement.optimiser.construct import repair
from procurement.optimiser.goals import NAMES, all_goals, goal_values
from procurement.optimiser.lexico import TOLERANCE, Clock, OrderedSolve, Progress, gap_of, known_bound, starting_point
from procurement.optimiser.model import Model, build_model
from procurement.optimiser.parts import SERVING, solve_parts
from procurement.optimiser.plan import GoalResult, Seconds
from procurement.optimiser.rounding import fitted, rounded
from procurement.optimiser.rules import Layout, complete
from procurement.optimiser.world import World

SEARCHED_OFFERS = 40_000
ORDERS = "起送金额"
MENDED_GAP = 1e-4
NODES = 20
FIRST = range(1)  # the goals that a case of any size can afford to solve part by part
WORK = 1_000_000  # columns × nodes spent on one search


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
    if clock.over():
        return packs, unbounded(world, packs)
    started = time.monotonic()
    searched = len(world.offers) <= SEARCHED_OFFERS
    guide = Choice(world, seed=seed, gap=gap, whole=searched)
    if not searched:
        seconds.build += time.monotonic() - started
        layout = guide.model.layout
        parts = solve_parts(world, layout, packs, Clock(clock.left() / 4), seed=seed, goals=FIRST)
        packs = min(packs, fitted(world, layout, parts.packs), key=lambda plan: values_of(guide.model, plan))
        return packs, bounded(guide, packs, clock, on_progress, parts.bounds)
    packs = better_start(guide, packs, clock)
    parts = solve_parts(world, guide.model.layout, packs, clock, seed=seed)
    model = build_model(world)
    bridge = Bridge(model.problem, model.variables, seed=seed)
    seconds.build += time.monotonic() - started
    packs = mended(model, bridge, packs, parts.packs, Clock(clock.left() / 4, clock.should_stop))
    nodes = WORK // bridge.size + 1
    bought = {world.offers[o].product for o, count in enumerate(parts.packs) if count}
    search = OrderedSolve(
        model,
        bridge,
        packs,
        clock,
        gap=gap,
        nodes=nodes,
        guide=guide,
        known=parts.bounds,
        refused=guide.products.keys() - bought,
    )
    return search.run(on_progress), search.results


def mended(model: Model, bridge: Bridge, packs: list[int], parts: list[int], clock: Clock) -> list[int]:
    """The plan of the parts within every rule; an institution that misses only a 起送金额 is solved anew by itself."""
    world, layout = model.world, model.layout
    broken = list(broken_rows(world, layout, parts))
    sites = {world.offers[row.terms[0][0]].institution for row in broken if row.rule == ORDERS}
    kept = repair(world, layout, parts)
    if any(row.rule != ORDERS for row in broken):
        sites = set()
    plan = min([kept, fitted(world, layout, parts), packs], key=lambda plan: values_of(model, plan))
    for i in sorted(sites):
        if clock.over():
            break
        bridge.reset()
        hold(bridge, plan, {o for o, offer in enumerate(world.offers) if offer.institution == i})
        plan = OrderedSolve(model, bridge, plan, clock, gap=MENDED_GAP, nodes=NODES).run(goals=SERVING)
    bridge.reset()
    return plan


def hold(bridge: Bridge, packs: list[int], free: set[int]) -> None:
    """Fixes every offer outside the neighbourhood at its packs."""
    kept = np.array([o for o in range(len(packs)) if o not in free], dtype=np.int32)
    values = np.array(packs, dtype=float)[kept]
    bridge.set_bounds(kept, values, values)


def values_of(model: Model, packs: list[int]) -> list[Fraction]:
    world, layout = model.world, model.layout
    return goal_values(world, layout, packs, complete(world, layout, packs), model.weights)


def better_start(guide: Choice, packs: list[int], clock: Clock) -> list[int]:
    """The relaxation's own plan in whole packs, when it beats the constructed one."""
    values = guide.solution(clock.left() / 4)
    if values is None:
        return packs
    plan = rounded(guide.model.world, guide.model.layout, values)
    return min(packs, plan, key=lambda plan: values_of(guide.model, plan))


def bounded(
    guide: Choice,
    packs: list[int],
    clock: Clock,
    on_progress: Progress | None,
    known: Sequence[Fraction | None],
) -> list[GoalResult]:
    """The value of each goal and its bound given the values above; 0 where time ran out."""
    world, layout, weights = guide.model.world, guide.model.layout, guide.model.weights
    values = goal_values(world, layout, packs, complete(world, layout, packs), weights)
    start = starting_point(world, layout, packs)
    results = []
    for number, exact in enumerate(values):
        started = time.monotonic()
        value, bound = float(exact), known_bound(values, known, number)
        if gap_of(value, bound) > 0 and not clock.over():
            bound = min(value, guide.bound(number, start, clock.left() / 2)[0])
        guide.freeze(number, exact, TOLERANCE)
        bound = value if gap_of(value, bound) <= 2e-6 else bound
        results.append(GoalResult(NAMES[number], value, bound, gap_of(value, bound), time.monotonic() - started))
        if on_progress is not None:
            on_progress(number, NAMES[number], value, bound, results[-1].gap, clock.left())
    return results


def unbounded(world: World, packs: list[int]) -> list[GoalResult]:
    """The values alone: there was no time to prove anything."""
    layout = Layout(world)
    values = goal_values(world, layout, packs, complete(world, layout, packs), all_goals(world, layout))
    return [
        GoalResult(name, float(value), 0.0, gap_of(float(value), 0.0))
        for name, value in zip(NAMES, values, strict=True)
    ]
