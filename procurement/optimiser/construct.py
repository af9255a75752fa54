"""A good plan in one pass, for cases of any size: alliance decisions first, then each institution buys whole packs.

Every plan that leaves here keeps every rule; `lexico.py` improves it.
"""

from __future__ import annotations

from collections import defaultdict

from procurement.optimiser.audit import broken_rows, is_clean
from procurement.optimiser.groups import choose_products, share_agreed, share_supply
from procurement.optimiser.packs import NO_LIMIT, Basket
from procurement.optimiser.rules import Layout, limited_products
from procurement.optimiser.world import World


def construct(world: World, layout: Layout) -> list[int]:
    """Packs by offer: a feasible plan, usually close to the best."""
    allowed = choose_products(world)
    lines = lines_by_site(world)
    cost = _cheapest_cost(world, allowed, lines, 4)
    first = _cheapest_cost(world, allowed, lines, 1)
    purse = _purses(world, cost)
    hunger = [max(0.0, 1 - purse[i] / cost[i]) if cost[i] else 0.0 for i in range(len(purse))]
    quota = share_supply(world, allowed, hunger)
    spare = [max(0, money - need) for money, need in zip(purse, first, strict=True)]
    base = share_agreed(world, allowed, quota, spare)
    packs = [0] * len(world.offers)
    for i, mine in enumerate(lines):
        agreed = [(o, base[o]) for k in mine for o in world.lines[k].offers if base.get(o)]
        basket = fill(world, i, mine, purse[i], quota, agreed, allowed)
        for o, count in basket.packs.items():
            packs[o] = count
    _second_helping(world, lines, packs, allowed)
    return repair(world, layout, packs)


def lines_by_site(world: World) -> list[list[int]]:
    lines: list[list[int]] = [[] for _ in world.case.institutions]
    for k, line in enumerate(world.lines):
        lines[line.institution].append(k)
    return lines


def fill(
    world: World,
    i: int,
    lines: list[int],
    money: int,
    quota: dict[int, int],
    base: list[tuple[int, int]],
    allowed: set[int],
) -> Basket:
    """One institution's basket, each 起送金额 reached or its supplier done without, whichever serves better."""
    closed: set[int] = set()
    capacity = world.case.institutions[i].cold_capacity

    def attempt(purse: int, shut: set[int]) -> Basket:
        basket = Basket(world, i, lines, purse, NO_LIMIT if capacity is None else capacity, quota, allowed, set(shut))
        basket.buy_all(base)
        return basket

    basket = attempt(money, closed)
    kept: set[int] = set()
    reserve = 0
    for _ in range(len(world.case.suppliers)):
        low = [s for s in basket.below_minimum() if s not in kept]
        if not low:
            break
        s = low[0]
        without = attempt(money - reserve, closed | {s})
        short = world.minimum_orders[s] - basket.spend_at()[s]
        topped = attempt(money - reserve - short, closed) if basket.money < short + reserve else basket
        if topped.money >= 0 and topped.score()[:5] < without.score()[:5] and _can_reach(topped, s):
            kept.add(s)
            reserve += short if topped is not basket else 0
            basket = topped
        else:
            closed.add(s)
            basket = without
    basket.money += reserve
    for s in sorted(kept):
        if s in basket.below_minimum() and not basket.top_up(s):
            closed.add(s)
    if closed - basket.closed:
        basket = attempt(money, closed)
    while low := basket.below_minimum():
        closed.update(low)
        basket = attempt(money, closed)
    return basket


def _can_reach(basket: Basket, supplier: int) -> bool:
    """Whether the supplier's minimum is within the sensible maxima of what it offers here."""
    worth = sum(
        basket.world.offers[o].price * (basket.room(o) + basket.packs.get(o, 0))
        for k in basket.lines
        for o in basket.world.lines[k].offers
        if basket.world.offers[o].supplier == supplier
    )
    return worth >= basket.world.minimum_orders[supplier]


def _cheapest_cost(world: World, allowed: set[int], lines: list[list[int]], kinds: int) -> list[int]:
    """Ticks that each institution would pay, at the cheapest unit price, for its need of classes 0 to `kinds`."""
    cost = []
    for mine in lines:
        total = 0.0
        for k in mine:
            if world.classes[world.lines[k].drug] > kinds:
                continue
            units = [
                world.offers[o].price / world.offers[o].pack
                for o in world.lines[k].offers
                if world.offers[o].product in allowed
            ]
            total += world.lines[k].need * min(units, default=0.0)
        cost.append(int(total))
    return cost


