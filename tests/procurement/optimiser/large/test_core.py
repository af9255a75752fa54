"""The search around prices against all choices counted out."""

import itertools
import random

import numpy as np
import pytest

from procurement.optimiser.large.core import balance, best_choice


def lines_of(r, lines, options, amounts):
    line = np.repeat(np.arange(lines), options)
    regret = np.array([r.choice([0.0, r.uniform(0, 5), r.uniform(0, 50)]) for _ in line])
    use = np.array([[r.randint(-5, 9) for _ in range(amounts)] for _ in line], dtype=np.int64)
    return line, regret, use


def all_choices(line, regret, use):
    """(regret over the least of each line, sums) of every choice."""
    groups = [np.flatnonzero(line == k) for k in np.unique(line)]
    least = sum(regret[group].min() for group in groups)
    for chosen in itertools.product(*groups):
        at = list(chosen)
        yield regret[at].sum() - least, use[at].sum(axis=0)


@pytest.mark.parametrize("seed", range(25))
def test_the_best_choice_within_one_limit_is_found(seed):
    r = random.Random(seed)
    line, regret, use = lines_of(r, 6, 4, 1)
    limit, slope = r.randint(0, 25), r.uniform(0, 3)

    def rest(sums):
        return np.where(sums[:, 0] > limit, np.inf, slope * (limit - sums[:, 0]))

    best = min(
        (cost + slope * (limit - sums[0]) for cost, sums in all_choices(line, regret, use) if sums[0] <= limit),
        default=None,
    )
    found = best_choice(line, regret, use, rest, slope)
    assert (found is None) == (best is None)
    if found is not None:
        assert found[1] == pytest.approx(best)
        assert sorted(line[found[0]].tolist()) == list(range(6))
        assert use[found[0]].sum() <= limit


@pytest.mark.parametrize("seed", range(25))
def test_the_best_choice_under_two_amounts_is_found(seed):
    r = random.Random(seed)
    line, regret, use = lines_of(r, 5, 4, 2)
    most, least = r.randint(0, 20), r.randint(0, 20)

    def rest(sums):
        return np.where(sums[:, 0] > most, np.inf, 2.0 * np.maximum(0, least - sums[:, 1]))

    best = min(
        (cost + 2.0 * max(0, least - sums[1]) for cost, sums in all_choices(line, regret, use) if sums[0] <= most),
        default=None,
    )
    found = best_choice(line, regret, use, rest)
    assert (found is None) == (best is None)
    assert found is None or found[1] == pytest.approx(best)


def test_the_price_of_money_is_where_the_cheapest_options_just_fit():
    line, cost = np.array([0, 0, 1, 1]), np.array([0.0, -10.0, 0.0, -4.0])
    ticks = np.array([0, 5, 0, 4])  # worth 2 a tick, and 1 a tick
    price, less, more = balance(line, cost, ticks, 5.0)
    assert price == pytest.approx(1.0)
    assert (ticks[less].sum(), ticks[more].sum()) == (5, 9)
    assert balance(line, cost, ticks, 9.0)[0] == 0.0
