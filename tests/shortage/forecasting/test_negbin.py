import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import nbinom

from shortage.forecasting import negbin

means = st.floats(0.01, 5_000)
spreads = st.floats(1.05, 50)
shares = st.floats(0.01, 0.995)


def one(value: float) -> np.ndarray:
    return np.array([value])


def test_distribution_equals_the_textbook_at_whole_numbers():
    mean, variance = 4.0, 10.0
    size, p = mean**2 / (variance - mean), mean / variance
    k = np.arange(0, 30)
    ours = negbin.cdf(k, np.full(30, mean), np.full(30, variance))
    assert ours == pytest.approx(nbinom.cdf(k, size, p), abs=1e-12)


@given(means, spreads, shares)
def test_quantile_is_where_the_distribution_reaches_the_share(mean, spread, tau):
    x = negbin.quantile(tau, one(mean), one(mean * spread))
    reached = negbin.cdf(x, one(mean), one(mean * spread))[0]
    if x[0] > 0:
        assert reached == pytest.approx(tau, abs=2e-3)
    else:
        assert reached >= tau - 1e-9


@given(means, spreads, shares, shares)
def test_quantiles_rise_with_the_share(mean, spread, a, b):
    low, high = sorted((a, b))
    found = negbin.quantile(np.array([low, high]), one(mean), one(mean * spread))
    assert found[0] <= found[1] + 2e-3 * np.sqrt(mean * spread)


def test_demand_always_reaches_nothing():
    assert negbin.reaches(np.array([0.0, -1.0]), one(3.0), one(5.0)).tolist() == [1.0, 1.0]


def test_no_demand_needs_no_stock():
    assert negbin.quantile(0.99, one(0.0), one(0.0))[0] == 0.0
