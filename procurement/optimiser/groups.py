"""Decisions that concern the whole alliance, taken before the institutions buy: which products a 品规组 keeps, who
gets how much of a product with a 供应上限, and who fulfils an alliance-wide 约定量."""

from __future__ import annotations

from collections import defaultdict
from itertools import combinations
from math import comb

from procurement.optimiser.rules import products_by_group
from procurement.optimiser.world import World, ceil_div

MOST_SUBSETS = 400


def choose_products(world: World) -> set[int]:
    """Products that may be bought: in a group over 品规数上限 the subset that serves best, class by class, then cheapest."""
    limit = world.case.group_limit
    allowed = {offer.product for offer in world.offers}
    if limit is None:
        return allowed
    by_product: dict[int, list[int]] = defaultdict(list)
    for o, offer in enumerate(world.offers):
        by_product[offer.product].append(o)
    agreed: dict[int, int] = defaultdict(int)
    for row in world.agreed:
        agreed[row.product] += row.remaining
    for members in products_by_group(world).values():
        if len(members) > limit:
            best = _best_subset(world, members, limit, by_product, agreed)
            allowed -= set(members) - set(best)
    return allowed


def _best_subset(
    world: World, members: list[int], limit: int, by_product: dict[int, list[int]], agreed: dict[int, int]
) -> tuple[int, ...]:
    def score(subset: tuple[int, ...]) -> tuple:
        return _score(world, members, subset, by_product, agreed)

    if comb(len(members), limit) <= MOST_SUBSETS:
        return min(combinations(members, limit), key=lambda subset: (score(subset), subset))
    chosen: tuple[int, ...] = ()
    for _ in range(limit):
        rest = [p for p in members if p not in chosen]
        chosen = min(((*chosen, p) for p in rest), key=lambda subset: (score(subset), subset))
    return chosen


def _score(
    world: World,
    members: list[int],
    subset: tuple[int, ...],
    by_product: dict[int, list[int]],
    agreed: dict[int, int],
) -> tuple:
    """(unmet days of class 1, agreed yuan missed, unmet days of the other classes in order, cost), were money no object."""
    served: dict[int, float] = {}
    room: dict[int, float] = defaultdict(float)
    products = world.case.products
    for p in subset:
        unit = float(products[p].price) / products[p].pack
        supply = products[p].supply
        for o in by_product[p]:
            line = world.offers[o].line
            served[line] = min(unit, served.get(line, unit))
        if by_product[p]:
            room[world.offers[by_product[p][0]].drug] += float("inf") if supply is None else supply
    wanted = {world.offers[o].line for p in members for o in by_product[p]}
    units: dict[int, int] = defaultdict(int)
    unmet = [0.0] * 5
    cost = 0.0
    for k in sorted(wanted):
        line = world.lines[k]
        if k in served:
            units[line.drug] += line.need
            cost += line.need * served[k]
        else:
            unmet[world.classes[line.drug]] += line.need / float(world.case.drugs[line.drug].daily)
    for drug, total in units.items():
        unmet[world.classes[drug]] += max(0.0, total - room[drug]) / float(world.case.drugs[drug].daily)
    missed = sum(agreed[p] * float(products[p].price) / products[p].pack for p in members if p not in subset)
    return unmet[0], missed, *unmet[1:], cost


def share_supply(world: World, allowed: set[int], hunger: list[float]) -> dict[int, int]:
    """Packs of each offer of a product with 供应上限: lines without another way first, then where money is tightest.

    Prices are the same everywhere, so only the place's budget decides whom a cheap but scarce product helps most;
    `hunger` is the share of its need that an institution cannot pay for. Quotas are refilled later from what is left.
    """
    scarce: dict[int, list[int]] = defaultdict(list)
    others: dict[int, int] = defaultdict(int)
    for o, offer in enumerate(world.offers):
        if offer.product not in allowed:
            continue
        if world.case.products[offer.product].supply is None:
            others[offer.line] += 1
        else:
            scarce[offer.product].append(o)
    quota: dict[int, int] = {}
    for p, offers in scarce.items():
        left = world.case.products[p].supply or 0
        offers.sort(key=lambda o: (others[world.offers[o].line] > 0, -hunger[world.offers[o].institution], o))
        for o in offers:
            offer = world.offers[o]
            packs = min(offer.most, left // offer.pack, ceil_div(world.lines[offer.line].need, offer.pack))
            quota[o] = packs if packs >= offer.least else 0
            left -= quota[o] * offer.pack
    return quota


def share_agreed(world: World, allowed: set[int], quota: dict[int, int]) -> dict[int, int]:
    """Packs of each offer that must be bought for 约定量: an institution's own, then the alliance's by need."""
    base: dict[int, int] = defaultdict(int)
    used: dict[int, int] = defaultdict(int)

    def take(o: int, packs: int) -> int:
        offer = world.offers[o]
        room = min(offer.most, quota.get(o, offer.most)) - base[o]
        room = min(room, (world.lines[offer.line].most - used[offer.line]) // offer.pack)
        packs = max(0, min(packs, room))
        if base[o] + packs < offer.least:
            return 0
        base[o] += packs
        used[offer.line] += packs * offer.pack
        return packs * offer.pack

    for row in sorted(world.agreed, key=lambda row: row.institution is None):
        if row.product not in allowed or not row.offers:
            continue
        left = row.remaining - sum(base[o] * world.offers[o].pack for o in row.offers)
        for target in (lambda line: line.need, lambda line: line.most):
            for o in sorted(row.offers, key=lambda o: -world.lines[world.offers[o].line].need):
                offer = world.offers[o]
                room = max(0, target(world.lines[offer.line]) - used[offer.line])
                wish = min(ceil_div(left, offer.pack), ceil_div(room, offer.pack)) if left > 0 else 0
                left -= take(o, wish)
    return dict(base)
