"""Improves a plan in whole packs, one institution after another: serve one line another way, or two lines at once, one
of which pays for the other (selling back a lower class, or a dearer patient-day, where a better one gains).

Products stay those that their group already buys. Every move keeps every rule; what a move is worth is the sum of the
goals, each weighed far above the next.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence

import numpy as np

from procurement.optimiser.relaxation import GOALS, Relaxation
from procurement.optimiser.rules import products_by_group
from procurement.optimiser.ways import Numbers, offers_of
from procurement.optimiser.world import World

WORTHWHILE = 1e-4
MOVES = 400
TRIES = 60
NO_LIMIT = 1 << 60


def exchanged(
    relaxation: Relaxation, packs: list[int], weights: Sequence[float], stop: Callable[[], bool]
) -> list[int]:
    """The plan after all worthwhile moves."""
    state = Exchange(relaxation, packs, weights)
    for i in range(len(relaxation.world.case.institutions)):
        for _ in range(MOVES):
            if stop() or not state.improve(i):
                break
    return state.packs


class Exchange:
    """A plan, what it leaves of everything limited, and the ways open to each line."""

    def __init__(self, relaxation: Relaxation, packs: list[int], weights: Sequence[float]) -> None:
        world, ways = relaxation.world, relaxation.picks.ways
        self.world, self.packs, self.ways = world, list(packs), ways
        self.value = np.asarray(weights, dtype=float) @ relaxation.way_price
        self.money = ways.of_offers(np.array([offer.price for offer in world.offers], dtype=float))
        self.weights = weights
        allowed = products_open(world, packs)
        product = np.array([offer.product in allowed for offer in world.offers] + [True])
        whole = (ways.packs == np.floor(ways.packs)) & (ways.more == np.floor(ways.more)) & ~ways.split
        usable = whole & product[ways.first] & product[ways.second]
        site = np.array([line.institution for line in world.lines], dtype=np.int64)[ways.line]
        self.options = [np.flatnonzero(usable & (site == i)) for i in range(len(world.case.institutions))]
        self.tied = [self._tied(options) for options in self.options]
        self.facts = offers_of(world)
        self.units = ways.of_offers(self.facts.pack.astype(float))
        self.is_cold = np.array([world.case.drugs[line.drug].cold for line in world.lines], dtype=bool)
        self.price = np.array([offer.price for offer in world.offers], dtype=float)
        self.daily = np.array([float(world.case.drugs[offer.drug].daily) for offer in world.offers])
        kind = np.array([world.classes[offer.drug] for offer in world.offers], dtype=np.int64)
        self.worth = np.asarray(weights, dtype=float)[kind + (kind > 0)] / self.daily
        self.steps = [
            np.array(
                [o for o, x in enumerate(world.offers) if x.institution == i and x.product in allowed], dtype=np.int64
            )
            for i in range(len(world.case.institutions))
        ]
        self._count()

    def _tied(self, options: Numbers) -> tuple[Numbers, Numbers, Numbers]:
        """(option, offer, units) wherever an option says how much to buy of an offer with 供应上限 or agreed volume."""
        world, ways = self.world, self.ways
        agreed = {o for row in world.agreed for o in row.offers}
        found = []
        for at, j in enumerate(options.tolist()):
            for o in world.lines[ways.line[j]].offers:
                offer = world.offers[o]
                if o in agreed or world.case.products[offer.product].supply is not None:
                    packs = (ways.first[j] == o) * ways.packs[j] + (ways.second[j] == o) * ways.more[j]
                    found.append((at, o, int(packs) * offer.pack))
        table = np.array(found, dtype=np.int64).reshape(-1, 3).T
        return table[0], table[1], table[2]

    def _forbidden(self, i: int) -> Numbers:
        """Options that alone would exceed a 供应上限 or lose agreed volume."""
        world = self.world
        at, offers, units = self.tied[i]
        less, more = {}, {}
        for o in np.unique(offers).tolist():
            supply = world.case.products[world.offers[o].product].supply
            now = self.packs[o] * world.offers[o].pack
            spare = [max(0, self.spare[c]) for c in self.agreed_at.get(o, ())]
            less[o] = now - min(spare) if spare else 0
            more[o] = NO_LIMIT if supply is None else now + supply - self.sold[world.offers[o].product]
        bad = np.zeros(len(self.options[i]), dtype=bool)
        if len(at):
            low, high = (np.array([limit[o] for o in offers.tolist()]) for limit in (less, more))
            bad[at[(units < low) | (units > high)]] = True
        return bad

    def _count(self) -> None:
        world = self.world
        self.spent = [0] * len(world.budgets)
        self.cold = [0] * len(world.budgets)
        self.sold: dict[int, int] = defaultdict(int)
        self.order: dict[tuple[int, int], int] = defaultdict(int)
        for o, count in enumerate(self.packs):
            if count:
                self._add(o, count)
        self.spare = [
            sum(self.packs[o] * world.offers[o].pack for o in row.offers) - row.remaining for row in world.agreed
        ]
        self.agreed_at: dict[int, list[int]] = defaultdict(list)
        for c, row in enumerate(world.agreed):
            for o in row.offers:
                self.agreed_at[o].append(c)

    def _add(self, o: int, count: int) -> None:
        offer = self.world.offers[o]
        self.spent[offer.institution] += count * offer.price
        self.sold[offer.product] += count * offer.pack
        self.order[offer.institution, offer.supplier] += count * offer.price
        if self.world.case.drugs[offer.drug].cold:
            self.cold[offer.institution] += count * offer.pack

    def improve(self, i: int) -> bool:
        """Makes the best move of an institution; False when there is none."""
        world = self.world
        budget, total = world.budgets[i], world.total_budget
        slack = NO_LIMIT if budget is None else budget - self.spent[i]
        slack = slack if total is None else min(slack, total - sum(self.spent))
        options, steps = self.options[i], self.steps[i]
        lines = self.ways.line[options]
        value, money = self._standing(lines)
        gain, cost = value - self.value[options], self.money[options] - money
        keep = ~self._forbidden(i)
        step, number, more, extra = self._one_pack(steps)
        options = np.concatenate([options[keep], -1 - step * 2 - (number < 0)])
        lines = np.concatenate([lines[keep], self.facts.line[step]])
        gain, cost = np.concatenate([gain[keep], more]), np.concatenate([cost[keep], extra])
        gain -= self._floors(i, lines) * cost
        capacity = world.case.institutions[i].cold_capacity
        if capacity is None:
            return self._best(options, lines, gain, cost, slack)
        cold, room = self._chilled(options, lines), capacity - self.cold[i]
        chilled = self.is_cold[lines]
        fits = cold <= room
        if self._best(options[fits], lines[fits], gain[fits], cost[fits], slack):
            return True
        if not (gain[chilled & ~fits] > WORTHWHILE).any():
            return False
        return self._best(options[chilled], lines[chilled], gain[chilled], cold[chilled], room)

    def _best(self, options: Numbers, lines: Numbers, gain: Numbers, cost: Numbers, slack: int) -> bool:
        """Makes the best of these moves that fits; False when there is none."""
        useful = (gain > WORTHWHILE) | (cost < 0)
        options, lines, gain, cost = options[useful], lines[useful], gain[useful], cost[useful]
        for _ in range(TRIES):
            found = best_move(lines, gain, cost, float(slack)) if len(lines) else ()
            if not found:
                return False
            if self._make([int(options[at]) for at in found]):
                return True
            gain[min(found, key=lambda at: gain[at])] = -np.inf
        return False

    def _chilled(self, options: Numbers, lines: Numbers) -> Numbers:
        """Units that each option adds to the cold store."""
        x, found = self.facts, np.zeros(len(options))
        for at in np.flatnonzero(self.is_cold[lines]).tolist():
            j = int(options[at])
            if j < 0:
                o, down = divmod(-1 - j, 2)
                found[at] = -x.pack[o] if down else x.pack[o]
            else:
                now = sum(self.packs[o] * int(x.pack[o]) for o in self.world.lines[lines[at]].offers)
                found[at] = self.units[j] - now
        return found

    def _one_pack(self, offers: Numbers) -> tuple[Numbers, ...]:
        """One pack more or less of an offer: (offer, ±1, what it gains, what it costs)."""
        x = self.facts
        packs = np.array([self.packs[o] for o in offers.tolist()], dtype=np.int64)
        units = np.zeros(len(self.world.lines), dtype=np.int64)
        np.add.at(units, x.line[offers], packs * x.pack[offers])
        now = units[x.line[offers]]
        found = []
        for number in (1, -1):
            then = now + number * x.pack[offers]
            fits = (packs + number >= x.least[offers]) & (packs + number <= x.most[offers]) & (then <= x.limit[offers])
            fits &= np.array([self._allows(o, number) for o in offers.tolist()], dtype=bool)
            days = np.maximum(0, x.need[offers] - now) - np.maximum(0, x.need[offers] - then)
            cost = number * self.price[offers]
            gain = days * self.worth[offers] - cost * self.weights[GOALS - 2] / self.world.tick
            found.append((offers[fits], np.full(int(fits.sum()), number), gain[fits], cost[fits]))
        return tuple(np.concatenate(column) for column in zip(*found, strict=True))

    def _allows(self, o: int, number: int) -> bool:
        """Whether 供应上限 leaves a pack more, or agreed volume can spare one."""
        offer = self.world.offers[o]
        if number < 0:
            return all(self.spare[c] >= offer.pack for c in self.agreed_at.get(o, ()))
        supply = self.world.case.products[offer.product].supply
        return supply is None or self.sold[offer.product] + offer.pack <= supply

    def _standing(self, lines: Numbers) -> tuple[Numbers, Numbers]:
        """Weighed goals and ticks of what each of these lines buys now."""
        world = self.world
        value, money = np.zeros(len(world.lines)), np.zeros(len(world.lines))
        for k in np.unique(lines).tolist():
            line = world.lines[k]
            units = sum(self.packs[o] * world.offers[o].pack for o in line.offers)
            ticks = sum(self.packs[o] * world.offers[o].price for o in line.offers)
            kind = world.classes[line.drug]
            days = max(0, line.need - units) / float(world.case.drugs[line.drug].daily)
            value[k] = self.weights[kind + (kind > 0)] * days + self.weights[GOALS - 2] * ticks / world.tick
            money[k] = ticks
        return value[lines], money[lines]

    def _floors(self, i: int, lines: Numbers) -> Numbers:
        """What a tick more for these lines adds to the weighed shortfall of the share floors."""
        world, site = self.world, self.world.case.institutions[i]
        drugs = [world.case.drugs[world.lines[k].drug] for k in lines.tolist()]
        found = np.zeros(len(lines))
        for floor, counts in (
            (site.essential_floor, np.array([drug.essential for drug in drugs], dtype=bool)),
            (site.insurance_floor, np.array([drug.insurance != "无" for drug in drugs], dtype=bool)),
        ):
            if floor:
                part = sum(
                    self.packs[o] * world.offers[o].price
                    for k in set(lines[counts].tolist())
                    for o in world.lines[k].offers
                )
                if float(floor) * self.spent[i] > part:
                    found += float(floor) - counts
        return found * self.weights[GOALS - 3] / world.tick

    def _make(self, moves: list[int]) -> bool:
        """Makes a move unless it breaks a rule or loses agreed volume."""
        change: dict[int, int] = {}
        for j in moves:
            if j < 0:
                o, down = divmod(-1 - j, 2)
                change[o] = -1 if down else 1
                continue
            for o in self.world.lines[int(self.ways.line[j])].offers:
                change[o] = -self.packs[o]
            for o, count in ((self.ways.first[j], self.ways.packs[j]), (self.ways.second[j], self.ways.more[j])):
                if o >= 0:
                    change[int(o)] += int(count)
        change = {o: count for o, count in change.items() if count}
        before = self._short()
        self._apply(change)
        if self._keeps(change) and self._short() <= before:
            return True
        self._apply({o: -count for o, count in change.items()})
        return False

    def _short(self) -> float:
        products = self.world.case.products
        return sum(
            max(0, -spare) * float(products[row.product].price) / products[row.product].pack
            for spare, row in zip(self.spare, self.world.agreed, strict=True)
        )

    def _apply(self, change: dict[int, int]) -> None:
        for o, count in change.items():
            self.packs[o] += count
            self._add(o, count)
            for c in self.agreed_at.get(o, ()):
                self.spare[c] += count * self.world.offers[o].pack

    def _keeps(self, change: dict[int, int]) -> bool:
        world = self.world
        for i in {world.offers[o].institution for o in change}:
            budget = world.budgets[i]
            if budget is not None and self.spent[i] > budget:
                return False
        if world.total_budget is not None and sum(self.spent) > world.total_budget:
            return False
        for o in change:
            offer = world.offers[o]
            supply = world.case.products[offer.product].supply
            capacity = world.case.institutions[offer.institution].cold_capacity
            order = self.order[offer.institution, offer.supplier]
            if supply is not None and self.sold[offer.product] > supply:
                return False
            if capacity is not None and self.cold[offer.institution] > capacity:
                return False
            if 0 < order < world.minimum_orders[offer.supplier]:
                return False
        return all(self._in_ratio(k) for k in {world.offers[o].line for o in change})

    def _in_ratio(self, k: int) -> bool:
        """非中选比例 of a line."""
        x, ratio = self.facts, self.world.case.nonwinning_ratio
        lost = sum(self.packs[o] * int(x.pack[o]) for o in self.world.lines[k].offers if x.losing[o])
        won = sum(self.packs[o] * int(x.pack[o]) for o in self.world.lines[k].offers if x.winning[o])
        return lost <= ratio * won


def products_open(world: World, packs: list[int]) -> set[int]:
    """Products that may be bought without another one in a full 品规组."""
    bought = {world.offers[o].product for o, count in enumerate(packs) if count}
    found = {offer.product for offer in world.offers}
    limit = world.case.group_limit
    if limit is not None:
        for members in products_by_group(world).values():
            if len(members) > limit:
                used = [p for p in members if p in bought]
                found -= set(members) - set(used)
    return found


def best_move(lines: Numbers, gain: Numbers, cost: Numbers, slack: float) -> tuple[int, ...]:
    """The positions of one option, or of two of different lines, that gain most within the money; empty without any."""
    order = np.argsort(cost, kind="stable")
    line, profit, price = lines[order], gain[order], cost[order]
    best = np.maximum.accumulate(profit)
    fits = np.searchsorted(price, slack, side="right") - 1
    found: tuple[int, ...] = ()
    most = WORTHWHILE
    if fits >= 0 and best[fits] > most:
        most = float(best[fits])
        found = (int(np.argmax(profit[: fits + 1])),)
    first, second = _two_best(line, profit)
    partner = np.searchsorted(price, slack - price, side="right") - 1
    valid = np.flatnonzero(partner >= 0)
    if len(valid):
        mate = first[partner[valid]]
        mate = np.where(line[mate] == line[valid], second[partner[valid]], mate)
        together = profit[valid] + np.where(mate >= 0, profit[mate], -np.inf)
        at = int(np.argmax(together))
        if together[at] > most * (1 + 1e-9):
            found = (int(valid[at]), int(mate[at]))
    return tuple(int(order[at]) for at in found)


def _two_best(line: Numbers, profit: Numbers) -> tuple[Numbers, Numbers]:
    """For every prefix the positions of the best option, and of the best of another line than that one's (−1: none)."""
    first, second = np.zeros(len(line), dtype=np.int64), np.full(len(line), -1, dtype=np.int64)
    a, b = 0, -1
    lines, profits = line.tolist(), profit.tolist()
    for at, (k, worth) in enumerate(zip(lines, profits, strict=True)):
        if worth > profits[a]:
            if k != lines[a]:
                b = a
            a = at
        elif k != lines[a] and (b < 0 or worth > profits[b]):
            b = at
        first[at], second[at] = a, b
    return first, second
