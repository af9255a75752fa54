"""Why an institution stays below a floor of 金额占比, and what would lift it over.

Floors stand seventh: they yield to every need and to agreed volume. The plan already buys of what counts as much as the
rules allow (that lowers goal 7), so three facts clash: the floor, what is bought that does not count, and that no more of
what counts can be bought. With spend S, counted part E and floor f the yuan short are f·S − E, and each of these ends it:
a floor of E/S; S − E/f less of what does not count; (f·S − E)/(1 − f) more of what does.
"""

from __future__ import annotations

import math
from collections import defaultdict
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from fractions import Fraction

from procurement.optimiser.lexico import Clock
from procurement.optimiser.plan import Clash, WayOut
from procurement.optimiser.reasons.explain import Ledger, obstacles
from procurement.optimiser.reasons.words import CENT, number, spaced, yuan
from procurement.optimiser.world import CLASSES, WINNING, ceil_div

TENTH = Decimal("0.001")
SMALL = Fraction(1, 200)  # yuan: less than half a cent short is not short


def floor_clashes(book: Ledger, clock: Clock) -> tuple[list[Clash], int]:
    """One clash for every institution and floor that the plan stays below, the largest gap first, and the number of those
    for which no time was left."""
    world = book.world
    offers: list[list[int]] = [[] for _ in world.case.institutions]
    for o, offer in enumerate(world.offers):
        offers[offer.institution].append(o)
    essential = [drug.essential for drug in world.case.drugs]
    insured = [drug.insurance != "无" for drug in world.case.drugs]
    found: list[tuple[Fraction, str, Clash]] = []
    cut = 0
    for i, site in enumerate(world.case.institutions):
        for name, floor, counts in (("基药", site.essential_floor, essential), ("医保", site.insurance_floor, insured)):
            if floor:
                view = View(book, i, name, Fraction(floor), offers[i], counts)
                if view.short > SMALL and clock.over():
                    cut += 1
                elif view.short > SMALL:
                    found.append((view.short, site.code, view.clash()))
    return [clash for _, _, clash in sorted(found, key=lambda item: (-item[0], item[1]))], cut


