"""The transfer plan on worlds that can be solved by hand, and its promises on any world."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shortage.balancing.flow import Costs, Move, Need, Spare, balance, keeps_limits

KM = {(1, 2): 10.0, (1, 3): 10.0, (2, 3): 40.0, (4, 3): 5.0, (4, 2): 50.0}
QUICK = Costs(seconds=5)


def test_need_is_covered_from_spare_and_never_beyond():
    found = balance([Need(3, 7, 100, 1.0)], [Spare(1, 7, 60), Spare(4, 7, 60)], KM, QUICK)
    assert (found.covered, found.lacking) == (100, 0)
    found = balance([Need(3, 7, 100, 1.0)], [Spare(1, 7, 60)], KM, QUICK)
    assert (found.moves, found.lacking) == ((Move(1, 3, 7, 60),), 40)


def test_one_trip_with_both_drugs_is_better_than_two_short_ones():
    needs = [Need(3, 7, 10, 1.0), Need(3, 8, 10, 1.0)]
    spares = [Spare(1, 7, 10), Spare(1, 8, 10), Spare(4, 8, 10)]
    found = balance(needs, spares, KM, QUICK)
    assert {(move.donor, move.receiver) for move in found.moves} == {(1, 3)}
    assert (found.trips, found.km, found.proven) == (1, 10.0, True)


def test_the_nearer_donor_goes_and_near_expiry_outweighs_a_short_way():
    needs, spares = [Need(3, 7, 10, 1.0)], [Spare(1, 7, 10), Spare(4, 7, 10)]
    assert balance(needs, spares, KM, QUICK).moves[0].donor == 4
    spares = [Spare(1, 7, 10, near=10), Spare(4, 7, 10)]
    assert balance(needs, spares, KM, Costs(near=20, seconds=5)).moves[0].donor == 1


def test_scarce_goods_go_where_a_unit_is_worth_most():
    needs = [Need(2, 7, 10, 1.0), Need(3, 7, 10, 9.0)]
    assert balance(needs, [Spare(1, 7, 10)], KM, QUICK).moves == (Move(1, 3, 7, 10),)


def test_nothing_to_give_moves_nothing():
    found = balance([Need(3, 7, 10, 1.0)], [Spare(1, 8, 10), Spare(3, 7, 5)], KM, QUICK)
    assert (found.moves, found.lacking) == ((), 10)


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.builds(Need, st.integers(1, 4), st.integers(1, 3), st.integers(0, 50), st.floats(0.1, 9)), max_size=8,
             unique_by=lambda one: (one.place, one.drug)),
    st.lists(st.builds(Spare, st.integers(1, 4), st.integers(1, 3), st.integers(0, 50), st.integers(0, 50)), max_size=8,
             unique_by=lambda one: (one.place, one.drug)),
)  # fmt: skip
def test_no_donor_under_its_line_nobody_beyond_his_need_and_nothing_useful_left(needs, spares):
    found = balance(needs, spares, KM, Costs(seconds=2))
    assert keeps_limits(found.moves, spares, needs)
    assert all(move.units > 0 and move.donor != move.receiver for move in found.moves)
    out, into = Counter(), Counter()
    for move in found.moves:
        out[move.donor, move.drug] += move.units
        into[move.receiver, move.drug] += move.units
    for need in needs:
        lacks = need.units - into[need.place, need.drug]
        free = [s for s in spares if s.drug == need.drug and s.place != need.place and out[s.place, s.drug] < s.units]
        assert lacks <= 0 or not free


def test_limits_are_seen_to_be_broken():
    assert not keeps_limits([Move(1, 3, 7, 11)], [Spare(1, 7, 10)], [Need(3, 7, 20, 1.0)])
    assert not keeps_limits([Move(1, 3, 7, 11)], [Spare(1, 7, 20)], [Need(3, 7, 10, 1.0)])
    assert keeps_limits([Move(1, 3, 7, 10)], [Spare(1, 7, 10)], [Need(3, 7, 10, 1.0)])


def test_a_pair_without_distance_can_still_help():
    assert balance([Need(9, 7, 5, 1.0)], [Spare(1, 7, 5)], {}, QUICK).covered == pytest.approx(5)
