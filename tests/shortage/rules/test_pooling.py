"""Short histories lean on the same item at the same level, less with every own day."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shortage.rules.pooling import pool


def ints(*values):
    return np.array(values, dtype=np.int64)


def three(rate=0.0, observed=14, exposed=14.0, level=1):
    """Drug 7 at two old places of level 1 (4 and 6 a day) and at a young third one."""
    return pool(
        np.array([4.0, 6.0, rate]), ints(300, 300, observed), np.array([300.0, 300.0, exposed]), ints(7, 7, 7),
        ints(1, 1, level), ints(1, 2, 3),
    )  # fmt: skip


def test_young_item_meets_the_others_halfway_after_a_fortnight():
    found = three(rate=1.0)
    assert (found.weight[2], found.peers.tolist()) == (0.5, [0, 0, 2])
    assert found.rate[2] == pytest.approx((1.0 + 5.0) / 2, rel=0.05)
    assert found.spread[2] > 0
    assert found.rate[:2].tolist() == [4.0, 6.0]
    assert found.spread[:2].tolist() == [0.0, 0.0]


def test_long_history_other_level_and_unseen_items_stand_alone():
    assert three(observed=60).rate[2] == 0.0
    assert three(level=2).rate[2] == 0.0
    assert three(observed=0).rate[2] == 0.0


def test_place_that_uses_twice_as_much_of_everything_gets_twice_as_much():
    drugs = 30
    rate = np.concatenate([np.full(drugs, 4.0), np.full(drugs, 8.0), [4.0, 0.0]])
    drug = np.concatenate([np.arange(drugs), np.arange(drugs), [99, 99]]).astype(np.int64)
    place = np.concatenate([np.full(drugs, 1), np.full(drugs, 2), [1, 2]]).astype(np.int64)
    observed = np.full(len(rate), 300)
    observed[-1] = 10
    found = pool(rate, observed, np.where(observed > 100, 300.0, 0.0), drug, np.ones(len(rate), dtype=np.int64), place)
    assert found.rate[-1] == pytest.approx(8.0, rel=0.3)
    assert found.rate[-1] > 5.5


@given(st.floats(0, 50), st.floats(0, 59))
def test_answer_lies_between_own_and_others(rate, exposed):
    found = three(rate=rate, exposed=exposed, observed=59)
    low, high = sorted((rate, 5.0))
    assert low * 0.95 - 1e-9 <= found.rate[2] <= high * 1.05 + 1e-9
