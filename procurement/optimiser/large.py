"""Cases too large for one exact search.

1. The relaxation (`relaxation.py`, `pricing.py`) at weights that put each goal far above the next, then further apart.
2. One pick a group; packs rounded down, agreed volume up, budgets kept, the rest refilled class by class
(`rounding.py`), then moves (`exchange.py`). 3. What is scarce is solved part by part (`parts.py`) and brought within
money and 起送金额 (`mending.py`). 4. Each goal is proven from below, given the values that the goals above it reached:

       Σ_{k<g} μ_k·goal_k + goal_g ≥ L(μ)   for every plan,   hence   goal_g ≥ L(μ) − Σ_{k<g} μ_k·value_k

or by a relaxation that may not exceed those values. Without a relaxation (`RELAXED_OFFERS`) the parts alone bound.
5. Where time is left, the exact model goes on from the first goal that is still open (`polished`).
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

import numpy as np

from procurement.optimiser.bridge import Bridge
from procurement.optimiser.exchange import exchanged
from procurement.optimiser.goals import NAMES, Weights, all_goals, goal_values
from procurement.optimiser.groups import choose_products
from procurement.optimiser.lexico import TOLERANCE, WORK, Clock, OrderedSolve, Progress, gap_of
from procurement.optimiser.mending import mended
from procurement.optimiser.model import build_model
from procurement.optimiser.parts import SERVING, solve_parts
from procurement.optimiser.picks import Picks
from procurement.optimiser.plan import GoalResult, Seconds
from procurement.optimiser.pricing import Answer, Priced
from procurement.optimiser.relaxation import GOALS, PICK, WAY, Relaxation
from procurement.optimiser.rounding import fitted, rounded
from procurement.optimiser.rules import Layout, complete
from procurement.optimiser.ways import Numbers
from procurement.optimiser.world import World

PATH = (
    (1e6, 1e5, 3e3, 1e2, 3.0, 1e-1, 1e-3, 1e-4, 0.0),
    (1e6, 1e5, 3e3, 1e2, 3.0, 3e-3, 3e-5, 3e-6, 0.0),
)
STEPS = 12_000  # simplex iterations spent on one such bound
SLACK = 1e-7  # by which the relaxation may exceed a goal above
PROMISE = 1.0
FEW = 0.1  # share of lines left unmet up to which every class is solved part by part
RELAXED_OFFERS = 60_000  # beyond, the relaxation takes longer than anybody waits
RELAXING = 3e-4  # seconds an offer takes until its relaxation stands
POLISHED_OFFERS = 10_000  # beyond, the exact model gains nothing in the time that is left
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
    known: Sequence[Fraction | None] = ()
    if len(world.offers) > RELAXED_OFFERS:
        parts = solve_parts(world, layout, packs, Clock(clock.left() / 4), seed=seed, goals=range(1))
        found = fitted(world, layout, parts.packs)
        packs, known = min(packs, found, key=lambda plan: values_of(world, layout, weights, plan)), parts.bounds
        if clock.left() < RELAXING * len(world.offers):
            return packs, by_parts(world, layout, weights, packs, known)
    started = time.monotonic()
    priced = relaxed(world, layout, weights, seed=seed)
    seconds.build += time.monotonic() - started
    basis, last = None, None
    for step in PATH if len(world.offers) <= RELAXED_OFFERS else ():
        answer = None if clock.over() else priced.minimise(step, close=PROMISE, seconds=clock.left())
        if answer is not None:
            last, basis = answer, priced.relaxation.highs.getBasis()
            settled, dear = settle(priced, answer, step, clock)
    if basis is not None:
        priced.relaxation.highs.setBasis(basis)
        found = rounded(world, layout, settled, dear)
        packs = min(packs, found, key=lambda plan: values_of(world, layout, weights, plan))
    searching = Clock(clock.left() * SEARCH, clock.should_stop)
    packs = improved(priced, layout, weights, packs, searching)
    if not known:
        parts = solve_parts(world, layout, packs, searching, seed=seed, goals=affordable(world, packs))
        again = improved(priced, layout, weights, mended(world, packs, parts.packs, searching, seed), searching)
        packs, known = min(packs, again, key=lambda plan: values_of(world, layout, weights, plan)), parts.bounds
    values = values_of(world, layout, weights, packs)
    results = bounded(priced, values, clock, on_progress, gap, last=last, known=known)
    return polished(world, packs, results, clock, on_progress, seed=seed, gap=gap)


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


def by_parts(
    world: World, layout: Layout, weights: Sequence[Weights], packs: list[int], known: Sequence[Fraction | None]
) -> list[GoalResult]:
    """What the parts prove, where there is no time for a relaxation."""
    values = values_of(world, layout, weights, packs)
    bounds = [min(known_bound(values, known, number), float(values[number])) for number in range(GOALS)]
    return [
        GoalResult(name, float(value), bound, gap_of(float(value), bound))
        for name, value, bound in zip(NAMES, values, bounds, strict=True)
    ]


def improved(priced: Priced, layout: Layout, weights: Sequence[Weights], packs: list[int], clock: Clock) -> list[int]:
    """The plan after all worthwhile moves, never a worse one."""
    found = exchanged(priced.relaxation, packs, PATH[-1], clock.over)
    return min(packs, found, key=lambda plan: values_of(priced.relaxation.world, layout, weights, plan))


def affordable(world: World, packs: list[int]) -> range:
    """The goals that parts of the case are solved for: all classes, or the first three where much stays unmet."""
    open_lines = sum(sum(packs[o] * world.offers[o].pack for o in line.offers) < line.need for line in world.lines)
    return SERVING if open_lines <= FEW * len(world.lines) else range(4)


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
    last: Answer | None,
    known: Sequence[Fraction | None],
) -> list[GoalResult]:
    """The value of each goal and its bound given the values above; 0 where time ran out."""
    results = []
    for number, exact in enumerate(values):
        started = time.monotonic()
        value, bound = float(exact), known_bound(values, known, number)
        if gap_of(value, bound) > gap / 10 and number < GOALS - 1:
            reached = [float(v) for v in values]
            if last is not None:
                bound = max(bound, least_possible(priced, reached, number, clock, gap))
            else:
                bound = max(bound, least_alone(priced, reached, number))
        elif number == GOALS - 1 and value > 0 and last is not None:
            bound = float(needed(priced, last, [float(v) for v in values], clock))
        bound = value if gap_of(value, bound) == 0 else max(0.0, bound)
        results.append(GoalResult(NAMES[number], value, bound, gap_of(value, bound), time.monotonic() - started))
        if on_progress is not None:
            on_progress(number, NAMES[number], value, bound, results[-1].gap, clock.left())
    return results


def known_bound(values: Sequence[Fraction], known: Sequence[Fraction | None], number: int) -> float:
    """The bound that the parts proved, 0 when there is none or a goal above did not reach its own."""
    for value, least in zip(values[:number], known, strict=False):
        if least is None or gap_of(float(value), float(least)) > 0:
            return 0.0
    least = known[number] if number < len(known) else None
    return 0.0 if least is None else float(least)


def least_possible(priced: Priced, values: Sequence[float], number: int, clock: Clock, gap: float) -> float:
    """The bound of a goal given the values above it: by weighing those goals, which is quick and exact where the plan
    reaches the least of each of them, else by not letting the relaxation exceed them."""
    relaxation = priced.relaxation
    reached = np.array(values[:number])
    weights = np.zeros(GOALS)
    weights[: number + 1] = PATH[0][: number + 1]
    unit = weights[number]
    close = 1e-5 * unit * max(1.0, values[number])
    best = 0.0
    answer = None if clock.over() else priced.minimise(weights.tolist(), close=close, seconds=clock.left())
    if answer is not None:
        best = max(0.0, (answer.bound - 1e-9 * abs(answer.bound) - float(weights[:number] @ reached)) / unit)
    if number and gap_of(values[number], best) > gap and not clock.over():
        relaxation.limit_goals(reached + SLACK * np.maximum(1.0, reached))
        weights[:number] = 0.0
        answer = priced.minimise(weights.tolist(), close=close, seconds=clock.left() / 3, steps=STEPS)
        relaxation.limit_goals(np.full(number, np.inf))
        best = best if answer is None else max(best, (answer.bound - 1e-6 * abs(answer.bound)) / unit)
    return float(best)


def needed(priced: Priced, answer: Answer, values: Sequence[float], clock: Clock) -> int:
    """How many (institution, supplier) pairs and new products no plan as good in the goals above can do without:
    those without which the relaxation is proven worse."""
    world = priced.relaxation.world
    weights = PATH[-1]
    reached = float(np.dot(weights, values)) * (1 + 1e-7)
    pair: dict[tuple[int, int], list[int]] = defaultdict(list)
    fresh: dict[int, list[int]] = defaultdict(list)
    for o, offer in enumerate(world.offers):
        pair[offer.institution, offer.supplier].append(o)
        if not world.case.products[offer.product].in_use:
            fresh[offer.product].append(o)
    found = 0
    for offers in [*pair.values(), *fresh.values()]:
        if clock.over():
            break
        without = np.zeros(len(world.offers), dtype=bool)
        without[offers] = True
        found += priced.bound_at(weights, answer, without) > reached
    return found


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
