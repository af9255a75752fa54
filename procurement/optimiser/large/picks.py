"""Which products a 品规组 buys: a pick. What one pick costs at given prices, for all picks of a case at once.

Every line belongs to one group (a 品规组 over its limit, or else the lines of one drug, which then has a single pick: all
its products). A group's picks are its subsets of as many products as 品规数上限 allows. Groups share nothing but the
institutions' budgets, cold stores and share floors; at prices for these each group is on its own, and so is each of
its lines: the best way of every line, for every pick, is a minimum over an array.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from itertools import combinations
from math import comb

import numpy as np

from procurement.optimiser.large.ways import NONE, Numbers, Ways, running, ways_of
from procurement.optimiser.lexico import Clock
from procurement.optimiser.rules import products_by_group
from procurement.optimiser.world import World

MOST_PICKS = 600


@dataclass(slots=True)
class Pick:
    """One group's products and its lines; `menus` are the positions of the lines' menus in `Picks`."""

    group: int
    products: frozenset[int]
    menus: list[int]


class Picks:
    """All groups, their picks, and the ways that each pick leaves to each line (its menu).

    Menu t of line `menu_line[t]` holds the ways `way[start[t]:end[t]]`.
    """

    def __init__(self, world: World, clock: Clock | None = None) -> None:
        """Raises TimeOver when the clock does."""
        self.world = world
        self.ways: Ways = ways_of(world, clock)
        self.all: list[Pick] = []
        self.of_group: list[list[int]] = []
        self._menus: dict[tuple[int, frozenset[int]], int] = {}
        self._allowed: list[frozenset[int]] = []
        self.menu_line: list[int] = []
        self.products_of_group: list[list[int]] = []
        offered = [frozenset(world.offers[o].product for o in line.offers) for line in world.lines]
        for members, subsets, lines in groups_of(world):
            if clock is not None:
                clock.check()
            found = []
            for products in subsets:
                found.append(len(self.all))
                menus = [self._menu(k, products & offered[k]) for k in lines]
                self.all.append(Pick(len(self.of_group), products, menus))
            self.products_of_group.append(members)
            self.of_group.append(found)
        self._lay_out()

    def _menu(self, k: int, products: frozenset[int]) -> int:
        at = self._menus.setdefault((k, products), len(self._allowed))
        if at == len(self._allowed):
            self._allowed.append(products)
            self.menu_line.append(k)
        return at

    def _lay_out(self) -> None:
        """Flattens menus into arrays."""
        ways, product = self.ways, [x.product for x in self.world.offers]
        fresh = np.ones(len(ways.line), dtype=bool)
        fresh[1:] = (np.diff(ways.line) != 0) | (np.diff(ways.first) != 0) | (np.diff(ways.second) != 0)
        fresh[1:] |= np.diff(ways.split) != 0
        begin = np.flatnonzero(fresh)
        size = np.diff(np.append(begin, len(ways.line)))
        families: dict[int, list[tuple[int, int, int, bool]]] = defaultdict(list)
        columns = (ways.line[begin], ways.first[begin], ways.second[begin], ways.split[begin])
        for at, (k, a, b, split) in enumerate(zip(*(column.tolist() for column in columns), strict=True)):
            families[k].append((at, NONE if a < 0 else product[a], NONE if b < 0 else product[b], split))
        chosen, owner = [], []
        for menu, (k, allowed) in enumerate(zip(self.menu_line, self._allowed, strict=True)):
            wide = len(allowed) > 2
            for at, p, q, split in families[k]:
                if (p < 0 or p in allowed) and (q < 0 or q in allowed) and (wide or not split):
                    chosen.append(at)
                    owner.append(menu)
        family = np.array(chosen, dtype=np.int64)
        own, number = running(size[family])
        self.way = begin[family][own] + number
        self.menu_of = np.array(owner, dtype=np.int64)[own]
        self.line_of_menu = np.array(self.menu_line, dtype=np.int64)
        self.start = np.searchsorted(self.menu_of, np.arange(len(self._allowed)))
        self.end = np.append(self.start[1:], len(self.way))
        flat = [menu for pick in self.all for menu in pick.menus]
        self.menu_flat = np.array(flat, dtype=np.int64)
        self.group_of = np.array([pick.group for pick in self.all], dtype=np.int64)
        self.group_start = np.searchsorted(self.group_of, np.arange(len(self.of_group)))
        self.pick_start = np.cumsum([0] + [len(pick.menus) for pick in self.all])[:-1]

    def least(self, price: Numbers) -> Numbers:
        """The least Σ over its lines of the price of a way, for every pick."""
        menus: Numbers = np.minimum.reduceat(price[self.way], self.start)
        total: Numbers = np.add.reduceat(menus[self.menu_flat], self.pick_start)
        return total


def groups_of(world: World) -> list[tuple[list[int], list[frozenset[int]], list[int]]]:
    """(products, picks, lines) of every group, in a fixed order. A group with too many picks to list has one, all
    products: as a bound that is true, and `search.py` settles on a few of them afterwards."""
    limit = world.case.group_limit
    lines_of: dict[int, dict[int, None]] = defaultdict(dict)
    drug_of: dict[int, int] = {}
    by_drug: dict[int, list[int]] = defaultdict(list)
    lines_of_drug: dict[int, list[int]] = defaultdict(list)
    for k, line in enumerate(world.lines):
        lines_of_drug[line.drug].append(k)
        for o in line.offers:
            product = world.offers[o].product
            lines_of[product][k] = None
            if product not in drug_of:
                drug_of[product] = line.drug
                by_drug[line.drug].append(product)
    found, taken = [], set()
    if limit is not None:
        for members in products_by_group(world).values():
            if len(members) > limit:
                drugs = sorted({drug_of[p] for p in members})
                taken.update(drugs)
                lines = [k for d in drugs for k in lines_of_drug[d]]
                few = comb(len(members), limit) <= MOST_PICKS
                subsets = [frozenset(some) for some in combinations(members, limit)] if few else [frozenset(members)]
                found.append((members, subsets, lines))
    for d in sorted(lines_of_drug):
        if d not in taken:
            found.append((by_drug[d], [frozenset(by_drug[d])], lines_of_drug[d]))
    return found
