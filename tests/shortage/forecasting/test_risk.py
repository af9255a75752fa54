import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shortage.forecasting import risk
from shortage.forecasting.arrivals import LeadTime, Orders, Review, no_arrival, shortage_posterior

NOTHING_COMES = np.ones((1, len(risk.GRID)))


def lots(*pairs: tuple[float, float]) -> risk.Batches:
    return risk.Batches(np.array([[q for q, _ in pairs]]), np.array([[x for _, x in pairs]], dtype=float))


def poisson(rate: float):
    return lambda day: (np.array([rate * day]), np.array([rate * day * 1.5]))


def test_a_lot_that_expires_serves_only_what_is_used_by_then():
    # 10 a day: the first lot (100) lives 4 days and serves 40, the second (50) is whole.
    found = risk.usable(lots((100, 4), (50, np.inf)), np.array([10.0]), np.array([0.0, 4.0, 5.0, 30.0]))
    assert found.tolist() == [[150, 150, 90, 90]]


def test_the_second_lot_waits_for_the_first():
    # 10 a day, both expire on day 4: 40 units are used in all, 30 from the first lot and 10 from the second.
    found = risk.usable(lots((30, 4), (50, 4)), np.array([10.0]), np.array([4.0, 5.0]))
    assert found.tolist() == [[80, 40]]


def test_an_empty_shelf_with_nothing_coming_is_certain():
    found = risk.risk(lots((0, np.inf)), poisson(2), np.array([2.0]), NOTHING_COMES)
    assert found.p7[0] == pytest.approx(1)
    assert found.days_out[0] == pytest.approx(30)
    assert found.runs_out[0] == 0


def test_plenty_of_stock_is_no_risk():
    found = risk.risk(lots((10_000, np.inf)), poisson(2), np.array([2.0]), NOTHING_COMES)
    assert found.p30[0] < 1e-6
    assert np.isnan(found.runs_out[0])


def test_stock_without_demand_never_runs_out():
    found = risk.risk(lots((1, np.inf)), poisson(0), np.array([0.0]), NOTHING_COMES)
    assert found.p30[0] == 0


def test_half_the_chance_lies_where_stock_meets_mean_demand():
    found = risk.risk(lots((100, np.inf)), poisson(10), np.array([10.0]), NOTHING_COMES)
    assert found.runs_out[0] == pytest.approx(10, abs=0.7)


def test_expiry_raises_the_risk_and_counts_what_is_lost():
    kept = risk.risk(lots((200, np.inf)), poisson(10), np.array([10.0]), NOTHING_COMES)
    lost = risk.risk(lots((200, 5)), poisson(10), np.array([10.0]), NOTHING_COMES)
    assert kept.p14[0] < 0.05 < 0.95 < lost.p14[0]
    assert lost.expiring[0] == 150


@given(st.floats(0.1, 20), st.floats(0, 400), st.floats(0.3, 60))
def test_probabilities_are_probabilities_and_rise_with_the_horizon(rate, stock, half):
    gone = np.exp2(-risk.GRID / half)[None, :]
    found = risk.risk(lots((stock, np.inf)), poisson(rate), np.array([rate]), gone)
    assert 0 <= found.p7[0] <= found.p14[0] + 1e-9 <= found.p30[0] + 2e-9 <= 1 + 3e-9
    assert 0 <= found.days_out[0] <= 30 + 1e-9


def test_computed_risk_agrees_with_simulation():
    rng = np.random.default_rng(4)
    runs, rate, stock = 4000, 4.0, 45
    lead = LeadTime()
    grid = np.linspace(0, 90, 3000)
    tail = lead.survival(grid)
    arrive = np.interp(-rng.random(runs), -tail, grid)
    spent = rng.poisson(rate, (runs, 14)).cumsum(axis=1)
    empty = np.where(spent >= stock, np.arange(1, 15), 99).min(axis=1)
    simulated = (empty <= np.minimum(arrive, 14)).mean()
    order = Orders(np.array([[100.0]]), np.array([[0.0]]), np.array([[np.nan]]))
    review = Review(np.array([2.0]), np.array([7.0]))
    s = no_arrival(risk.GRID, order, lead, np.array([rate]), np.zeros(1), np.zeros(1), review)
    demand = lambda day: (np.array([rate * day]), np.array([rate * day * 1.02]))  # noqa: E731
    assert risk.risk(lots((stock, np.inf)), demand, np.array([rate]), s).p14[0] == pytest.approx(simulated, abs=0.02)


def coming(quantity: float, age: float, promised: float = np.nan, shortage: float = 0.0) -> np.ndarray:
    order = Orders(np.array([[quantity]]), np.array([[age]]), np.array([[promised]]))
    review = Review(np.array([2.0]), np.array([7.0]))
    return no_arrival(risk.GRID, order, LeadTime(), np.array([10.0]), np.array([shortage]), np.array([0.0]), review)[0]


def test_an_order_too_small_to_matter_counts_as_none():
    assert coming(49, 3).tolist() == coming(0, 0).tolist()
    assert coming(50, 3).tolist() != coming(0, 0).tolist()


def test_nothing_comes_before_the_promised_day():
    s = coming(500, 1, promised=6)
    assert (s[risk.GRID < 6] == 1).all()
    assert s[risk.GRID == 6] < 0.2


def test_a_shortage_keeps_goods_away_longer():
    assert (coming(500, 3, shortage=0.9) >= coming(500, 3)).all()
    assert coming(500, 3, shortage=1.0)[-1] == pytest.approx(np.exp(-30 / 45))


def test_overdue_orders_at_many_institutions_tell_of_a_shortage_and_a_newer_arrival_ends_it():
    drug, institution, age = np.array([0, 0, 0, 1]), np.array([0, 1, 1, 0]), np.array([20.0, 25.0, 12.0, 2.0])
    posterior, overdue = shortage_posterior(drug, institution, age, np.array([np.inf, np.inf]), 2)
    assert posterior[0] > 0.9 > 0.1 > posterior[1]
    assert overdue.tolist() == [2, 0]
    after, none = shortage_posterior(drug, institution, age, np.array([10.0, np.inf]), 2)
    assert after[0] == pytest.approx(0.02)
    assert none[0] == 0


@given(st.lists(st.floats(0, 80), min_size=2, max_size=10))
def test_waiting_longer_never_makes_arrival_less_likely(days):
    tail = LeadTime().survival(np.sort(np.array(days)))
    assert (np.diff(tail) <= 1e-12).all()


def test_calibration_brings_too_high_probabilities_down_and_stays_rising():
    rng = np.random.default_rng(0)
    p = rng.random(20_000)
    learned = risk.calibration(p, rng.random(20_000) < p / 2)
    assert learned.apply(np.array([0.6]))[0] == pytest.approx(0.3, abs=0.03)
    assert (np.diff(learned.apply(np.linspace(0, 1, 50))) >= -1e-12).all()


def test_too_little_history_leaves_probabilities_alone():
    assert risk.calibration(np.array([0.2]), np.array([True])) is risk.PLAIN
