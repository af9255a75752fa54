"""The proven bound of each goal, given what the plan reached in the goals above it.

    Σ_{k<g} μ_k·goal_k + goal_g ≥ L(μ)   for every plan,   hence   goal_g ≥ L(μ) − Σ_{k<g} μ_k·value_k

for every μ ≥ 0 and every other price. The relaxation only finds good prices; the Lagrangian at them is what is believed.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from procurement.optimiser.goals import NAMES
from procurement.optimiser.large.lagrange import Prices
from procurement.optimiser.large.relaxation import Answer, Relaxation
from procurement.optimiser.large.shared import GOALS
from procurement.optimiser.large.ways import Numbers
from procurement.optimiser.lexico import Clock, Progress, gap_of
from procurement.optimiser.plan import GoalResult

SLACK = 1e-7  # by which the relaxation may exceed a goal above: the tolerance of its solver
FINE = 10  # a relaxation is solved to this part of the asked gap


class Bounds:
    """What can be proven about a case, with what time is left."""

    def __init__(
        self,
        relaxation: Relaxation,
        stages: Sequence[Answer],
        known: Sequence[Fraction | None],
        clock: Clock,
        gap: float,
    ) -> None:
        """`stages` are the answers of the path, goal by goal, `known` what the parts proved."""
        self.relaxation, self.lagrangian = relaxation, relaxation.lagrangian
        self.stages, self.known, self.clock, self.gap = stages, known, clock, gap

    def of(self, values: Sequence[Fraction], on_progress: Progress | None) -> list[GoalResult]:
        """Value, bound and gap of every goal."""
        reached = [float(value) for value in values]
        results = []
        for number, value in enumerate(reached):
            self.clock.tell(f"证明目标 {number + 1} 的下限", 0.7 + 0.2 * number / GOALS)
            started = time.monotonic()
            bound = min(value, self.known_bound(values, number))
            if gap_of(value, bound) > self.gap / FINE:
                bound = max(bound, self.least(reached, number) if number < GOALS - 1 else float(self.needed(reached)))
            bound = value if gap_of(value, bound) == 0 else max(0.0, bound)
            results.append(GoalResult(NAMES[number], value, bound, gap_of(value, bound), time.monotonic() - started))
            if on_progress is not None:
                on_progress(number, NAMES[number], value, bound, results[-1].gap, self.clock.left())
        return results

    def known_bound(self, values: Sequence[Fraction], number: int) -> float:
        """The bound that the parts proved, 0 when there is none or a goal above did not reach its own."""
        for value, least in zip(values[:number], self.known, strict=False):
            if least is None or gap_of(float(value), float(least)) > 0:
                return 0.0
        least = self.known[number] if number < len(self.known) else None
        return 0.0 if least is None else float(least)

    def least(self, reached: Sequence[float], number: int) -> float:
        """The best of what the prices at hand prove and of what the relaxation finds when it may not exceed what was
        reached above."""
        best = 0.0
        for prices in self.at_hand(number):
            best = max(best, self.lagrangian.least(prices, reached, number))
        if gap_of(reached[number], best) <= self.gap / FINE or not self.stages or self.clock.over():
            return best
        above = np.array(reached[:number])
        weights = np.zeros(GOALS)
        weights[number] = 1.0
        self.relaxation.limit_goals(above + SLACK * np.maximum(1.0, above))
        close = self.gap / FINE * max(1.0, reached[number])
        share = self.clock.part(1 / 2)
        answer = self.relaxation.minimise(weights, share, close=close, enough=reached[number])
        self.relaxation.limit_goals(np.zeros(0))
        if answer is not None:
            best = max(best, self.lagrangian.least(self.lagrangian.valid(answer.proof), reached, number))
        return best

    def at_hand(self, number: int) -> list[Prices]:
        """Prices that cost nothing to find: all free, and those of the path without the goals below."""
        alone = np.zeros(GOALS)
        alone[number] = 1.0
        found = [self.lagrangian.free(alone)]
        if self.stages:
            some = self.stages[min(number, len(self.stages) - 1)].proof
            goals = some.goals.copy()
            goals[number + 1 :] = 0.0
            found.append(Prices(goals, some.rows, some.supply, some.demands, some.tied))
        return [self.lagrangian.valid(prices) for prices in found]

    def needed(self, reached: Sequence[float]) -> int:
        """How many (institution, supplier) pairs and new products no plan as good in the goals above can do without:
        those without which the prices prove it worse."""
        world = self.relaxation.shared.world
        if not self.stages:
            return 0
        prices = self.lagrangian.valid(self.stages[-1].proof)
        weighed = float(prices.goals @ np.array(reached))
        weighed += 1e-9 * abs(weighed)
        pair: dict[tuple[int, int], list[int]] = defaultdict(list)
        fresh: dict[int, list[int]] = defaultdict(list)
        for o, offer in enumerate(world.offers):
            pair[offer.institution, offer.supplier].append(o)
            if not world.case.products[offer.product].in_use:
                fresh[offer.product].append(o)
        found = 0
        for offers in [*pair.values(), *fresh.values()]:
            if self.clock.over():
                break
            found += self.lagrangian.look(prices, mask(offers, len(world.offers))).bound > weighed
        return found


def mask(offers: list[int], size: int) -> Numbers:
    found = np.zeros(size, dtype=bool)
    found[offers] = True
    return found


def unbounded(values: Sequence[Fraction]) -> list[GoalResult]:
    """The values alone: there was no time to prove anything."""
    found = [float(value) for value in values]
    return [GoalResult(name, value, 0.0, gap_of(value, 0.0)) for name, value in zip(NAMES, found, strict=True)]
