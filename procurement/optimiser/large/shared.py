"""What ties the lines of a case together, as arrays: the rows that institutions share, the products that are limited or
agreed, and what every line adds to every goal. The relaxation as a whole reads

    Σ_picks t = 1 of each group;  Σ_ways λ = t of each line of a pick;  Σ over all ways within each shared row;
    Σ k·x ≤ 供应上限·Σ t  and  Σ k·x + short·r ≥ least·Σ t  over the picks that hold the product.

Only 起送金额 and the yes/no of supplier pairs are left out, so its least value bounds every plan.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from procurement.optimiser.goals import Weights, floor_rows
from procurement.optimiser.large.ways import NONE, Numbers, running
from procurement.optimiser.rules import Layout, all_rows
from procurement.optimiser.world import World

SHARED = ("机构预算", "总预算", "冷藏容量", "金额占比")
GOALS = 9
AGREED, FLOORS, SPEND = 1, 6, 7  # numbers of goals


@dataclass(frozen=True, slots=True)
class Demand:
    """Σ k·x + short·r ≥ least for agreed volume `agreed` with r units not bought."""

    agreed: int
    short: float
    least: float


def demands_of(world: World, c: int) -> list[Demand]:
    """Σ k·x + r ≥ R as it stands; and, packs being whole, Σ k·x + (k/f)·r ≥ k·⌈R/k⌉ with f = R − k·⌊R/k⌋ > 0 (mixed
    integer rounding): together the convex hull, so that no fraction of a pack is saved on any agreed volume."""
    row = world.agreed[c]
    pack = world.case.products[row.product].pack
    rest = row.remaining % pack
    found = [Demand(c, 1.0, float(row.remaining))]
    if rest:
        found.append(Demand(c, pack / rest, float(row.remaining - rest + pack)))
    return found


class Shared:
    """Rows by number with `bounds` and `upper` (≤); offer o stands with coefficient `slot[o, j]` in row `slot_row[line, j]`."""

    def __init__(self, world: World, layout: Layout, weights: Sequence[Weights]) -> None:
        self.world, self.layout = world, layout
        daily = np.array([float(row.daily) for row in world.case.drugs])
        kind = np.array(world.classes, dtype=np.int64)
        drug = np.array([line.drug for line in world.lines], dtype=np.int64)
        self.site = np.array([line.institution for line in world.lines], dtype=np.int64)
        self.goal = (kind + (kind > 0))[drug]  # the goal that counts a line's unmet need
        self.day = 1 / daily[drug]  # patient-days of a unit
        self.need = np.array([line.need for line in world.lines], dtype=float)
        self.line = np.array([offer.line for offer in world.offers], dtype=np.int64)
        self.pack = np.array([offer.pack for offer in world.offers], dtype=float)
        self.product = np.array([offer.product for offer in world.offers], dtype=np.int64)
        self.money = np.array([offer.price for offer in world.offers], dtype=float)  # ticks a pack
        self.yuan = self.money / world.tick
        self._rows()
        self._products({at: float(weight) for at, weight in weights[AGREED]})

    def _rows(self) -> None:
        world, size = self.world, len(self.world.offers)
        rows = [row for row in [*all_rows(world, self.layout), *floor_rows(world, self.layout)] if row.rule in SHARED]
        self.bounds = np.array([row.bound / row.scale for row in rows])
        self.upper = np.array([row.sense == "<=" for row in rows], dtype=bool)
        sites = {row.code: i for i, row in enumerate(world.case.institutions)}
        self.row_of: dict[tuple[str, int | None, int], int] = {}  # rule, institution, first or second such row
        for position, row in enumerate(rows):
            key = (row.rule, sites[row.at[0]] if row.at else None)
            self.row_of[(*key, 1 if (*key, 0) in self.row_of else 0)] = position
        self.floors: list[int] = []  # rows with a column for what the floor is short
        at: list[int] = []
        number: list[int] = []
        weight: list[float] = []
        for r, row in enumerate(rows):
            inside = [(o, w / row.scale) for o, w in row.terms if o < size]
            at += [o for o, _ in inside]
            weight += [w for _, w in inside]
            number += [r] * len(inside)
            self.floors += [r] if len(inside) < len(row.terms) else []
        offers, rows_at = np.array(at, dtype=np.int64), np.array(number, dtype=np.int64)
        pairs, place = np.unique(self.line[offers] * max(1, len(rows)) + rows_at, return_inverse=True)
        lines = pairs // max(1, len(rows))
        begin = np.searchsorted(lines, np.arange(len(world.lines)))
        within = np.arange(len(pairs)) - begin[lines]
        width = int(within.max(initial=-1)) + 1
        self.slot_row = np.full((len(world.lines), width), NONE, dtype=np.int64)
        self.slot_row[lines, within] = pairs % max(1, len(rows))
        self.slot = np.zeros((size, width))
        self.slot[offers, within[place]] = weight

    def _products(self, missed: dict[int, float]) -> None:
        """Limits in whole packs, agreed volumes, and what is missed of agreed volume that nobody can buy."""
        world, products = self.world, self.world.case.products
        self.supply = np.full(len(products), np.inf)
        for offer in world.offers:
            most = products[offer.product].supply
            if most is not None:
                self.supply[offer.product] = most // offer.pack * offer.pack
        self.constant = np.zeros(GOALS)
        self.remaining = np.array([row.remaining for row in world.agreed], dtype=float)
        self.agreed_cost = np.array([missed[at] for at in self.layout.r])
        self.agreed_of: dict[int, list[int]] = {}
        self.demands: list[Demand] = []
        self.demands_of: list[list[int]] = [[] for _ in world.agreed]
        pairs = []
        for c, agreed in enumerate(world.agreed):
            if not agreed.offers:
                self.constant[AGREED] += self.agreed_cost[c] * agreed.remaining
                continue
            self.agreed_of.setdefault(agreed.product, []).append(c)
            for demand in demands_of(world, c):
                pairs += [(o, len(self.demands)) for o in agreed.offers]
                self.demands_of[c].append(len(self.demands))
                self.demands.append(demand)
        self.demand_offer, self.demand_at = np.array(sorted(pairs), dtype=np.int64).reshape(-1, 2).T
        self._demand_start = np.searchsorted(self.demand_offer, np.arange(len(world.offers) + 1))
        self.demand_agreed = np.array([row.agreed for row in self.demands], dtype=np.int64)
        self.demand_short = np.array([row.short for row in self.demands])
        self.demand_least = np.array([row.least for row in self.demands])
        self.tied = np.isfinite(self.supply[self.product])  # offers with 供应上限 or agreed volume
        self.tied[self.demand_offer] = True

    def demands_at(self, offers: Numbers) -> tuple[Numbers, Numbers]:
        """The agreed demands that these offers count towards: (position in `offers`, demand) pairs."""
        start = self._demand_start
        own, number = running(start[offers + 1] - start[offers])
        return own, self.demand_at[start[offers][own] + number]

    def unmet(self, line: Numbers, cover: Numbers) -> Numbers:
        """Patient-days that stay unmet."""
        days: Numbers = (self.need[line] - cover) * self.day[line]
        return days
