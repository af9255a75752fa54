"""Floors of 金额占比 that a plan stays below: figures by hand, and what is said to end it does."""

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest

from procurement.optimiser.audit import is_clean, packs_of
from procurement.optimiser.case import Case, Drug, Institution, Need, Product, Supplier
from procurement.optimiser.lexico import Clock
from procurement.optimiser.reasons.explain import ledger
from procurement.optimiser.reasons.floors import View, floor_clashes
from procurement.optimiser.rules import Layout
from procurement.optimiser.solve import Options, solve
from procurement.optimiser.world import build_world
from tests.procurement.optimiser.worlds import random_case

HALF = Case(
    institutions=(Institution("A", "甲院", essential_floor=Decimal("0.6")),),
    drugs=(Drug("B", "基药", essential=True), Drug("O", "其他")),
    products=(Product("PB", "B", "S", 1, Decimal(10)), Product("PO", "O", "S", 1, Decimal(10))),
    suppliers=(Supplier("S", "国药"),),
    needs=(Need("A", "B", 10), Need("A", "O", 10)),
)


def test_half_of_the_spend_against_a_floor_of_sixty_percent():
    """100 of 200 yuan count; 20 are missing. 200 − 100/0.6 = 33.33 have to go: four packs of 10. Or 20/0.4 = 50 more."""
    [clash] = solve(HALF).clashes
    assert clash.said == "甲院基药金额占比 50%，低于下限 60%，相差 20 元"
    assert [way.words for way in clash.ways] == [
        "只降下限：甲院基药金额占比下限降至 50%",
        "只少买非基药：退回 40 元（1 个药品），少满足 4 患者日",
        "只多买基药：超出需求再买约 50 元",
    ]
    assert [way.checked for way in clash.ways] == [True, True, False]
    assert clash.facts[1] == "非基药采购 100 元：其他 100 元，优先于占比"
    assert clash.facts[2] == "基药已采购 100 元，不能再多：需求与合理采购上限（1 个药品）"


def test_the_floor_said_to_hold_holds():
    lower = replace(HALF, institutions=(replace(HALF.institutions[0], essential_floor=Decimal("0.5")),))
    assert solve(lower).clashes == []


def test_an_order_that_may_not_shrink_offers_no_such_way():
    """起送 200 yuan: giving anything back breaks the order."""
    [clash] = solve(replace(HALF, suppliers=(Supplier("S", "国药", Decimal(200)),))).clashes
    assert not any(way.words.startswith("只少买") for way in clash.ways)


def test_floors_without_time_are_counted():
    world = build_world(HALF)
    packs, _ = packs_of(world, {("A", "PB"): 10, ("A", "PO"): 10})
    assert floor_clashes(ledger(world, packs), Clock(0.0)) == ([], 1)


@pytest.mark.parametrize("seed", range(60))
def test_what_is_given_back_lifts_the_share_over_the_floor_and_breaks_no_rule(seed):
    case = random_case(seed, sites=3, drugs=7)
    world, plan = build_world(case), solve(case, Options(time_limit=20, reasons=False))
    packs, _ = packs_of(world, {(line.institution, line.product): line.packs for line in plan.lines})
    book = ledger(world, packs)
    for i, site in enumerate(case.institutions):
        mine = [o for o, offer in enumerate(world.offers) if offer.institution == i]
        if not site.essential_floor:
            continue
        view = View(book, i, "基药", Fraction(site.essential_floor), mine, [drug.essential for drug in case.drugs])
        back = view.given_back() if view.short > 0 else None
        if back is None:
            continue
        fewer = [count - back.get(o, 0) for o, count in enumerate(packs)]
        spend = sum(fewer[o] * world.offers[o].price for o in mine)
        counted = sum(fewer[o] * world.offers[o].price for o in mine if view.counts[o])
        assert counted >= Fraction(site.essential_floor) * spend
        assert is_clean(world, Layout(world), fewer)
