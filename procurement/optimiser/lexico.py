"""Strict order: one goal after the other on one kept solver object, each frozen before the next begins.

Freezing a goal that reached nothing fixes its variables to nothing; any other value becomes the row "goal ≤ value".
What the solver returns is rounded to whole packs, completed and valued in exact arithmetic, and taken only when every
rule holds and no earlier goal got worse: a plan from here is never an approximation.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction

import numpy as np

from procurement.optimiser.audit import is_clean
from procurement.optimiser.bridge import Bridge, costs_of
from procurement.optimiser.construct import refilled
from procurement.optimiser.goals import NAMES, floor_shortfalls, goal_values
from procurement.optimiser.model import Model
from procurement.optimiser.plan import GoalResult
from procurement.optimiser.rules import Layout, complete
from procurement.optimiser.world import World

WORK = 4_000_000  # columns × nodes spent on proving more than the asked gap
TOLERANCE = 1e-7
SPEND = 7  # number of the goal that freezes packs themselves when it reaches nothing

Progress = Callable[[int, str, float, float, float, float], None]


Phase = Callable[[str, float, float], None]
TELL_EVERY = 0.5  # seconds


class TimeOver(Exception):
    """The time is used up, or somebody asked to stop, inside a step that has nothing to show yet."""


@dataclass(slots=True)
class Clock:
    """Seconds left until the limit; `should_stop` ends the search early; `on_phase(what is done, fraction of the whole
    work, seconds left)` hears of every step."""

    limit: float
    should_stop: Callable[[], bool] | None = None
    started: float = field(default_factory=time.monotonic)
    on_phase: Phase | None = None
    told: float = field(default=-TELL_EVERY)

    def left(self) -> float:
        return max(0.0, self.limit - (time.monotonic() - self.started))

    def over(self) -> bool:
        return self.left() <= 0 or (self.should_stop is not None and self.should_stop())

    def check(self) -> None:
        """Raises TimeOver when it is."""
        if self.over():
            raise TimeOver

    def part(self, share: float) -> Clock:
        """A clock for that part of the time that is left."""
        return Clock(self.left() * share, self.should_stop, on_phase=self.on_phase)

    def tell(self, phase: str, fraction: float) -> None:
        """Says what is being done; not more often than anybody can read."""
        now = time.monotonic()
        if self.on_phase is not None and now - self.told >= TELL_EVERY:
            self.told = now
            self.on_phase(phase, fraction, self.left())


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
    ) -> None:
        """Each goal may branch on `nodes` to be proven exactly; what is then still outside the asked gap is searched on
        until it is inside or the goal's share of time is used."""
        self.model, self.bridge, self.clock, self.gap, self.nodes = model, bridge, clock, gap, nodes
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
        costs, bound = self.costs[number], 0.0
        if gap_of(float(self.values[number]), bound) > 0 and not self.clock.over():
            limit = Clock(self.clock.left() / max(1.5, (len(NAMES) - number) / 2))
            bound = max(bound, self._search(number, limit.left(), 0.0, self.nodes))
            if self._open(number, bound):
                bound = max(bound, self._search(number, limit.left(), self.gap, None))
        self.bridge.freeze(costs, float(self.values[number]), TOLERANCE)
        return bound

    def _open(self, number: int, bound: float) -> bool:
        return gap_of(float(self.values[number]), bound) > self.gap and not self.clock.over()

    def _search(self, number: int, seconds: float, gap: float, nodes: int | None) -> float:
        """One run of the solver from the plan at hand; keeps what is better, answers the bound."""
        self.bridge.set_costs(self.costs[number])
        outcome = self.bridge.run(
            seconds=seconds, gap=gap, start=self._start(), stop=self.clock.should_stop, nodes=nodes
        )
        if outcome.values is not None:
            self._take([round(value) for value in outcome.values[: len(self.packs)]], number)
        return outcome.bound

    def _take(self, packs: list[int], number: int) -> None:
        """Keeps a plan that is clean, loses nothing above and gains here; then one that gains more further down."""
        self._keep(packs, number, number + 1)
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
