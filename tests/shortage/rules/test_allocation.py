"""Worked by hand: who runs out first is served first, pack by pack, the first expiring first."""

import datetime as dt

from hypothesis import given
from hypothesis import strategies as st

from shortage.rules.allocation import Claim, free, pick, share
from shortage.rules.transfers import Lot

ON = dt.date(2026, 11, 22)
PACKS = {1: 10, 2: 24}


def day(days):
    return ON + dt.timedelta(days=days)


def lot(units, *, product=1, batch="B", days=400):
    return Lot(product, batch, None if days is None else day(days), units)


def claim(key, position, per_day=1.0, wanted=1000, risk=0.0):
    return Claim(key, position, per_day, wanted, risk)


def test_packs_raise_the_lowest_days_of_cover_until_all_stand_alike():
    # 3 packs of 10: A has 0 days, B 15. A 0→10→20, then B at 15 is lower than A at 20.
    assert share([lot(30)], [claim(1, 0), claim(2, 15)], PACKS, ON) == {(1, 1): 20, (2, 1): 10}


def test_days_of_cover_count_not_units():
    # A holds more but uses ten a day: 50 units are 5 days, B's 20 units are 20 days.
    shared = share([lot(100)], [claim(1, 50, per_day=10), claim(2, 20)], PACKS, ON)
    assert shared == {(1, 1): 100}


def test_nobody_gets_more_than_it_needs_rounded_up_to_a_pack():
    assert share([lot(100)], [claim(1, 0, wanted=25)], PACKS, ON) == {(1, 1): 30}
    assert share([lot(100)], [claim(1, 0, wanted=0)], PACKS, ON) == {}


def test_a_loose_rest_below_a_pack_stays():
    assert share([lot(29)], [claim(1, 0)], PACKS, ON) == {(1, 1): 20}
    assert share([lot(9)], [claim(1, 0)], PACKS, ON) == {}


def test_equal_cover_is_decided_by_risk_then_use_then_key():
    one = [lot(10)]
    assert share(one, [claim(1, 0), claim(2, 0, risk=0.5)], PACKS, ON) == {(2, 1): 10}
    assert share(one, [claim(1, 0), claim(2, 0, per_day=3)], PACKS, ON) == {(2, 1): 10}
    assert share(one, [claim(2, 0), claim(1, 0)], PACKS, ON) == {(1, 1): 10}


def test_the_first_expiring_lot_goes_first_and_to_the_most_urgent():
    lots = [lot(10, batch="late", days=300), lot(10, product=2, batch="small", days=200), lot(24, product=2, days=60)]
    assert share(lots, [claim(1, 5), claim(2, 9)], PACKS, ON) == {(1, 2): 24, (2, 1): 10}


def test_a_pack_is_not_sent_where_it_would_not_be_used_in_time():
    # 10 units at 0.1 a day last 100 days; the lot expires in 60.
    slow, quick = claim(1, 0, per_day=0.1), claim(2, 30, per_day=1)
    assert share([lot(10, days=60)], [slow, quick], PACKS, ON) == {(2, 1): 10}
    assert share([lot(10, days=None)], [slow], PACKS, ON) == {(1, 1): 10}


def test_one_without_use_gets_nothing_by_the_formula():
    assert share([lot(100)], [claim(1, 0, per_day=0)], PACKS, ON) == {}


def test_what_is_promised_too_old_or_kept_is_not_free():
    lots = [lot(50, batch="A", days=20), lot(40, batch="B", days=100), lot(60, batch="C", days=300)]
    left = free(lots, {(1, "B"): 15}, keep=20, on=ON, least_days=30)
    assert [(one.batch, one.quantity) for one in left] == [("B", 25), ("C", 40)]
    assert free(lots, {}, keep=500, on=ON, least_days=30) == []


def test_pick_takes_one_product_first_expiring_first():
    lots = [lot(10, batch="A"), lot(24, product=2, batch="X"), lot(30, batch="B")]
    assert [(one.batch, one.quantity) for one in pick(lots, 1, 25)] == [("A", 10), ("B", 15)]


LOTS = st.lists(
    st.builds(
        lambda product, batch, days, units: Lot(product, f"{batch}", day(days), units),
        st.sampled_from([0, 1, 2]), st.integers(0, 4), st.integers(1, 700), st.integers(0, 400),
    ),
    max_size=5, unique_by=lambda one: (one.product, one.batch),
)  # fmt: skip
CLAIMS = st.lists(
    st.builds(Claim, st.integers(1, 9), st.integers(0, 300), st.floats(0, 20), st.integers(0, 300), st.floats(0, 1)),
    max_size=6, unique_by=lambda one: one.key,
)  # fmt: skip


@given(LOTS, CLAIMS)
def test_never_over_what_is_there_in_whole_packs_and_nothing_left_that_somebody_could_use(lots, claims):
    shared = share(lots, claims, PACKS, ON)
    for product in (0, 1, 2):
        size = PACKS.get(product, 1)
        given_out = sum(units for (_, good), units in shared.items() if good == product)
        assert given_out <= sum(one.quantity // size * size for one in lots if one.product == product)
    got = {one.key: sum(units for (key, _), units in shared.items() if key == one.key) for one in claims}
    assert all(units % PACKS.get(good, 1) == 0 for (_, good), units in shared.items())
    for one in claims:
        assert got[one.key] < one.wanted + 24 or got[one.key] == 0
