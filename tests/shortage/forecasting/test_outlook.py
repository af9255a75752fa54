import datetime as dt

import numpy as np
import pytest

from shortage.forecasting import calendar, exposure, outlook, seasonal


def test_the_day_stock_runs_out_counts_half_and_empty_days_nothing():
    y = np.array([[2, 2, 0, 0, 1.0]])
    stock = np.array([[3, 0, 0, 4, np.nan]])
    assert exposure.from_stock(y, stock, "D").tolist() == [[1, 0.5, 0, 1, 1]]
    assert exposure.from_stock(y, stock, "M").tolist() == [[1, 0.5, 0.5, 1, 1]]


def test_weekday_pattern_is_found_and_carried_on():
    t = np.arange(200)
    rng = np.random.default_rng(0)
    quiet = np.isin(t % 7, (5, 6))
    y = rng.poisson(np.where(quiet, 4, 20), (3, 200)).astype(float)
    found = seasonal.factors(y, np.ones_like(y), np.full(3, 199), "D", 7)
    assert found is not None
    coming = found[1][0]
    assert coming[(200 + np.arange(7)) % 7 >= 5].max() < 0.5
    assert coming[(200 + np.arange(7)) % 7 < 5].min() > 1.1


def test_noise_proves_no_season():
    y = np.random.default_rng(5).poisson(20, (30, 72)).astype(float)
    found = seasonal.factors(y, np.ones_like(y), np.full(30, 71), "M", 3)
    assert found is None or (np.ptp(found[1], axis=1) > 0).mean() < 0.1


def test_slow_movers_get_no_season_however_long_their_history():
    y = (np.arange(96) % 12 == 0)[None, :] * 5.0
    assert seasonal.factors(y, np.ones_like(y), np.array([95]), "M", 3) is None


def test_median_of_a_rare_item_is_zero_and_its_expectation_is_not():
    y = (np.random.default_rng(1).random((60, 48)) < 0.15) * 3.0
    seen = outlook.forecast(y, "M", 3, [0.1, 0.5, 0.95])
    whole = outlook.forecast(y, "M", 3, [0.5], point="expectation")
    assert np.median(seen.quantiles[1]) < 0.05
    assert whole.mean.mean() == pytest.approx(0.45, rel=0.25)
    assert (seen.mean <= whole.mean + 1e-6).mean() > 0.9
    assert (seen.mean > 0).any()


def test_a_series_never_seen_is_forecast_as_nothing():
    result = outlook.forecast(np.array([[np.nan, np.nan, np.nan], [1.0, 2.0, 3.0]]), "M", 2, [0.5])
    assert result.mean[0].tolist() == [0.0, 0.0]
    assert np.isfinite(result.quantiles).all()


def test_spring_festival_empties_the_pharmacy_and_fills_it_before():
    days = [dt.date(2026, 2, 17) + dt.timedelta(days=k) for k in (-20, -5, 0, 10)]
    assert calendar.factors(days) == pytest.approx([1, 1.53, 0.31, 0.8])


def test_a_make_up_working_day_is_an_ordinary_day_and_a_holiday_is_not():
    october = [dt.date(2025, 9, 28), dt.date(2025, 10, 1)]
    assert calendar.factors(october) == pytest.approx([1.0, 0.6])
