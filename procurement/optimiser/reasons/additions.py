"""What could be added to a plan where demands stay open, with more money: a small model, as an LP and in whole packs."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np
import pulp

from procurement.optimiser.bridge import Bridge
from procurement.optimiser.lexico import TOLERANCE, Clock
from procurement.optimiser.reasons.explain import Ledger
from procurement.optimiser.rules import products_by_group
from procurement.optimiser.world import WINNING

ADDED = 10_000
GOALS = 6  # need by class and agreed volume; floors and what follows are not for money
NODES = 50
GAP = 1e-3
PATIENCE = 5.0
MANY = 1 << 60


@dataclass(slots=True)
class Gap:
    """One open demand: its goal, the units short, what a unit counts in that goal, the offers that can fill it."""

    goal: int
    short: int
    weight: float
    offers: list[int] = field(default_factory=list)


class Additions:
    """Packs that could be added to a plan where demands stay open, under every rule as the plan has left it.

    `allowed` are the products that 品规数上限 leaves open (`addable`)."""

    def __init__(self, book: Ledger, gaps: list[Gap], site: int | None, allowed: set[int], clock: Clock) -> None:
        self.book, self.world, self.site, self.clock = book, book.world, site, clock
        self.problem = pulp.LpProblem("more", pulp.LpMinimize)
        self.variables: list[pulp.LpVariable] = []
        self.rows = 0
        self.rated = 0
        wanted = {o for gap in gaps for o in gap.offers if site is None or self.world.offers[o].institution == site}
        self.added = {o: self._variable(self._most(o), whole=True) for o in sorted(wanted) if self._open(o, allowed)}
        self.choices: dict[int, float] = {}
        weights = [self._gaps([gap for gap in gaps if gap.goal == goal]) for goal in range(GOALS)]
        self._rules()
        self._money()
        self.costs = [_dense(of_goal, len(self.variables)) for of_goal in weights]
        self.loose = Bridge(self.problem, self.variables, whole=False)
        self.exact = Bridge(self.problem, self.variables)
        self.price = np.zeros(len(self.variables))
        for o, at in self.added.items():
            self.price[at] = self.world.offers[o].price / self.world.tick

    def rate(self) -> tuple[int, float]:
        """The first goal that money helps, and what 10,000 yuan bring to it by the dual of the budget row."""
        bridge = self.loose
        bridge.set_bounds(*self._money_bounds(0))
        columns = np.array(list(self.choices), dtype=int)
        if len(columns):
            fixed = np.array(list(self.choices.values()))
            bridge.set_bounds(columns, fixed, fixed)
        for goal, costs in enumerate(self.costs):
            if not costs.any():
                continue
            bridge.set_costs(costs)
            outcome = bridge.run(seconds=min(PATIENCE, self.clock.left()))
            if not outcome.optimal:
                break
            dual = abs(float(bridge.row_duals()[self.money_row]))
            if dual > 1e-9:
                self.rated = goal
                return goal, dual * ADDED
            bridge.freeze(costs, max(0.0, outcome.objective), TOLERANCE)
        return 0, 0.0

    def gain(self) -> tuple[int, float, float]:
        """The first goal that `ADDED` yuan more improve in whole packs: its number, by how much, and the yuan it costs;
        nothing gained is (0, 0.0, 0.0)."""
        frozen: dict[int, list[tuple[np.ndarray, float]]] = {0: [], ADDED: []}
        for goal, costs in enumerate(self.costs):
            if not costs.any():
                continue
            base = self._least(costs, 0, frozen[0])
            rich = self._least(costs, ADDED, frozen[ADDED])
            if base is None or rich is None:
                break
            if base[0] - rich[0] > 1e-6:
                return goal, base[0] - rich[0], rich[1] - base[1]
            frozen[0].append((costs, base[0]))
            frozen[ADDED].append((costs, rich[0]))
        return 0, 0.0, 0.0

    def _least(
        self, costs: np.ndarray, added: int, frozen: list[tuple[np.ndarray, float]]
    ) -> tuple[float, float] | None:
        """The least value of a goal and the yuan spent, given what the goals above it reached."""
        bridge = self.exact
        bridge.reset()
        bridge.set_bounds(*self._money_bounds(added))
        for above, value in frozen:
            bridge.freeze(above, max(0.0, value), TOLERANCE)
        bridge.set_costs(costs + 1e-9 * self.price)
        outcome = bridge.run(seconds=min(PATIENCE, self.clock.left()), nodes=NODES, gap=GAP)
        if outcome.values is None:
            return None
        return float(costs @ outcome.values), float(self.price @ np.round(outcome.values))

    def _money_bounds(self, added: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The money row has a column of its own that holds what is added: Σ price·a − extra ≤ what is left."""
        return np.array([self.extra]), np.zeros(1), np.array([float(added)])

    def _variable(self, most: float, *, whole: bool) -> int:
        at = len(self.variables)
        kind = pulp.LpInteger if whole else pulp.LpContinuous
        self.variables.append(self.problem.add_variable(f"v{at:07d}", 0.0, float(most), kind))
        return at

    def _row(self, terms: list[tuple[int, float]], sense: int, bound: float) -> int:
        expression = pulp.LpAffineExpression([(self.variables[at], float(weight)) for at, weight in terms])
        self.problem.addConstraint(pulp.LpConstraint(expression, sense, f"c{self.rows:07d}", float(bound)))
        self.rows += 1
        return self.rows - 1

    def _most(self, o: int) -> int:
        offer = self.world.offers[o]
        room = self.world.lines[offer.line].most - self.book.quantity.get(offer.line, 0)
        pinned = self.world.caps.get(o, MANY) - self.book.packs[o]
        return max(0, min(room // offer.pack, pinned))

    def _open(self, o: int, allowed: set[int]) -> bool:
        return self._most(o) > 0 and self.world.offers[o].product in allowed

    def _gaps(self, gaps: list[Gap]) -> dict[int, float]:
        """A column for what stays open of each gap; answers what each counts in its goal."""
        weights: dict[int, float] = {}
        for gap in gaps:
            at = self._variable(gap.short, whole=False)
            weights[at] = gap.weight
            terms = self._units([o for o in gap.offers if o in self.added])
            self._row([*terms, (at, 1.0)], pulp.LpConstraintGE, gap.short)
        return weights

    def _rules(self) -> None:
        """The rules of interfaces §2 on what is added, each with the room that the plan leaves."""
        world, book = self.world, self.book
        by_line: dict[int, list[int]] = defaultdict(list)
        by_product: dict[int, list[int]] = defaultdict(list)
        chilled: dict[int, list[int]] = defaultdict(list)
        for o in self.added:
            offer = world.offers[o]
            by_line[offer.line].append(o)
            by_product[offer.product].append(o)
            if world.case.drugs[offer.drug].cold:
                chilled[offer.institution].append(o)
        for k, mine in by_line.items():
            self._row(self._units(mine), pulp.LpConstraintLE, world.lines[k].most - book.quantity.get(k, 0))
            self._ratio(k, mine)
        for p, mine in by_product.items():
            supply = world.case.products[p].supply
            if supply is not None:
                self._row(self._units(mine), pulp.LpConstraintLE, max(0, supply - book.supplied.get(p, 0)))
        for i, mine in chilled.items():
            capacity = world.case.institutions[i].cold_capacity
            if capacity is not None:
                self._row(self._units(mine), pulp.LpConstraintLE, max(0, capacity - book.cold.get(i, 0)))
        self._orders()

    def _units(self, offers: list[int]) -> list[tuple[int, float]]:
        return [(self.added[o], float(self.world.offers[o].pack)) for o in offers]

    def _ratio(self, k: int, mine: list[int]) -> None:
        if not self.world.lines[k].ratio_holds:
            return
        ratio, terms = Fraction(self.world.case.nonwinning_ratio), []
        for o in mine:
            status = self.world.case.products[self.world.offers[o].product].status
            if status == "非中选":
                terms.append((self.added[o], float(self.world.offers[o].pack)))
            elif status in WINNING:
                terms.append((self.added[o], -float(ratio) * self.world.offers[o].pack))
        room = ratio * self.book.winning.get(k, 0) - self.book.nonwinning.get(k, 0)
        self._row(terms, pulp.LpConstraintLE, float(max(Fraction(0), room)))

    def _orders(self) -> None:
        """起订包数 of what is not bought yet, 起送金额 of suppliers not used yet."""
        world, book = self.world, self.book
        for o, at in list(self.added.items()):
            if world.offers[o].least > 1 and not book.packs[o]:
                y = self._choice()
                self._row([(at, 1.0), (y, -world.offers[o].least)], pulp.LpConstraintGE, 0.0)
                self._row([(at, 1.0), (y, -self._most(o))], pulp.LpConstraintLE, 0.0)
        pairs: dict[tuple[int, int], list[int]] = defaultdict(list)
        for o in self.added:
            pairs[world.offers[o].institution, world.offers[o].supplier].append(o)
        for pair, mine in sorted(pairs.items()):
            floor = world.minimum_orders[pair[1]]
            if floor and not book.by_pair.get(pair, 0):
                w = self._choice()
                spend = [(self.added[o], world.offers[o].price / world.tick) for o in mine]
                self._row([*spend, (w, -floor / world.tick)], pulp.LpConstraintGE, 0.0)
                for o in mine:
                    self._row([(self.added[o], 1.0), (w, -self._most(o))], pulp.LpConstraintLE, 0.0)

    def _choice(self) -> int:
        at = self._variable(1, whole=True)
        self.choices[at] = 0.0
        return at

    def _money(self) -> None:
        """The budgets with what the plan leaves of them; the one in question may grow by the column `extra`."""
        world, book = self.world, self.book
        self.extra = self._variable(0.0, whole=False)
        by_site: dict[int, list[tuple[int, float]]] = defaultdict(list)
        for o, at in self.added.items():
            by_site[world.offers[o].institution].append((at, world.offers[o].price / world.tick))
        self.money_row = 0
        for i, terms in by_site.items():
            budget = world.budgets[i]
            if budget is not None:
                left = (budget - book.spend.get(i, 0)) / world.tick
                more = [(self.extra, -1.0)] if i == self.site else []
                at = self._row([*terms, *more], pulp.LpConstraintLE, max(0.0, left))
                self.money_row = at if i == self.site else self.money_row
        if world.total_budget is not None:
            left = (world.total_budget - sum(book.spend.values())) / world.tick
            # more for one institution is more in all: a gift to it is not taken from the others
            everything = [term for terms in by_site.values() for term in terms]
            at = self._row([*everything, (self.extra, -1.0)], pulp.LpConstraintLE, max(0.0, left))
            self.money_row = at if self.site is None else self.money_row


def _dense(weights: dict[int, float], size: int) -> np.ndarray:
    costs = np.zeros(size)
    for at, weight in weights.items():
        costs[at] = weight
    return costs


def addable(book: Ledger) -> set[int]:
    """Products that may be added: those of groups without a limit, those bought already, and of a 品规组 that is not full
    the cheapest per unit up to its number."""
    world, limit = book.world, book.world.case.group_limit
    every = {offer.product for offer in world.offers}
    if limit is None:
        return every
    for group, members in products_by_group(world).items():
        chosen = book.groups.get(group, set())
        fresh = sorted((p for p in members if p not in chosen), key=lambda p: (_unit_price(book, p), p))
        every -= set(fresh[max(0, limit - len(chosen)) :])
    return every


def _unit_price(book: Ledger, p: int) -> Fraction:
    product = book.world.case.products[p]
    return Fraction(product.price) / product.pack
