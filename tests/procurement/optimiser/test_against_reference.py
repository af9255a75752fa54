"""The optimiser against an independent exact model, on random cases in which every rule can bind."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from procurement.optimiser.audit import audit_lines
from procurement.optimiser.plan import OPTIMAL
from procurement.optimiser.solve import Options, solve

from .reference import reference_goals
from .worlds import random_case


def differences(seed: int, **size: int) -> list:
    case = random_case(seed, **size)
    plan = solve(case, Options(time_limit=20))
    expected = reference_goals(case)
    broken = [check for check in plan.checks if check.broken]
    wrong = [
        (goal.name, goal.value, value)
        for goal, value in zip(plan.goals, expected, strict=True)
        if abs(goal.value - value) > 1e-4 * max(1, abs(value))
    ]
    return broken + wrong + ([] if plan.status == OPTIMAL else [plan.status])


@pytest.mark.parametrize("seed", range(24))
def test_all_nine_values_equal_those_of_the_reference(seed):
    assert differences(seed) == []


@pytest.mark.parametrize("seed", [3, 8, 21])
def test_all_nine_values_equal_those_of_the_reference_where_more_is_wanted_than_money_buys(seed):
    assert differences(seed, sites=3, drugs=12, suppliers=2) == []


@settings(max_examples=15, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(1000, 10**6), st.integers(1, 3), st.integers(1, 5))
def test_all_nine_values_equal_those_of_the_reference_for_any_size(seed, sites, drugs):
    assert differences(seed, sites=sites, drugs=drugs) == []


@settings(max_examples=20, deadline=None, derandomize=True)
@given(st.integers(0, 10**6))
def test_the_lines_of_every_plan_pass_the_audit_of_an_edited_plan(seed):
    case = random_case(seed, sites=3, drugs=3)
    plan = solve(case, Options(time_limit=10))
    lines = {(line.institution, line.product): line.packs for line in plan.lines}
    assert [check for check in audit_lines(case, lines) if check.broken] == []
