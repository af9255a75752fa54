"""Whole plans on worlds that can be solved by hand."""

from dataclasses import replace
from decimal import Decimal

import pytest

from procurement.optimiser.audit import is_clean
from procurement.optimiser.case import (
    Case,
    Commitment,
    Drug,
    Institution,
    Need,
    Product,
    Supplier,
    case_from_json,
    case_sha256,
    case_to_json,
)
from procurement.optimiser.construct import construct
from procurement.optimiser.large.search import solve_large
from procurement.optimiser.lexico import Clock
from procurement.optimiser.plan import OPTIMAL, Seconds, plan_to_json
from procurement.optimiser.rules import Layout
from procurement.optimiser.solve import solve
from procurement.optimiser.world import build_world

from .worlds import SMALL, random_case


def bought(plan):
    return {(line.institution, line.product): line.packs for line in plan.lines}


def values(plan):
    return [goal.value for goal in plan.goals]


def test_the_small_world_is_planned_as_by_hand():
    plan = solve(SMALL)
    assert bought(plan) == {("A", "P1"): 1, ("A", "P2"): 2, ("B", "P2"): 1}
    assert values(plan) == [0, 0, 0, 0, 0, 30, 0, 41, 2]
    assert plan.status == OPTIMAL
    [unmet] = plan.unmet
    assert (unmet.institution, unmet.drug, unmet.quantity, unmet.kind) == ("A", "D3", 30, "其他")
    assert unmet.reason.startswith("机构预算不足")
    assert "机构预算再增加 24.00 元" in unmet.remedy


def test_the_remedy_of_an_unmet_need_meets_it():
    richer = replace(SMALL, institutions=(replace(SMALL.institutions[0], budget=Decimal(124)), SMALL.institutions[1]))
    assert solve(richer).unmet == []


ONE = Case(
    institutions=(Institution("A", "甲院", "基层", Decimal(10)),),
    drugs=(Drug("E", "急救", emergency=True), Drug("B", "基药", essential=True), Drug("J", "甲类", insurance="甲"),
           Drug("Y", "乙类", insurance="乙"), Drug("O", "其他")),
    products=tuple(Product(f"P{d}", d, "S", 1, Decimal(10)) for d in "EBJYO"),
    suppliers=(Supplier("S"),),
)  # fmt: skip


@pytest.mark.parametrize(("present", "served"), [("EBJYO", "E"), ("BJYO", "B"), ("JYO", "J"), ("YO", "Y"), ("O", "O")])
def test_the_last_ten_yuan_go_to_the_first_class(present, served):
    case = replace(ONE, needs=tuple(Need("A", d, 1) for d in present))
    assert bought(solve(case)) == {("A", f"P{served}"): 1}


def test_agreed_volume_comes_after_emergencies_and_before_essential_drugs():
    agreed = replace(ONE, needs=tuple(Need("A", d, 1) for d in "BO"), commitments=(Commitment("PO", 1),))
    assert bought(solve(agreed)) == {("A", "PO"): 1}
    urgent = replace(agreed, needs=(*agreed.needs, Need("A", "E", 1)))
    plan = solve(urgent)
    assert bought(plan) == {("A", "PE"): 1}
    [result] = plan.commitments
    assert (result.remaining, result.bought, result.shortfall) == (1, 0, 1)


def test_a_plan_says_the_same_twice():
    case = random_case(11, sites=3, drugs=5)
    first, second = plan_to_json(solve(case)), plan_to_json(solve(case))
    first.pop("seconds")
    second.pop("seconds")
    assert first == second


def test_a_case_without_anything_has_an_empty_plan():
    plan = solve(Case())
    assert plan.lines == []
    assert values(plan) == [0] * 9
    assert plan.status == OPTIMAL


def test_stopping_at_once_still_gives_a_clean_plan():
    plan = solve(random_case(5, sites=3, drugs=6), should_stop=lambda: True)
    assert [check for check in plan.checks if check.broken] == []


def test_progress_names_every_goal_in_order():
    heard = []
    solve(SMALL, on_progress=lambda *news: heard.append(news[0]))
    assert heard == list(range(9))


@pytest.mark.parametrize("seed", range(30))
def test_a_constructed_plan_keeps_every_rule(seed):
    world = build_world(random_case(seed, sites=4, drugs=8, suppliers=3))
    layout = Layout(world)
    assert is_clean(world, layout, construct(world, layout))


@pytest.mark.parametrize(("seed", "drugs"), [(0, 6), (1, 6), (2, 6), (3, 6), (1050, 12), (3001, 12), (3002, 12)])
def test_the_large_path_bounds_what_the_exact_path_reaches(seed, drugs):
    case = random_case(seed, sites=3, drugs=drugs)
    world = build_world(case)
    layout = Layout(world)
    packs, goals = solve_large(world, construct(world, layout), Clock(30), Seconds(), None)
    assert is_clean(world, layout, packs)
    exact = values(solve(case))
    reached = [goal.value for goal in goals]
    assert reached >= [value - 1e-6 for value in exact]
    first = next((k for k in range(9) if abs(reached[k] - exact[k]) > 1e-6), 8)
    assert all(goals[k].bound <= exact[k] + 1e-3 for k in range(first + 1))


def test_a_case_survives_json():
    case = random_case(3)
    assert case_from_json(case_to_json(case)) == case
    assert case_sha256(case) == case_sha256(case_from_json(case_to_json(case)))
    assert case_sha256(case) != case_sha256(replace(case, total_budget=Decimal("1.01")))


def test_spare_stock_elsewhere_becomes_a_transfer():
    needs = (Need("A", "D3", 30), Need("B", "D3", 10, stock=50, safety=5))
    [transfer] = solve(replace(SMALL, needs=needs, products=SMALL.products[:3])).transfers
    assert (transfer.source, transfer.target, transfer.quantity) == ("B", "A", 30)
