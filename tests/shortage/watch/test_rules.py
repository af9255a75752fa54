"""Small formulas of the watch by hand."""

import datetime as dt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shortage.rules import lead_times
from shortage.rules.assessment import days_of_supply, positions
from shortage.rules.causes import Cause
from shortage.rules.projection import project, use_paths
from shortage.rules.sentences import Words, figure, reason, stockout_on
from shortage.rules.watching import Habits, read

DAY = dt.date(2026, 11, 21)


def test_projection_uses_the_first_expiring_batch_first_and_drops_it_after_its_day():
    assert project([(2, 10), (99, 20)], {}, [4, 4, 4, 4]) == [26, 20, 16, 12]


def test_projection_takes_a_delivery_before_the_day_s_use_and_owes_nothing():
    assert project([(99, 5)], {3: 10}, [4, 4, 4, 4]) == [1, 0, 6, 2]


@given(
    st.lists(st.tuples(st.integers(1, 40), st.integers(0, 50)), max_size=5),
    st.dictionaries(st.integers(1, 20), st.integers(1, 50), max_size=3),
    st.lists(st.integers(0, 20), min_size=1, max_size=20),
)
def test_projection_never_makes_units_out_of_nothing(batches, coming, use):
    closing = project(batches, coming, use)
    there = sum(units for _, units in batches) + sum(coming.values())
    assert all(0 <= left <= there for left in closing)


def test_use_paths_lie_in_order_and_the_mean_adds_up():
    low, mean, high = use_paths(300.0, 900.0, 1.2, [1.0] * 30)
    assert sum(mean) == pytest.approx(300)
    assert sum(low) < 300 < sum(high)


def test_no_delivery_seen_leaves_the_prior_and_many_outweigh_it():
    empty = lead_times.learn([], [])
    assert (empty.mean[0], empty.late_share[0]) == (5.0, 0.11)
    many = lead_times.learn(["A"] * 900 + ["B"] * 3, [12] * 900 + [2] * 3)
    row = many.rows(["A", "B", "?"])
    assert row.tolist() == [1, 2, 0]
    assert many.mean[1] == pytest.approx(12, abs=0.5)
    assert 10 < many.mean[2] < 12, "three deliveries hardly move the pool"
    assert many.late_share[1] < 0.01


def test_late_deliveries_are_kept_apart_from_the_usual_ones():
    laws = lead_times.learn(["A"] * 1000, [5] * 900 + [30] * 100)
    assert laws.mean[1] == pytest.approx(5, abs=0.2)
    assert laws.late_share[1] == pytest.approx(0.1, abs=0.01)
    assert laws.late_median[1] == pytest.approx(25, abs=4)


def test_positions_number_the_entries_of_each_series():
    assert positions(np.array([0, 0, 2, 2, 2, 5])).tolist() == [0, 1, 0, 1, 2, 0]
    assert positions(np.array([], dtype=int)).size == 0


def test_days_of_supply_within_and_beyond_the_horizon():
    mean = np.outer([18.0, 1.0, 0.0], np.arange(1, 31))
    curve = np.repeat([[120.0], [100.0], [5.0]], 31, axis=1)
    supply = days_of_supply(curve, mean, np.array([18.0, 1.0, 0.0]))
    assert supply[:2] == pytest.approx([120 / 18, 100])
    assert np.isnan(supply[2])


def test_sentence_of_the_worked_example():
    words = Words("片", 120, 18.0, 120 / 18, DAY, supplier="B 供应商", overdue_days=6)
    assert (
        reason(Cause.LATE_ORDER, words) == "B 供应商订单逾期 6 天；现有 120 片，按预计日用 18 片约 6 天后（11-27）用完"
    )


@pytest.mark.parametrize("cause", list(Cause))
@pytest.mark.parametrize("stock", [0, 7, 12345])
def test_every_cause_has_a_sentence_with_the_stock(cause, stock):
    said = reason(cause, Words("片", stock, 3.0, stock / 3, DAY))
    assert said.endswith("。") is False
    assert (f"{stock:,}" if stock else "可用库存已为 0") in said


def test_figures_have_no_more_digits_than_needed():
    assert [figure(x) for x in (1814.4, 18.3, 1.52, 2.0, 0.0432)] == ["1,814", "18", "1.5", "2", "0.043"]


def test_stock_that_lasts_has_no_date():
    assert stockout_on(DAY, None) is None
    assert stockout_on(DAY, 181) is None
    assert stockout_on(DAY, 6.9) == dt.date(2026, 11, 27)


def test_rule_values_keep_the_kind_of_their_default():
    habits = read(Habits, lambda key, default: "9" if key == "watch.notices_per_day" else default)
    assert (habits.notices_per_day, habits.late_stock_days) == (9, 2)
