"""Solves the relaxation: a run of the solver, the picks that its prices call for, again until none is called.

    bound = value − Σ_groups max(0, price of the group − least cost of any of its other picks)

which is a proven bound at every step, whether or not the calling has ended.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import highspy
import numpy as np

from procurement.optimiser.relaxation import GOALS, Relaxation
from procurement.optimiser.ways import Numbers

ROUNDS = 12
NOISE = 1e-3


@dataclass(slots=True)
class Answer:
    """One solved objective: its value over what is open, the bound over everything, and the point reached."""

    value: float
    bound: float
    point: Numbers
    duals: Numbers
    reduced: Numbers


class Priced:
    """A relaxation and what is worked out once for pricing it."""

    def __init__(self, relaxation: Relaxation) -> None:
        self.relaxation = relaxation
        picks, world = relaxation.picks, relaxation.world
        self.pack = np.array([offer.pack for offer in world.offers], dtype=float)
        self.product = np.array([offer.product for offer in world.offers], dtype=np.int64)
        self.line = np.array([offer.line for offer in world.offers], dtype=np.int64)
        supplied, agreed = [], []
        for number, pick in enumerate(picks.all):
            for p in picks.products_of_group[pick.group]:
                if p in pick.products and p in relaxation.supply:
                    supplied.append((number, p, relaxation.supply[p]))
                for c in relaxation.agreed_of.get(p, ()):
                    agreed.append((number, c, p in pick.products))
        self.supplied = np.array(supplied, dtype=float).reshape(-1, 3).T
        self.agreed = np.array(agreed, dtype=np.int64).reshape(-1, 3).T
        self.remaining = np.array([row.remaining for row in world.agreed], dtype=float)
        self.agreed_cost = np.array([relaxation.costs[1][at] for at in relaxation.layout.r])

    def minimise(self, weights: Sequence[float], *, close: float = 1e-5, seconds: float = 1e9) -> Answer | None:
        """Least Σ weights·goals; ends when no pick promises more than `close` of the value. None without an answer."""
        r = self.relaxation
        best = -np.inf
        constant = float(np.dot(weights, r.constant))
        for _ in range(ROUNDS):
            answer = self.run(weights, seconds)
            if answer is None:
                return None
            called, promised = self._call(weights, answer, NOISE * close)
            best = max(best, answer.value - promised + constant)
            answer.value += constant
            answer.bound = best
            if not called or promised <= close:
                break
            r.open(called)
        return answer

    def run(self, weights: Sequence[float], seconds: float = 1e9) -> Answer | None:
        r = self.relaxation
        highs = r.highs
        size = len(r.kind)
        highs.changeColsCost(size, np.arange(size, dtype=np.int32), np.asarray(weights, dtype=float) @ r.price)
        highs.setOptionValue("time_limit", highs.getRunTime() + max(0.05, seconds))
        highs.run()
        if highs.getModelStatus() not in (highspy.HighsModelStatus.kOptimal, highspy.HighsModelStatus.kUnknown):
            return None
        found = highs.getSolution()
        point, duals, reduced = (np.array(part) for part in (found.col_value, found.row_dual, found.col_dual))
        return Answer(highs.getInfo().objective_function_value, -np.inf, point, duals, reduced)

    def way_costs(self, weights: Sequence[float], answer: Answer) -> tuple[Numbers, Numbers, Numbers]:
        """What each way costs at the prices, and the prices of products with 供应上限 and of agreed volumes."""
        r = self.relaxation
        prices = answer.duals
        supply = np.zeros(len(r.world.case.products))
        agreed = np.zeros(len(r.world.agreed))
        share = np.zeros(len(r.picks.all))
        for number, column in r.opened.items():
            share[number] = answer.point[column]
        for rows, into in ((r.supply_rows, supply), (r.agreed_rows, agreed)):
            best: dict[int, float] = {}
            for row, at, number in rows:
                if share[number] > best.get(at, -1.0):
                    best[at] = share[number]
                    into[at] = prices[row]
        worth = (r.slot * np.append(prices, 0.0)[r.slot_row][self.line]).sum(axis=1)
        extra = supply[self.product]
        for o, found in enumerate(r.agreed_at):
            for c in found:
                extra[o] += agreed[c]
        goals = np.asarray(weights, dtype=float) - prices[:GOALS]
        costs = goals @ r.way_price - r.picks.ways.of_offers(worth + extra * self.pack)
        return costs, supply, agreed

    def pick_costs(self, weights: Sequence[float], answer: Answer) -> Numbers:
        """The least that each pick can cost at the prices of the answer."""
        r = self.relaxation
        costs, supply, agreed = self.way_costs(weights, answer)
        total = r.picks.least(costs)
        number, product, most = self.supplied
        np.add.at(total, number.astype(np.int64), supply[product.astype(np.int64)] * most)
        number, c, inside = self.agreed
        unit = (weights[1] - answer.duals[1]) * self.agreed_cost[c]
        least = np.where(inside > 0, agreed[c] + np.minimum(0.0, unit - agreed[c]), unit)
        np.add.at(total, number, least * self.remaining[c])
        return total

    def alone(self, weights: Sequence[float]) -> float:
        """A bound without any solving: every group by itself, nothing shared."""
        r = self.relaxation
        none = Answer(0.0, 0.0, np.zeros(len(r.kind)), np.zeros(r.rows), np.zeros(0))
        least = np.minimum.reduceat(self.pick_costs(weights, none), r.picks.group_start)
        return float(least.sum() + np.dot(weights, r.constant))

    def _call(self, weights: Sequence[float], answer: Answer, noise: float) -> tuple[list[int], float]:
        """The most promising pick of each group that has one, and what they promise together."""
        r = self.relaxation
        costs = self.pick_costs(weights, answer)
        price = answer.duals[r.group_row]
        if r.opened:
            costs = costs.copy()
            costs[list(r.opened)] = np.inf
        least = np.minimum.reduceat(costs, r.picks.group_start)
        gain = price - least
        promising = np.flatnonzero(gain > noise)
        called = [r.picks.of_group[g][int(np.argmin(costs[r.picks.of_group[g]]))] for g in promising]
        return called, float(gain[gain > 0].sum())
