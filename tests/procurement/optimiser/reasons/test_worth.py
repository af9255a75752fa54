"""What another 10,000 yuan bring, on cases where it can be counted."""

from dataclasses import replace
from decimal import Decimal

import pytest

from procurement.optimiser.case import Case, Drug, Institution, Need, Product, Supplier
from procurement.optimiser.reasons.worth import told
from procurement.optimiser.solve import Options, solve
from tests.procurement.optimiser.worlds import SMALL, random_case

MANY = Case(
    institutions=(Institution("A", "甲院", budget=Decimal(1000)), Institution("B", "乙院", budget=Decimal(1000))),
    drugs=(Drug("D1", "基药", essential=True, daily=Decimal(2)),),
    products=(Product("P1", "D1", "S1", 10, Decimal(5)),),
    suppliers=(Supplier("S1", "国药"),),
    needs=(Need("A", "D1", 100_000), Need("B", "D1", 3_000)),
)


def worths(case):
    return {row.institution: row for row in solve(case, Options(time_limit=20)).worths}


def test_ten_thousand_yuan_buy_two_thousand_packs_of_five_days():
    """5 yuan a pack of 10 units, 2 a day: 10,000 yuan are 2,000 packs, 20,000 units, 10,000 patient-days."""
    row = worths(MANY)["A"]
    assert (row.goal, row.unit, row.gain, row.estimate) == (
        "基药未满足（患者日）",
        "患者日",
        10_000,
        pytest.approx(10_000),
    )
    richer = replace(MANY, institutions=(replace(MANY.institutions[0], budget=Decimal(11_000)), MANY.institutions[1]))
    assert solve(MANY).goals[2].value - solve(richer).goals[2].value == pytest.approx(row.gain)


def test_money_is_worth_no_more_than_the_gap_it_fills():
    """B needs 300 packs and has money for 200: 100 packs more are 500 yuan and 500 patient-days."""
    row = worths(MANY)["B"]
    assert (row.gain, row.estimate, row.note) == (500, 500, "只用得上 500 元")
    assert told(row, "乙院") == "乙院加 10,000 元：多满足基药 500 患者日（核算），估计 500；只用得上 500 元"


def test_a_gap_that_money_does_not_fill_says_what_binds():
    scarce = replace(MANY, products=(replace(MANY.products[0], supply=1000),))
    row = worths(scarce)["A"]
    assert (row.goal, row.gain) == ("", 0.0)
    assert "供应上限" in row.note


def test_nothing_open_needs_no_money():
    full = replace(MANY, needs=(Need("A", "D1", 10), Need("B", "D1", 10)))
    assert {row.note for row in worths(full).values()} == {"没有可用钱补上的缺口"}


def test_the_total_budget_has_a_worth_of_its_own():
    """Of 1,500 yuan in all both could use more; with own budgets of 1,000 another 500 are all that can be spent."""
    row = worths(replace(MANY, total_budget=Decimal(1500)))[None]
    assert (row.gain, row.note) == (250 * 2, "只用得上 500 元")


def test_the_first_goal_that_gains_counts():
    """SMALL: with more money 甲院 buys the vitamin, of the last class."""
    row = worths(SMALL)["A"]
    assert (row.goal, row.gain) == ("其他药品未满足（患者日）", 30)


@pytest.mark.parametrize("seed", range(25))
def test_what_is_said_to_be_gained_can_be_had(seed):
    """Solved again with the money, the goals above stay and the goal named gains at least as much."""
    case = random_case(seed, sites=2, drugs=6)
    plan = solve(case, Options(time_limit=20))
    before = [goal.value for goal in plan.goals]
    for row in plan.worths:
        if not row.goal or row.institution is None:
            continue
        total = None if case.total_budget is None else case.total_budget + row.added
        sites = tuple(
            replace(site, budget=site.budget + row.added) if site.code == row.institution else site
            for site in case.institutions
        )
        goals = solve(
            replace(case, institutions=sites, total_budget=total), Options(time_limit=20, reasons=False)
        ).goals
        after = [goal.value for goal in goals]
        at = next(k for k, goal in enumerate(goals) if goal.name == row.goal)
        assert after[:at] <= [value + 1e-6 for value in before[:at]]
        assert after[:at] < before[:at] or before[at] - after[at] >= row.gain - 1e-3
