"""The draw of experts can be repeated by anybody, and drawing more keeps those drawn."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from formulary.rules.draw import DrawRefused, draw

POOLS = st.sets(st.integers(1, 10_000), min_size=1, max_size=40)


def test_the_smallest_digests_of_seed_and_number_are_drawn():
    by_hand = sorted([3, 5, 8], key=lambda n: hashlib.sha256(f"abc:{n}".encode()).hexdigest())
    assert draw([8, 3, 5], 2, "abc") == by_hand[:2]


@given(POOLS, st.text(max_size=12), st.data())
def test_one_more_keeps_those_drawn_before(pool, seed, data):
    wanted = data.draw(st.integers(1, len(pool)))
    assert draw(pool, wanted, seed) == draw(pool, len(pool), seed)[:wanted]
    assert set(draw(pool, len(pool), seed)) == pool


def test_more_than_the_pool_holds_is_refused():
    with pytest.raises(DrawRefused, match="可抽取的专家只有 1 人，少于要抽取的 2 人"):
        draw([4], 2, "x")