class View:
    """One institution under one floor: what it spends, and on what. Money is whole ticks, `short` is yuan."""

    def __init__(
        self, book: Ledger, site: int, name: str, floor: Fraction, offers: list[int], drug_counts: list[bool]
    ) -> None:
        self.book, self.world, self.site, self.name, self.floor = book, book.world, site, name, floor
        self.offers = offers
        self.counts = {o: drug_counts[self.world.offers[o].drug] for o in offers}
        self.spend = book.spend.get(site, 0)
        self.counted = sum(self._amount(o) for o in offers if self.counts[o])
        self.short = (floor * self.spend - self.counted) / self.world.tick

    def _amount(self, o: int) -> int:
        return self.book.packs[o] * self.world.offers[o].price

    def _words(self, ticks: int) -> str:
        return _yuan(Fraction(ticks, self.world.tick))

    def clash(self) -> Clash:
        site = self.world.case.institutions[self.site]
        share = _percent(Fraction(self.counted, self.spend), ROUND_FLOOR)
        short = _yuan(self.short)
        return Clash(
            kind="金额占比",
            sites=(site.code,),
            said=f"{site.name}{self.name}金额占比 {share}，低于下限 {_percent(self.floor)}，相差 {short} 元",
            facts=(
                f"{site.name}{self.name}金额占比下限 {_percent(self.floor)}",
                f"非{self.name}采购 {self._words(self.spend - self.counted)} 元：{self._outside()}，优先于占比",
                f"{self.name}已采购 {self._words(self.counted)} 元，{self._binding()}",
            ),
            ways=tuple(self._ways()),
            given_up=f"本计划{self.name}金额占比比下限少 {short} 元",
        )

    def _outside(self) -> str:
        """What does not count, by class, the largest first."""
        by_class: dict[int, int] = defaultdict(int)
        for o in self.offers:
            if not self.counts[o] and self.book.packs[o]:
                by_class[self.world.classes[self.world.offers[o].drug]] += self._amount(o)
        rows = sorted(by_class.items(), key=lambda row: (-row[1], row[0]))
        return "、".join(f"{CLASSES[kind]} {self._words(amount)} 元" for kind, amount in rows)

    def _binding(self) -> str:
        """What forbids one more pack of each offer that counts, by how many drugs it binds."""
        bound: dict[str, set[int]] = defaultdict(set)
        free: set[int] = set()
        for o in self.offers:
            if self.counts[o]:
                found, drug = obstacles(self.book, o, 1)[:1], self.world.offers[o].drug
                for item in found:
                    bound["需求与合理采购上限" if item.rule == "采购上限" else item.rule].add(drug)
                if not found:
                    free.add(drug)
        if free:
            return f"其中 {len(free)} 个药品规则上还能多买：占比未证明已到最高"
        rows = sorted(bound.items(), key=lambda row: (-len(row[1]), row[0]))
        words = "、".join(f"{rule}（{len(drugs)} 个药品）" for rule, drugs in rows[:3])
        return f"不能再多：{words or f'没有可采购的{self.name}'}"

    def _ways(self) -> list[WayOut]:
        site = self.world.case.institutions[self.site]
        share = _percent(Fraction(self.counted, self.spend), ROUND_FLOOR)
        ways = [WayOut(f"只降下限：{site.name}{self.name}金额占比下限降至 {share}", True)]
        fewer = self._fewer()
        if fewer:
            ways.append(WayOut(f"只少买非{self.name}：{fewer}", True))
        if self.floor < 1:
            more = self.short / (1 - self.floor)
            left = self.world.budgets[self.site]
            spare = None if left is None else Fraction(left - self.spend, self.world.tick)
            words = f"只多买{self.name}：超出需求再买约 {_yuan(more)} 元"
            if spare is not None and spare < more:
                words += f"，预算还须加 {_yuan(more - max(spare, Fraction(0)))} 元"
            ways.append(WayOut(words, False))
        return ways

    def _fewer(self) -> str:
        packs, world = self.given_back(), self.world
        if packs is None:
            return ""
        lines = {world.offers[o].line for o in packs}
        days = Fraction(0)
        for k in lines:
            line, bought = world.lines[k], self.book.quantity[k]
            returned = sum(packs.get(o, 0) * world.offers[o].pack for o in line.offers)
            lost = min(line.need, bought) - min(line.need, bought - returned)
            days += lost / Fraction(world.case.drugs[line.drug].daily)
        money = self._words(sum(count * world.offers[o].price for o, count in packs.items()))
        return f"退回 {money} 元（{len(lines)} 个药品），少满足 {number(float(days))} 患者日"

    def given_back(self) -> dict[int, int] | None:
        """Whole packs to give back by offer, the last class first and dearest first, until the floor holds; None when the
        rules of orders do not let go of enough. Nothing else of the plan changes."""
        world, excess = self.world, math.ceil(self.spend - self.counted / self.floor)
        by_pair, packs = dict(self.book.by_pair), {}
        order = sorted(
            (o for o in self.offers if self.book.packs[o] and not self.counts[o] and self._may_shrink(o)),
            key=lambda o: (-world.classes[world.offers[o].drug], -world.offers[o].price, o),
        )
        for o in order:
            price, pair = world.offers[o].price, (self.site, world.offers[o].supplier)
            count = self._count(o, excess, by_pair[pair])
            if count:
                packs[o] = count
                by_pair[pair] -= count * price
                excess -= count * price
        return packs if excess <= 0 else None

    def _count(self, o: int, excess: int, ordered: int) -> int:
        """Packs of an offer to give back towards `excess` ticks, so that what is left keeps 起订包数 and 起送金额."""
        offer, bought = self.world.offers[o], self.book.packs[o]
        if excess <= 0 or not offer.price:
            return 0
        count = min(bought, ceil_div(excess, offer.price))
        rest = ordered - count * offer.price
        least = self.world.minimum_orders[offer.supplier]
        if 0 < rest < least:
            count = max(0, (ordered - least) // offer.price)
        if 0 < bought - count < offer.least:
            whole = ordered - bought * offer.price
            count = bought if whole == 0 or whole >= least else max(0, bought - offer.least)
        return count

    def _may_shrink(self, o: int) -> bool:
        """Not what agreed volume holds, nor a winner on which non-winners of the same drug lean."""
        offer = self.world.offers[o]
        product = self.world.case.products[offer.product]
        leans = self.world.lines[offer.line].ratio_holds and product.status in WINNING
        return offer.product not in self.book.agreed and not (leans and self.book.nonwinning.get(offer.line, 0))


def _yuan(amount: Fraction) -> str:
    return yuan((Decimal(amount.numerator) / amount.denominator).quantize(CENT, rounding=ROUND_CEILING))


def _percent(share: Fraction, rounding: str = ROUND_CEILING) -> str:
    exact = (Decimal(share.numerator) / share.denominator).quantize(TENTH, rounding=rounding)
    return spaced(f"{number(float(exact * 100))}%")
