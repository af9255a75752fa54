"""A corner of a case, small enough to be asked many questions: a model whose facts can be switched.

A `Nook` holds some institutions and drugs with every rule that touches them. What is demanded (短缺急救需求, 约定量) may be
asked in full or only as far as the plan meets it; what limits (预算, 供应上限, 冷藏容量 …) may be held, set aside, or given way
by the least amount. Products that red labels, delivery areas or one minimum pack exclude are in it too, so that these
facts can be held against a demand like any other. The rows are those of `rules.py`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pulp

from procurement.optimiser.bridge import Bridge
from procurement.optimiser.case import BLOCKED_LABEL, Case
from procurement.optimiser.lexico import Clock
from procurement.optimiser.model import add_links, add_rows, add_variables
from procurement.optimiser.reasons.corner import Atlas, Lookups, corner, loosened, place
from procurement.optimiser.rules import Layout, Row, all_rows, indicator_rows
from procurement.optimiser.world import World

URGENT, AGREED = "短缺急救需求", "约定量"
BLOCKED, REACH = "价格标识红3", "配送范围"
LIMITS = (
    BLOCKED,
    REACH,
    "品规数上限",
    "机构预算",
    "总预算",
    "冷藏容量",
    "供应上限",
    "起送金额",
    "起订包数",
    "非中选比例",
    "采购上限",
)
NODES = 300  # a question that branching cannot answer within them stays open: nothing is claimed
PATIENCE = 5.0


@dataclass(frozen=True, slots=True, order=True)
class Fact:
    """One instance of a rule: its name and its place in codes, as in `rules.Row`."""

    rule: str
    at: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Demand:
    """What is asked: its column (the shortfall), the quantity asked, what the plan leaves open, yuan or days of one unit."""

    column: int
    asked: int
    short: int
    weight: float


@dataclass(frozen=True, slots=True)
class Way:
    """The least change of some limits: by fact, in the unit a person reads, and a purchase in whole packs that keeps it."""

    changes: dict[Fact, float]
    packs: list[int]


class Nook:
    """Sites and drugs by position in the world of `atlas`, whose plan says what is left open of each demand."""

    def __init__(
        self,
        atlas: Atlas,
        sites: Sequence[int],
        drugs: Collection[int],
        *,
        whole: bool = False,
        fillers: Iterable[tuple[int, int]] = (),
        urgent_only: bool = False,
        clock: Clock | None = None,
    ) -> None:
        """`whole` nooks hold all institutions, so that what is agreed or limited for the alliance counts in them. A question
        ends with the `clock` and is then open."""
        self.clock = clock
        self.case = corner(atlas, sites, drugs, whole=whole, fillers=fillers, urgent_only=urgent_only)
        self.world = loosened(self.case)
        layout = Layout(self.world)
        problem = pulp.LpProblem("nook", pulp.LpMinimize)
        variables = add_variables(problem, self.world, layout)
        self.limits: dict[Fact, int] = {}
        self.bounds: dict[Fact, float] = {}
        rows = [self._with_slack(row, problem, variables) for row in _rows(self.world, layout, self.case)]
        add_rows(problem, variables, rows)
        add_links(problem, variables, indicator_rows(self.world, layout))
        self.demands = dict(_demands(self.world, layout, atlas))
        self.loose = Bridge(problem, variables, whole=False)
        self.exact = Bridge(problem, variables)
        self.size = len(self.world.offers)
        self.columns = {column: fact for fact, column in self.limits.items()}
        self.columns |= {demand.column: fact for fact, demand in self.demands.items()}
        self.questions = 0

    def _with_slack(self, row: Row, problem: pulp.LpProblem, variables: list[pulp.LpVariable]) -> Row:
        if row.rule not in LIMITS:
            return row
        fact = Fact(row.rule, row.at)
        at = len(variables)
        variables.append(problem.add_variable(f"v{at:07d}", 0.0, 0.0))
        self.limits[fact] = at
        self.bounds[fact] = row.bound / row.scale
        sign = -row.scale if row.sense == "<=" else row.scale
        return replace(row, terms=[*row.terms, (at, sign)])

    def possible(self, asked: Mapping[Fact, int], aside: Collection[Fact] = ()) -> bool:
        """Whether the demands can be met up to the shortfalls `asked` (a demand that is not named is not asked) with the
        limits `aside` not counting. True as well when branching does not settle it."""
        self.questions += 1
        for bridge in (self.loose, self.exact):
            self._set(bridge, asked, aside)
            bridge.set_costs(np.zeros(bridge.size))
            if bridge.run(seconds=self._patience(), nodes=NODES).infeasible:
                return False
        return True

    def suspects(self, asked: Mapping[Fact, int]) -> set[Fact] | None:
        """Facts of an irreducible clash of the LP, as HiGHS finds it; None where the LP itself has no clash."""
        self._set(self.loose, asked, ())
        self.loose.set_costs(np.zeros(self.loose.size))
        if not self.loose.run(seconds=self._patience()).infeasible:
            return None
        return {self.columns[column] for column in self.loose.clashing_columns() if column in self.columns}

    def least(self, asked: Mapping[Fact, int], yielding: Collection[Fact]) -> Way | None:
        """The least change of the `yielding` limits (together, each relative to its bound) that makes room for what is
        asked; None where they alone do not."""
        self.questions += 1
        self._set(self.exact, asked, yielding)
        costs = np.zeros(self.exact.size)
        single = len(yielding) == 1
        for fact in yielding:
            costs[self.limits[fact]] = 1.0 if single else 1.0 / max(1.0, abs(self.bounds[fact]))
        self.exact.set_costs(costs)
        outcome = self.exact.run(seconds=self._patience(), nodes=NODES)
        if outcome.values is None:
            return None
        packs = [round(value) for value in outcome.values[: self.size]]
        found = {fact: float(outcome.values[self.limits[fact]]) for fact in sorted(yielding)}
        return Way({fact: amount for fact, amount in found.items() if amount > 1e-6}, packs)

    def _patience(self) -> float:
        return PATIENCE if self.clock is None else min(PATIENCE, self.clock.left())

    def _set(self, bridge: Bridge, asked: Mapping[Fact, int], aside: Collection[Fact]) -> None:
        columns, upper = [], []
        for fact, demand in self.demands.items():
            columns.append(demand.column)
            upper.append(float(asked.get(fact, demand.asked)))
        for fact, column in self.limits.items():
            columns.append(column)
            upper.append(np.inf if fact in aside else 0.0)
        bridge.set_bounds(np.array(columns), np.zeros(len(columns)), np.array(upper))


def _rows(world: World, layout: Layout, case: Case) -> Iterator[Row]:
    yield from all_rows(world, layout)
    blocked: dict[int, list[tuple[int, int]]] = {}
    far: dict[tuple[int, int], list[tuple[int, int]]] = {}
    lookups = Lookups(case)
    for o, offer in enumerate(world.offers):
        product, site = case.products[offer.product], case.institutions[offer.institution].code
        if product.label == BLOCKED_LABEL:
            blocked.setdefault(offer.product, []).append((o, 1))
        if not lookups.delivers(product.supplier, site):
            far.setdefault((offer.institution, offer.supplier), []).append((o, 1))
    for p, terms in sorted(blocked.items()):
        yield Row(BLOCKED, (case.products[p].code,), terms, "<=", 0)
    for (i, s), terms in sorted(far.items()):
        yield Row(REACH, (case.institutions[i].code, case.suppliers[s].code), terms, "<=", 0)


def _demands(world: World, layout: Layout, atlas: Atlas) -> Iterator[tuple[Fact, Demand]]:
    """The demands of the corner, and what the plan of the whole leaves open of each."""
    case = world.case
    for k, at in layout.u.items():
        line = world.lines[k]
        drug = case.drugs[line.drug]
        if drug.emergency:
            site = case.institutions[line.institution].code
            short = max(0, line.need - atlas.bought(site, drug.code))
            yield Fact(URGENT, (site, drug.code)), Demand(at, line.need, short, 1 / float(drug.daily))
    for c, agreed in enumerate(world.agreed):
        product = case.products[agreed.product]
        key = (product.code, place(case, agreed.institution))
        short = max(0, agreed.remaining - atlas.agreed[key])
        yield Fact(AGREED, key), Demand(layout.r[c], agreed.remaining, short, float(product.price) / product.pack)
