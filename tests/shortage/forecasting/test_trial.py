"""The back-test's figures by hand, and its rivals."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shortage.forecasting import trial
from shortage.forecasting.trial import Told


def sure(value, n=1):
    return Told(np.full(n, float(value)), np.full((len(trial.TAUS), n), float(value)))


def test_pinball_of_a_sure_forecast_by_hand():
    found = trial.score(sure(10), np.array([14.0]), np.array([20.0]), np.array([True]))
    assert found.pinball == pytest.approx(4 * np.mean(trial.TAUS) / 20)
    assert (found.coverage, found.bias, found.error) == (0.0, pytest.approx(-4 / 14), pytest.approx(4 / 14))
    over = trial.score(sure(10), np.array([6.0]), np.array([20.0]), np.array([True]))
    assert over.pinball == pytest.approx(4 * np.mean(1 - np.array(trial.TAUS)) / 20)
    assert over.coverage == 1.0


def test_groups_without_items_have_no_score_and_without_use_no_bias():
    assert trial.score(sure(1), np.array([1.0]), np.array([1.0]), np.array([False])) is None
    assert trial.score(sure(0), np.array([0.0]), np.array([1.0]), np.array([True])).bias is None


def test_rules_of_thumb_by_hand():
    use = np.concatenate([np.full(30, 1.0), np.full(30, 2.0), np.full(30, 3.0)])[None, :]
    assert trial.by_rule(use, 30, 1).mean.tolist() == [90.0]
    assert trial.by_rule(use, 30, 6).mean.tolist() == [60.0]
    assert trial.by_rule(use, 30, 6).quantiles[0].tolist() == [60.0]


def test_pace_names_how_often_an_item_is_used():
    use = np.zeros((3, 100))
    use[0, ::2], use[1, ::9], use[2, :3] = 1, 1, 1
    assert trial.pace(use).tolist() == ["常用", "间断", "稀用"]


@settings(deadline=None)
@given(st.floats(1, 500), st.floats(1.1, 20))
def test_the_true_law_loses_least(mean, spread):
    rng = np.random.default_rng(1)
    n = 400
    actual = rng.gamma(mean / spread, spread, n)
    rows, usual = np.ones(n, dtype=bool), np.full(n, mean)
    good = trial.score(trial.by_law(usual, np.full(n, mean * spread)), actual, usual, rows)
    off = trial.score(trial.by_law(2.5 * usual, np.full(n, mean * spread)), actual, usual, rows)
    assert good.pinball < off.pinball
