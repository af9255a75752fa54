"""Says why, in Chinese: a reason for every line bought, and for every need left open what binds and the cheapest way out.

A need's answer is found by asking, for each product that could serve it, which rules stand in the way of the packs
that are missing, and what lifting exactly those rules would cost. Adding those packs under the lifted rules is by
construction a plan, so the remedy is sufficient; its figures are what is missing beyond the slack of the plan.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal

from procurement.optimiser.case import BLOCKED_LABEL, Pin, Product
from procurement.optimiser.plan import PlanLine, Unmet
from procurement.optimiser.rules import Layout, offers_by_pair
from procurement.optimiser.world import CLASSES, PINNED, WINNING, Line, World, ceil_div


@dataclass(slots=True)
class Ledger:
    """What a plan has used of everything that is limited."""

    world: World
    packs: list[int]
    spend: dict[int, int]
    by_pair: dict[tuple[int, int], int]
    cold: dict[int, int]
    supplied: dict[int, int]
    quantity: dict[int, int]
    nonwinning: dict[int, int]
    winning: dict[int, int]
    groups: dict[str, set[int]]
    agreed: set[int]


def ledger(world: World, packs: list[int]) -> Ledger:
    """Adds the plan up once."""
    spent: dict[int, int] = defaultdict(int)
    by_pair: dict[tuple[int, int], int] = defaultdict(int)
    cold: dict[int, int] = defaultdict(int)
    supplied: dict[int, int] = defaultdict(int)
    quantity: dict[int, int] = defaultdict(int)
    nonwinning: dict[int, int] = defaultdict(int)
    winning: dict[int, int] = defaultdict(int)
    groups: dict[str, set[int]] = defaultdict(set)
    for o, count in enumerate(packs):
        if not count:
            continue
        offer = world.offers[o]
        drug, status = world.case.drugs[offer.drug], world.case.products[offer.product].status
        units = count * offer.pack
        spent[offer.institution] += count * offer.price
        by_pair[offer.institution, offer.supplier] += count * offer.price
        cold[offer.institution] += units if drug.cold else 0
        supplied[offer.product] += units
        quantity[offer.line] += units
        nonwinning[offer.line] += units if status == "非中选" else 0
        winning[offer.line] += units if status in WINNING else 0
        groups[drug.group].add(offer.product)
    agreed = {a.product for a in world.agreed if a.remaining}
    return Ledger(world, packs, spent, by_pair, cold, supplied, quantity, nonwinning, winning, groups, agreed)


def line_reasons(world: World, packs: list[int]) -> list[PlanLine]:
    """One line per offer bought, with its reason, by institution and product."""
    book = ledger(world, packs)
    minimum = {pair for pair, found in offers_by_pair(world).items() if world.minimum_orders[pair[1]]}
    lines = []
    for o, count in enumerate(packs):
        if count:
            offer = world.offers[o]
            amount = (offer.price * count / Decimal(world.tick)).quantize(Decimal("0.01"), rounding="ROUND_HALF_UP")
            site, product = world.case.institutions[offer.institution].code, world.case.products[offer.product].code
            reason = "；".join(_line_reason(book, o, minimum))
            lines.append(PlanLine(site, product, count, count * offer.pack, amount, reason))
    return sorted(lines, key=lambda line: (line.institution, line.product))


def _line_reason(book: Ledger, o: int, minimum: set[tuple[int, int]]) -> list[str]:
    world = book.world
    offer, count = world.offers[o], book.packs[o]
    line, product = world.lines[offer.line], world.case.products[offer.product]
    words = [f"固定：{pin.words}{f'（{pin.reason}）' if pin.reason else ''}" for pin in _pins_of(world, o)]
    if line.need:
        words.append(f"需求：净需求 {line.need}")
    if offer.product in book.agreed:
        words.append("约定量：计入带量采购完成量")
    if product.status in WINNING and line.ratio_holds:
        words.append("中选优先")
    elif product.status == "非中选" and line.ratio_holds:
        words.append("非中选补充：在比例以内")
    over = book.quantity[offer.line] - line.need
    if 0 < over < offer.pack:
        words.append(f"凑整包装：多 {over}")
    elif over > 0 and line.need:
        words.append(f"超出净需求 {over}")
    if offer.least > 1 and count == offer.least:
        words.append(f"起订：至少 {offer.least} 包")
    pair = (offer.institution, offer.supplier)
    floor = world.minimum_orders[offer.supplier]
    if pair in minimum and book.by_pair[pair] - offer.price < floor:
        words.append(f"起送：凑足 {world.yuan(floor):.2f} 元")
    return words or ["金额占比：提高基药或医保占比"]


def _pins_of(world: World, o: int) -> list[Pin]:
    """The 固定 that speak of an offer."""
    site = world.case.institutions[world.offers[o].institution].code
    product = world.case.products[world.offers[o].product].code
    return [pin for pin in world.case.pins if pin.product == product and pin.institution in (None, site)]


@dataclass(slots=True)
class Obstacle:
    """One rule in the way: what it is, what lifting it means in words, and its price in ticks (None = not for money)."""

    rule: str
    why: str
    lift: str
    price: int


def unmet_reasons(world: World, v: Layout, packs: list[int]) -> list[Unmet]:
    """Every need that stays open, most important class first."""
    book = ledger(world, packs)
    found = []
    for k in v.u:
        line = world.lines[k]
        missing = line.need - book.quantity.get(k, 0)
        if missing > 0:
            reason, remedy = _unmet(book, k, missing)
            site, drug = world.case.institutions[line.institution].code, world.case.drugs[line.drug].code
            found.append(
                (
                    world.classes[line.drug],
                    Unmet(site, drug, missing, CLASSES[world.classes[line.drug]], reason, remedy),
                )
            )
    return [unmet for _, unmet in sorted(found, key=lambda item: (item[0], item[1].institution, item[1].drug))]


def _unmet(book: Ledger, k: int, missing: int) -> tuple[str, str]:
    world, line = book.world, book.world.lines[k]
    if not line.offers:
        return _nothing_offered(world, k)
    ways = [(obstacles(book, o, missing), o) for o in line.offers]
    ways.sort(
        key=lambda way: (
            len(way[0]),
            sum(item.price for item in way[0]),
            packs_to_add(book, way[1], missing) * world.offers[way[1]].price,
            way[1],
        )
    )
    found, o = ways[0]
    offer = world.offers[o]
    packs = packs_to_add(book, o, missing)
    name = world.case.products[offer.product].code
    if not found:
        return (
            "整包与起订的取舍：其他目标优先",
            f"加购 {name} {packs} 包（{world.yuan(packs * offer.price):.2f} 元）可满足",
        )
    reason = "；".join(item.why for item in found)
    lift = "，并".join(item.lift for item in found)
    return reason, f"{lift}，即可加购 {name} {packs} 包（{world.yuan(packs * offer.price):.2f} 元）"


def _nothing_offered(world: World, k: int) -> tuple[str, str]:
    """Why no product can be bought at all, and what the cheapest one would cost if it could."""
    line = world.lines[k]
    drug = world.case.drugs[line.drug].code
    products = [(p, row) for p, row in enumerate(world.case.products) if row.drug == drug]
    if not products:
        return "没有可采购的产品", "增补该药品的挂网产品（没有报价，无法估价）"
    open_ones = [(p, row) for p, row in products if row.label != BLOCKED_LABEL]
    if not open_ones:
        return (
            "产品均为价格标识红3，不得采购",
            f"换选非红3产品，或待价格调整后采购，{_at_today(line, products)}",
        )
    why = {world.excluded.get((line.institution, p), "") for p, _ in open_ones} - {""}
    if not why:
        supplier = _cheapest(line, open_ones)[1].supplier
        return (
            "供应商的配送范围不含该机构",
            f"请 {supplier} 把该机构纳入配送范围，{_at_today(line, open_ones)}",
        )
    if PINNED in why:
        return "采购员固定为不采购或数量不足一个起订量", "撤回或放宽该固定"
    words = "、".join(sorted(why))
    excluded = [(p, row) for p, row in open_ones if (line.institution, p) in world.excluded]
    _, row, packs = _cheapest(line, excluded)
    lifts = "，并".join(_lifts(world, line, row, packs)) or f"放宽{words}"
    return f"一个起订量已超过{words}", f"{lifts}，或选择更小包装，{_at_today(line, excluded)}"


def _lifts(world: World, line: Line, row: Product, packs: int) -> list[str]:
    """How far each limit that excludes a product would have to be lifted for this many packs, were nothing else bought."""
    site, units = world.case.institutions[line.institution], packs * row.pack
    cost, drug = packs * world.ticks(row.price), world.case.drugs[line.drug]
    budget, total = world.budgets[line.institution], world.total_budget
    found = [f"采购上限增至 {units}"] if units > line.most else []
    if row.supply is not None and units > row.supply:
        found.append(f"{row.code} 供应上限增至 {units}")
    if drug.cold and site.cold_capacity is not None and units > site.cold_capacity:
        found.append(f"冷藏容量增至 {units}")
    if budget is not None and cost > budget:
        found.append(f"机构预算增至 {world.yuan(cost):.2f} 元")
    if total is not None and cost > total:
        found.append(f"总预算增至 {world.yuan(cost):.2f} 元")
    return found


def _cheapest(line: Line, products: list[tuple[int, Product]]) -> tuple[int, Product, int]:
    """The product that fills the whole need at the least cost, and its packs."""
    packs = {p: max(ceil_div(line.need, row.pack), row.minimum_packs) for p, row in products}
    p, row = min(products, key=lambda item: (packs[item[0]] * item[1].price, item[1].code))
    return p, row, packs[p]


def _at_today(line: Line, products: list[tuple[int, Product]]) -> str:
    _, row, packs = _cheapest(line, products)
    return f"即可加购 {row.code} {packs} 包（{packs * row.price:.2f} 元）"


def packs_to_add(book: Ledger, o: int, missing: int) -> int:
    """Packs of an offer that fill what is missing, at least up to its 起订包数."""
    offer = book.world.offers[o]
    return max(ceil_div(missing, offer.pack), offer.least - book.packs[o])


def obstacles(book: Ledger, o: int, missing: int) -> list[Obstacle]:
    """The rules that forbid buying the missing quantity from this offer on top of the plan."""
    world, offer = book.world, book.world.offers[o]
    add = packs_to_add(book, o, missing)
    checks = (_pinned, _limit, _supply, _cold, _ratio, _group, _order, _money)
    return [item for check in checks for item in check(book, o, add, world.lines[offer.line].most)]


def _pinned(book: Ledger, o: int, add: int, _: int) -> list[Obstacle]:
    found = []
    for pin in _pins_of(book.world, o):
        here = book.packs[o] * book.world.offers[o].pack
        bought = here if pin.institution is not None else book.supplied.get(book.world.offers[o].product, 0)
        over = bought + add * book.world.offers[o].pack - (pin.high or 0)
        if pin.high is not None and over > 0:
            found.append(Obstacle(PINNED, f"采购员固定{pin.words}", f"固定的数量再增加 {over}", 0))
    return found


def _limit(book: Ledger, o: int, add: int, most: int) -> list[Obstacle]:
    offer = book.world.offers[o]
    over = book.quantity.get(offer.line, 0) + add * offer.pack - most
    if over <= 0:
        return []
    if add == offer.least - book.packs[o] > 1:
        why = f"起订 {offer.least} 包（{offer.least * offer.pack}）超过采购上限 {most}"
    else:
        why = f"采购上限 {most} 容不下所缺的整包"
    return [Obstacle("采购上限", why, f"采购上限再增加 {over}", 0)]


def _supply(book: Ledger, o: int, add: int, _: int) -> list[Obstacle]:
    offer = book.world.offers[o]
    product = book.world.case.products[offer.product]
    over = book.supplied.get(offer.product, 0) + add * offer.pack - (product.supply or 0)
    if product.supply is None or over <= 0:
        return []
    return [
        Obstacle(
            "供应上限", f"{product.code} 供应上限 {product.supply} 余量不足", f"{product.code} 供应上限再增加 {over}", 0
        )
    ]


def _cold(book: Ledger, o: int, add: int, _: int) -> list[Obstacle]:
    offer = book.world.offers[o]
    capacity = book.world.case.institutions[offer.institution].cold_capacity
    over = book.cold.get(offer.institution, 0) + add * offer.pack - (capacity or 0)
    if capacity is None or not book.world.case.drugs[offer.drug].cold or over <= 0:
        return []
    return [Obstacle("冷藏容量", f"冷藏容量 {capacity} 不足", f"冷藏容量再增加 {over}", 0)]


def _ratio(book: Ledger, o: int, add: int, _: int) -> list[Obstacle]:
    world, offer = book.world, book.world.offers[o]
    if not world.lines[offer.line].ratio_holds or world.case.products[offer.product].status != "非中选":
        return []
    nonwinning = book.nonwinning.get(offer.line, 0) + add * offer.pack
    if nonwinning <= world.case.nonwinning_ratio * book.winning.get(offer.line, 0):
        return []
    return [
        Obstacle("非中选比例", f"非中选比例 {world.case.nonwinning_ratio} 已用足", "放宽非中选比例或增供中选产品", 0)
    ]


def _group(book: Ledger, o: int, *_: int) -> list[Obstacle]:
    world, offer = book.world, book.world.offers[o]
    limit, group = world.case.group_limit, world.case.drugs[offer.drug].group
    chosen = book.groups.get(group, set())
    if limit is None or not group or offer.product in chosen or len(chosen) < limit:
        return []
    return [
        Obstacle(
            "品规数上限", f"品规组 {group} 已选 {len(chosen)} 个产品", f"品规组 {group} 上限增至 {len(chosen) + 1}", 0
        )
    ]


def _order(book: Ledger, o: int, add: int, _: int) -> list[Obstacle]:
    world, offer = book.world, book.world.offers[o]
    floor = world.minimum_orders[offer.supplier]
    short = floor - book.by_pair.get((offer.institution, offer.supplier), 0) - add * offer.price
    if short <= 0:
        return []
    supplier = world.case.suppliers[offer.supplier].code
    return [
        Obstacle("起送金额", f"不足 {supplier} 的起送金额", f"{supplier} 起送金额降低 {world.yuan(short):.2f} 元", 0)
    ]


def _money(book: Ledger, o: int, add: int, _: int) -> list[Obstacle]:
    world, offer = book.world, book.world.offers[o]
    first = "（约定量与更高类别优先）" if world.classes[offer.drug] else ""
    found = []
    for name, budget, spent in (
        ("机构预算", world.budgets[offer.institution], book.spend.get(offer.institution, 0)),
        ("总预算", world.total_budget, sum(book.spend.values())),
    ):
        over = 0 if budget is None else spent + add * offer.price - budget
        if over > 0:
            lift = f"{name}再增加 {world.yuan(over):.2f} 元"
            found.append(Obstacle(name, f"{name}不足{first}", lift, over))
    return found
