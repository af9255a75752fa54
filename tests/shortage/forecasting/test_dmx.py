import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shortage.forecasting import dmx, increment
from shortage.forecasting.panel import Panel, ShapeMismatch


def demand(n: int = 40, t: int = 120, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.poisson(rng.gamma(2, 2, (n, 1)), (n, t)).astype(np.float32)


def test_even_demand_is_forecast_as_it_is():
    fit = dmx.fit(Panel(np.full((30, 100), 4.0), freq="D"), 7)
    assert fit.mean(3) == pytest.approx(np.full((30, 3), 4.0), rel=1e-5)
    assert fit.cumulative(14)[0] == pytest.approx(np.full(30, 56.0), rel=1e-5)


def test_a_level_that_has_changed_is_followed():
    y = np.concatenate([np.full((20, 200), 2.0), np.full((20, 60), 10.0)], axis=1)
    fit = dmx.fit(Panel(y, freq="D"), 7)
    assert (fit.rate > 8).all()


def test_days_out_of_stock_do_not_pull_the_rate_down():
    rng = np.random.default_rng(3)
    true = rng.poisson(5, (200, 200)).astype(float)
    out = rng.random((200, 200)) < 0.3
    y = np.where(out, 0, true)
    blind = dmx.fit(Panel(y, freq="D"), 7).rate.mean()
    aware = dmx.fit(Panel(y, np.where(out, 0.0, 1.0), "D"), 7).rate.mean()
    assert blind == pytest.approx(3.5, abs=0.15)
    assert aware == pytest.approx(5.0, abs=0.15)


def test_a_missing_period_is_not_a_zero():
    y = np.full((5, 60), 6.0)
    y[:, ::2] = np.nan
    assert dmx.fit(Panel(y, freq="D"), 7).rate == pytest.approx(np.full(5, 6.0), rel=1e-5)


@settings(max_examples=15, deadline=None)
@given(st.sampled_from([2, 3, 4, 5, 10]))
def test_ten_times_the_demand_is_ten_times_the_forecast(factor):
    y = demand()
    one, many = (dmx.fit(Panel(y * k, freq="D"), 7) for k in (1, factor))
    assert many.rate == pytest.approx(one.rate * factor, rel=1e-3)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 1000))
def test_exposure_of_ones_is_no_exposure(seed):
    y = demand(20, 80, seed)
    without, ones = (dmx.fit(Panel(y, e, "D"), 7) for e in (None, np.ones_like(y)))
    assert ones.rate == pytest.approx(without.rate, rel=1e-4)
    assert ones.cumulative_quantile(0.95, 7) == pytest.approx(without.cumulative_quantile(0.95, 7), rel=1e-2, abs=0.05)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 1000))
def test_quantiles_rise_with_tau_and_with_the_days_covered(seed):
    fit = dmx.fit(Panel(demand(30, 100, seed), freq="D"), 7)
    found = fit.quantiles([0.1, 0.5, 0.9, 0.99], 5)
    assert (np.diff(found, axis=0) >= -1e-2).all()
    assert (fit.cumulative_quantile(0.95, 14) >= fit.cumulative_quantile(0.95, 7) - 1e-6).all()


def test_an_order_of_the_series_changes_nothing_but_the_order():
    y = demand(60, 90)
    shuffled = np.random.default_rng(1).permutation(60)
    straight, mixed = dmx.fit(Panel(y, freq="D"), 7), dmx.fit(Panel(y[shuffled], freq="D"), 7)
    assert mixed.rate == pytest.approx(straight.rate[shuffled], rel=1e-4)


def test_quantiles_hold_what_they_promise_on_new_demand():
    rng = np.random.default_rng(8)
    level = rng.gamma(1.5, 2, (1500, 1))
    y = rng.negative_binomial(2, 2 / (2 + level), (1500, 220)).astype(np.float32)
    fit = dmx.fit(Panel(y[:, :210], freq="D"), 10)
    held = fit.cumulative_quantile(0.95, 10) >= y[:, 210:].sum(axis=1)
    assert 0.92 < held.mean() < 0.98


def test_a_single_short_series_still_gets_an_answer():
    fit = dmx.fit(Panel(np.array([[3.0]]), freq="M"), 1)
    assert fit.mean(2).tolist() == [[3.0, 3.0]]
    assert np.isfinite(fit.quantiles([0.9], 2)).all()


def test_coming_factors_move_the_forecast():
    y = np.full((4, 60), 10.0)
    fit = dmx.fit(Panel(y, freq="D", ahead=np.array([0.5, 1.0, 2.0])), 7)
    assert fit.mean(4)[0] == pytest.approx([5, 10, 20, 10], rel=1e-5)
    assert fit.cumulative(3)[0][0] == pytest.approx(35, rel=1e-5)


def test_arrays_that_do_not_belong_together_are_refused():
    with pytest.raises(ShapeMismatch):
        Panel(np.ones((2, 3)), np.ones((2, 4)))


def test_a_day_carried_on_equals_a_full_count():
    y = demand(10, 100)
    e = (np.random.default_rng(2).random(y.shape) > 0.1).astype(np.float32)
    carried = increment.advance(increment.start(Panel(y[:, :-1], e[:, :-1], "D")), y[:, -1], e[:, -1])
    full = increment.start(Panel(y, e, "D"))
    assert carried.issued == pytest.approx(full.issued, rel=1e-4)
    assert carried.rates() == pytest.approx(full.rates(), rel=1e-4)
