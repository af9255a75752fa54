"""The picks that compete for their groups, laid out with every way of their lines.

供应上限 and agreed volume belong to one product, hence to one group: each pick that competes keeps its own prices for
them, which is much tighter than one price for all picks of a group. The picks that do not compete are valued at the
prices of their group's best one (`lagrange.py`): true as well, and enough for them.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from procurement.optimiser.large.picks import Picks
from procurement.optimiser.large.shared import Shared
from procurement.optimiser.large.ways import Numbers, running


class Opened:
    """Pick number j of `picks` has the rows (lines) of `row_pick` = j; row r has the flat ways `start[r]` onwards, flat f is
    way `way[f]`; tied row q belongs to pick `tied_pick[q]`: `tied_supply[q]` is its product or −1, `tied_demand[q]` its
    demand or −1, `tied_bound[q]` what it allows or asks of the whole pick. Flat `use_flat` uses `use_units` of `use_row`."""

    def __init__(self, shared: Shared, picks: Picks) -> None:
        self.shared, self.all = shared, picks
        self.picks: list[int] = []
        self.place: dict[int, int] = {}
        ints = np.zeros(0, dtype=np.int64)
        self.row_pick = self.row_line = self.start = self.way = self.flat_row = ints
        self.tied_pick = self.tied_supply = self.tied_demand = ints
        self.use_flat = self.use_row = self.short_pick = self.short_agreed = ints
        self.tied_bound = self.use_units = self.missed = np.zeros(0)

    def open(self, wanted: Iterable[int]) -> bool:
        """Lets these picks compete too; False when all of them do already."""
        fresh = [pick for pick in dict.fromkeys(wanted) if pick not in self.place]
        if not fresh:
            return False
        s, all_picks, first = self.shared, self.all, len(self.picks)
        self.place.update({pick: first + j for j, pick in enumerate(fresh)})
        self.picks += fresh
        menus = np.array([menu for k in fresh for menu in all_picks.all[k].menus], dtype=np.int64)
        owner = np.repeat(np.arange(first, first + len(fresh)), [len(all_picks.all[k].menus) for k in fresh])
        row, number = running(all_picks.end[menus] - all_picks.start[menus])
        at, rows = len(self.way), len(self.row_pick)
        way = all_picks.way[all_picks.start[menus][row] + number]
        self.start = np.append(self.start, at + np.searchsorted(row, np.arange(len(menus))))
        self.way = np.append(self.way, way)
        self.flat_row = np.append(self.flat_row, rows + row)
        self.row_pick = np.append(self.row_pick, owner)
        self.row_line = np.append(self.row_line, all_picks.line_of_menu[menus])
        self._tie(fresh, first)
        self._use(way, owner[row], at)
        missed = np.zeros(len(fresh))
        for j, k in enumerate(fresh):
            pick = all_picks.all[k]
            for p in all_picks.products_of_group[pick.group]:
                if p not in pick.products:
                    missed[j] += sum(s.agreed_cost[c] * s.remaining[c] for c in s.agreed_of.get(p, ()))
        self.missed = np.append(self.missed, missed)
        return True

    def _tie(self, fresh: list[int], first: int) -> None:
        """The tied rows of these picks, and what of agreed volume they may miss."""
        s, tied, short = self.shared, [], []
        for j, k in enumerate(fresh, start=first):
            for p in sorted(self.all.all[k].products):
                if np.isfinite(s.supply[p]):
                    tied.append((j, p, -1, s.supply[p]))
                for c in s.agreed_of.get(p, ()):
                    tied += [(j, -1, d, s.demands[d].least) for d in s.demands_of[c]]
                    short.append((j, c))
        table = np.array(tied, dtype=float).reshape(-1, 4).T
        self.tied_pick = np.append(self.tied_pick, table[0].astype(np.int64))
        self.tied_supply = np.append(self.tied_supply, table[1].astype(np.int64))
        self.tied_demand = np.append(self.tied_demand, table[2].astype(np.int64))
        self.tied_bound = np.append(self.tied_bound, table[3])
        pairs = np.array(short, dtype=np.int64).reshape(-1, 2).T
        self.short_pick, self.short_agreed = (
            np.append(self.short_pick, pairs[0]),
            np.append(self.short_agreed, pairs[1]),
        )

    def _use(self, way: Numbers, owner: Numbers, at: int) -> None:
        """What these flat ways of these picks use of the tied rows."""
        s, ways = self.shared, self.all.ways
        width = len(s.supply) + len(s.demands)
        code = self.tied_pick * width + np.where(
            self.tied_supply >= 0, self.tied_supply, len(s.supply) + self.tied_demand
        )
        order = np.argsort(code)
        for offers, packs in ((ways.first[way], ways.packs[way]), (ways.second[way], ways.more[way])):
            bought = np.flatnonzero((offers >= 0) & (packs > 0))
            units = packs[bought] * s.pack[offers[bought]]
            limited = np.flatnonzero(np.isfinite(s.supply[s.product[offers[bought]]]))
            own, demand = s.demands_at(offers[bought])
            where = np.concatenate([limited, own])
            wanted = np.concatenate([s.product[offers[bought[limited]]], len(s.supply) + demand])
            wanted = wanted + owner[bought[where]] * width
            self.use_row = np.append(self.use_row, order[np.searchsorted(code[order], wanted)])
            self.use_flat = np.append(self.use_flat, at + bought[where])
            self.use_units = np.append(self.use_units, units[where])

    def flat_costs(self, costs: Numbers, tied: Numbers) -> Numbers:
        """Costs of all flat ways: `costs` are those of the ways without tied prices, `tied` the prices of the tied rows."""
        used = np.bincount(self.use_flat, self.use_units * tied[self.use_row], len(self.way))
        found: Numbers = costs[self.way] - used
        return found

    def pick_costs(self, rows: Numbers, tied: Numbers, agreed_weight: float) -> Numbers:
        """The least that each of these picks can cost: `rows` are the least costs of its lines."""
        s = self.shared
        total = np.bincount(self.row_pick, rows, len(self.picks)) + agreed_weight * self.missed
        total += np.bincount(self.tied_pick, tied * self.tied_bound, len(self.picks))
        demand = np.flatnonzero(self.tied_demand >= 0)
        d = self.tied_demand[demand]
        paid = np.bincount(self.short_of(demand), tied[demand] * s.demand_short[d], len(self.short_pick))
        unit = agreed_weight * s.agreed_cost[self.short_agreed]
        total += np.bincount(
            self.short_pick, np.minimum(0.0, unit - paid) * s.remaining[self.short_agreed], len(self.picks)
        )
        return total

    def short_of(self, demand: Numbers) -> Numbers:
        """For tied rows that are demands: which agreed volume of a pick they speak of."""
        width = len(self.shared.remaining)
        own = self.short_pick * width + self.short_agreed
        order = np.argsort(own)
        key = self.tied_pick[demand] * width + self.shared.demand_agreed[self.tied_demand[demand]]
        found: Numbers = order[np.searchsorted(own[order], key)]
        return found
