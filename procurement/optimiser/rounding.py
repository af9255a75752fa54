"""Whole packs from a solution that splits them: rounded down, agreed volume up, then refilled class by class."""

from __future__ import annotations

from collections import defaultdict
from math import ceil

import numpy as np

from procurement.optimiser.construct import refilled, repair
from procurement.optimiser.packs import NO_LIMIT
from procurement.optimiser.rules import Layout
from procurement.optimiser.world import World, ceil_div

NEARLY = 1e-6


def rounded(world: World, layout: Layout, values: np.ndarray, dear: np.ndarray) -> list[int]:
    """A plan that keeps every rule, close to the given values of the offers (positions as in `Layout`). Agreed volume
    that rounding down lost is bought where money is least `dear` (what a tick more would gain, by institution)."""
    packs = [int(values[o] + NEARLY) for o in layout.x]
    _complete_agreed(world, packs, values, dear)
    packs = [count if count >= offer.least else 0 for count, offer in zip(packs, world.offers, strict=True)]
    return fitted(world, layout, packs)


def fitted(world: World, layout: Layout, packs: list[int]) -> list[int]:
    """The plan within every rule: the least important purchases give way to budgets, what is then left is spent."""
    packs = list(packs)
    _keep_budgets(world, packs)
    packs = refilled(world, repair(world, layout, packs))
    return repair(world, layout, packs)


def _complete_agreed(world: World, packs: list[int], values: np.ndarray, dear: np.ndarray) -> None:
    """Agreed volume that rounding lost, where the sensible maximum, the supply and the cold store leave room."""
    units = [sum(packs[o] * world.offers[o].pack for o in line.offers) for line in world.lines]
    sold: dict[int, int] = defaultdict(int)
    cold: dict[int, int] = defaultdict(int)
    for o, count in enumerate(packs):
        offer = world.offers[o]
        sold[offer.product] += count * offer.pack
        cold[offer.institution] += count * offer.pack if world.case.drugs[offer.drug].cold else 0
    for row in world.agreed:
        left = row.remaining - sum(packs[o] * world.offers[o].pack for o in row.offers)
        bought = [o for o in row.offers if values[o] > NEARLY]
        bought.sort(key=lambda o: (dear[world.offers[o].institution], packs[o] - values[o], o))
        for at, o in enumerate([*bought, *bought]):
            if left <= 0:
                break
            next_whole = ceil(values[o] - NEARLY) - packs[o]
            most = next_whole if at < len(bought) else NO_LIMIT
            offer = world.offers[o]
            supply = world.case.products[offer.product].supply
            room = min(world.lines[offer.line].most - units[offer.line], offer.pack * (offer.most - packs[o]))
            room = min(room, NO_LIMIT if supply is None else supply - sold[offer.product])
            capacity = world.case.institutions[offer.institution].cold_capacity
            if world.case.drugs[offer.drug].cold and capacity is not None:
                room = min(room, capacity - cold[offer.institution])
            count = max(0, min(ceil_div(left, offer.pack), room // offer.pack, most))
            packs[o] += count
            left -= count * offer.pack
            units[offer.line] += count * offer.pack
            sold[offer.product] += count * offer.pack
            cold[offer.institution] += count * offer.pack if world.case.drugs[offer.drug].cold else 0


def _keep_budgets(world: World, packs: list[int]) -> None:
    """Gives up packs of the least important classes where an institution is over its budget."""
    agreed = {o for row in world.agreed for o in row.offers}
    spent = [0] * len(world.budgets)
    for o, count in enumerate(packs):
        spent[world.offers[o].institution] += count * world.offers[o].price
    order = sorted(
        (o for o, count in enumerate(packs) if count),
        key=lambda o: (o in agreed, -world.classes[world.offers[o].drug], o),
    )
    for o in order:
        offer = world.offers[o]
        budget = world.budgets[offer.institution]
        over = 0 if budget is None else spent[offer.institution] - budget
        if over > 0 and offer.price:
            keep = max(0, packs[o] - ceil_div(over, offer.price))
            keep = keep if keep >= offer.least else 0
            spent[offer.institution] -= (packs[o] - keep) * offer.price
            packs[o] = keep
