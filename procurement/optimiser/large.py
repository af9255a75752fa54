"""Cases too large for one exact search.

1. `prices`: the relaxation at weights that put each goal far above the next, then further apart: its picks, its nearly
   whole ways and its prices. 2. One pick a group; packs rounded down, agreed volume up, budgets kept, the rest refilled
   class by class (`rounding.py`). 3. `bounds`: each goal proven from below, given the values that the goals above it reached:

       Σ_{k<g} μ_k·goal_k + goal_g ≥ L(μ)   for every plan,   hence   goal_g ≥ L(μ) − Σ_{k<g} μ_k·value_k.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from procurement.optimiser.exchange import exchanged
from procurement.optimiser.goals import NAMES, Weights, all_goals, goal_values
from procurement.optimiser.groups import choose_products
from procurement.optimiser.lexico import Clock, Progress, gap_of
from procurement.optimiser.picks import Picks
from procurement.optimiser.plan import GoalResult, Seconds
from procurement.optimiser.pricing import Answer, Priced
from procurement.optimiser.relaxation import GOALS, PICK, WAY, Relaxation
from procurement.optimiser.rounding import rounded
from procurement.optimiser.rules import Layout, complete
from procurement.optimiser.ways import Numbers
from procurement.optimiser.world import World

PATH = (
    (1e6, 1e5, 3e3, 1e2, 3.0, 1e-1, 1e-3, 1e-4, 0.0),
    (1e6, 1e5, 3e3, 1e2, 3.0, 3e-3, 3e-5, 3e-6, 0.0),
)
TRIALS = 4
PROMISE = 1.0
RELAXED_OFFERS = 60_000  # beyond, the relaxation takes longer than anybody waits
SEARCH = 0.5  # of what time is left goes to moves, the rest to bounds


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
    if clock.over():
        return packs, unbounded(world, layout, weights, packs)
    started = time.monotonic()
    priced = relaxed(world, layout, weights, seed=seed)
    seconds.build += time.monotonic() - started
    basis = None
    for step in PATH if len(world.offers) <= RELAXED_OFFERS else ():
        answer = None if clock.over() else priced.minimise(step, close=PROMISE, seconds=clock.left())
        if answer is not None:
            basis = priced.relaxation.highs.getBasis()
            settled, dear = settle(priced, answer, step, clock)
    if basis is not None:
        priced.relaxation.highs.setBasis(basis)
        found = rounded(world, layout, settled, dear)
        packs = min(packs, found, key=lambda plan: values_of(world, layout, weights, plan))
    searching = Clock(clock.left() * SEARCH, clock.should_stop)
    found = exchanged(priced.relaxation, packs, PATH[-1], searching.over)
    packs = min(packs, found, key=lambda plan: values_of(world, layout, weights, plan))
    values = values_of(world, layout, weights, packs)
    return packs, bounded(priced, values, clock, on_progress, gap, solved=basis is not None)


def relaxed(world: World, layout: Layout, weights: Sequence[Weights], *, seed: int) -> Priced:
    """The relaxation with one pick a group: the products that serve best were money no object."""
    picks = Picks(world)
    relaxation = Relaxation(world, layout, weights, picks, seed=seed)
    preferred = choose_products(world)
    relaxation.open(max(found, key=lambda k: len(picks.all[k].products & preferred)) for found in picks.of_group)
    return Priced(relaxation)


def settle(priced: Priced, answer: Answer, weights: Sequence[float], clock: Clock) -> tuple[Numbers, Numbers]:
    """Packs by offer, split, when each group has only the pick that it uses most, and what a tick gains by institution."""
    r = priced.relaxation
    columns = np.flatnonzero(r.kind == PICK).astype(np.int32)
    share = answer.point[columns]
    order = np.lexsort((r.ref[columns], -share, r.group[columns]))
    first = np.ones(len(order), dtype=bool)
    first[1:] = np.diff(r.group[columns][order]) != 0
    chosen = np.zeros(len(columns))
    chosen[order[first]] = 1.0
    ones = np.ones(len(columns))
    if np.abs(chosen - share).max(initial=0.0) > 1e-6:
        basis = r.highs.getBasis()
        r.highs.changeColsBounds(len(columns), columns, chosen, chosen)
        answer = priced.run(weights, clock.left()) or answer
        r.highs.changeColsBounds(len(columns), columns, 0 * ones, ones)
        r.highs.setBasis(basis)
    ways = r.picks.ways
    used = np.flatnonzero(r.kind == WAY)
    way, part = r.ref[used], answer.point[used]
    packs = np.zeros(len(r.world.offers) + 1)
    np.add.at(packs, ways.first[way], part * ways.packs[way])
    np.add.at(packs, ways.second[way], part * ways.more[way])
    return packs[:-1], r.dear(answer.duals)


def bounded(
    priced: Priced,
    values: list[Fraction],
    clock: Clock,
    on_progress: Progress | None,
    gap: float,
    *,
    solved: bool,
) -> list[GoalResult]:
    """The value of each goal and its bound given the values above; 0 where time ran out."""
    results = []
    for number, exact in enumerate(values):
        started = time.monotonic()
        value, bound = float(exact), 0.0
        if value > 0 and number < GOALS - 1:
            reached = [float(v) for v in values]
            bound = (
                least_possible(priced, reached, number, clock, gap) if solved else least_alone(priced, reached, number)
            )
        bound = value if gap_of(value, bound) == 0 else max(0.0, bound)
        results.append(GoalResult(NAMES[number], value, bound, gap_of(value, bound), time.monotonic() - started))
        if on_progress is not None:
            on_progress(number, NAMES[number], value, bound, results[-1].gap, clock.left())
    return results


def least_possible(priced: Priced, values: Sequence[float], number: int, clock: Clock, gap: float) -> float:
    """The best bound of a goal over a few ways to weigh the goals above it: one that the relaxation would rather spare
    weighs more, one that it keeps below the plan's value (which costs the bound the difference) weighs less."""
    best = 0.0
    relaxation = priced.relaxation
    reached = np.array(values[:number])
    unit = PATH[0][number]
    above = np.array(PATH[0][:number])
    for _ in range(TRIALS):
        if clock.over():
            break
        weights = np.zeros(GOALS)
        weights[number], weights[:number] = unit, above
        answer = priced.minimise(weights.tolist(), close=1e-5 * unit * max(1.0, values[number]), seconds=clock.left())
        if answer is None:
            break
        slack = 1e-9 * abs(answer.bound)
        best = max(best, (answer.bound - slack - float(above @ reached)) / unit)
        there = (relaxation.price @ answer.point + relaxation.constant)[:number]
        near = 1e-6 * np.maximum(1.0, reached)
        more, less = there > reached + near, there < reached - near
        if gap_of(values[number], best) <= gap / 10 or not (more | less).any():
            break
        above = above * np.where(more, 3.0, np.where(less, 0.15, 1.0))
    return best


def least_alone(priced: Priced, values: Sequence[float], number: int) -> float:
    """The bound were money no object: every group by itself."""
    weights = np.zeros(GOALS)
    weights[number], weights[:number] = 1.0, np.array(PATH[0][:number]) / PATH[0][number]
    return max(0.0, priced.alone(weights.tolist()) * (1 - 1e-9) - float(weights[:number] @ np.array(values[:number])))


def values_of(world: World, layout: Layout, weights: Sequence[Weights], packs: list[int]) -> list[Fraction]:
    return goal_values(world, layout, packs, complete(world, layout, packs), list(weights))


def unbounded(world: World, layout: Layout, weights: Sequence[Weights], packs: list[int]) -> list[GoalResult]:
    """The values alone: there was no time to prove anything."""
    values = [float(value) for value in values_of(world, layout, weights, packs)]
    return [GoalResult(name, value, 0.0, gap_of(value, 0.0)) for name, value in zip(NAMES, values, strict=True)]
