"""Buys whole packs for one institution, class by class, cheapest patient-day first.

Each line (a drug) falls into increments: the bulk of its cheapest product, pack by pack, then the remainder with
whatever closes it at least cost. Within a class increments are bought in order of patient-days per yuan until the
money or the cold store is used up; a class that can be had in full is had at least cost.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from procurement.optimiser.world import WINNING, Line, Offer, World, ceil_div

NO_LIMIT = 1 << 60


@dataclass(slots=True)
class Increment:
    """Covers `cover` units for `cost` ticks by `packs` (offer, number); `single` may be bought in part, pack by pack."""

    cover: int
    cost: int
    packs: list[tuple[int, int]]
    single: bool


@dataclass(slots=True)
class Basket:
    """One institution's purchase in the making. `left` is what each scarce product still offers it, in packs."""

    world: World
    institution: int
    lines: list[int]
    money: int
    cold: int
    left: dict[int, int]
    allowed: set[int]
    closed: set[int] = field(default_factory=set)
    packs: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    bought: dict[int, int] = field(default_factory=lambda: defaultdict(int))

    def room(self, o: int) -> int:
        """Packs of this offer that may still be added, money aside."""
        offer = self.world.offers[o]
        if offer.product not in self.allowed or offer.supplier in self.closed:
            return 0
        room = min(offer.most, self.left.get(o, offer.most)) - self.packs.get(o, 0)
        room = min(room, (self.world.lines[offer.line].most - self.bought[offer.line]) // offer.pack)
        if self.world.case.drugs[offer.drug].cold:
            room = min(room, self.cold // offer.pack)
        return room if room > 0 and self.packs.get(o, 0) + room >= offer.least else 0

    def add(self, o: int, packs: int) -> None:
        offer = self.world.offers[o]
        self.packs[o] += packs
        self.bought[offer.line] += packs * offer.pack
        self.money -= packs * offer.price
        if self.world.case.drugs[offer.drug].cold:
            self.cold -= packs * offer.pack

    def fits(self, packs: list[tuple[int, int]]) -> bool:
        """True when these packs can be added together."""
        if len(packs) == 1:
            o, count = packs[0]
            return count <= self.room(o) and count * self.world.offers[o].price <= self.money
        offers = [(self.world.offers[o], count) for o, count in packs]
        line = self.world.lines[offers[0][0].line]
        units = sum(offer.pack * count for offer, count in offers)
        cold = self.world.case.drugs[line.drug].cold
        return (
            all(count <= self.room(o) for o, count in packs)
            and sum(offer.price * count for offer, count in offers) <= self.money
            and self.bought[offers[0][0].line] + units <= line.most
            and (not cold or units <= self.cold)
        )

    def buy_agreed(self, base: list[tuple[int, int]], kind: int | None) -> None:
        """The agreed packs (offer, packs) of one class (None: of all), as far as room and money go."""
        for o, packs in base:
            offer = self.world.offers[o]
            if kind is not None and self.world.classes[offer.drug] != kind:
                continue
            want = min(packs - self.packs.get(o, 0), self.room(o))
            want = min(want, self.money // offer.price if offer.price else want)
            if want > 0 and self.packs.get(o, 0) + want >= offer.least:
                self.add(o, want)

    def buy_class(self, kind: int) -> None:
        """Buys the needs of one class, most patient-days per yuan first."""
        wishes: list[tuple[float, int, int, Increment]] = []
        for k in self.lines:
            line = self.world.lines[k]
            if self.world.classes[line.drug] == kind and line.need > self.bought[k]:
                daily = float(self.world.case.drugs[line.drug].daily)
                for step, item in enumerate(self.increments(k, line)):
                    wishes.append((-item.cover / daily / max(item.cost, 1e-3), k, step, item))
        steps: dict[int, int] = defaultdict(int)
        for _, k, step, item in sorted(wishes, key=lambda wish: wish[:3]):
            if steps[k] != step:
                continue
            if self.fits(item.packs):
                for o, count in item.packs:
                    self.add(o, count)
                steps[k] += 1
            elif item.single:
                self._part(item)

    def _part(self, item: Increment) -> None:
        """As many packs of a bulk increment as money and room allow."""
        o, count = item.packs[0]
        offer = self.world.offers[o]
        count = min(count, self.room(o), self.money // offer.price if offer.price else count)
        if count > 0 and self.packs.get(o, 0) + count >= offer.least:
            self.add(o, count)

    def increments(self, k: int, line: Line) -> list[Increment]:
        """What would close this line's need, in buying order; scarce products give way to the next ones."""
        need = line.need - self.bought[k]
        free = [o for o in line.offers if self.room(o)]
        if line.ratio_holds:
            winners = [o for o in free if self._winning(o)]
            free = winners or [
                o for o in free if self.world.case.products[self.world.offers[o].product].status == "非集采"
            ]
        free.sort(key=lambda o: (self.world.offers[o].price / self.world.offers[o].pack, o))
        found: list[Increment] = []
        while need > 0 and free:
            offer = self.world.offers[free[0]]
            room = self.room(free[0])
            bulk = min(need // offer.pack, room)
            last = bulk * offer.pack == need or bulk < need // offer.pack
            rest = None if last else self._close(need, bulk, free)
            if rest is not None:
                keep, packs = rest
                bulk = keep
            if bulk >= max(1, offer.least - self.packs.get(free[0], 0)):
                found.append(Increment(bulk * offer.pack, bulk * offer.price, [(free[0], bulk)], True))
                need -= bulk * offer.pack
            if rest is not None:
                cost = sum(self.world.offers[o].price * count for o, count in packs)
                found.append(Increment(need, cost, packs, False))
                return found
            free = free[1:]
        return found

    def _close(self, need: int, bulk: int, free: list[int]) -> tuple[int, list[tuple[int, int]]] | None:
        """The cheapest way to end a line: keep so many bulk packs, and close the rest with one product."""
        first = self.world.offers[free[0]]
        best: tuple[int, int, int, int] | None = None
        keeps = range(bulk, max(-1, bulk - 3), -1) if bulk >= first.least else (0,)
        for keep in keeps:
            if 0 < keep < first.least - self.packs.get(free[0], 0):
                continue
            rest = need - keep * first.pack
            for o in free:
                offer = self.world.offers[o]
                count = ceil_div(rest, offer.pack)
                already = self.packs.get(o, 0) + (keep if o == free[0] else 0)
                count = max(count, offer.least - already)
                if count + (keep if o == free[0] else 0) > self.room(o):
                    continue
                if self.bought[first.line] + keep * first.pack + count * offer.pack > self.world.lines[first.line].most:
                    continue
                cost = keep * first.price + count * offer.price
                if best is None or cost < best[0]:
                    best = cost, keep, o, count
        return None if best is None else (best[1], [(best[2], best[3])])

    def add_nonwinners(self, kind: int) -> None:
        """Where winners ran out, 非中选 within the ratio of the winners bought."""
        ratio = self.world.case.nonwinning_ratio
        for k in self.lines:
            line = self.world.lines[k]
            short = line.need - self.bought[k]
            if not line.ratio_holds or short <= 0 or self.world.classes[line.drug] != kind:
                continue
            offers = [(o, self.world.offers[o]) for o in line.offers]
            winning = sum(self.packs.get(o, 0) * x.pack for o, x in offers if self._winning(o))
            lost = [(o, x) for o, x in offers if self.world.case.products[x.product].status == "非中选"]
            room = int(ratio * winning) - sum(self.packs.get(o, 0) * x.pack for o, x in lost)
            for o, x in sorted(lost, key=lambda pair: (pair[1].price / pair[1].pack, pair[0])):
                count = min(ceil_div(short, x.pack), room // x.pack, self.room(o))
                count = min(count, self.money // x.price if x.price else count)
                if count > 0 and self.packs.get(o, 0) + count >= x.least:
                    self.add(o, count)
                    room -= count * x.pack
                    short -= count * x.pack

    def _winning(self, o: int) -> bool:
        return self.world.case.products[self.world.offers[o].product].status in WINNING

    def buy_all(self, base: list[tuple[int, int]]) -> None:
        """Goals 1 to 6 in their order."""
        self.buy_agreed(base, 0)
        for kind in range(5):
            self.buy_class(kind)
            self.add_nonwinners(kind)
            if kind == 0:
                self.buy_agreed(base, None)

    def spend_at(self) -> dict[int, int]:
        """Ticks spent at each supplier."""
        spent: dict[int, int] = defaultdict(int)
        for o, count in self.packs.items():
            if count:
                spent[self.world.offers[o].supplier] += count * self.world.offers[o].price
        return spent

    def below_minimum(self) -> list[int]:
        """Suppliers whose 起送金额 this basket misses, the smallest order first."""
        spent = self.spend_at()
        low = [s for s, money in spent.items() if money < self.world.minimum_orders[s]]
        return sorted(low, key=lambda s: (spent[s], s))

    def top_up(self, supplier: int) -> bool:
        """Adds packs within the sensible maxima until the supplier's minimum is reached; False when it cannot be."""
        short = self.world.minimum_orders[supplier] - self.spend_at()[supplier]
        offers = [
            o for k in self.lines for o in self.world.lines[k].offers if self.world.offers[o].supplier == supplier
        ]
        for wanted in (True, False):
            for o in sorted(offers, key=lambda o: self._usefulness(o, wanted)):
                if short <= 0:
                    return True
                offer = self.world.offers[o]
                if not offer.price or (self.world.lines[offer.line].ratio_holds and not self._winning(o)):
                    continue
                lack = self.world.lines[offer.line].need - self.bought[offer.line]
                room = self.room(o) if not wanted else min(self.room(o), ceil_div(max(0, lack), offer.pack))
                count = min(room, ceil_div(short, offer.price), self.money // offer.price)
                if count > 0 and self.packs.get(o, 0) + count >= offer.least:
                    self.add(o, count)
                    short -= count * offer.price
        return short <= 0

    def _usefulness(self, o: int, wanted: bool) -> tuple:
        offer: Offer = self.world.offers[o]
        return self.world.classes[offer.drug] if wanted else 0, self.packs.get(o, 0) == 0, offer.price, o

    def score(self) -> tuple:
        """(unmet days of class 1, …, of the rest; ticks spent): how two ways for one institution compare."""
        unmet = [0.0] * 5
        for k in self.lines:
            line = self.world.lines[k]
            if line.need > self.bought[k]:
                unmet[self.world.classes[line.drug]] += (line.need - self.bought[k]) / float(
                    self.world.case.drugs[line.drug].daily
                )
        return (*(round(value, 9) for value in unmet), -self.money)
