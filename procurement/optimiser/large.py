"""Cases too large for one exact search: the constructed plan, improved neighbourhood by neighbourhood, and bounded.

A neighbourhood sets some offers free (those of a few 品规组 everywhere, or of one institution) and keeps all others as
they are; the strict-order search of `lexico.py` runs on it and the plan can only get better. The proven bounds come
from the LP relaxation, each goal under the values that the goals above it reached.
"""

from __future__ import annotations

import random
import time
from collections import defaultdict
from collections.abc import Iterator

import numpy as np

from procurement.optimiser.bridge import Bridge, costs_of
from procurement.optimiser.goals import NAMES, goal_values
from procurement.optimiser.lexico import Clock, OrderedSolve, Progress, gap_of
from procurement.optimiser.model import Model, build_model
from procurement.optimiser.plan import GoalResult, Seconds
from procurement.optimiser.rules import Layout, complete
from procurement.optimiser.world import World

POLISHED_OFFERS = 80_000
FREE_OFFERS = 150
ROUNDS = 1
NODES = 200
GAP = 1e-3


def solve_large(
    world: World,
    packs: list[int],
    options: object,
    clock: Clock,
    seconds: Seconds,
    on_progress: Progress | None,
) -> tuple[list[int], list[GoalResult]]:
    """Improves a constructed plan and answers it with the proven bound of each goal."""
    seed, gap = int(getattr(options, "seed", 0)), float(getattr(options, "gap", GAP))
    if len(world.offers) <= POLISHED_OFFERS and not clock.over():
        started = time.monotonic()
        model = build_model(world)
        bridge = Bridge(model.problem, model.variables, seed=seed)
        seconds.build += time.monotonic() - started
        packs = polish(model, bridge, packs, Clock(clock.left() * 0.7, clock.should_stop), seed=seed, gap=gap)
    return packs, bounded(world, packs, clock, on_progress)


def polish(model: Model, bridge: Bridge, packs: list[int], clock: Clock, *, seed: int, gap: float) -> list[int]:
    """One round over all neighbourhoods, in an order fixed by the seed; time only ends it early."""
    for free in neighbourhoods(model.world, seed):
        if clock.over():
            break
        bridge.reset()
        hold(model, bridge, packs, free)
        search = OrderedSolve(model, bridge, packs, Clock(min(5.0, clock.left()), clock.should_stop), gap=gap, nodes=NODES)
        packs = search.run()
    return packs


def neighbourhoods(world: World, seed: int) -> Iterator[set[int]]:
    """Offers to set free: batches of 品规组 over all institutions, so that money, supply and choice can move."""
    groups: dict[str, list[int]] = defaultdict(list)
    for o, offer in enumerate(world.offers):
        groups[world.case.drugs[offer.drug].group or f"\\0{offer.drug}"].append(o)
    dice = random.Random(seed)
    for _ in range(ROUNDS):
        names = sorted(groups)
        dice.shuffle(names)
        batch: set[int] = set()
        for name in names:
            batch.update(groups[name])
            if len(batch) >= FREE_OFFERS:
                yield batch
                batch = set()
        if batch:
            yield batch


def hold(model: Model, bridge: Bridge, packs: list[int], free: set[int]) -> None:
    """Fixes every offer outside the neighbourhood at its packs."""
    kept = np.array([o for o in range(len(packs)) if o not in free], dtype=np.int32)
    values = np.array(packs, dtype=float)[kept]
    bridge.set_bounds(kept, values, values)


def bounded(world: World, packs: list[int], clock: Clock, on_progress: Progress | None) -> list[GoalResult]:
    """The value of each goal and its LP bound given the values above; 0 where time ran out."""
    layout = Layout(world)
    lean = build_model(world, lean=True)
    bridge = Bridge(lean.problem, lean.variables, whole=False)
    bridge.prefer_interior_point()
    values = goal_values(world, layout, packs, complete(world, layout, packs), lean.weights)
    results = []
    for number, exact in enumerate(values):
        started = time.monotonic()
        value, bound = float(exact), 0.0
        costs = costs_of(lean.goals[number], bridge.size)
        if value > 0 and clock.left() > 0:
            bridge.set_costs(costs)
            outcome = bridge.run(seconds=clock.left() / 2)
            if outcome.optimal:
                bound = max(0.0, min(value, outcome.objective - 1e-6 * max(1.0, abs(outcome.objective))))
        if costs.any():
            bridge.add_ceiling(costs, value + 1e-6 * max(1.0, value))
        bound = value if gap_of(value, bound) <= 2e-6 else bound
        results.append(GoalResult(NAMES[number], value, bound, gap_of(value, bound), time.monotonic() - started))
        if on_progress is not None:
            on_progress(number, NAMES[number], value, bound, results[-1].gap, clock.left())
    return results
