"""From split to whole: the groups share out scarce and agreed products, each institution fills its budget, at the prices
of the relaxation and by an exact search around them (`core.py`)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from procurement.optimiser.large.core import LEVELS, balance, best_choice
from procurement.optimiser.large.lagrange import Lagrangian, Prices
from procurement.optimiser.large.options import Options, Pool
from procurement.optimiser.large.shared import AGREED, FLOORS
from procurement.optimiser.large.ways import Numbers, begins, running
from procurement.optimiser.lexico import Clock

BEYOND = 1e15  # packs or ticks where nothing limits
LOYAL = 0.03  # of the price of money


class Filling:
    """A plan in the making: packs by offer, every line of every group within its pick."""

    def __init__(
        self,
        lagrangian: Lagrangian,
        prices: Prices,
        chosen: Numbers,
        way: Numbers,
        share: Numbers,
        *,
        levels: Sequence[int] = LEVELS,
    ) -> None:
        """`chosen` has one opened pick a group; the relaxation mixes each `way` to its `share`; institutions are searched
        to these `levels`."""
        self.levels = levels
        self.shared, self.picks = lagrangian.shared, lagrangian.picks
        s, o, world = self.shared, lagrangian.opened, lagrangian.shared.world
        self.prices = prices
        products = np.zeros(len(world.case.products), dtype=bool)
        supply, demands = np.zeros(len(s.supply)), np.zeros(len(s.demands))
        for k in chosen.tolist():
            products[list(self.picks.all[k].products)] = True
        mine = np.isin(o.tied_pick, [o.place[k] for k in chosen.tolist()])
        limits, asked = mine & (o.tied_supply >= 0), mine & (o.tied_demand >= 0)
        supply[o.tied_supply[limits]] = prices.tied[limits]
        demands[o.tied_demand[asked]] = prices.tied[asked]
        at = Prices(prices.goals, prices.rows, supply, demands, prices.tied)
        self.offer_cost, self.tied_cost = lagrangian.offer_costs(at), lagrangian.tied_costs(at)
        self.supply_price, self.agreed_price = supply, np.bincount(s.demand_agreed, demands, len(s.remaining))
        costs = lagrangian.way_costs(at) + self.picks.ways.of_offers(self.tied_cost)
        self.pool = Pool(s, self.picks.ways, costs, products[s.product])
        ways = self.picks.ways
        self.spent = np.bincount(ways.line[way], share * ways.of_offers(s.money)[way], len(s.need))  # ticks, by line
        split = np.bincount(ways.line[way], (share < 1 - 1e-6) & (share > 1e-6), len(s.need))[ways.line[way]] > 0
        way, share = way[split], share[split]
        mean = np.bincount(ways.first[way] + 1, share * ways.packs[way], len(s.line) + 1)
        mean += np.bincount(ways.second[way] + 1, share * ways.more[way], len(s.line) + 1)
        self.pool.mix(ways.line[way], mean[1:])
        self.ticks = s.money.astype(np.int64)
        self.units = s.pack.astype(np.int64)
        sites = range(len(world.case.institutions))
        self.money_price = (
            np.array([self._price("机构预算", i) / world.tick for i in sites]) + self._price("总预算") / world.tick
        )
        self.cold_price = np.array([self._price("冷藏容量", i) for i in sites])
        self.cold = np.array([world.case.drugs[offer.drug].cold for offer in world.offers], dtype=bool)
        self.supplier = np.array([offer.supplier for offer in world.offers], dtype=np.int64)
        self.minimum = np.array(world.minimum_orders, dtype=float)
        drugs = [world.case.drugs[offer.drug] for offer in world.offers]
        self.essential = np.array([drug.essential for drug in drugs], dtype=bool)
        self.insured = np.array([drug.insurance != "无" for drug in drugs], dtype=bool)
        self.lines_of_site = [np.flatnonzero(s.site == i) for i in range(len(world.case.institutions))]
        self.chosen = chosen
        self.packs = np.zeros(len(world.offers), dtype=np.int64)

    # --- groups

    def share_all(self, clock: Clock) -> None:
        """Every line at its cheapest; lines tied by 供应上限 or agreed volume by an exact search of their group."""
        s = self.shared
        for lines in self.lines_of_site:
            self._cheapest(lines)
        for k in self.chosen.tolist():
            tied = [c for p in sorted(self.picks.all[k].products) for c in s.agreed_of.get(p, ())]
            limited = [p for p in sorted(self.picks.all[k].products) if np.isfinite(s.supply[p])]
            if (tied or limited) and not clock.over():
                self._share(k, limited, tied)

    def _cheapest(self, lines: Numbers) -> None:
        options = self.pool.of_lines(lines, self.packs)
        cost = self._cost(options) + options.of_offers(self.tied_cost)
        order = np.lexsort((cost, options.line))
        self._buy(options.take(order[begins(options.line[order])]))

    def _share(self, pick: int, limited: list[int], agreed: list[int]) -> None:
        """One group: least cost at the prices of money and store, its limits kept, agreed volume missed at its weight."""
        s, world = self.shared, self.shared.world
        lines = self.picks.line_of_menu[np.array(self.picks.all[pick].menus)]
        options = self.pool.of_lines(lines, self.packs)
        amounts = []
        for p in limited:
            amounts.append(options.of_offers(np.where(s.product == p, self.units, 0)))
        for c in agreed:
            own = np.zeros(len(self.packs), dtype=np.int64)
            own[world.agreed[c].offers] = self.units[world.agreed[c].offers]
            amounts.append(options.of_offers(own))
        use = np.stack(amounts, axis=1)
        regret = self._cost(options) + options.of_offers(self.tied_cost)
        moved = np.abs(options.of_offers(self.ticks) - self.spent[options.line])
        regret += LOYAL * self.money_price.max(initial=0.0) * moved  # among equals, whoever bought it in the relaxation
        most = np.array([s.supply[p] for p in limited])
        least = np.array([s.remaining[c] for c in agreed])
        worth = float(self.prices.goals[AGREED]) * s.agreed_cost[agreed]
        price = np.concatenate([self.supply_price[limited], self.agreed_price[agreed]])
        count, full = len(limited), np.concatenate([most, least])

        def rest(sums: Numbers) -> Numbers:
            """Back from costs at tied prices to true costs, from 0 where everything is used to the last unit."""
            over = (sums[:, :count] > most).any(axis=1)
            short = np.maximum(0.0, least - sums[:, count:])
            return np.where(over, np.inf, (sums - full) @ price + short @ worth)

        found = best_choice(options.line, regret, use, rest)
        if found is not None:
            self._buy(options.take(found[0]))

    # --- institutions

    def fill(self, i: int) -> bool:
        """Serves an institution's lines anew within its money, what it buys of scarce and agreed products within what
        the others leave. False when nothing better is found."""
        before = self.packs.copy()
        options, cost, ticks, slack = self._open_to(i)
        price, less, more = balance(options.line, cost, ticks, slack)
        if len(less) and price > 0:
            self._split(options.take(less), options.take(more), ticks[less], ticks[more], slack)
            options, cost, ticks, slack = self._open_to(i)
            price = balance(options.line, cost, ticks, slack)[0]

        def rest(sums: Numbers) -> Numbers:
            left = slack - sums[:, 0]
            return np.where(left < 0, np.inf, price * left if price > 0 else 0.0)

        found = best_choice(options.line, cost + price * ticks, ticks[:, None], rest, price, self.levels)
        if found is not None:
            self._buy(options.take(found[0]))
        if found is not None and (self._score(i, self.packs) < self._score(i, before)):
            return True
        self.packs = before
        return False

    def _open_to(self, i: int) -> tuple[Options, Numbers, Numbers, float]:
        """An institution's options, what they cost without money's own price, their ticks, and the ticks it may spend."""
        options = self._within_what_others_leave(self.pool.of_lines(self.lines_of_site[i], self.packs))
        cost = self._cost(options)
        capacity = self.shared.world.case.institutions[i].cold_capacity
        if capacity is not None:
            options, cost = self._store(i, options, cost, capacity)
        ticks = options.of_offers(self.ticks)
        return options, cost - self.money_price[i] * ticks, ticks, self._slack(i, options)

    def _split(self, less: Options, more: Options, low: Numbers, high: Numbers, slack: float) -> None:
        """Between what all lines take a little above and a little below the price of money: the lines where they differ
        are mixed so that the money is used up."""
        share = (slack - low.sum()) / max(1, (high - low).sum())
        differ = np.flatnonzero(low != high)
        mean = np.zeros(len(self.packs))
        for options, part in ((less, 1 - share), (more, share)):
            for offer, count in ((options.first, options.packs), (options.second, options.more)):
                some = differ[offer[differ] >= 0]
                np.add.at(mean, offer[some], part * count[some])
        self.pool.mix(less.line[differ], mean)

    def _store(self, i: int, options: Options, cost: Numbers, capacity: int) -> tuple[Options, Numbers]:
        """Chooses for the lines of the cold store first, money at its price; they then take no more room than that."""
        units = options.of_offers(np.where(self.cold, self.units, 0))
        chilled = np.flatnonzero(np.isin(options.line, np.unique(self.shared.line[self.cold])))
        if not len(chilled):
            return options, cost
        price = float(self.cold_price[i])
        fixed = capacity - self._fixed(i, options, np.where(self.cold, self.units, 0))

        def rest(sums: Numbers) -> Numbers:
            left = fixed - sums[:, 0]
            return np.where(left < 0, np.inf, price * left if price > 0 else 0.0)

        found = best_choice(options.line[chilled], cost[chilled], units[chilled][:, None], rest, price)
        if found is None:
            return options, cost
        room = np.zeros(len(self.shared.need), dtype=np.int64)
        at = chilled[found[0]]
        room[options.line[at]] = units[at]
        kept = np.ones(len(options.line), dtype=bool)
        kept[chilled] = units[chilled] <= room[options.line[chilled]]
        return options.take(kept), cost[kept]

    def _within_what_others_leave(self, options: Options) -> Options:
        """Options that exceed no 供应上限 and lose no agreed volume, whatever the other lines of the institution do."""
        s, world = self.shared, self.shared.world
        amount = self.packs * self.units
        sold = np.bincount(s.product, amount, len(s.supply))
        most = amount + np.where(np.isfinite(s.supply), s.supply - sold, BEYOND)[s.product]
        least = np.full(len(amount), -BEYOND)
        for row in world.agreed:
            spare = max(0, int(amount[row.offers].sum()) - row.remaining)
            least[row.offers] = np.maximum(least[row.offers], amount[row.offers] - spare)
        kept = np.ones(len(options.line), dtype=bool)
        tied = np.flatnonzero(s.tied)
        by_line = np.bincount(s.line[tied], minlength=len(s.need))
        order = tied[np.argsort(s.line[tied], kind="stable")]
        start = np.cumsum(by_line) - by_line
        own, number = running(by_line[options.line])
        offer = order[start[options.line][own] + number]
        count = np.where(options.first[own] == offer, options.packs[own], 0)
        count = (count + np.where(options.second[own] == offer, options.more[own], 0)) * self.units[offer]
        kept[
            own[(count > np.maximum(most[offer], amount[offer])) | (count < np.minimum(least[offer], amount[offer]))]
        ] = False
        return options.take(kept)

    def _slack(self, i: int, options: Options) -> float:
        """Ticks that the lines with options may spend."""
        world = self.shared.world
        fixed = self._fixed(i, options, self.ticks)
        budget, total = world.budgets[i], world.total_budget
        slack = BEYOND if budget is None else float(budget - fixed)
        if total is not None:
            mine = self.packs[self._offers(i)] @ self.ticks[self._offers(i)]
            slack = min(slack, float(total - (int(self.packs @ self.ticks) - mine) - fixed))
        return slack

    def _fixed(self, i: int, options: Options, each: Numbers) -> int:
        """What the lines without options use."""
        free = np.zeros(len(self.shared.need), dtype=bool)
        free[options.line] = True
        mine = self._offers(i)
        return int((self.packs[mine] * each[mine])[~free[self.shared.line[mine]]].sum())

    def _offers(self, i: int) -> Numbers:
        return np.flatnonzero(self.shared.site[self.shared.line] == i)

    def _cost(self, options: Options) -> Numbers:
        """At the prices of money and store alone."""
        s = self.shared
        cover = np.minimum(options.of_offers(self.units), s.need[options.line])
        unmet = s.unmet(options.line, cover) * self.prices.goals[s.goal[options.line]]
        found: Numbers = unmet + options.of_offers(self.offer_cost)
        return found

    def _buy(self, options: Options) -> None:
        """These options, one a line."""
        mine = np.zeros(len(self.shared.need), dtype=bool)
        mine[options.line] = True
        self.packs[mine[self.shared.line]] = 0
        for offer, count in ((options.first, options.packs), (options.second, options.more)):
            some = offer >= 0
            self.packs[offer[some]] = count[some]

    def _price(self, rule: str, i: int | None = None) -> float:
        """What a unit of a limit is worth."""
        row = self.shared.row_of.get((rule, i, 0))
        return 0.0 if row is None else max(0.0, -float(self.prices.rows[row]))

    def _score(self, i: int, packs: Numbers) -> tuple:
        """How much an institution breaks its limits, then its part in the goals, in their order."""
        s, world = self.shared, self.shared.world
        mine = self._offers(i)
        count, site = packs[mine], world.case.institutions[i]
        money = count * self.ticks[mine]
        spend = int(money.sum())
        budget, total = world.budgets[i], world.total_budget
        over = 0 if budget is None else max(0, spend - budget)
        over += 0 if total is None else max(0, int(packs @ self.ticks) - total)
        chilled = int((count * self.units[mine])[self.cold[mine]].sum())
        over += 0 if site.cold_capacity is None else max(0, chilled - site.cold_capacity)
        order = np.bincount(self.supplier[mine], money, len(world.minimum_orders))
        low = float(np.where(order > 0, np.maximum(0.0, self.minimum - order), 0.0).sum())
        lines = self.lines_of_site[i]
        units = np.bincount(s.line[mine], count * self.units[mine], len(s.need))[lines]
        days = np.bincount(s.goal[lines], s.unmet(lines, np.minimum(units, s.need[lines])), FLOORS)
        short = 0.0
        for floor, counts in ((site.essential_floor, self.essential), (site.insurance_floor, self.insured)):
            if floor:
                short += max(0.0, float(floor) * spend - float(money[counts[mine]].sum()))
        return (over, low, *(round(float(day), 6) for day in days), round(short / world.tick, 6), spend)
