"""The rules of a plan, one function each, in the order of `interfaces.md` §2.

A rule yields rows `Σ coefficient·variable ≤ or ≥ bound` in whole numbers. Filled with PuLP variables a row becomes a
constraint of the model (`model.py`); filled with the numbers of a plan it becomes a check in exact arithmetic
(`audit.py`): the optimiser and the audit read the very same text.

Variables (positions in one flat list, laid out by `Layout`), with i institution, d drug, p product, s supplier:
x[i,p] packs · u[i,d] unmet need · r[c] agreed volume not bought · y[i,p] = 1 when x > 0 (only where 起订包数 > 1) ·
w[i,s] = 1 when i buys from s · z[p] = 1 when p is bought anywhere · e[i], m[i] yuan short of the two share floors.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from procurement.optimiser.world import PINNED, WINNING, World

Terms = list[tuple[int, int]]


@dataclass(slots=True)
class Row:
    """One instance of a rule: Σ terms `sense` bound. Divided by `scale` it is in the unit a person reads."""

    rule: str
    at: tuple[str, ...]
    terms: Terms
    sense: str
    bound: int
    scale: int = 1


class Layout:
    """Where each variable stands in the flat list. Families the case does not need are empty."""

    def __init__(self, world: World) -> None:
        case = world.case
        self.x = range(0, len(world.offers))
        at = len(world.offers)
        self.u: dict[int, int] = {}
        for k, line in enumerate(world.lines):
            if line.need:
                self.u[k] = at
                at += 1
        self.r = range(at, at + len(world.agreed))
        at += len(world.agreed)
        self.y: dict[int, int] = {}
        for k, offer in enumerate(world.offers):
            if offer.least > 1:
                self.y[k] = at
                at += 1
        self.w = {pair: at + k for k, pair in enumerate(offers_by_pair(world))}
        at += len(self.w)
        offered = {offer.product for offer in world.offers}
        counted = limited_products(world) | {p for p in offered if not case.products[p].in_use}
        self.z = {p: at + k for k, p in enumerate(sorted(counted))}
        at += len(self.z)
        self.e = _floors(at, [row.essential_floor for row in case.institutions])
        at += len(self.e)
        self.m = _floors(at, [row.insurance_floor for row in case.institutions])
        self.size = at + len(self.m)


def _floors(at: int, floors: list[Decimal | None]) -> dict[int, int]:
    wanted = [i for i, floor in enumerate(floors) if floor]
    return {i: at + k for k, i in enumerate(wanted)}


def offers_by_pair(world: World) -> dict[tuple[int, int], list[int]]:
    """Offers of each (institution, supplier), in a fixed order."""
    pairs: dict[tuple[int, int], list[int]] = defaultdict(list)
    for k, offer in enumerate(world.offers):
        pairs[offer.institution, offer.supplier].append(k)
    return dict(sorted(pairs.items()))


def products_by_group(world: World) -> dict[str, list[int]]:
    """Products of each 品规组 that somebody can buy; drugs without a group are not counted."""
    groups: dict[str, list[int]] = defaultdict(list)
    drug_of = {offer.product: offer.drug for offer in world.offers}
    for p in sorted(drug_of):
        group = world.case.drugs[drug_of[p]].group
        if group:
            groups[group].append(p)
    return dict(groups)


def limited_products(world: World) -> set[int]:
    """Products of the groups that hold more products than 品规数上限 (the other groups cannot break it)."""
    limit = world.case.group_limit
    if limit is None:
        return set()
    return {p for members in products_by_group(world).values() if len(members) > limit for p in members}


def need_is_met(world: World, v: Layout) -> Iterator[Row]:
    """Σ_p k_p·x[i,p] + u[i,d] ≥ N[i,d]."""
    for k, at in v.u.items():
        line = world.lines[k]
        terms = [(o, world.offers[o].pack) for o in line.offers]
        yield Row("需求满足", _line(world, k), [*terms, (at, 1)], ">=", line.need)


def no_more_than_makes_sense(world: World, _: Layout) -> Iterator[Row]:
    """Σ_p k_p·x[i,p] ≤ U[i,d]."""
    for k, line in enumerate(world.lines):
        if line.offers:
            terms = [(o, world.offers[o].pack) for o in line.offers]
            yield Row("采购上限", _line(world, k), terms, "<=", line.most)


def minimum_packs_are_bought(world: World, v: Layout) -> Iterator[Row]:
    """x[i,p] = 0 or x[i,p] ≥ 起订包数:  x ≥ 起订包数·y with y = 1 when x > 0."""
    for o, at in v.y.items():
        yield Row("起订包数", _offer(world, o), [(o, 1), (at, -world.offers[o].least)], ">=", 0)


def supply_is_enough(world: World, _: Layout) -> Iterator[Row]:
    """Σ_i k_p·x[i,p] ≤ 供应上限_p."""
    buyers: dict[int, Terms] = defaultdict(list)
    for o, offer in enumerate(world.offers):
        if world.case.products[offer.product].supply is not None:
            buyers[offer.product].append((o, offer.pack))
    for p, terms in sorted(buyers.items()):
        yield Row("供应上限", (world.case.products[p].code,), terms, "<=", world.case.products[p].supply or 0)


def orders_reach_their_minimum(world: World, v: Layout) -> Iterator[Row]:
    """Σ_{p of s} c_p·x[i,p] ≥ 起送金额_s·w[i,s] with w = 1 when i buys anything from s."""
    for (i, s), found in offers_by_pair(world).items():
        if world.minimum_orders[s]:
            terms = [(o, world.offers[o].price) for o in found]
            at = (world.case.institutions[i].code, world.case.suppliers[s].code)
            yield Row("起送金额", at, [*terms, (v.w[i, s], -world.minimum_orders[s])], ">=", 0, world.tick)


def budgets_hold(world: World, _: Layout) -> Iterator[Row]:
    """Σ_p c_p·x[i,p] ≤ 预算_i."""
    spend = _spend(world)
    for i, budget in enumerate(world.budgets):
        if budget is not None and spend[i]:
            yield Row("机构预算", (world.case.institutions[i].code,), spend[i], "<=", budget, world.tick)


def total_budget_holds(world: World, _: Layout) -> Iterator[Row]:
    """Σ_i Σ_p c_p·x[i,p] ≤ 总预算."""
    if world.total_budget is not None:
        terms = [(o, offer.price) for o, offer in enumerate(world.offers)]
        yield Row("总预算", (), terms, "<=", world.total_budget, world.tick)


def nonwinners_keep_their_share(world: World, _: Layout) -> Iterator[Row]:
    """Where both are offered: Σ over 非中选 k_p·x ≤ 非中选比例 · Σ over 中选/备供 k_p·x (as a/b: b·Σ ≤ a·Σ)."""
    ratio = Fraction(world.case.nonwinning_ratio)
    for k, line in enumerate(world.lines):
        if not line.ratio_holds:
            continue
        kinds = [(o, world.case.products[world.offers[o].product].status) for o in line.offers]
        terms = [(o, ratio.denominator * world.offers[o].pack) for o, kind in kinds if kind == "非中选"]
        wins = [(o, -ratio.numerator * world.offers[o].pack) for o, kind in kinds if kind in WINNING]
        if terms:
            yield Row("非中选比例", _line(world, k), terms + wins, "<=", 0, ratio.denominator)


def groups_keep_their_number(world: World, v: Layout) -> Iterator[Row]:
    """Σ_{p of the group} z[p] ≤ 品规数上限 with z = 1 when any institution buys p."""
    limit = world.case.group_limit
    if limit is not None:
        for group, members in products_by_group(world).items():
            if len(members) > limit:
                yield Row("品规数上限", (group,), [(v.z[p], 1) for p in members], "<=", limit)


def cold_store_is_enough(world: World, _: Layout) -> Iterator[Row]:
    """Σ over 冷藏 products k_p·x[i,p] ≤ 冷藏容量_i."""
    chilled: dict[int, Terms] = defaultdict(list)
    for o, offer in enumerate(world.offers):
        if world.case.drugs[offer.drug].cold:
            chilled[offer.institution].append((o, offer.pack))
    for i, terms in chilled.items():
        capacity = world.case.institutions[i].cold_capacity
        if capacity is not None:
            yield Row("冷藏容量", (world.case.institutions[i].code,), terms, "<=", capacity)


def agreed_volume_is_bought(world: World, v: Layout) -> Iterator[Row]:
    """Σ k_p·x + r ≥ 剩余约定量, over one institution or over all."""
    for c, agreed in enumerate(world.agreed):
        terms = [(o, world.offers[o].pack) for o in agreed.offers]
        site = "全体" if agreed.institution is None else world.case.institutions[agreed.institution].code
        at = (world.case.products[agreed.product].code, site)
        yield Row("约定量", at, [*terms, (v.r[c], 1)], ">=", agreed.remaining)


def pins_are_held(world: World, _: Layout) -> Iterator[Row]:
    """固定: least ≤ k_p·x[i,p] ≤ most for one institution; least ≤ Σ_i k_p·x[i,p] ≤ most for the whole alliance."""
    if not world.case.pins:
        return
    sites = {row.code: i for i, row in enumerate(world.case.institutions)}
    products = {row.code: p for p, row in enumerate(world.case.products)}
    for pin in world.case.pins:
        buyers = range(len(sites)) if pin.institution is None else (sites[pin.institution],)
        found = [world.offer_at.get((i, products[pin.product])) for i in buyers]
        terms = [(o, world.offers[o].pack) for o in found if o is not None]
        at = (pin.institution or "全体", pin.product)
        if pin.low:
            yield Row(PINNED, at, terms, ">=", pin.low)
        if pin.high is not None:
            yield Row(PINNED, at, terms, "<=", pin.high)


Rule = Callable[[World, Layout], Iterator[Row]]
RULES: tuple[Rule, ...] = (
    need_is_met,
    no_more_than_makes_sense,
    minimum_packs_are_bought,
    supply_is_enough,
    orders_reach_their_minimum,
    budgets_hold,
    total_budget_holds,
    nonwinners_keep_their_share,
    groups_keep_their_number,
    cold_store_is_enough,
    agreed_volume_is_bought,
    pins_are_held,
)


def all_rows(world: World, v: Layout) -> Iterator[Row]:
    """Every instance of every rule."""
    for rule in RULES:
        yield from rule(world, v)


def indicator_rows(world: World, v: Layout) -> Iterator[tuple[int, int, int]]:
    """(x, indicator, most packs): x ≤ most·indicator ties the yes/no variables to the packs (model only).

    Where an offer has its own y, the supplier's and the product's indicator bound y (most = 1): tighter than packs.
    """
    for o, offer in enumerate(world.offers):
        own = v.y.get(o)
        base, most = (o, offer.most) if own is None else (own, 1)
        if own is not None:
            yield o, own, offer.most
        yield base, v.w[offer.institution, offer.supplier], most
        if offer.product in v.z:
            yield base, v.z[offer.product], most


def complete(world: World, v: Layout, packs: list[int]) -> list[int]:
    """The whole list of variables that a plan in packs implies (e and m are left 0: goals.py works them out)."""
    values = [*packs, *[0] * (v.size - len(packs))]
    for k, at in v.u.items():
        line = world.lines[k]
        values[at] = max(0, line.need - sum(world.offers[o].pack * packs[o] for o in line.offers))
    for c, agreed in enumerate(world.agreed):
        values[v.r[c]] = max(0, agreed.remaining - sum(world.offers[o].pack * packs[o] for o in agreed.offers))
    for o, count in enumerate(packs):
        if count:
            offer = world.offers[o]
            values[v.w[offer.institution, offer.supplier]] = 1
            for mark in (v.y.get(o), v.z.get(offer.product)):
                if mark is not None:
                    values[mark] = 1
    return values


def _spend(world: World) -> list[Terms]:
    spend: list[Terms] = [[] for _ in world.case.institutions]
    for o, offer in enumerate(world.offers):
        spend[offer.institution].append((o, offer.price))
    return spend


def _line(world: World, k: int) -> tuple[str, str]:
    line = world.lines[k]
    return world.case.institutions[line.institution].code, world.case.drugs[line.drug].code


def _offer(world: World, o: int) -> tuple[str, str]:
    offer = world.offers[o]
    return world.case.institutions[offer.institution].code, world.case.products[offer.product].code
