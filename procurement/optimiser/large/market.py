"""Cases too large for one relaxation are solved in chunks (`chunks.py`); only parts and prices travel between them.

1. A sample of the chunks, each within a part like what the plan at hand uses, gives prices of everything shared. 2. One
chunk after the other says what it would use at these prices, gets its part of what is left, and is solved within it
down to whole packs; what it leaves over goes to the next. 3. At common prices the chunks fall apart,

    L(μ, price) = Σ_chunks (least Σ μ·goals − price·use) + price·limit,

so each goal is bounded by the sum of what the chunks prove. Time grows with the number of lines, memory hardly.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

import numpy as np

from procurement.optimiser.goals import NAMES, all_goals, goal_values
from procurement.optimiser.large.chunks import Chunk, Chunks, Key
from procurement.optimiser.large.parts import solve_parts
from procurement.optimiser.large.relaxation import Answer, Relaxation
from procurement.optimiser.large.shared import FLOORS, GOALS, SPEND
from procurement.optimiser.large.steps import CLOSE, LAST, filled, path
from procurement.optimiser.large.ways import Numbers
from procurement.optimiser.lexico import Clock, Progress, TimeOver, gap_of
from procurement.optimiser.plan import GoalResult
from procurement.optimiser.rounding import fitted
from procurement.optimiser.rules import Layout, complete
from procurement.optimiser.world import World

SAFE = 1e-11  # of the size of the sums: more than rounding in floating point can add
URGENT = 0.15  # of the time for solving the first goal exactly, part by part
SAMPLE = 4
FEW = 6  # rounds of a relaxation of which only good prices are wanted
MODEST = np.array((1e6, 3e3, 1e3, 1e2, 10.0, 1.0, 0.0, 0.0, 0.0))
MONEY = ("机构预算", "总预算")
BOUNDED = range(SPEND + 1)  # goals whose bound comes from prices
Priced = dict[Key, float]


def solve_in_chunks(
    world: World, packs: list[int], clock: Clock, on_progress: Progress | None, *, seed: int
) -> tuple[list[int], list[GoalResult]]:
    """Improves a constructed plan and answers it with the proven bound of each goal."""
    layout = Layout(world)
    weights = all_goals(world, layout)

    def values_of(plan: list[int]) -> list[Fraction]:
        return goal_values(world, layout, plan, complete(world, layout, plan), weights)

    clock.tell("精确求解短缺急救", 0.02)
    parts = solve_parts(world, layout, packs, clock.part(URGENT), seed=seed, goals=range(1))
    packs = min(packs, fitted(world, layout, parts.packs), key=values_of)
    market = Market(Chunks(world, packs, seed), clock)
    try:
        market.find_prices()
        market.serve(packs)
    except TimeOver:
        pass
    clock.tell("合并并核对", 0.95)
    found = fitted(world, layout, market.packs.tolist()) if market.served else packs
    packs = min(packs, found, key=values_of)
    missed = sum(
        float(w) * world.agreed[at - layout.r.start].remaining
        for at, w in weights[1]
        if not world.agreed[at - layout.r.start].offers
    )
    first = parts.bounds[0] if parts.bounds else None
    results = market.bounds([float(value) for value in values_of(packs)], missed, float(first or 0))
    if on_progress is not None:
        for number, row in enumerate(results):
            on_progress(number, row.name, row.value, row.bound, row.gap, clock.left())
    return packs, results


class Market:
    """Chunks that trade what they share at common prices."""

    def __init__(self, chunks: Chunks, clock: Clock) -> None:
        self.chunks, self.clock, self.world = chunks, clock, chunks.world
        self.quiet = replace(clock, on_phase=None)
        self.plain: list[tuple[Numbers, Priced]] = []  # weights and prices at which the sample was solved
        self.aims: list[tuple[Numbers, Priced]] = []  # by goal: weights, and prices found for them
        self.proven = np.zeros(GOALS)  # Σ over the chunks served of what they prove for each aim
        self.served = 0
        self.packs = np.zeros(0, dtype=np.int64)

    # --- prices

    def find_prices(self) -> None:
        """For every goal the prices that a sample of the chunks, each within its part, gives at weights at which what whole
        packs lack in the goals above costs the bound little (`MODEST`); the first goal's from the first chunk alone."""
        found: list[list[tuple[Numbers, Priced]]] = [[] for _ in BOUNDED]
        sample = self.chunks.chunks[:SAMPLE]
        for number, chunk in enumerate(sample):
            self.clock.tell("试算各组价格", 0.05 + 0.25 * number / len(sample))
            relaxation = self.chunks.open(chunk, self.clock)
            answers = path(relaxation, self.quiet)
            if len(answers) <= LAST:
                raise TimeOver
            if number or len(sample) == 1:
                self.plain.append(self._prices(relaxation, answers[-1]))
            relaxation.limit_goals(np.zeros(0))
            yuan = 0.0
            for goal in BOUNDED:
                weights = np.where(np.arange(GOALS) <= goal, MODEST, 0.0)
                if goal >= FLOORS:  # as dear as money is
                    weights[FLOORS], weights[SPEND] = yuan / 2, yuan * (goal == SPEND)
                answer = relaxation.minimise(weights, self.clock, close=CLOSE, rounds=FEW)
                if answer is None:
                    raise TimeOver
                some = self._prices(relaxation, answer, goal)
                if (number == 0) == (goal == 0) or len(sample) == 1:
                    found[goal].append(some)
                money = [-price for key, price in some[1].items() if key[0] in MONEY and price < -1e-6]
                yuan = yuan if goal >= FLOORS else float(np.median(money)) if money else 1.0
        self.aims = [middle(some) for some in found]

    def _prices(self, relaxation: Relaxation, answer: Answer, goal: int | None = None) -> tuple[Numbers, Priced]:
        """Weights of the goals and prices of the shared rows; down to one goal of weight 1, if named."""
        unit = 1.0 if goal is None else float(answer.prices.goals[goal])
        weights = answer.prices.goals / unit
        if goal is not None:
            weights[goal + 1 :] = 0.0
        rows = answer.prices.rows / unit
        return weights, {key: float(rows[row]) for key, row in relaxation.shared.row_of.items()}

    def pays(self, relaxation: Relaxation, weights: Numbers, prices: Priced) -> Answer:
        """A chunk that pays these prices and has no part. Raises TimeOver."""
        free = relaxation.lagrangian.free(weights)
        for key, row in relaxation.shared.row_of.items():
            free.rows[row] = prices.get(key, 0.0)
        relaxation.limit_goals(np.zeros(0))
        relaxation.fix_rows(relaxation.lagrangian.valid(free).rows)
        answer = relaxation.minimise(weights, self.clock, close=CLOSE * max(1.0, float(weights[LAST])))
        relaxation.fix_rows(None)
        if answer is None:
            raise TimeOver
        return answer

    # --- the plan

    def serve(self, packs: list[int]) -> None:
        """Every chunk within its part of what is left. Raises TimeOver; chunks not served then keep what they had."""
        self.packs = np.array(packs, dtype=np.int64)
        left = dict(self.chunks.limits)
        asked: dict[Key, float] = defaultdict(float)
        done: dict[Key, float] = defaultdict(float)
        for number, chunk in enumerate(self.chunks.chunks):
            self.clock.tell(
                f"逐组求解 {number + 1}/{len(self.chunks.chunks)}", 0.3 + 0.6 * number / len(self.chunks.chunks)
            )
            relaxation = self.chunks.open(chunk, self.clock)
            answer = self.pays(relaxation, *middle(self.plain))
            used = relaxation.used(answer.point)
            for key, limit in left.items():
                row = relaxation.shared.row_of.get(key)
                wish = 0.0 if row is None else float(used[row])
                done[key] += self.chunks.base[number].get(key, 0.0)
                asked[key] += wish
                later = sum(base.get(key, 0.0) for base in self.chunks.base[number + 1 :])
                later *= asked[key] / done[key] if done[key] > 0 else 1.0
                last = number == len(self.chunks.chunks) - 1
                all_of_it = last or (number == 0 and key[0] not in MONEY)
                chunk.part[key] = max(0.0, limit if all_of_it else limit * wish / max(1e-9, wish + later))
            self.chunks.limit(chunk)
            within = path(relaxation, self.quiet)
            if not within:
                raise TimeOver
            mine = filled(relaxation, within[-1], self.quiet, thorough=False)
            if number == 0:  # its first goal may have been solved exactly before
                mine = min([mine, self.packs[chunk.offers].tolist()], key=lambda plan: self._values(relaxation, plan))
            self.packs[chunk.offers] = mine
            for key, amount in self.use_of(chunk).items():
                if key in left:
                    left[key] -= amount
            self.prove(relaxation)
            self.served += 1
            chunk.relaxation = None

    def _values(self, relaxation: Relaxation, plan: list[int]) -> list[Fraction]:
        """The goals of a plan of a chunk."""
        world, layout = relaxation.shared.world, relaxation.shared.layout
        return goal_values(world, layout, plan, complete(world, layout, plan), all_goals(world, layout))

    def use_of(self, chunk: Chunk) -> Priced:
        offers = self.world.offers
        ticks, units = np.zeros(len(offers)), np.zeros(len(offers))
        mine = chunk.offers
        ticks[mine] = [offers[o].price * int(self.packs[o]) for o in mine]
        units[mine] = [offers[o].pack * int(self.packs[o]) for o in mine]
        return self.chunks.use_of(chunk, ticks, units)

    # --- bounds

    def prove(self, relaxation: Relaxation) -> None:
        """Adds what a chunk proves for each goal at the common prices."""
        for number, (weights, prices) in enumerate(self.aims):
            answer = self.pays(relaxation, weights, prices)
            self.proven[number] += answer.bound - float(answer.proof.rows @ relaxation.shared.bounds)

    def bounds(self, reached: Sequence[float], missed: float, first: float) -> list[GoalResult]:
        """Value, bound and gap of every goal; `missed` is agreed volume that nobody can buy, `first` a proven bound
        of the first goal."""
        results = []
        for number, value in enumerate(reached):
            bound = float(needed_alone(self.world, reached)) if number == GOALS - 1 else 0.0
            if number < len(self.aims):
                bound = self.least(number, reached, missed)
            bound = max(bound, first) if number == 0 else bound
            bound = value if gap_of(value, bound) == 0 else max(0.0, bound)
            results.append(GoalResult(NAMES[number], value, bound, gap_of(value, bound)))
        return results

    def least(self, number: int, reached: Sequence[float], missed: float) -> float:
        """The least of a goal given those above. A chunk that was not served proves 0, as long as nothing is paid for
        use (floors)."""
        weights, prices = self.aims[number]
        if self.served < len(self.chunks.chunks) and any(price > 0 for price in prices.values()):
            return 0.0
        shared = sum(min(0.0, prices.get(key, 0.0)) * limit for key, limit in self.chunks.limits.items())
        above = float(weights[:number] @ np.array(reached[:number]))
        parts = [self.proven[number], shared, weights[1] * missed, -above]
        return float((sum(parts) - SAFE * sum(map(abs, parts))) / weights[number])


