"""Which 固定 cannot hold, and why, in Chinese: each is set against the rules it alone could break, then all together.

What is found here is certain. Rules that only clash in combination are left to the solver (`pinned.py`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from procurement.optimiser.case import BLOCKED_LABEL, EXACT, Pin
from procurement.optimiser.rules import offers_by_pair, products_by_group
from procurement.optimiser.world import PINNED, WINNING, World, ceil_div


class PinsClash(Exception):
    """固定 that no plan can hold. `messages` say each why, in Chinese."""

    def __init__(self, messages: list[str]) -> None:
        super().__init__("；".join(messages))
        self.messages = messages


def clashes(world: World) -> list[str]:
    """Every reason why the pins of the case cannot hold; empty when none was found."""
    if not world.case.pins:
        return []
    alone = [why for pin in world.case.pins for why in _alone(world, pin)]
    return alone or [why for check in _TOGETHER for why in check(world)]


def _alone(world: World, pin: Pin) -> Iterator[str]:
    product = next(row for row in world.case.products if row.code == pin.product)
    if pin.way == EXACT and pin.low % product.pack:
        yield f"{title(world, pin)}：数量应为包装数 {product.pack} 的整数倍"
    elif pin.low and pin.institution is not None:
        yield from _at_one(world, pin)
    elif pin.low:
        offers = [offer for offer in world.offers if world.case.products[offer.product].code == pin.product]
        most = sum(offer.most * offer.pack for offer in offers)
        if product.supply is not None:
            most = min(most, product.supply)
        if not offers:
            yield f"{title(world, pin)}：没有机构可以采购此产品（{_why_nobody(world, pin)}）"
        elif most < pin.low:
            yield f"{title(world, pin)}：各机构合计最多可采购 {most}"


def _at_one(world: World, pin: Pin) -> Iterator[str]:
    i, p = _positions(world, pin)
    at = world.offer_at.get((i, p))
    if at is None:
        yield f"{title(world, pin)}：该机构不能采购此产品（{_why_not(world, i, p)}）"
        return
    offer = world.offers[at]
    packs = max(offer.least, ceil_div(pin.low, offer.pack))
    if pin.high is not None and packs * offer.pack > pin.high:
        yield f"{title(world, pin)}：低于起订 {offer.least} 包（{offer.least * offer.pack}）"
    elif packs > offer.most:
        name, most = _tightest(world, at)
        yield f"{title(world, pin)}：超出{name}，该机构最多可采购 {most * offer.pack}"


def _tightest(world: World, o: int) -> tuple[str, int]:
    """The rule that leaves the fewest packs of an offer."""
    offer = world.offers[o]
    product, site = world.case.products[offer.product], world.case.institutions[offer.institution]
    line = world.lines[offer.line]
    limits = [("采购上限", line.most // offer.pack), ("另一条固定", offer.most)]
    if product.supply is not None:
        limits.append(("供应上限", product.supply // offer.pack))
    if world.case.drugs[offer.drug].cold and site.cold_capacity is not None:
        limits.append(("冷藏容量", site.cold_capacity // offer.pack))
    for name, money in (("机构预算", world.budgets[offer.institution]), ("总预算", world.total_budget)):
        if money is not None and offer.price:
            limits.append((name, money // offer.price))
    return min((limit for limit in limits if limit[1] <= offer.most and limit[0] != "另一条固定"), default=limits[1])


def _supply(world: World) -> Iterator[str]:
    asked: dict[int, int] = defaultdict(int)
    for o, packs in world.floors.items():
        asked[world.offers[o].product] += packs * world.offers[o].pack
    for p, units in asked.items():
        row = world.case.products[p]
        highs = [pin.high for pin in world.case.pins if pin.product == row.code and pin.institution is None]
        for name, most in (("供应上限", row.supply), *(("全医共体的固定", high) for high in highs)):
            if most is not None and units > most:
                yield f"{product_name(world, row.code)}：各机构固定采购合计 {units}，超出{name} {most}"


def _money(world: World) -> Iterator[str]:
    spend: dict[int, int] = defaultdict(int)
    for o, packs in world.floors.items():
        spend[world.offers[o].institution] += packs * world.offers[o].price
    for i, ticks in spend.items():
        budget = world.budgets[i]
        if budget is not None and ticks > budget:
            name = world.case.institutions[i].name
            short = world.yuan(ticks - budget)
            yield f"{name}：固定采购合计 {world.yuan(ticks):.2f} 元，超出机构预算 {world.yuan(budget):.2f} 元，差 {short:.2f} 元"
    total = sum(spend.values())
    if world.total_budget is not None and total > world.total_budget:
        yield f"固定采购合计 {world.yuan(total):.2f} 元，超出总预算 {world.yuan(world.total_budget):.2f} 元"


def _lines(world: World) -> Iterator[str]:
    units: dict[int, int] = defaultdict(int)
    for o, packs in world.floors.items():
        units[world.offers[o].line] += packs * world.offers[o].pack
    for k, asked in units.items():
        line = world.lines[k]
        place = f"{world.case.institutions[line.institution].name}的{world.case.drugs[line.drug].name}"
        if asked > line.most:
            yield f"{place}：固定采购合计 {asked}，超出采购上限 {line.most}"
        if line.ratio_holds:
            yield from _ratio(world, k, place)


def _ratio(world: World, k: int, place: str) -> Iterator[str]:
    """非中选 pinned beyond what the most of 中选 and 备供 allows."""
    status = {o: world.case.products[world.offers[o].product].status for o in world.lines[k].offers}
    lost = sum(world.floors.get(o, 0) * world.offers[o].pack for o, word in status.items() if word == "非中选")
    room = world.lines[k].most - lost
    won = min(room, sum(world.offers[o].most * world.offers[o].pack for o, word in status.items() if word in WINNING))
    if lost > world.case.nonwinning_ratio * won:
        yield f"{place}：固定的非中选 {lost} 超出非中选比例 {world.case.nonwinning_ratio}（中选最多 {max(0, won)}）"


def _cold(world: World) -> Iterator[str]:
    units: dict[int, int] = defaultdict(int)
    for o, packs in world.floors.items():
        if world.case.drugs[world.offers[o].drug].cold:
            units[world.offers[o].institution] += packs * world.offers[o].pack
    for i, asked in units.items():
        row = world.case.institutions[i]
        if row.cold_capacity is not None and asked > row.cold_capacity:
            yield f"{row.name}：固定采购的冷藏药品合计 {asked}，超出冷藏容量 {row.cold_capacity}"


def _groups(world: World) -> Iterator[str]:
    limit = world.case.group_limit
    if limit is None:
        return
    asked = {pin.product for pin in world.case.pins if pin.low}
    for group, members in products_by_group(world).items():
        found = sorted(world.case.products[p].code for p in members if world.case.products[p].code in asked)
        if len(found) > limit:
            yield f"品规组 {group}：固定采购 {len(found)} 个产品（{'、'.join(found)}），超出品规数上限 {limit}"


def _orders(world: World) -> Iterator[str]:
    """起送金额 out of reach even if the institution bought all that makes sense from the supplier, or had the money."""
    pairs = offers_by_pair(world)
    spend: dict[int, int] = defaultdict(int)
    for o, packs in world.floors.items():
        spend[world.offers[o].institution] += packs * world.offers[o].price
    for i, s in sorted({(world.offers[o].institution, world.offers[o].supplier) for o in world.floors}):
        least = world.minimum_orders[s]
        worth = sum(world.offers[o].most * world.offers[o].price for o in pairs[i, s])
        here = sum(world.floors.get(o, 0) * world.offers[o].price for o in pairs[i, s])
        budget = world.budgets[i]
        left = worth if budget is None else min(worth, budget - spend[i] + here)
        if left < least:
            name = world.case.suppliers[s].name or world.case.suppliers[s].code
            site = world.case.institutions[i].name
            yield f"{site}：向{name}采购最多 {world.yuan(left):.2f} 元，达不到起送金额 {world.yuan(least):.2f} 元"


_TOGETHER = (_supply, _money, _lines, _cold, _groups, _orders)


def title(world: World, pin: Pin) -> str:
    """固定 甲院 降压片（P2）恰好 28."""
    site = next((row.name for row in world.case.institutions if row.code == pin.institution), "全医共体")
    return f"{PINNED} {site} {product_name(world, pin.product)} {pin.words}"


def product_name(world: World, code: str) -> str:
    product = next(row for row in world.case.products if row.code == code)
    drug = next(row for row in world.case.drugs if row.code == product.drug)
    return f"{drug.name}（{code}）"


def _positions(world: World, pin: Pin) -> tuple[int, int]:
    sites = [row.code for row in world.case.institutions]
    return sites.index(pin.institution or ""), [row.code for row in world.case.products].index(pin.product)


def _why_not(world: World, i: int, p: int) -> str:
    product = world.case.products[p]
    if product.label == BLOCKED_LABEL:
        return "价格标识红3"
    rule = world.excluded.get((i, p))
    if rule == PINNED:
        return "另一条固定不许采购"
    return f"一个起订量已超过{rule}" if rule else "不在供应商的配送范围"


def _why_nobody(world: World, pin: Pin) -> str:
    p = [row.code for row in world.case.products].index(pin.product)
    return "、".join(sorted({_why_not(world, i, p) for i in range(len(world.case.institutions))}))
