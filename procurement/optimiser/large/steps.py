"""The steps from a case to whole packs by prices: open the relaxation, follow the path of weights, fill."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from procurement.optimiser.groups import choose_products
from procurement.optimiser.large.core import LEVELS
from procurement.optimiser.large.filling import Filling
from procurement.optimiser.large.lagrange import Lagrangian, Prices
from procurement.optimiser.large.relaxation import Answer, Relaxation
from procurement.optimiser.large.shared import GOALS
from procurement.optimiser.large.ways import Numbers
from procurement.optimiser.lexico import Clock
from procurement.optimiser.rounding import fitted
from procurement.optimiser.world import World

FIRST = np.array((1e6, 1e5, 3e3, 1e2, 3.0, 1e-1, 1e-3, 1e-4, 0.0))  # a first look, goals not far apart
STRICT = np.array((1e3, 1.0, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 0.0))  # one goal, those below only among equals
FILLED = np.array((0.0, 0.0, 0.0, 0.0, 3.0, 3e-3, 3e-5, 3e-6, 0.0))  # the class where money mostly ends, and below
LAST = 4  # number of that goal
LADDER = (
    0.0,
    0.03,
    0.1,
    0.3,
    1.0,
    3.0,
    10.0,
    100.0,
    1000.0,
)  # prices of a yuan at which lines are served to begin with
PROMISE = 1.0
CLOSE = 1e-2  # units of a goal to which its relaxation is solved
HELD = 1e-6  # by which a goal may exceed its least afterwards: what the solver tolerates
PASSES = 4


def opened(world: World, lagrangian: Lagrangian, seed: int) -> Relaxation:
    """The relaxation with one pick a group: the products that serve best were money no object."""
    picks, shared = lagrangian.picks, lagrangian.shared
    preferred = choose_products(world)
    best = [max(found, key=lambda k: len(picks.all[k].products & preferred)) for found in picks.of_group]
    prices: list[Prices] = []
    for yuan in LADDER:
        some = lagrangian.free(FIRST)
        some.rows[[row for (rule, _, _), row in shared.row_of.items() if rule in ("机构预算", "总预算")]] = -yuan
        prices.append(some)
    relaxation = Relaxation(lagrangian, seed=seed)
    relaxation.open(best, prices)
    return relaxation


def path(relaxation: Relaxation, clock: Clock) -> list[Answer]:
    """The relaxation goal by goal down to `LAST`, each from the point before and held at its least from then on; as many
    answers as there was time for."""
    found: list[Answer] = []
    relaxation.limit_goals(np.zeros(0))
    if relaxation.minimise(FIRST, clock, close=PROMISE * FIRST[LAST]) is None:
        return found
    least: list[float] = []
    for goal in range(LAST + 1):
        clock.tell("按价格求松弛解", 0.15 + 0.05 * goal)
        weights = np.append(np.zeros(goal), STRICT[: GOALS - goal]) if goal < LAST else FILLED
        answer = relaxation.minimise(weights, clock, close=CLOSE * weights[goal])
        if answer is None:
            break
        found.append(answer)
        least.append(relaxation.value_of(answer, goal))
        relaxation.limit_goals(loosened(least, HELD))
    return found


def loosened(values: Sequence[float], by: float) -> Numbers:
    """Ceilings a little above these values."""
    given = np.array(values, dtype=float)
    most: Numbers = given + by * np.maximum(1.0, given)
    return most


def filled(relaxation: Relaxation, answer: Answer, clock: Clock, *, thorough: bool = True) -> list[int]:
    """Whole packs near the relaxation, then each institution anew: once, or until none gets better (`thorough`)."""
    lagrangian, world, layout = relaxation.lagrangian, relaxation.shared.world, relaxation.shared.layout
    if not world.offers:
        return []
    chosen, way, share = relaxation.mixture(answer)
    filling = Filling(lagrangian, answer.prices, chosen, way, share, levels=LEVELS if thorough else LEVELS[:1])
    filling.share_all(clock)
    for number in range(PASSES if thorough else 1):
        better = False
        for i in range(len(world.case.institutions)):
            if thorough:
                clock.tell("取整并填满预算", 0.4 + 0.05 * (number + i / len(world.case.institutions)))
            better |= not clock.over() and filling.fill(i)
        if number == 0 and thorough:
            filling.packs = np.array(fitted(world, layout, filling.packs.tolist()), dtype=np.int64)
        elif not better:
            break
    return fitted(world, layout, filling.packs.tolist())
