"""Cases too large for one exact search: the constructed plan, improved neighbourhood by neighbourhood, and bounded.

A neighbourhood sets some offers free (those of a few 品规组 everywhere, or of one institution) and keeps all others as
they are; the strict-order search of `lexico.py` runs on it and the plan can only get better. The proven bounds come
from the LP relaxation, each goal under the values that the goals above it reached.
"""

from __future__ import annotations

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
FREE_OFFERS = 120
MOST_GROUPS = 60
DONORS = 3
PATIENCE = 2
NODES = 20
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
        packs = polish(model, bridge, packs, Clock(clock.left() * 0.7, clock.should_stop), gap=gap)
    return packs, bounded(world, packs, clock, on_progress)


def polish(model: Model, bridge: Bridge, packs: list[int], clock: Clock, *, gap: float) -> list[int]:
    """The most promising neighbourhoods until `PATIENCE` of them in a row gain nothing; time only ends it early."""
    idle = 0
    for free in neighbourhoods(model.world, packs):
        if clock.over() or idle == PATIENCE:
            break
        bridge.reset()
        hold(bridge, packs, free)
        search = OrderedSolve(model, bridge, packs, clock, gap=gap, nodes=NODES, proof=False)
        before, packs = packs, search.run()
        idle = idle + 1 if packs == before else 0
    return packs


def neighbourhoods(world: World, packs: list[int]) -> Iterator[set[int]]:
    """Offers to set free: 品规组 with open need over all institutions, the most important loss first, each batch with
    a few purchases of the least important class at every institution, which can give their money."""
    loss = _losses(world, packs)
    donors = _donors(world, packs)
    groups: dict[str, list[int]] = defaultdict(list)
    for o, offer in enumerate(world.offers):
        groups[_group(world, offer.drug)].append(o)
    batch: set[int] = set()
    for name in sorted(loss, key=lambda name: loss[name])[:MOST_GROUPS]:
        batch.update(groups[name])
        if len(batch) >= FREE_OFFERS:
            yield batch | donors
            batch = set()
    if batch:
        yield batch | donors


def _group(world: World, drug: int) -> str:
    return world.case.drugs[drug].group or f"\0{drug}"


def _losses(world: World, packs: list[int]) -> dict[str, tuple[int, float]]:
    """Groups with something missing: (first goal that misses, − how much)."""
    bought: dict[int, int] = defaultdict(int)
    for o, count in enumerate(packs):
        bought[world.offers[o].line] += count * world.offers[o].pack
    loss: dict[str, dict[int, float]] = defaultdict(lambda: defaultdict(float))
    for k, line in enumerate(world.lines):
        if line.need > bought[k] and line.offers:
            kind = world.classes[line.drug]
            loss[_group(world, line.drug)][kind + (kind > 0)] += (line.need - bought[k]) / float(
                world.case.drugs[line.drug].daily
            )
    for agreed in world.agreed:
        short = agreed.remaining - sum(world.offers[o].pack * packs[o] for o in agreed.offers)
        if short > 0 and agreed.offers:
            product = world.case.products[agreed.product]
            drug = world.offers[agreed.offers[0]].drug
            loss[_group(world, drug)][1] += short * float(product.price) / product.pack
    return {name: (min(goals), -goals[min(goals)]) for name, goals in loss.items()}


def _donors(world: World, packs: list[int]) -> set[int]:
    """For every institution the purchases that matter least: last class, most money."""
    mine: dict[int, list[int]] = defaultdict(list)
    for o, count in enumerate(packs):
        if count:
            mine[world.offers[o].institution].append(o)
    return {
        o
        for offers in mine.values()
        for o in sorted(
            offers, key=lambda o: (-world.classes[world.offers[o].drug], -packs[o] * world.offers[o].price, o)
        )[:DONORS]
    }


def hold(bridge: Bridge, packs: list[int], free: set[int]) -> None:
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
