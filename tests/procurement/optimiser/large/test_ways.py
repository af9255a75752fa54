"""The ways of a line against all purchases that are possible, counted out."""

import itertools
import random

import numpy as np
import pytest

from procurement.optimiser.large.ways import ways_of
from procurement.optimiser.world import WINNING, build_world
from tests.procurement.optimiser.worlds import random_case


def possible(world, line):
    """Every purchase of at most two products that keeps the rules of the line."""
    ratio = world.case.nonwinning_ratio
    for chosen in itertools.combinations(line.offers, min(2, len(line.offers))):
        ranges = [[0, *range(world.offers[o].least, world.offers[o].most + 1)] for o in chosen]
        for packs in itertools.product(*ranges):
            bought = [(world.offers[o], count) for o, count in zip(chosen, packs, strict=True)]
            units = sum(offer.pack * count for offer, count in bought)
            kinds = [(world.case.products[offer.product].status, offer.pack * count) for offer, count in bought]
            lost = sum(amount for kind, amount in kinds if kind == "非中选")
            won = sum(amount for kind, amount in kinds if kind in WINNING)
            if units <= line.most and (not line.ratio_holds or lost <= ratio * won):
                yield dict(zip(chosen, packs, strict=True)), units


@pytest.mark.parametrize("seed", range(25))
def test_no_purchase_is_cheaper_than_the_best_way_at_any_prices(seed):
    world = build_world(random_case(seed, sites=2, drugs=4))
    ways, r = ways_of(world), random.Random(seed)
    for k, line in enumerate(world.lines):
        for _ in range(6):
            price = np.array([offer.price * r.uniform(0.5, 2) for offer in world.offers])
            day = r.uniform(0, 3) * max(price, default=1.0)
            costs = ways.of_offers(price) - day * ways.cover
            best = min(
                (
                    sum(price[o] * count for o, count in packs.items()) - day * min(units, line.need)
                    for packs, units in possible(world, line)
                ),
                default=0.0,
            )
            assert costs[ways.line == k].min() <= best + 1e-6 * max(1.0, abs(best))


@pytest.mark.parametrize("seed", range(10))
def test_a_way_in_whole_packs_keeps_the_rules_of_its_line(seed):
    world = build_world(random_case(seed, sites=2, drugs=5))
    ways = ways_of(world)
    whole = (ways.packs % 1 == 0) & (ways.more % 1 == 0) & ~ways.split
    for k, line in enumerate(world.lines):
        allowed = {tuple(sorted((o, n) for o, n in packs.items() if n)) for packs, _ in possible(world, line)}
        for j in np.flatnonzero((ways.line == k) & whole):
            pair = ((int(ways.first[j]), int(ways.packs[j])), (int(ways.second[j]), int(ways.more[j])))
            assert not allowed or tuple(sorted((o, n) for o, n in pair if o >= 0)) in allowed
