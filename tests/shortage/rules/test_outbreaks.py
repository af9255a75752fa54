"""An outbreak raises the rate to what the newest days show, never lowers it, and is forgotten afterwards."""

import numpy as np
import pytest

from shortage.rules.outbreaks import forgotten, quicken

NAN = np.nan


def quickened(use, usual=10.0, window=3, exposure=1.0, factor=1.0):
    row = np.array([use], dtype=np.float32)
    shown = np.full(row.shape, exposure, dtype=np.float32)
    factors = np.full(row.shape[1], factor, dtype=np.float32)
    return quicken(np.array([usual]), row, shown, factors, np.array([window]))


def test_three_days_of_thirty_move_a_rate_of_ten_to_twenty_two():
    found = quickened([10, 10, 30, 30, 30])
    assert found.recent[0] == pytest.approx(30)
    assert found.rate[0] == pytest.approx(0.6 * 30 + 0.4 * 10)
    assert found.spread[0] == pytest.approx(0.6 * 0.4 * 20**2)


def test_half_days_in_stock_count_double_and_weigh_half():
    found = quickened([10, 10, 30, 30, 30], exposure=0.5)
    assert found.recent[0] == pytest.approx(60)
    assert found.rate[0] == pytest.approx(1.5 / 3.5 * 60 + 2 / 3.5 * 10)


def test_quiet_days_do_not_lower_the_rate():
    found = quickened([10, 10, 2, 2, 2])
    assert (found.rate[0], found.spread[0]) == (10.0, 0.0)


@pytest.mark.parametrize(("use", "window"), [([10, 10, NAN, NAN, NAN], 3), ([10, 10, 30, 30, 30], 0)])
def test_without_known_days_or_outbreak_the_usual_rate_stays(use, window):
    found = quickened(use, window=window)
    assert found.rate[0] == 10.0
    assert np.isnan(found.recent[0])


def test_days_of_a_past_outbreak_are_forgotten_unless_too_little_history_is_left():
    use = np.ones((2, 70), dtype=np.float32)
    use[1, :10] = NAN
    over = np.zeros(use.shape, dtype=bool)
    over[:, -8:] = True
    left = forgotten(use, over)
    assert (np.isnan(left[0, -8:]).all(), np.isnan(left[0, :-8]).any()) == (True, False)
    assert not np.isnan(left[1, -8:]).any()
    assert not np.isnan(use[0]).any()
