"""Told against seen: counts, scores and the map that is learned from them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shortage.forecasting import reliability
from shortage.forecasting.reliability import Tally, bars, independent_share, learn

chances = st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=60)


def cases(rate_of, n=4000, seed=3):
    rng = np.random.default_rng(seed)
    p = rng.random(n) ** 2
    return Tally.count(p, rng.random(n) < rate_of(p))


def test_scores_equal_those_of_the_single_cases():
    tally = Tally.count(np.array([0.9, 0.2, 0.2]), np.array([True, False, True]))
    assert tally.brier == pytest.approx((0.01 + 0.04 + 0.64) / 3)
    assert tally.skill == pytest.approx(1 - tally.brier / (2 / 3 * 1 / 3))


def test_nothing_told_has_no_score_and_a_sure_thing_no_skill():
    assert Tally.nothing().brier is None
    assert Tally.count(np.array([0.3, 0.4]), np.array([False, False])).skill is None


@given(chances, chances)
def test_counts_of_two_periods_add_up_to_those_of_both(one, other):
    def tally(rows):
        return Tally.count(np.array([p for p, _ in rows]), np.array([came for _, came in rows]))

    for added, whole in zip((tally(one) + tally(other)).columns, tally(one + other).columns, strict=True):
        assert added == pytest.approx(whole)
    assert sum(row["cases"] for row in bars(tally(one))) == len(one)


def test_counts_survive_being_stored():
    tally = cases(lambda p: p)
    assert Tally.from_lists(tally.as_lists()).brier == pytest.approx(tally.brier, abs=1e-6)


@pytest.mark.parametrize("factor", [0.5, 1.0, 1.4])
def test_map_finds_how_much_too_high_or_low_was_told(factor):
    found = learn(cases(lambda p: np.clip(factor * p, 0, 1)), share=1.0, least_events=20, steady=5)
    assert found.trusted
    asked = np.array([0.1, 0.3, 0.5])
    assert found.map.apply(asked) == pytest.approx(factor * asked, abs=0.06)


@given(chances)
def test_map_never_falls_and_stays_a_probability(rows):
    tally = Tally.count(np.array([p for p, _ in rows]), np.array([came for _, came in rows]))
    values = learn(tally, share=1.0, least_events=1, steady=2).map.apply(np.linspace(0, 1, 50))
    assert (np.diff(values) >= -1e-12).all()
    assert values.min() >= 0
    assert values.max() <= 1


def test_too_few_events_keep_the_computed_probability():
    found = learn(cases(lambda p: 0.3 * p, n=40), share=1.0, least_events=20, steady=5)
    assert not found.trusted
    assert found.map.apply(np.array([0.2, 0.7])) == pytest.approx([0.2, 0.7])


def test_what_was_only_told_low_does_not_pull_high_probabilities_down():
    p = np.full(3000, 0.1)
    found = learn(Tally.count(p, np.arange(3000) % 50 == 0), share=1.0, least_events=20, steady=5)
    assert found.map.apply(np.array([0.1])) == pytest.approx(0.02, abs=0.01)
    assert found.map.apply(np.array([0.8]))[0] > 0.7


def test_windows_that_overlap_count_once():
    assert independent_share(range(100, 128), 14) == pytest.approx((27 / 14 + 1) / 28)
    assert independent_share([100, 130, 160], 14) == 1.0


def test_stored_map_answers_the_same():
    found = learn(cases(lambda p: 0.6 * p), share=1.0, least_events=20, steady=5)
    again = reliability.from_json(reliability.as_json(found))
    assert again.apply(np.array([0.25])) == pytest.approx(found.map.apply(np.array([0.25])), abs=1e-6)
    assert reliability.from_json(None).apply(np.array([0.25])) == pytest.approx(0.25)
