"""What-if changes, each against numbers worked out by hand on the small world."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from procurement.optimiser.case import Commitment
from procurement.optimiser.solve import solve
from procurement.rules import scenarios as rules
from procurement.rules.outcomes import covered_share, drugs_that_differ, outcome, room, side_by_side, sites_that_differ
from procurement.rules.scenarios import Change, apply
from tests.procurement.optimiser.worlds import SMALL, random_case

D = Decimal


def prices(case):
    return {row.code: row.price for row in case.products}


def demand(case):
    return {(row.institution, row.drug): row.demand for row in case.needs}


def test_a_tenth_less_money_is_a_tenth_less_for_everybody_who_has_a_budget():
    case = rules.budget_changed(replace(SMALL, total_budget=D("200.05")), D(-10))
    assert [row.budget for row in case.institutions] == [D("90.00"), None]
    assert case.total_budget == D("180.05")  # 180.045 rounded half up


def test_prices_rise_for_all_for_one_supplier_or_for_one_drug():
    assert prices(rules.prices_changed(SMALL, D(5))) == {"P1": D("21.00"), "P2": D("7.35"), "P3": D("5.25"), "P4": D("94.50")}  # fmt: skip
    assert prices(rules.prices_changed(SMALL, D(10), supplier="S2")) == prices(SMALL) | {"P3": D("5.50"), "P4": D("99.00")}  # fmt: skip
    assert prices(rules.prices_changed(SMALL, D(10), drug="D2")) == prices(SMALL) | {"P2": D("7.70"), "P3": D("5.50")}


def test_a_supplier_that_fails_offers_nothing_and_its_agreed_volume_is_missed():
    case = rules.supplier_failed(replace(SMALL, commitments=(Commitment("P2", 14, "A"),)), "S1")
    plan = solve(case)
    assert {line.product for line in plan.lines} <= {"P3", "P4"}
    assert plan.commitments[0].shortfall == 14


def test_demand_grows_for_all_for_a_class_or_for_a_drug_and_rounds_up():
    assert demand(rules.demand_changed(SMALL, D(5)))["A", "D2"] == 30  # 29.4
    essential = demand(rules.demand_changed(SMALL, D(50), kind="基药"))
    assert (essential["A", "D2"], essential["A", "D1"]) == (42, 10)
    assert demand(rules.demand_changed(SMALL, D(-10), drug="D3"))["A", "D3"] == 27


def test_three_months_instead_of_one_need_three_times_the_drugs_the_money_and_the_agreed_volume():
    case = rules.cover_changed(replace(SMALL, commitments=(Commitment("P2", 14, "A"),)), 30, 3)
    assert demand(case)["B", "D2"] == 42
    assert case.institutions[0].budget == D("300.00")
    assert case.commitments[0].remaining == 42
    assert [row.stock for row in case.needs] == [row.stock for row in SMALL.needs]


def test_half_of_a_suppliers_volume_goes_elsewhere_only_where_somebody_else_offers_the_drug():
    case = rules.supplier_halved(SMALL, {"P1": 10, "P2": 42}, "S1", D(50))
    assert {row.code: row.supply for row in case.products} == {"P1": None, "P2": 21, "P3": None, "P4": None}


def test_changes_are_applied_one_after_the_other():
    both = [Change(rules.BUDGET, D(10)), Change(rules.PRICE, D(10), rules.BY_DRUG, "D3")]
    case = apply(SMALL, both, days=30)
    assert (case.institutions[0].budget, prices(case)["P4"]) == (D("110.00"), D("99.00"))
    assert [Change.from_json(each.to_json()) for each in both] == both
    assert [rules.words(each, SMALL) for each in both] == ["预算 +10%", "维生素价格 +10%"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (Change(rules.BUDGET, D(-95)), "应在 -90% 至"),
        (Change(rules.SUPPLIER, code="S9"), "请选择本计划中的供应商"),
        (Change(rules.COVER, months=13), "1 至 12 个月"),
        (Change(rules.DEMAND, D(5), rules.BY_CLASS, "无此类"), "类别"),
    ],
)
def test_changes_that_make_no_sense_are_named(change, words):
    assert words in "；".join(rules.problems(SMALL, [change]))


def test_a_budget_scenario_needs_a_budget():
    free = replace(SMALL, institutions=tuple(replace(row, budget=None) for row in SMALL.institutions))
    assert rules.problems(free, [Change(rules.BUDGET, D(-10))]) == ["本计划没有任何预算，预算情景没有意义"]


@given(st.integers(0, 10**6), st.integers(-90, 300))
def test_no_change_leaves_the_case_it_was_given_or_makes_anything_negative(seed, percent):
    case = random_case(seed)
    before = repr(case)
    changes = [Change(kind, D(percent)) for kind in (rules.BUDGET, rules.PRICE, rules.DEMAND)]
    after = apply(case, changes, days=30)
    assert repr(case) == before
    assert all(row.demand >= 0 for row in after.needs)
    assert all(row.price >= 0 for row in after.products)
    assert apply(case, [Change(kind) for kind in (rules.PRICE, rules.DEMAND)], days=30).needs == case.needs


def test_outcomes_stand_side_by_side():
    """With 124 yuan instead of 100 甲院 gets its vitamin: 30 units fewer unmet, 90 yuan more."""
    richer = rules.budget_changed(SMALL, D(24))
    base, other = outcome(SMALL, solve(SMALL)), outcome(richer, solve(richer))
    assert drugs_that_differ(base, other) == {"D3": (30, 0)}
    [site] = sites_that_differ(base, other)
    assert (site.code, site.spend) == ("A", (D("34.00"), D("124.00")))
    rows = {row.label: row.values for row in side_by_side([base, other])}
    assert rows["采购金额（元）"] == (41.0, 131.0)
    assert rows["其他满足率"] == (0.0, 1.0)
    assert rows["供应商（家）"] == (1, 2)
    assert rows["未满足的行"] == (1, 0)
    assert covered_share(other) == 1.0
    assert room(other) == 0.0
    loose = other | {"goals": [goal | {"bound": goal["value"] - 5.2} for goal in other["goals"]]}
    assert room(loose) == pytest.approx(5 * 5.2 / 82)  # five classes of 82 patient-days