def middle(some: Sequence[tuple[Numbers, Priced]]) -> tuple[Numbers, Priced]:
    """The median of weights and of each price."""
    weights = np.median([goals for goals, _ in some], axis=0)
    keys = {key: None for _, prices in some for key in prices}
    return weights, {key: float(np.median([prices.get(key, 0.0) for _, prices in some])) for key in keys}


def needed_alone(world: World, reached: Sequence[float]) -> int:
    """(institution, supplier) pairs and new products that alone can serve more need than the plan leaves unmet."""
    only: dict[tuple[str, int, int], list[float]] = defaultdict(lambda: [0.0] * GOALS)
    for line in world.lines:
        kind = world.classes[line.drug]
        days = line.need / float(world.case.drugs[line.drug].daily)
        suppliers = {world.offers[o].supplier for o in line.offers}
        products = {world.offers[o].product for o in line.offers}
        if len(suppliers) == 1:
            only["供应关系", line.institution, suppliers.pop()][kind + (kind > 0)] += days
        if len(products) == 1 and not world.case.products[min(products)].in_use:
            only["新增产品", min(products), 0][kind + (kind > 0)] += days
    return sum(
        any(days[goal] > reached[goal] * (1 + 1e-6) + 1e-6 for goal in (0, 2, 3, 4, 5)) for days in only.values()
    )
