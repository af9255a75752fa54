"""Strict order: one goal after the other on one kept solver object, each frozen before the next begins.

Freezing a goal that reached nothing fixes its variables to nothing; any other value becomes the row "goal ≤ value".
What the solver returns is rounded to whole packs, completed and valued in exact arithmetic, and taken only when every
rule holds and no earlier goal got worse: a plan from here is never an approximation.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from fractions import Fraction

import numpy as np

from procurement.optimiser.audit import is_clean
from procurement.optimiser.bridge import Bridge, costs_of
from procurement.optimiser.choice import Choice
from procurement.optimiser.construct import refilled
from procurement.optimiser.goals import NAMES, floor_shortfalls, goal_values
from procurement.optimiser.model import Model
from procurement.optimiser.plan import GoalResult
from procurement.optimiser.rules import Layout, complete
from procurement.optimiser.world import World

WORK = 4_000_000  # columns × nodes spent on proving more than the asked gap
TOLERANCE = 1e-7
BLEND = 1e-3
BLENDED_GAP = 1e-5
SWEPT_NODES = 20
SPEND = 7  # number of the goal that freezes packs themselves when it reaches nothing

Progress = Callable[[int, str, float, float, float, float], None]


@dataclass(slots=True)
class Clock:
    """Seconds left until the limit; `should_stop` ends the search early."""

    limit: float
    should_stop: Callable[[], bool] | None = None
    started: float = field(default_factory=time.monotonic)

    def left(self) -> float:
        return max(0.0, self.limit - (time.monotonic() - self.started))

    def over(self) -> bool:
        return self.left() <= 0 or (self.should_stop is not None and self.should_stop())


def gap_of(value: float, bound: float) -> float:
    """Relative distance (value − bound) / |value|; 0 when they meet."""
    if value - bound <= 1e-6 * max(1.0, abs(value)):
        return 0.0
    return (value - bound) / max(abs(value), 1e-9)


def no_worse(new: list[Fraction], old: list[Fraction], upto: int) -> bool:
    """True when none of the first `upto` goals got worse by more than the promised tolerance."""
    return all(
        a <= b + Fraction(1, 10**6) * max(Fraction(1), abs(b)) / 2 for a, b in zip(new[:upto], old[:upto], strict=True)
    )


def known_bound(values: Sequence[Fraction], known: Sequence[Fraction | None], number: int) -> float:
    """The bound known beforehand, 0 when there is none or a goal above did not reach its own."""
    for value, least in zip(values[:number], known, strict=False):
        if least is None or gap_of(float(value), float(least)) > 0:
            return 0.0
    least = known[number] if number < len(known) else None
    return 0.0 if least is None else float(least)


class OrderedSolve:
    """A plan on its way through the nine goals."""

    def __init__(
        self,
        model: Model,
        bridge: Bridge,
        packs: list[int],
        clock: Clock,
        *,
        gap: float,
        nodes: int,
        guide: Choice | None = None,
        known: Sequence[Fraction | None] = (),
        refused: Collection[int] = (),
    ) -> None:
        """Each goal may branch on `nodes` to be proven exactly; what is then still outside the asked gap is searched on
        until it is inside or the goal's share of time is used. With a `guide` each goal is first bounded and searched
        among the products that its relaxation or the plan at hand buys, and need only be proven to the asked gap. `known` are proven bounds
        that hold as long as every goal above reached its own, `refused` products not needed to reach them."""
        self.known, self.refused = known, set(refused)
        self.model, self.bridge, self.clock, self.gap, self.nodes, self.guide = model, bridge, clock, gap, nodes, guide
        self.costs = [costs_of(goal, bridge.size) for goal in model.goals]
        self.packs = packs
        self.values = self._value(packs)
        self.results: list[GoalResult] = []

    def run(self, progress: Progress | None = None, goals: Sequence[int] = range(len(NAMES))) -> list[int]:
        """Solves the goals in order and answers the packs."""
        for number in goals:
            started = time.monotonic()
            bound = self._solve(number)
            value = float(self.values[number])
            bound = value if gap_of(value, bound) == 0 else max(0.0, bound)
            result = GoalResult(NAMES[number], value, bound, gap_of(value, bound), time.monotonic() - started)
            self.results.append(result)
            if progress is not None:
                progress(number, result.name, result.value, result.bound, result.gap, self.clock.left())
        self.results = [self._as_it_stands(number, result) for number, result in zip(goals, self.results, strict=True)]
        return self.packs

    def _as_it_stands(self, number: int, result: GoalResult) -> GoalResult:
        """The goal's value in the final plan: a later goal may have used the tolerance."""
        value = float(self.values[number])
        return replace(result, value=value, gap=gap_of(value, result.bound))

    def _solve(self, number: int) -> float:
        """Improves one goal, freezes it, answers its proven bound."""
        costs = self.costs[number]
        bound = known_bound(self.values, self.known, number)
        if gap_of(float(self.values[number]), bound) > 0 and not self.clock.over():
            limit = Clock(self.clock.left() / max(1.5, (len(NAMES) - number) / 2))
            first = self._guided(number, limit) if self.guide else self._search(number, limit.left(), 0.0, self.nodes)
            bound = max(bound, first)
            if self._open(number, bound):
                bound = max(bound, self._search(number, limit.left(), self.gap, self.nodes if self.guide else None))
        self.bridge.freeze(costs, float(self.values[number]), TOLERANCE)
        if self.guide:
            self.guide.freeze(number, self.values[number], TOLERANCE)
        return bound

    def _open(self, number: int, bound: float) -> bool:
        return gap_of(float(self.values[number]), bound) > self.gap and not self.clock.over()

    def _guided(self, number: int, limit: Clock) -> float:
        """Bounds a goal by the relaxation and improves the plan among the products bought by either."""
        if self.guide is None:
            return 0.0
        bound = known_bound(self.values, self.known, number)
        if bound:
            refused = self.refused
        else:
            bound, found = self.guide.bound(number, self._start(), limit.left() / 3)
            refused = found or set()
        if number < SPEND and self._open(number, bound):
            kept = {self.model.world.offers[o].product for o, count in enumerate(self.packs) if count}
            off = [o for o, x in enumerate(self.model.world.offers) if x.product in refused - kept]
            columns = np.array(off, dtype=np.int32)
            with self._fixed(columns, np.zeros(len(off))):
                self._search(number, limit.left() * 2 / 3, BLENDED_GAP, self.nodes, blend=BLEND)
        if number <= SPEND and self._open(number, bound):
            self._sweep(number, Clock(limit.left() / 2))
        return bound

    def _sweep(self, number: int, limit: Clock) -> None:
        """Improves one institution at a time, all others as they are."""
        site = np.array([offer.institution for offer in self.model.world.offers])
        for i in range(len(self.model.world.case.institutions)):
            if limit.left() <= 0 or self.clock.over():
                return
            columns = np.flatnonzero(site != i)
            with self._fixed(columns, np.array(self.packs, dtype=float)[columns]):
                self._search(number, limit.left(), BLENDED_GAP, SWEPT_NODES, blend=BLEND)

    @contextmanager
    def _fixed(self, columns: np.ndarray, values: np.ndarray) -> Iterator[None]:
        """These offers stand at these packs for a while."""
        bridge = self.bridge
        bridge.set_bounds(columns, values, values)
        yield
        bridge.set_bounds(columns, bridge.lower[columns], bridge.upper[columns])

    def _search(self, number: int, seconds: float, gap: float, nodes: int | None, blend: float = 0.0) -> float:
        """One run of the solver from the plan at hand; keeps what is better, answers the bound.

        With `blend` the goals that follow count a little: the answer is then no careless start for them (and the
        bound says nothing)."""
        costs = self.costs[number].copy()
        for later in range(number + 1, SPEND - 1):
            costs += blend * self.costs[later]
        self.bridge.set_costs(costs)
        outcome = self.bridge.run(
            seconds=seconds, gap=gap, start=self._start(), stop=self.clock.should_stop, nodes=nodes
        )
        if outcome.values is not None:
            packs = [round(value) for value in outcome.values[: len(self.packs)]]
            if blend or not self.guide or self._open(number, outcome.bound):
                self._take(packs, number, len(NAMES) if blend else number + 1)
        return outcome.bound

    def _take(self, packs: list[int], number: int, upto: int) -> None:
        """Keeps a plan that is clean, loses nothing above and gains here; then one that gains more further down."""
        self._keep(packs, number, upto)
        if number < SPEND - 1:
            self._keep(refilled(self.model.world, self.packs), number + 1, len(NAMES))

    def _keep(self, packs: list[int], safe: int, upto: int) -> None:
        """Takes a clean plan that is better in the goals from `safe` to `upto` and no worse, within the promised
        tolerance, in the first `safe`: on values of many millions the solver spends what the tolerance allows."""
        values = self._value(packs)
        better = values[safe:upto] < self.values[safe:upto]
        if better and no_worse(values, self.values, safe) and is_clean(self.model.world, self.model.layout, packs):
            self.packs, self.values = packs, values

    def _value(self, packs: list[int]) -> list[Fraction]:
        model = self.model
        values = complete(model.world, model.layout, packs)
        return goal_values(model.world, model.layout, packs, values, model.weights)

    def _start(self) -> np.ndarray:
        return starting_point(self.model.world, self.model.layout, self.packs)


def starting_point(world: World, layout: Layout, packs: list[int]) -> np.ndarray:
    """Every variable of the model at the values that a plan implies."""
    values = np.array(complete(world, layout, packs), dtype=float)
    for at, short in floor_shortfalls(world, layout, packs).items():
        values[at] = float(short)
    return values
