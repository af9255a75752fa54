"""Decisions that concern the whole alliance, taken before the institutions buy: which products a 品规组 keeps, who
gets how much of a product with a 供应上限, and who fulfils an alliance-wide 约定量."""

from __future__ import annotations

from collections import defaultdict
from itertools import combinations
from math import comb

from procurement.optimiser.rules import products_by_group
from procurement.optimiser.world import World, ceil_div

MOST_SUBSETS = 400
SAFE = 0.98  # whole packs never use a scarce supply up


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
            if world.lines[line].ratio_holds and products[p].status == "非中选":
                continue  # bought only beside a winner, which then serves the line itself
            served[line] = min(unit, served.get(line, unit))
        if by_product[p]:
            room[world.offers[by_product[p][0]].drug] += float("inf") if supply is None else supply
    wanted = {world.offers[o].line for p in members for o in by_product[p]}
    units: dict[int, int] = defaultdict(int)
    unmet = [0.0] * 5
    cost = 0.0
    for k in sorted(wanted):
        wish = world.lines[k]
        if k in served:
            units[wish.drug] += wish.need
            cost += wish.need * served[k]
        else:
            unmet[world.classes[wish.drug]] += wish.need / float(world.case.drugs[wish.drug].daily)
    for drug, total in units.items():
        unmet[world.classes[drug]] += max(0.0, total - SAFE * room[drug]) / float(world.case.drugs[drug].daily)
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
            alone = world.case.products[offer.product].status != "非中选" or not world.lines[offer.line].ratio_holds
            others[offer.line] += alone
        else:
            scarce[offer.product].append(o)
    quota: dict[int, int] = {}
    given: dict[int, int] = defaultdict(int)
    products = world.case.products
    for p in sorted(scarce, key=lambda p: (products[p].price / products[p].pack, p)):
        left = products[p].supply or 0
        order = sorted(
            scarce[p], key=lambda o: (others[world.offers[o].line] > 0, -hunger[world.offers[o].institution], o)
        )
        for o in order:
            offer = world.offers[o]
            open_need = max(0, world.lines[offer.line].need - given[offer.line])
            packs = min(offer.most, left // offer.pack, ceil_div(open_need, offer.pack))
            quota[o] = packs if packs >= offer.least else 0
            left -= quota[o] * offer.pack
            given[offer.line] += quota[o] * offer.pack
    return quota


def share_agreed(world: World, allowed: set[int], quota: dict[int, int], purse: list[int]) -> dict[int, int]:
    """Packs of each offer that must be bought for 约定量: an institution's own, then the alliance's in proportion to need.

    Agreed volume comes before 基药, but who buys it is free: `purse` (ticks an institution can spare once its more
    important needs are paid) keeps it away from places that would have to give up 基药 for it.
    """
    shares = AgreedShares(world, quota, list(purse))
    rows = [row for row in world.agreed if row.product in allowed and row.offers]
    for row in sorted(rows, key=lambda row: row.institution is None):
        left = row.remaining - sum(shares.base[o] * world.offers[o].pack for o in row.offers)
        for careful, whole in ((True, False), (True, True), (False, False), (False, True)):
            left = shares.spread(row.offers, left, careful=careful, up_to_most=whole)
    return dict(shares.base)


class AgreedShares:
    """Agreed packs handed out so far."""

    def __init__(self, world: World, quota: dict[int, int], purse: list[int]) -> None:
        self.world, self.quota, self.purse = world, quota, purse
        self.base: dict[int, int] = defaultdict(int)
        self.used: dict[int, int] = defaultdict(int)
        self.cold = [row.cold_capacity for row in world.case.institutions]

    def spread(self, offers: list[int], left: int, *, careful: bool, up_to_most: bool) -> int:
        """Hands out up to `left` units in proportion to what each line can still take; answers what stays."""
        rooms = {o: self._room(o, up_to_most) for o in offers}
        total = sum(rooms.values())
        wanted = min(left, total)
        for o in sorted(offers, key=lambda o: (-rooms[o], o)):
            if left <= 0 or not rooms[o]:
                continue
            share = ceil_div(min(left, ceil_div(wanted * rooms[o], total)), self.world.offers[o].pack)
            left -= self._take(o, share, careful)
        return left

    def _room(self, o: int, up_to_most: bool) -> int:
        line = self.world.lines[self.world.offers[o].line]
        return max(0, (line.most if up_to_most else line.need) - self.used[self.world.offers[o].line])

    def _take(self, o: int, packs: int, careful: bool) -> int:
        offer = self.world.offers[o]
        room = min(offer.most, self.quota.get(o, offer.most)) - self.base[o]
        packs = min(packs, room, (self.world.lines[offer.line].most - self.used[offer.line]) // offer.pack)
        free = self.world.classes[offer.drug] <= 1  # its need comes first anyway
        if careful and not free and offer.price:
            packs = min(packs, self.purse[offer.institution] // offer.price)
        cold = self.cold[offer.institution] if self.world.case.drugs[offer.drug].cold else None
        packs = max(0, packs if cold is None else min(packs, cold // offer.pack))
        if self.base[o] + packs < offer.least:
            return 0
        if cold is not None:
            self.cold[offer.institution] = cold - packs * offer.pack
        self.base[o] += packs
        self.used[offer.line] += packs * offer.pack
        self.purse[offer.institution] -= 0 if free else packs * offer.price
        return packs * offer.pack
