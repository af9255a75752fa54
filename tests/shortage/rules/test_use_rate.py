import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shortage.rules.use_rate import days_of_supply, rates, use_rate

day = st.one_of(st.none(), st.integers(0, 50))


def test_golden_month_with_a_stockout():
    # 10 ordinary days of 3, one day on which the last 2 went, 4 empty days, 5 days of 3 after the delivery.
    issued = [3] * 10 + [2] + [0] * 4 + [3] * 5
    stock = [9] * 10 + [0] + [0] * 4 + [9] * 5
    found = use_rate(issued, stock)
    assert (found.in_stock_days, found.sold_out_days, found.empty_days) == (15, 1, 4)
    assert found.issued == 47
    assert found.exposure == 15.5
    assert found.per_day == pytest.approx(47 / 15.5)
    assert days_of_supply(62, found) == pytest.approx(62 / (47 / 15.5))
    assert "无货 4 天不计" in found.sentence()


@pytest.mark.parametrize("length", [28, 29, 30, 31])
def test_the_length_of_the_month_does_not_matter(length):
    assert use_rate([4] * length, [100] * length).per_day == 4


def test_the_first_days_of_a_new_item_support_no_rate():
    found = use_rate([5] * 6, [50] * 6)
    assert found.per_day is None
    assert days_of_supply(50, found) is None
    assert "不足 7 天" in found.sentence()


def test_no_use_is_a_rate_of_zero_and_no_days_of_supply():
    found = use_rate([0] * 30, [50] * 30)
    assert found.per_day == 0
    assert days_of_supply(50, found) is None


def test_days_without_data_are_left_out_not_counted_as_zero():
    assert use_rate([4, None] * 15, [9, None] * 15).per_day == 4


def test_all_out_of_stock_says_nothing_about_demand():
    found = use_rate([0] * 30, [0] * 30)
    assert found.per_day is None
    assert (found.sold_out_days, found.empty_days) == (1, 29)


def test_returns_reduce_the_total_and_never_below_zero():
    assert use_rate([4] * 9 + [-6], [9] * 10).per_day == 3
    assert use_rate([1] * 9 + [-60], [9] * 10).per_day == 0


def test_lengths_that_differ_are_refused():
    with pytest.raises(ValueError, match="issues"):
        use_rate([1, 2], [1])


@given(st.lists(st.tuples(day, day), min_size=1, max_size=60))
def test_every_day_is_counted_exactly_once(days):
    found = use_rate([a for a, _ in days], [b for _, b in days])
    assert found.in_stock_days + found.sold_out_days + found.empty_days + found.missing_days == found.days == len(days)
    assert 0 <= found.exposure <= len(days)


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(1, 50)), min_size=7, max_size=60), st.integers(2, 9))
def test_rate_scales_with_use(days, factor):
    stock = [b for _, b in days]
    one = use_rate([a for a, _ in days], stock).per_day
    many = use_rate([a * factor for a, _ in days], stock).per_day
    assert one is not None
    assert many == pytest.approx(one * factor)


@given(st.integers(0, 100))
def test_many_at_once_equals_one_by_one(seed):
    rng = np.random.default_rng(seed)
    issued, stock = (rng.integers(0, 4, (5, 20)).astype(float) for _ in range(2))
    issued[rng.random((5, 20)) < 0.1] = np.nan
    together = rates(issued, stock)[2]
    alone = [use_rate(list(a), list(b)).per_day for a, b in zip(issued, stock, strict=True)]
    assert together == pytest.approx([np.nan if rate is None else rate for rate in alone], nan_ok=True)
