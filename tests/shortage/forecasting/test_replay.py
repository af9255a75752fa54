import numpy as np
import pytest

from shortage.forecasting import learner, verdict
from shortage.forecasting.evidence import History, gather
from shortage.forecasting.replay import Replay, outcomes, replay


def small_world(n: int = 48, t: int = 28, seed: int = 0) -> History:
    """Shelves that are filled every few periods and sometimes run out first."""
    rng = np.random.default_rng(seed)
    stock, y, received = (np.zeros((n, t)) for _ in range(3))
    now = rng.integers(5, 30, n).astype(float)
    for k in range(t):
        received[:, k] = np.where(rng.random(n) < 0.3, 20, 0)
        wanted = rng.poisson(5, n)
        now = now + received[:, k]
        y[:, k] = np.minimum(wanted, now)
        now = now - y[:, k]
        stock[:, k] = now
    gone = rng.random((n, t)) < 0.05
    y[gone] = stock[gone] = received[gone] = np.nan
    return History(y, stock, received, np.arange(n) % 6, np.arange(n) // 6, "M")


def test_outcomes_by_hand():
    stock = np.array([[5, 0, 3, 2, np.nan, 1.0]])
    happened, known = outcomes(stock, 1)
    assert happened[0, :5].tolist() == [True, False, False, False, False]
    assert known[0].tolist() == [True, True, True, False, True, False]
    happened, known = outcomes(stock, 2)
    assert happened[0, :4].tolist() == [True, False, False, False]
    assert known[0].tolist() == [True, True, False, False, False, False]


def test_the_future_changes_no_past_risk_or_level():
    history = small_world()
    before = replay(history, 2)
    cut = 18
    rng = np.random.default_rng(9)
    other = [a.copy() for a in (history.y, history.stock, history.received)]
    for values in other:
        values[:, cut:] = rng.integers(0, 40, values[:, cut:].shape)
    after = replay(History(*other, history.site, history.item, "M"), 2)
    for name in ("risk", "level", "stock", "rate"):
        assert np.array_equal(getattr(before, name)[:, :cut], getattr(after, name)[:, :cut], equal_nan=True), name
    assert not np.array_equal(before.risk[:, cut:], after.risk[:, cut:], equal_nan=True)
    assert np.array_equal(before.threshold[:cut], after.threshold[:cut])


def test_a_history_cut_short_gives_the_same_past():
    history = small_world()
    cut = 18
    parts = [a[:, :cut] for a in (history.y, history.stock, history.received)]
    short = replay(History(*parts, history.site, history.item, "M"), 1)
    assert short.risk == pytest.approx(replay(history, 1).risk[:, :cut], abs=1e-9, nan_ok=True)


def test_a_series_that_begins_later_does_not_change_the_past_of_others():
    history = small_world()
    late = [a.copy() for a in (history.y, history.stock, history.received)]
    for values in late:
        values[::4, :20] = np.nan
    kept = np.arange(len(history.y)) % 4 != 0
    without = [a[kept, :20] for a in late]
    assert history.site is not None
    assert history.item is not None
    alone = replay(History(*without, history.site[kept], history.item[kept], "M"), 1)
    beside = replay(History(*late, history.site, history.item, "M"), 1)
    assert beside.risk[kept, :20] == pytest.approx(alone.risk, abs=1e-9, nan_ok=True)


def test_risk_is_a_calibrated_probability():
    result = replay(small_world(150, 30, 3), 1)
    cases = result.known & (result.stock > 0) & (np.arange(30) >= 12)[None] & np.isfinite(result.risk)
    p, came = result.risk[cases], result.happened[cases]
    assert p.mean() == pytest.approx(came.mean(), abs=0.02)
    assert ((p - came) ** 2).mean() < 0.8 * came.mean() * (1 - came.mean())


def test_every_row_gets_a_risk_from_the_first_period_on_and_nothing_else_does():
    history = small_world(20, 15)
    result = replay(history, 1)
    assert np.array_equal(np.isfinite(result.risk), np.isfinite(history.y) | np.isfinite(history.stock))
    assert np.nanmin(result.risk) >= 0
    assert np.nanmax(result.risk) <= 1


def test_receipts_not_recorded_are_read_from_the_balance():
    history = small_world(10, 12)
    whole = History(*(np.nan_to_num(a) for a in (history.y, history.stock, history.received)), None, None, "M")
    stock = np.cumsum(whole.received - whole.y, axis=1) + 1000
    told = gather(History(whole.y, stock, whole.received, None, None, "M"), 1)
    read = gather(History(whole.y, stock, None, None, None, "M"), 1)
    at = told.names.index("receipt_now")
    assert np.array_equal(told.values[:, 1:, at], read.values[:, 1:, at])


def test_learner_finds_what_bends_and_what_interacts():
    rng = np.random.default_rng(1)
    x = rng.normal(size=(6000, 4))
    p = 1 / (1 + np.exp(-(2 * np.abs(x[:, 0]) - 3 + 2 * (x[:, 1] > 0) * (x[:, 2] > 0))))
    came = rng.random(6000) < p
    model = learner.learn(x[:4000], came[:4000], [0])
    told = model.probability(x[4000:])
    assert told.mean() == pytest.approx(came[4000:].mean(), abs=0.03)
    assert np.corrcoef(told, p[4000:])[0, 1] > 0.9


def test_learner_stays_sane_when_features_say_almost_the_same():
    rng = np.random.default_rng(2)
    one = rng.normal(size=(3000, 1))
    x = np.concatenate([one, one + 1e-4 * rng.normal(size=(3000, 1)), np.zeros((3000, 1))], axis=1)
    came = rng.random(3000) < 0.03
    assert learner.learn(x, came, [0, 1]).probability(x).mean() == pytest.approx(0.03, abs=0.01)


def hand_made() -> Replay:
    """One shelf: warned in periods 1 and 2, empty at the end of 3, warned again in 5 for nothing."""
    stock = np.array([[9, 6, 3, 0, 8, 7, 6.0]])
    happened, known = outcomes(stock, 1)
    level = np.array([[0, 1, 2, 4, 0, 1, 0]], dtype=np.int8)
    risk = np.array([[0.1, 0.2, 0.4, 0.9, 0.1, 0.2, 0.1]])
    return Replay(
        risk, happened, known, level, np.full(7, 0.2), stock, np.full((1, 7), 3.0), np.ones((1, 7), dtype=bool)
    )


def test_report_by_hand():
    told = verdict.report(hand_made(), 0, 1, 1)
    assert (told["alerts"], told["judged"], told["came_true"]) == (3, 3, 1)
    assert told["precision"] == pytest.approx(1 / 3, abs=1e-4)
    assert (told["stockouts"], told["recall"], told["median_warning"]) == (1, 1.0, 2.0)
    assert told["at_zero"] == 1
    assert told["levels"]["orange"]["precision"] == 1.0


def test_alarms_date_the_stockout_from_stock_and_use():
    found = list(verdict.alarms(hand_made(), 2, 1))
    assert [(a.period, a.level, a.periods) for a in found] == [(2, "orange", 1), (3, "red", 0), (5, "yellow", 3)]
