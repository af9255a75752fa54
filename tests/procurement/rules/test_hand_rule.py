"""The yardstick beside the plan: expected use × 1.1 of the cheapest winner, list by list, until the money ends."""

from dataclasses import replace
from decimal import Decimal

from procurement.optimiser.case import Case, Commitment, Drug, Institution, Need, Product, Supplier
from procurement.rules.hand_rule import hand_plan

CASE = Case(
    institutions=(Institution("T1", "湖熟卫生院", budget=Decimal(100)),),
    drugs=(Drug("A", "甲药", essential=True, daily=Decimal(2)), Drug("B", "乙药")),
    products=(
        Product("A1", "A", "S1", 10, Decimal("8.00"), status="非中选"),
        Product("A2", "A", "S1", 10, Decimal("9.00"), status="中选"),
        Product("B1", "B", "S1", 20, Decimal("30.00")),
    ),
    suppliers=(Supplier("S1"),),
    needs=(Need("T1", "A", demand=50, stock=40), Need("T1", "B", demand=60)),
    commitments=(Commitment("A2", 80, "T1"),),
)


def test_it_buys_use_and_a_tenth_of_the_winner_whatever_is_on_the_shelf():
    """A: 55 → 6 packs of the winner, 54 yuan, need of 10 met = 5 patient-days. B: 1 pack for the 46 yuan left."""
    plan = hand_plan(CASE)
    assert plan.spend == Decimal("84.00")
    assert (plan.covered["基药"], plan.covered["其他"]) == (5.0, 20.0)


def test_it_counts_what_is_bought_above_need_and_agreed_volume_missed():
    """Of A 50 units too many at 0.90; of the agreed 80 units 20 are missing."""
    plan = hand_plan(CASE)
    assert (plan.surplus, plan.missed) == (Decimal("45.00"), Decimal("18.00"))


def test_it_buys_nothing_that_is_not_delivered_or_blocked():
    blocked = tuple(replace(product, label="红3") for product in CASE.products)
    assert hand_plan(replace(CASE, products=blocked)).spend == 0
    assert hand_plan(replace(CASE, deliveries=(("S1", "X"),))).spend == 0


def test_it_respects_minimum_packs_and_the_total_budget():
    large = tuple(replace(product, minimum_packs=20) for product in CASE.products)
    assert hand_plan(replace(CASE, products=large)).spend == 0
    assert hand_plan(replace(CASE, total_budget=Decimal(20))).spend == Decimal("18.00")
