"""Lots that leave one shelf and come to another: nothing is made and nothing is lost."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shortage.rules.transfers import (
    MOVES,
    STATE_NAMES,
    Loan,
    Lot,
    NotEnough,
    QuantityWrong,
    Step,
    WrongState,
    check,
    distance_km,
    draw,
    drawn_down,
    less,
    more,
)

ON = dt.date(2026, 11, 21)
LOTS = st.lists(
    st.builds(
        Lot,
        st.integers(0, 2),
        st.sampled_from(["", "A", "B", "C"]),
        st.one_of(st.none(), st.integers(-30, 800).map(lambda d: ON + dt.timedelta(days=d))),
        st.integers(0, 500),
    ),
    max_size=8,
    unique_by=lambda lot: (lot.product, lot.batch),
)


def total(lots):
    return sum(lot.quantity for lot in lots)


@given(LOTS, LOTS, st.integers(1, 600), st.integers(0, 200))
def test_what_is_drawn_leaves_one_shelf_and_stands_on_the_other(donor, receiver, wanted, least):
    try:
        taken = draw(donor, wanted, on=ON, least_days=least)
    except NotEnough:
        until = ON + dt.timedelta(days=max(1, least))
        assert total(lot for lot in donor if lot.expiry is None or lot.expiry >= until) < wanted
        return
    after, arrived = less(donor, taken), more(receiver, taken)
    assert total(taken) == wanted
    assert total(after) + total(arrived) == total(donor) + total(receiver)
    assert all(lot.quantity >= 0 for lot in after)
    assert all(lot.expiry is None or lot.expiry > ON for lot in taken)


@given(LOTS, st.integers(0, 4000))
def test_an_older_count_brought_to_a_level_adds_up_to_it(lots, level):
    assert total(drawn_down(lots, level)) == level


def test_the_first_to_expire_goes_first_and_what_expires_too_soon_stays():
    lots = [
        Lot(0, "late", ON + dt.timedelta(days=400), 10),
        Lot(0, "soon", ON + dt.timedelta(days=60), 10),
        Lot(0, "too soon", ON + dt.timedelta(days=20), 10),
        Lot(0, "unknown", None, 10),
    ]
    taken = draw(lots, 25, on=ON, least_days=30)
    assert [(lot.batch, lot.quantity) for lot in taken] == [("soon", 10), ("late", 10), ("unknown", 5)]
    with pytest.raises(NotEnough, match="只有 30"):
        draw(lots, 31, on=ON, least_days=30)
    with pytest.raises(QuantityWrong):
        draw(lots, 0, on=ON)


def test_taking_more_than_a_batch_holds_names_the_batch():
    with pytest.raises(NotEnough, match="批号 A 现有 5，不足 6"):
        less([Lot(0, "A", None, 5)], [Lot(0, "A", None, 6)])


def test_the_same_batch_with_two_expiries_keeps_the_earlier():
    early, later = ON, ON + dt.timedelta(days=9)
    assert more([Lot(1, "A", later, 2)], [Lot(1, "A", early, 3)]) == [Lot(1, "A", early, 5)]


def test_every_state_names_itself_and_moves_only_from_where_it_may():
    for step, move in MOVES.items():
        for state in STATE_NAMES:
            if state in move.before:
                check(step, state)
            else:
                with pytest.raises(WrongState, match=STATE_NAMES[state]):
                    check(step, state)
    assert Step.DISPATCH not in [step for step, move in MOVES.items() if "planned" in move.before]


def test_a_loan_owes_what_was_not_given_back_unless_it_became_a_gift():
    assert Loan(100, 30, False).owed == 70
    assert Loan(100, 130, False).owed == 0
    assert Loan(100, 30, True).owed == 0


def test_a_degree_of_latitude_is_111_kilometres():
    assert distance_km((31.0, 118.0), (32.0, 118.0)) == pytest.approx(111.2, abs=0.2)
    assert distance_km((31.0, 118.0), (31.0, 118.0)) == 0
