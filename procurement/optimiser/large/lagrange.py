"""The bound that any prices prove, without any solver.

For prices of everything shared, and weights m ≥ 0 of the goals, the least of

    Σ m·goals + Σ price·(bound − use)

falls apart into groups, each pick of a group into lines, and each line takes its cheapest way. No plan makes
Σ m·goals smaller, however the prices were found: good prices make a good bound, bad ones only a weak one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from procurement.optimiser.large.opened import Opened
from procurement.optimiser.large.picks import Picks
from procurement.optimiser.large.shared import AGREED, FLOORS, SPEND, Shared
from procurement.optimiser.large.ways import Numbers

SAFE = 1e-12  # of the size of the sums: far more than rounding in floating point can add


@dataclass(slots=True)
class Prices:
    """Weights of the goals; price of a unit of each shared row, and of each `tied` row of the opened picks (≤ 0 where the
    row limits from above, else ≥ 0); of each product's 供应上限 and agreed demand for the picks that are not opened."""

    goals: Numbers
    rows: Numbers
    supply: Numbers
    demands: Numbers
    tied: Numbers


@dataclass(slots=True)
class Look:
    """Everything at some prices: what ways cost without tied prices, flat ways and rows of the opened picks with them,
    all picks, and the bound."""

    ways: Numbers
    flat: Numbers
    rows: Numbers
    picks: Numbers
    bound: float


class Lagrangian:
    """A case whose groups are laid out for pricing."""

    def __init__(self, shared: Shared, picks: Picks) -> None:
        self.shared, self.picks, self.opened = shared, picks, Opened(shared, picks)
        supplied, agreed = [], []
        for number, pick in enumerate(picks.all):
            for p in picks.products_of_group[pick.group]:
                if p in pick.products and np.isfinite(shared.supply[p]):
                    supplied.append((number, p))
                agreed += [(number, c, p in pick.products) for c in shared.agreed_of.get(p, ())]
        self.supplied = np.array(supplied, dtype=np.int64).reshape(-1, 2).T
        self.agreed = np.array(agreed, dtype=np.int64).reshape(-1, 3).T

    def free(self, goals: Numbers) -> Prices:
        """Everything shared for nothing."""
        s = self.shared
        tied = np.zeros(len(self.opened.tied_pick))
        return Prices(goals, np.zeros(len(s.bounds)), np.zeros(len(s.supply)), np.zeros(len(s.demands)), tied)

    def valid(self, prices: Prices) -> Prices:
        """The nearest prices of the right sign, with one for each tied row: these prove something."""
        s, o = self.shared, self.opened
        rows = np.where(s.upper, np.minimum(prices.rows, 0.0), np.maximum(prices.rows, 0.0))
        rows[s.floors] = np.minimum(rows[s.floors], prices.goals[FLOORS])
        supply = np.where(np.isfinite(s.supply), np.minimum(prices.supply, 0.0), 0.0)
        demands = np.maximum(prices.demands, 0.0)
        late = slice(len(prices.tied), None)
        limits = o.tied_supply >= 0
        later = np.where(limits, supply[o.tied_supply], np.append(demands, 0.0)[o.tied_demand])[late]
        tied = np.append(prices.tied, later)
        tied = np.where(limits, np.minimum(tied, 0.0), np.maximum(tied, 0.0))
        return Prices(np.maximum(prices.goals, 0.0), rows, supply, demands, tied)

    def offer_costs(self, prices: Prices) -> Numbers:
        """What a pack of each offer costs at the prices of money and store, without those of tied rows."""
        s = self.shared
        found: Numbers = prices.goals[SPEND] * s.yuan
        found -= (s.slot * np.append(prices.rows, 0.0)[s.slot_row][s.line]).sum(axis=1)
        return found

    def tied_costs(self, prices: Prices) -> Numbers:
        """What 供应上限 and agreed volume add to a pack of each offer in the picks that are not opened."""
        s = self.shared
        extra = prices.supply[s.product]
        np.add.at(extra, s.demand_offer, prices.demands[s.demand_at])
        found: Numbers = -extra * s.pack
        return found

    def way_costs(self, prices: Prices) -> Numbers:
        s, ways = self.shared, self.picks.ways
        found: Numbers = ways.of_offers(self.offer_costs(prices))
        found += (prices.goals[s.goal] * s.day)[ways.line] * (s.need[ways.line] - ways.cover)
        return found

    def look(self, prices: Prices, without: Numbers | None = None) -> Look:
        """At valid prices; if need be at all plans without some offers (a mask)."""
        ways, opened = self.picks.ways, self.opened
        costs = self.way_costs(prices)
        if without is not None:
            barred = np.append(without, False)
            costs = np.where(barred[ways.first] | barred[ways.second], np.inf, costs)
        picks = self._pick_costs(prices, costs + ways.of_offers(self.tied_costs(prices)))
        flat = opened.flat_costs(costs, prices.tied)
        rows = np.minimum.reduceat(flat, opened.start) if len(flat) else flat
        if len(opened.picks):
            own = opened.pick_costs(rows, prices.tied, float(prices.goals[AGREED]))
            picks[opened.picks] = np.maximum(picks[opened.picks], own)
        return Look(costs, flat, rows, picks, self._total(prices, picks))

    def _pick_costs(self, prices: Prices, costs: Numbers) -> Numbers:
        s = self.shared
        total = self.picks.least(costs)
        number, product = self.supplied
        np.add.at(total, number, prices.supply[product] * s.supply[product])
        number, c, inside = self.agreed
        unit = prices.goals[AGREED] * s.agreed_cost
        owed = np.bincount(s.demand_agreed, prices.demands * s.demand_least, len(unit))
        short = np.bincount(s.demand_agreed, prices.demands * s.demand_short, len(unit))
        bought = owed + np.minimum(0.0, unit - short) * s.remaining
        np.add.at(total, number, np.where(inside > 0, bought[c], (unit * s.remaining)[c]))
        return total

    def _total(self, prices: Prices, picks: Numbers) -> float:
        least = np.minimum.reduceat(picks, self.picks.group_start)
        parts = np.concatenate([least, prices.rows * self.shared.bounds, prices.goals * self.shared.constant])
        return float(parts.sum() - SAFE * np.abs(parts).sum())

    def least(self, prices: Prices, reached: Sequence[float], number: int, bound: float | None = None) -> float:
        """The least value of a goal for plans that reach these values in the goals above it, never below 0."""
        weight = float(prices.goals[number])
        if weight <= 0 or prices.goals[number + 1 :].any():
            return 0.0
        value = self.look(prices).bound if bound is None else bound
        above = float(prices.goals[:number] @ np.asarray(reached[:number], dtype=float))
        return max(0.0, (value - above - SAFE * abs(above)) / weight)
