"""Thresholds on a walk small enough to count by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shortage.forecasting import hindsight
from shortage.forecasting.hindsight import Walk


def walk(p14, empty, urgent=None):
    """Steps every 7 days from day 100; empty from day 100 on."""
    p14, empty = np.array(p14, dtype=float), np.array(empty, dtype=bool)
    days = 100 + 7 * np.arange(p14.shape[1])
    red = np.zeros(p14.shape, dtype=bool) if urgent is None else np.array(urgent)
    known = np.full(len(p14), 100 + empty.shape[1] - 1)
    return Walk(days, p14, red, 100, empty, np.ones_like(empty), known)


def shelf(*empty_days, length=36):
    return [day in empty_days for day in range(length)]


def test_hits_misses_and_days_of_warning_by_hand():
    # Item 0: told 20 % on day 100, 60 % on 107, empty on day 112. Item 1: never above 10 %, empty on day 105.
    seen = walk([[0.2, 0.6, 0.1], [0.1, np.nan, 0.1]], [shelf(12, 13), shelf(5, 6, 7)])
    fell = hindsight.falls(seen)
    assert list(zip(fell.item.tolist(), fell.day.tolist(), fell.step.tolist(), strict=True)) == [
        (0, 112, 1),
        (1, 105, 0),
    ]
    found = hindsight.consequence(seen, fell, 0.5, 0.5)
    assert (found.new, found.judged, found.right) == (1, 1, 1)
    assert (found.falls, found.warned, found.early, found.ahead) == (2, 1, 0, 5.0)
    assert found.per_day == pytest.approx(1 / 21)
    low = hindsight.consequence(seen, fell, 0.2, 0.5)
    assert (low.warned, low.early, low.ahead, low.precision) == (1, 1, 12.0, 1.0)


def test_warning_stands_until_half_its_threshold():
    on = hindsight.standing(walk([[0.5, 0.3, 0.24, 0.3]], [shelf()]), 0.5, 0.5)
    assert on.tolist() == [[True, True, False, False]]


def test_red_is_pushed_whatever_the_threshold():
    on = hindsight.standing(walk([[0.3, 0.1]], [shelf()], [[True, False]]), 0.9, 0.5)
    assert on.tolist() == [[True, False]]


def test_false_alarm_is_counted_only_when_its_days_are_known():
    seen = walk([[0.8, 0.1, 0.1, 0.8]], [shelf(length=30)])
    found = hindsight.consequence(seen, hindsight.falls(seen), 0.5, 0.5)
    assert (found.new, found.judged, found.right, found.precision) == (2, 1, 0, 0.0)


def test_shelf_whose_stock_is_not_known_that_day_is_no_fall():
    seen = walk([[0.8, 0.8]], [shelf(12)])
    late = Walk(seen.days, seen.p14, seen.urgent, 100, seen.empty, seen.begun, np.array([110]))
    assert len(hindsight.falls(late).item) == 0


@given(st.lists(st.lists(st.floats(0, 1), min_size=4, max_size=4), min_size=1, max_size=5), st.integers(0, 100))
def test_lower_threshold_never_misses_more(p14, seed):
    empty = np.random.default_rng(seed).random((len(p14), 36)) < 0.1
    seen = walk(p14, empty)
    fell = hindsight.falls(seen)
    warned = [hindsight.consequence(seen, fell, threshold, 0.5).warned for threshold in (0.1, 0.4, 0.8)]
    assert warned == sorted(warned, reverse=True)
