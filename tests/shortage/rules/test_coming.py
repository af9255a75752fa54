"""What can be counted on of the orders, and the hand rule beside the computed one."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shortage.rules.coming import counted_on, days_overdue
from shortage.rules.lead_times import learn
from shortage.rules.norms import DEFAULTS, Norm, hand_rule, norm_of, to_order

LAWS = learn(["S1"] * 40, [5] * 36 + [20] * 4)


def one(quantity=100, age=3.0, promised=np.nan, shortage=0.0, days=30.0):
    arrays = [np.array([value], dtype=float) for value in (quantity, age, promised)]
    found = counted_on(*arrays, LAWS.rows(["S1"]), LAWS, np.array([shortage]), np.array([days]))
    return int(found.overdue[0]), float(found.chance[0]), int(found.counted[0])


def test_order_in_time_counts_in_full():
    assert one(promised=4) == (0, 1.0, 100)
    assert one(age=3) == (0, 1.0, 100)
    assert one(promised=0, shortage=0.95) == (0, 1.0, 100)


def test_overdue_order_counts_as_far_as_it_is_likely():
    late, chance, counted = one(age=20, promised=-12)
    assert late == 12
    assert 0.5 < chance < 0.95
    assert counted == int(100 * chance)


def test_order_without_a_date_is_late_after_twice_the_usual_time():
    usual = 2 * LAWS.expected()[LAWS.rows(["S1"])[0]]
    assert days_overdue(np.array([usual + 3.5]), np.array([np.nan]), LAWS.rows(["S1"]), LAWS).tolist() == [3]
    assert one(age=usual - 0.5)[2] == 100


def test_shortage_everywhere_takes_more_off_than_one_late_supplier():
    assert one(age=20, promised=-12, shortage=0.95)[2] < one(age=20, promised=-12)[2]


@given(
    st.integers(1, 10_000), st.floats(0, 120), st.floats(-100, 30), st.floats(0, 1), st.floats(1, 90), st.floats(0, 60)
)
def test_never_more_than_ordered_and_never_less_for_a_longer_wait(quantity, age, promised, shortage, days, more):
    _, chance, counted = one(quantity, max(age, -promised), promised, shortage, days)
    assert 0 <= counted <= quantity
    assert one(quantity, max(age, -promised), promised, shortage, days + more)[1] >= chance - 1e-9


def test_hand_rule_by_hand():
    held = hand_rule(4.0, 5.0, Norm(15, 45))
    assert (held.safety_stock, held.reorder_point, held.order_up_to) == (60, 80, 180)
    assert hand_rule(0.0, 5.0, Norm(15, 45)).order_up_to == 0
    assert hand_rule(0.03, 5.0, Norm(10, 20)).safety_stock == 1


def test_days_are_rule_values_with_a_default():
    assert norm_of("基层", lambda key, default: {"norm.safety_days.基层": 12}.get(key, default)) == Norm(12, 45)
    assert norm_of("村", lambda key, default: default) == DEFAULTS["村"]


@pytest.mark.parametrize(("position", "wanted"), [(81, 0), (80, 100), (0, 180), (200, 0)])
def test_order_goes_up_to_the_target_once_the_point_is_reached(position, wanted):
    assert to_order(position, 80, 180) == wanted


@given(st.integers(0, 500), st.integers(0, 300), st.integers(0, 300))
def test_order_fills_exactly_up_to_the_target(position, point, more):
    asked = to_order(position, point, point + more)
    assert asked == 0 or position + asked == point + more
