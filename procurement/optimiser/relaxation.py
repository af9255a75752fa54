"""The relaxation that bounds and guides large cases: each group mixes picks, each line mixes whole-pack ways.

    Σ_picks t = 1 of each group;  Σ_ways λ = t of each line of a pick;  what the institutions share in rows over all ways;
    供应上限 and 约定量 (one product, hence one group) within each pick:  Σ k·x ≤ 供应上限·t,  Σ k·x + r ≥ 剩余约定量·t.

Only 起送金额 and the yes/no of supplier pairs are left out, so its least value bounds every plan. Of the many picks
only those enter that the prices (duals) of the others call for; when none calls, the value is that of all picks.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import highspy
import numpy as np

from procurement.optimiser.goals import Weights, floor_rows
from procurement.optimiser.picks import Picks
from procurement.optimiser.rules import Layout, Row, all_rows
from procurement.optimiser.ways import NONE, Numbers
from procurement.optimiser.world import World

SHARED = ("机构预算", "总预算", "冷藏容量", "金额占比")
WAY, PICK, SHORT, FLOOR = range(4)  # kinds of columns
GOALS = 9
SPEND = 7
INFINITY = highspy.kHighsInf
NOTHING = np.array([], dtype=np.int32)


class Relaxation:
    """A HiGHS object that grows by picks. Columns are known by `kind` and `ref` (way, pick, agreed volume, variable)."""

    def __init__(
        self, world: World, layout: Layout, weights: Sequence[Weights], picks: Picks, *, seed: int = 0
    ) -> None:
        self.world, self.layout, self.picks = world, layout, picks
        self.costs = [_dense(goal, layout.size) for goal in weights]
        self.highs: Any = highspy.Highs()  # type: ignore[no-untyped-call]
        for name, value in (("output_flag", False), ("threads", 1), ("random_seed", seed)):
            self.highs.setOptionValue(name, value)
        self.kind = np.zeros(0, dtype=np.int8)
        self.ref = np.zeros(0, dtype=np.int64)
        self.group = np.zeros(0, dtype=np.int64)
        self.price = np.zeros((GOALS, 0))
        self.rows = 0
        self.opened: dict[int, int] = {}  # pick → its column
        self.supply_rows: list[tuple[int, int, int]] = []  # row, product, pick
        self.agreed_rows: list[tuple[int, int, int]] = []  # row, agreed volume, pick
        self.constant = np.zeros(GOALS)
        self._shared_rows([row for row in [*all_rows(world, layout), *floor_rows(world, layout)] if row.rule in SHARED])
        self._own_rows()
        self._way_prices()
        self.group_row = self.rows + np.arange(len(picks.of_group))
        self._add_rows(np.ones(len(self.group_row)), np.ones(len(self.group_row)))
        self.open(found[0] for found in picks.of_group if len(found) == 1)

    # --- building

    def _shared_rows(self, rows: list[Row]) -> None:
        """Rows 0 to 8 are the ceilings of the goals; then what institutions share, by offer in `slot` columns."""
        world = self.world
        self._add_rows(np.full(GOALS, -INFINITY), np.full(GOALS, INFINITY))
        bound = np.array([row.bound / row.scale for row in rows])
        upper = np.array([row.sense == "<=" for row in rows], dtype=bool)
        self._add_rows(np.where(upper, -INFINITY, bound), np.where(upper, bound, INFINITY))
        sites = {row.code: i for i, row in enumerate(world.case.institutions)}
        self.budget_row = {
            sites[row.at[0]]: number for number, row in enumerate(rows, start=GOALS) if row.rule == "机构预算"
        }
        entries: list[dict[int, list[tuple[int, float]]]] = [{} for _ in world.lines]
        floors: list[tuple[int, list[tuple[int, float]]]] = []
        size = len(world.offers)
        for number, row in enumerate(rows, start=GOALS):
            for at, weight in row.terms:
                if at < size:
                    entries[world.offers[at].line].setdefault(number, []).append((at, weight / row.scale))
                else:
                    floors.append((at, [(number, weight / row.scale)]))
        width = max((len(found) for found in entries), default=0)
        self.slot_row = np.full((len(world.lines), width), NONE, dtype=np.int64)
        self.slot = np.zeros((size, width))
        for k, found in enumerate(entries):
            for place, (number, terms) in enumerate(found.items()):
                self.slot_row[k, place] = number
                for o, share in terms:
                    self.slot[o, place] = share
        self._add_columns(
            [(FLOOR, at, NONE, 0.0, INFINITY, terms, [cost[at] for cost in self.costs]) for at, terms in floors]
        )

    def _own_rows(self) -> None:
        """Limits and agreed volumes by product, and what is missed of agreed volume that nobody can buy."""
        world, products = self.world, self.world.case.products
        self.supply: dict[int, float] = {}
        self.agreed_of: dict[int, list[int]] = {}
        self.agreed_at: list[list[int]] = [[] for _ in world.offers]
        for offer in world.offers:
            most = products[offer.product].supply
            if most is not None:
                self.supply[offer.product] = most // offer.pack * offer.pack
        for c, agreed in enumerate(world.agreed):
            if not agreed.offers:
                self.constant[1] += self.costs[1][self.layout.r[c]] * agreed.remaining
                continue
            self.agreed_of.setdefault(agreed.product, []).append(c)
            for o in agreed.offers:
                self.agreed_at[o].append(c)

    def _way_prices(self) -> None:
        """What each way adds to each goal."""
        world, ways = self.world, self.picks.ways
        need = np.array([line.need for line in world.lines], dtype=float)
        kind = np.array([world.classes[line.drug] for line in world.lines], dtype=np.int64)
        daily = np.array([float(world.case.drugs[line.drug].daily) for line in world.lines])
        unmet = (need[ways.line] - ways.cover) / daily[ways.line]
        self.way_price = np.zeros((GOALS, len(ways.line)))
        goal = (kind + (kind > 0))[ways.line]
        self.way_price[goal, np.arange(len(ways.line))] = unmet
        self.way_price[SPEND] = ways.of_offers(self.costs[SPEND][: len(world.offers)])

    def dear(self, duals: Numbers) -> Numbers:
        """What one tick more would gain at each institution, in the weighed goals."""
        found = np.zeros(len(self.world.case.institutions))
        for i, row in self.budget_row.items():
            found[i] = max(0.0, -duals[row])
        return found

    def open(self, picks: Iterable[int]) -> None:
        """Lets the groups choose these picks too."""
        for pick in picks:
            if pick not in self.opened:
                self._open(pick)

    def _open(self, number: int) -> None:
        picks, world = self.picks, self.world
        pick = picks.all[number]
        lines = self.rows + np.arange(len(pick.menus))
        zeros = np.zeros(len(pick.menus))
        self._add_rows(zeros, zeros)
        missed = sum(
            world.agreed[c].remaining * self.costs[1][self.layout.r[c]]
            for p in picks.products_of_group[pick.group]
            if p not in pick.products
            for c in self.agreed_of.get(p, ())
        )
        chosen: list[tuple[int, float]] = [(int(self.group_row[pick.group]), 1.0), *((int(r), -1.0) for r in lines)]
        supply: dict[int, int] = {}
        agreed: dict[int, int] = {}
        for p in sorted(pick.products & self.supply.keys()):
            supply[p] = self.rows
            self.supply_rows.append((self.rows, p, number))
            chosen.append((self.rows, -self.supply[p]))
            self._add_rows(np.array([-INFINITY]), np.zeros(1))
        shorts = []
        for p in sorted(pick.products & self.agreed_of.keys()):
            for c in self.agreed_of[p]:
                agreed[c] = self.rows
                self.agreed_rows.append((self.rows, c, number))
                remaining = float(world.agreed[c].remaining)
                chosen.append((self.rows, -remaining))
                unit = [cost[self.layout.r[c]] for cost in self.costs]
                shorts.append((SHORT, c, pick.group, 0.0, remaining, [(self.rows, 1.0)], unit))
                self._add_rows(np.zeros(1), np.array([INFINITY]))
        self.opened[number] = len(self.kind)
        cost = [0.0] * GOALS
        cost[1] = missed
        self._add_columns([(PICK, number, pick.group, 0.0, 1.0, chosen, cost), *shorts])
        found = [picks.ways_in(menu) for menu in pick.menus]
        self._add_ways(np.concatenate(found), np.repeat(lines, [len(w) for w in found]), pick.group, supply, agreed)

    def _add_ways(self, way: Numbers, row: Numbers, group: int, supply: dict[int, int], agreed: dict[int, int]) -> None:
        ways, world = self.picks.ways, self.world
        count, width = len(way), self.slot.shape[1]
        price = self.way_price[:, way]
        columns, index, value = [np.arange(count)], [row], [np.ones(count)]
        for goal in range(GOALS):
            at = np.flatnonzero(price[goal])
            columns.append(at)
            index.append(np.full(len(at), goal))
            value.append(price[goal][at])
        slots = np.vstack([self.slot, np.zeros((1, width))])
        shared = slots[ways.first[way]] * ways.packs[way, None] + slots[ways.second[way]] * ways.more[way, None]
        at, place = np.nonzero(shared)
        columns.append(at)
        index.append(self.slot_row[ways.line[way[at]], place])
        value.append(shared[at, place])
        if supply or agreed:
            for offers, packs in ((ways.first[way], ways.packs[way]), (ways.second[way], ways.more[way])):
                for j, (o, n) in enumerate(zip(offers.tolist(), packs.tolist(), strict=True)):
                    if o >= 0:
                        offer = world.offers[o]
                        for r in (supply.get(offer.product), *(agreed.get(c) for c in self.agreed_at[o])):
                            if r is not None:
                                columns.append(np.array([j]))
                                index.append(np.array([r]))
                                value.append(np.array([n * offer.pack]))
        flat, rows, values = np.concatenate(columns), np.concatenate(index), np.concatenate(value)
        order = np.argsort(flat, kind="stable")
        starts = np.searchsorted(flat[order], np.arange(count)).astype(np.int32)
        self._hand_over(np.zeros(count), np.full(count, INFINITY), starts, rows[order].astype(np.int32), values[order])
        self._remember(np.full(count, WAY), way, np.full(count, group), price)

    def _add_columns(self, columns: list[tuple]) -> None:
        if not columns:
            return
        kind, ref, group, lower, upper, terms, price = zip(*columns, strict=True)
        prices = np.array(price, dtype=float).T
        full = [
            [*found, *((goal, prices[goal, j]) for goal in np.flatnonzero(prices[:, j]))]
            for j, found in enumerate(terms)
        ]
        sizes = np.array([len(found) for found in full])
        starts = (np.cumsum(sizes) - sizes).astype(np.int32)
        index = np.array([r for found in full for r, _ in found], dtype=np.int32)
        value = np.array([v for found in full for _, v in found], dtype=float)
        self._hand_over(np.array(lower), np.array(upper), starts, index, value)
        self._remember(np.array(kind), np.array(ref), np.array(group), prices)

    def _hand_over(self, lower: Numbers, upper: Numbers, starts: Numbers, index: Numbers, value: Numbers) -> None:
        count = len(lower)
        self.highs.addCols(count, np.zeros(count), lower, upper, len(index), starts, index, value)

    def _remember(self, kind: Numbers, ref: Numbers, group: Numbers, price: Numbers) -> None:
        self.kind = np.append(self.kind, kind.astype(np.int8))
        self.ref = np.append(self.ref, ref.astype(np.int64))
        self.group = np.append(self.group, group.astype(np.int64))
        self.price = np.hstack([self.price, price])

    def _add_rows(self, lower: Numbers, upper: Numbers) -> None:
        count = len(lower)
        if count:
            self.highs.addRows(count, lower, upper, 0, np.zeros(count, dtype=np.int32), NOTHING, np.array([]))
            self.rows += count


def _dense(goal: Weights, size: int) -> Numbers:
    found = np.zeros(size)
    for at, weight in goal:
        found[at] = float(weight)
    return found