def _purses(world: World, cost: list[int]) -> list[int]:
    """Each institution's money: its budget, and of a scarce 总预算 a part in proportion to what it needs."""
    own = [NO_LIMIT if budget is None else budget for budget in world.budgets]
    if world.total_budget is None:
        return own
    wish = [min(budget, need * 11 // 10 + 1) for budget, need in zip(own, cost, strict=True)]
    total = sum(wish)
    if total <= world.total_budget:
        spare = (world.total_budget - total) // max(1, len(own))
        return [min(budget, mine + spare) for budget, mine in zip(own, wish, strict=True)]
    return [mine * world.total_budget // total for mine in wish]


def _second_helping(world: World, lines: list[list[int]], packs: list[int], allowed: set[int]) -> None:
    """What is left of scarce products and money goes to whoever is still short."""
    left: dict[int, int] = {p: row.supply for p, row in enumerate(world.case.products) if row.supply is not None}
    cold = [NO_LIMIT if row.cold_capacity is None else row.cold_capacity for row in world.case.institutions]
    spent = [0] * len(lines)
    for o, count in enumerate(packs):
        if count:
            offer = world.offers[o]
            spent[offer.institution] += count * offer.price
            if offer.product in left:
                left[offer.product] -= count * offer.pack
            if world.case.drugs[offer.drug].cold:
                cold[offer.institution] -= count * offer.pack
    total = NO_LIMIT if world.total_budget is None else world.total_budget - sum(spent)
    for i, mine in enumerate(lines):
        budget = world.budgets[i]
        money = min(total, NO_LIMIT if budget is None else budget - spent[i])
        basket = _leftovers(world, i, mine, packs, money, cold[i], left, allowed)
        before = basket.money
        for kind in range(5):
            basket.buy_class(kind)
            basket.add_nonwinners(kind)
        total -= before - basket.money
        for o, count in basket.packs.items():
            offer = world.offers[o]
            if offer.product in left:
                left[offer.product] -= (count - packs[o]) * offer.pack
            packs[o] = count


def refilled(world: World, packs: list[int]) -> list[int]:
    """The plan with every open need filled that money and stock still reach, without another product in a full 品规组.

    What a solver answers for one goal is careless about the next ones; this is a far better start for them.
    """
    packs = list(packs)
    bought = {world.offers[o].product for o, count in enumerate(packs) if count}
    allowed = {offer.product for offer in world.offers} - (limited_products(world) - bought)
    _second_helping(world, lines_by_site(world), packs, allowed)
    return packs


def _leftovers(
    world: World,
    i: int,
    mine: list[int],
    packs: list[int],
    money: int,
    cold: int,
    left: dict[int, int],
    allowed: set[int],
) -> Basket:
    """A basket that already holds what was bought and may add from what is left, at suppliers already in use."""
    basket = Basket(world, i, mine, money, cold, {}, allowed)
    used = set()
    for k in mine:
        for o in world.lines[k].offers:
            offer = world.offers[o]
            if packs[o]:
                basket.packs[o] = packs[o]
                basket.bought[k] += packs[o] * offer.pack
                used.add(offer.supplier)
            if offer.product in left:
                basket.left[o] = packs[o] + max(0, left[offer.product]) // offer.pack
    everyone = {world.offers[o].supplier for k in mine for o in world.lines[k].offers}
    basket.closed = {s for s in everyone - used if world.minimum_orders[s]}
    return basket


def repair(world: World, layout: Layout, packs: list[int]) -> list[int]:
    """Gives up whatever stands in a broken rule until none is broken. Buying nothing breaks no rule."""
    packs = list(packs)
    for _ in range(50):
        broken = list(broken_rows(world, layout, packs))
        if not broken:
            return packs
        involved: dict[int, None] = defaultdict(lambda: None)
        for row in broken:
            for at, weight in row.terms:
                if at < len(packs) and packs[at] and (row.sense == ">=" or weight > 0):
                    involved[at] = None
        for o in involved:
            packs[o] = 0
    return packs if is_clean(world, layout, packs) else [0] * len(packs)
