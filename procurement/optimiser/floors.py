"""Why an institution stays below a floor of 金额占比, and what would lift it over.

Floors stand seventh: they yield to every need and to agreed volume. The plan already buys of what counts as much as the
rules allow (that lowers goal 7), so three facts clash: the floor, what is bought that does not count, and that no more of
what counts can be bought. With spend S, counted part E and floor f the yuan short are f·S − E, and each of these ends it:
a floor of E/S; S − E/f less of what does not count; (f·S − E)/(1 − f) more of what does.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from fractions import Fraction

from procurement.optimiser.clash_words import CENT, number, spaced, yuan
from procurement.optimiser.explain import Ledger, ledger, obstacles
from procurement.optimiser.plan import Clash, WayOut
from procurement.optimiser.world import CLASSES, WINNING, World

TENTH = Decimal("0.001")
SMALL = Fraction(1, 200)  # yuan: less than half a cent short is not short


def floor_clashes(world: World, packs: Sequence[int]) -> list[Clash]:
    """One clash for every institution and floor that the plan stays below, the largest gap first."""
    book = ledger(world, list(packs))
    found: list[tuple[Fraction, str, Clash]] = []
    for i, site in enumerate(world.case.institutions):
        for name, floor, counts in (
            ("基药", site.essential_floor, [drug.essential for drug in world.case.drugs]),
            ("医保", site.insurance_floor, [drug.insurance != "无" for drug in world.case.drugs]),
        ):
            if floor:
                view = _View(book, i, name, Fraction(floor), counts)
                if view.short > SMALL:
                    found.append((view.short, site.code, view.clash()))
    return [clash for _, _, clash in sorted(found, key=lambda item: (-item[0], item[1]))]


class _View:
    """One institution under one floor: what it spends, and on what."""

    def __init__(self, book: Ledger, site: int, name: str, floor: Fraction, counts: list[bool]) -> None:
        self.book, self.world, self.site, self.name, self.floor = book, book.world, site, name, floor
        self.offers = [o for o, offer in enumerate(self.world.offers) if offer.institution == site]
        self.counts = {o: counts[self.world.offers[o].drug] for o in self.offers}
        self.spend = Fraction(book.spend.get(site, 0), self.world.tick)
        self.counted = sum((self._amount(o) for o in self.offers if self.counts[o]), Fraction(0))
        self.short = self.floor * self.spend - self.counted

    def _amount(self, o: int) -> Fraction:
        return Fraction(self.book.packs[o] * self.world.offers[o].price, self.world.tick)

    def clash(self) -> Clash:
        site = self.world.case.institutions[self.site]
        share = _percent(self.counted / self.spend, ROUND_FLOOR)
        short = _yuan(self.short)
        return Clash(
            kind="金额占比",
            sites=(site.code,),
            said=f"{site.name}{self.name}金额占比 {share}，低于下限 {_percent(self.floor)}，相差 {short} 元",
            facts=(
                f"{site.name}{self.name}金额占比下限 {_percent(self.floor)}",
                f"非{self.name}采购 {_yuan(self.spend - self.counted)} 元：{self._outside()}，优先于占比",
                f"{self.name}已采购 {_yuan(self.counted)} 元，不能再多：{self._binding()}",
            ),
            ways=tuple(self._ways()),
            given_up=f"本计划{self.name}金额占比比下限少 {short} 元",
        )

    def _outside(self) -> str:
        """What does not count, by class, the largest first."""
        by_class: dict[int, Fraction] = defaultdict(Fraction)
        for o in self.offers:
            if not self.counts[o] and self.book.packs[o]:
                by_class[self.world.classes[self.world.offers[o].drug]] += self._amount(o)
        rows = sorted(by_class.items(), key=lambda row: (-row[1], row[0]))
        return "、".join(f"{CLASSES[kind]} {_yuan(amount)} 元" for kind, amount in rows)

    def _binding(self) -> str:
        """What forbids one more pack of each offer that counts, by how many drugs it binds."""
        bound: dict[str, set[int]] = defaultdict(set)
        for o in self.offers:
            if self.counts[o]:
                for item in obstacles(self.book, o, 1)[:1]:
                    bound["需求与合理采购上限" if item.rule == "采购上限" else item.rule].add(self.world.offers[o].drug)
        rows = sorted(bound.items(), key=lambda row: (-len(row[1]), row[0]))
        words = "、".join(f"{rule}（{len(drugs)} 个药品）" for rule, drugs in rows[:3])
        return words or f"没有可采购的{self.name}"

    def _ways(self) -> list[WayOut]:
        site = self.world.case.institutions[self.site]
        share = _percent(self.counted / self.spend, ROUND_FLOOR)
        ways = [WayOut(f"只降下限：{site.name}{self.name}金额占比下限降至 {share}", True)]
        fewer = self._fewer()
        if fewer:
            ways.append(WayOut(f"只少买非{self.name}：{fewer}", True))
        if self.floor < 1:
            more = self.short / (1 - self.floor)
            left = self.world.budgets[self.site]
            spare = None if left is None else Fraction(left, self.world.tick) - self.spend
            words = f"只多买{self.name}：超出需求再买约 {_yuan(more)} 元"
            if spare is not None and spare < more:
                words += f"，预算还须加 {_yuan(more - max(spare, Fraction(0)))} 元"
            ways.append(WayOut(words, False))
        return ways

    def _fewer(self) -> str:
        """Whole packs given back, the last class first and dearest first, until the floor holds; "" when the rules of
        orders do not let go of enough. Nothing else of the plan changes, so its rules hold as counted here."""
        spend, by_pair, packs = self.spend, dict(self.book.by_pair), dict.fromkeys(self.offers, 0)
        days, lines = Fraction(0), set()
        world = self.world
        order = sorted(
            (o for o in self.offers if self.book.packs[o] and not self.counts[o] and self._may_shrink(o)),
            key=lambda o: (-world.classes[world.offers[o].drug], -world.offers[o].price, o),
        )
        for o in order:
            offer = world.offers[o]
            pair = (self.site, offer.supplier)
            while self.floor * spend > self.counted and packs[o] < self.book.packs[o]:
                left = self.book.packs[o] - packs[o] - 1
                step = 1 if left >= offer.least else left + 1
                rest = by_pair[pair] - step * offer.price
                if 0 < rest < world.minimum_orders[offer.supplier]:
                    break
                packs[o] += step
                by_pair[pair] = rest
                spend -= Fraction(step * offer.price, world.tick)
            if packs[o]:
                lines.add(offer.line)
        if self.floor * spend > self.counted:
            return ""
        for k in lines:
            line, bought = world.lines[k], self.book.quantity[k]
            returned = sum(packs[o] * world.offers[o].pack for o in line.offers)
            lost = min(line.need, bought) - min(line.need, bought - returned)
            days += lost / Fraction(world.case.drugs[line.drug].daily)
        return f"退回 {_yuan(self.spend - spend)} 元（{len(lines)} 个药品），少满足 {number(float(days))} 患者日"

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
