"""The case as the arithmetic sees it: numbered institutions, lines (institution, drug), offers (institution, product).

Everything that follows from the case alone is worked out once here: need N, sensible maximum U, classes, who can buy
what, and the most packs of an offer that the rules leave possible. Money is whole ticks (1/`tick` yuan, at least
cents), so that every rule can be checked in integers.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal

from procurement.optimiser.case import BLOCKED_LABEL, Case, Drug

CLASSES = ("短缺急救", "基药", "医保甲", "医保乙与国谈", "其他")
WINNING = ("中选", "备供")
PINNED = "固定"


@dataclass(slots=True)
class Line:
    """One (institution, drug): need N, sensible maximum U, the offers that can serve it (positions in offers)."""

    institution: int
    drug: int
    need: int
    most: int
    offers: list[int] = field(default_factory=list)
    ratio_holds: bool = False


@dataclass(slots=True)
class Offer:
    """One (institution, product) that may be bought: `most` packs at the most, `least` packs when bought at all."""

    institution: int
    product: int
    drug: int
    supplier: int
    line: int
    pack: int
    price: int
    least: int
    most: int


@dataclass(slots=True)
class Agreed:
    """One commitment: remaining quantity of a product, the offers that count towards it."""

    product: int
    institution: int | None
    remaining: int
    offers: list[int]


@dataclass(slots=True)
class World:
    """The indexed case. `tick` ticks make a yuan. Positions index the tuples of `case`."""

    case: Case
    tick: int
    classes: list[int]
    lines: list[Line]
    offers: list[Offer]
    agreed: list[Agreed]
    offer_at: dict[tuple[int, int], int]
    line_at: dict[tuple[int, int], int]
    budgets: list[int | None]
    total_budget: int | None
    minimum_orders: list[int]
    excluded: dict[tuple[int, int], str]
    floors: dict[int, int] = field(default_factory=dict)
    """固定: packs that an offer is bought at the least."""
    caps: dict[int, int] = field(default_factory=dict)
    """固定: packs that an offer is bought at the most, whatever money or supply would allow."""

    def ticks(self, money: Decimal) -> int:
        return int(money * self.tick)

    def yuan(self, ticks: int) -> Decimal:
        return Decimal(ticks) / self.tick


def class_of(drug: Drug) -> int:
    """The first class a drug belongs to: 短缺急救, 基药, 医保甲, 医保乙/国谈, the rest."""
    if drug.emergency:
        return 0
    if drug.essential:
        return 1
    return {"甲": 2, "乙": 3, "国谈": 3}.get(drug.insurance, 4)


def ceil_div(a: int, b: int) -> int:
    return -(-a // b)


def sensible_most(need: int, packs: list[int], own: list[tuple[int, int]], *, alliance: bool) -> int:
    """U without a 采购上限: max(N + K − 1, Σ ⌈R/k⌉·k), and ≥ ⌈1.3·N⌉ + K − 1 where an alliance-wide 约定量 exists.

    `packs` are the packs the institution can buy (K is the largest), `own` the pairs (R, k) of its own agreed volume.
    """
    if not packs:
        return need
    largest = max(packs)
    most = max(need + largest - 1, sum(ceil_div(remaining, pack) * pack for remaining, pack in own))
    return max(most, ceil_div(13 * need, 10) + largest - 1) if alliance else most


def build_world(case: Case) -> World:
    """Indexes the case. The case must be consistent (known codes, no duplicates): `rules/case_file.py` sees to that."""
    tick = _tick(case)
    institution_at = {row.code: k for k, row in enumerate(case.institutions)}
    drug_at = {row.code: k for k, row in enumerate(case.drugs)}
    product_at = {row.code: k for k, row in enumerate(case.products)}
    supplier_at = {row.code: k for k, row in enumerate(case.suppliers)}
    world = World(
        case=case,
        tick=tick,
        classes=[class_of(drug) for drug in case.drugs],
        lines=[],
        offers=[],
        agreed=[],
        offer_at={},
        line_at={},
        budgets=[None if row.budget is None else _floor(row.budget, tick) for row in case.institutions],
        total_budget=None if case.total_budget is None else _floor(case.total_budget, tick),
        minimum_orders=[_ceil(row.minimum_order, tick) for row in case.suppliers],
        excluded={},
    )
    _add_lines(world, institution_at, drug_at, product_at, supplier_at)
    for (i, p), (low, high) in _pinned(case, institution_at, product_at).items():
        o = world.offer_at.get((i, p))
        if o is not None and low:
            world.floors[o] = max(world.offers[o].least, ceil_div(low, world.offers[o].pack))
        if o is not None and high is not None:
            world.caps[o] = high // world.offers[o].pack
    for row in case.commitments:
        at = None if row.institution is None else institution_at[row.institution]
        product = product_at[row.product]
        sites = range(len(case.institutions)) if at is None else (at,)
        found = [world.offer_at[i, product] for i in sites if (i, product) in world.offer_at]
        world.agreed.append(Agreed(product, at, row.remaining, found))
    return world


def _pinned(
    case: Case, institution_at: dict[str, int], product_at: dict[str, int]
) -> dict[tuple[int, int], tuple[int, int | None]]:
    """(institution, product) → least and most units that 固定 of one institution leave; an alliance-wide 至多 counts for
    each institution too."""
    found: dict[tuple[int, int], tuple[int, int | None]] = {}
    for pin in case.pins:
        alone = pin.institution is not None
        sites = [institution_at[pin.institution]] if pin.institution is not None else range(len(case.institutions))
        for i in sites:
            low, high = found.get((i, product_at[pin.product]), (0, None))
            highs = [each for each in (high, pin.high) if each is not None]
            found[i, product_at[pin.product]] = max(low, pin.low if alone else 0), min(highs, default=None)
    return found


def _tick(case: Case) -> int:
    """Cents, or finer when a price is written with more than two decimals."""
    exponents = [row.price.normalize().as_tuple().exponent for row in case.products]
    return int(10 ** max(2, max((-e for e in exponents if isinstance(e, int)), default=2)))


def _floor(money: Decimal, tick: int) -> int:
    return int((money * tick).to_integral_value(rounding="ROUND_FLOOR"))


def _ceil(money: Decimal, tick: int) -> int:
    return int((money * tick).to_integral_value(rounding="ROUND_CEILING"))


def _add_lines(
    world: World,
    institution_at: dict[str, int],
    drug_at: dict[str, int],
    product_at: dict[str, int],
    supplier_at: dict[str, int],
) -> None:
    case = world.case
    reach = _reach(case, institution_at, supplier_at)
    by_drug: dict[int, list[int]] = defaultdict(list)
    for p, product in enumerate(case.products):
        if product.label != BLOCKED_LABEL:
            by_drug[drug_at[product.drug]].append(p)
    need_at = {(institution_at[row.institution], drug_at[row.drug]): row for row in case.needs}
    own: dict[tuple[int, int], int] = defaultdict(int)
    alliance = set()
    for row in case.commitments:
        p = product_at[row.product]
        if row.institution is None:
            alliance.add(drug_at[case.products[p].drug])
        else:
            own[institution_at[row.institution], p] += row.remaining
    suppliers = [supplier_at[product.supplier] for product in case.products]
    everyone = set(range(len(case.institutions)))
    reached = [reach.get(supplier, everyone) for supplier in suppliers]
    pinned = _pinned(case, institution_at, product_at)
    asked = {pair for pair, (low, _) in pinned.items() if low}
    for i in range(len(case.institutions)):
        for d in range(len(case.drugs)):
            need = need_at.get((i, d))
            found = [p for p in by_drug[d] if i in reached[p]]
            if need is None and len(found) < 2 and not any((i, p) in own or (i, p) in asked for p in found):
                continue  # nothing is needed, and U < one pack
            _add_line(
                world,
                i,
                d,
                need.net if need else 0,
                need.limit if need else None,
                found,
                own,
                d in alliance,
                suppliers,
                pinned,
            )


def _reach(case: Case, institution_at: dict[str, int], supplier_at: dict[str, int]) -> dict[int, set[int]]:
    """For each supplier named in 配送范围, the institutions that it delivers to."""
    reach: dict[int, set[int]] = defaultdict(set)
    for supplier, institution in case.deliveries:
        reach[supplier_at[supplier]].add(institution_at[institution])
    return reach


def _add_line(
    world: World,
    i: int,
    d: int,
    need: int,
    limit: int | None,
    found: list[int],
    own: dict[tuple[int, int], int],
    alliance: bool,
    suppliers: list[int],
    pinned: dict[tuple[int, int], tuple[int, int | None]],
) -> None:
    products = world.case.products
    packs = [products[p].pack for p in found]
    agreed = [(own[i, p], products[p].pack) for p in found if (i, p) in own]
    asked = [(pinned[i, p][0], products[p].pack) for p in found if (i, p) in pinned]
    most = limit
    if most is None:
        wanted = sum(ceil_div(low, pack) * pack for low, pack in asked)
        most = max(sensible_most(need, packs, agreed, alliance=alliance), wanted)
    kinds = {products[p].status in WINNING for p in found if products[p].status != "非集采"}
    line = Line(i, d, need, most, ratio_holds=len(kinds) == 2)
    position = len(world.lines)
    for p in found:
        offer = _offer(world, i, p, d, suppliers[p], position, most, pinned.get((i, p), (0, None))[1])
        if isinstance(offer, str):
            world.excluded[i, p] = offer
            continue
        line.offers.append(len(world.offers))
        world.offer_at[i, p] = len(world.offers)
        world.offers.append(offer)
    if need or line.offers:
        world.line_at[i, d] = position
        world.lines.append(line)


def _offer(world: World, i: int, p: int, d: int, s: int, line: int, most: int, pinned: int | None) -> Offer | str:
    """The offer, or the rule that by itself already excludes it. `pinned` is the most units that 固定 leaves."""
    product = world.case.products[p]
    price = world.ticks(product.price)
    site = world.case.institutions[i]
    least = max(1, product.minimum_packs)
    limits = [("采购上限", most // product.pack)]
    if pinned is not None:
        limits.append((PINNED, pinned // product.pack))
    if product.supply is not None:
        limits.append(("供应上限", product.supply // product.pack))
    if world.case.drugs[d].cold and site.cold_capacity is not None:
        limits.append(("冷藏容量", site.cold_capacity // product.pack))
    for name, money in (("预算", world.budgets[i]), ("总预算", world.total_budget)):
        if money is not None and price > 0:
            limits.append((name, money // price))
    name, packs = min(limits, key=lambda limit: limit[1])
    if packs < least:
        return name
    return Offer(i, p, d, s, line, product.pack, price, least, packs)
