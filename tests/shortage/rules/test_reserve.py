import datetime as dt

from hypothesis import given
from hypothesis import strategies as st

from shortage.rules import reserve
from shortage.rules.reserve import ReserveRules, User
from shortage.rules.transfers import Lot

ON = dt.date(2026, 11, 21)
RULES = ReserveRules()


def lot(units, days, batch="A"):
    return Lot(0, batch, None if days is None else ON + dt.timedelta(days=days), units)


def target(**given):
    return reserve.target(**{"units": None, "months": None, "daily_use": 2.5, "default_months": 3.0} | given)


def test_target_is_the_units_named_else_months_of_use():
    assert target(units=40).units == 40
    found = target(months=2.0)
    assert found.units == 150
    assert found.how == "2 个月 × 日均用量 2.5 × 30 天 = 150"
    assert target().units == 225
    assert "级别规则值" in target().how


def test_months_of_an_unknown_use_are_no_number():
    found = target(daily_use=None)
    assert found.units is None
    assert "无法折算" in found.how


def test_a_drug_nobody_used_still_keeps_one():
    assert target(daily_use=0.0).units == 1


def test_standing_counts_expired_and_promised_units_out():
    lots = [lot(30, 0), lot(50, 400, "B")]
    found = reserve.standing(lots, 60, ON, promised=20)
    assert (found.state, found.usable, found.expired, found.gap) == (reserve.SHORT, 50, 30, 30)
    assert found.share == 0.5
    assert reserve.standing(lots, 60, ON, promised=50).state == reserve.EMPTY
    assert reserve.standing(lots, 50, ON).state == reserve.ROTATE, "the expired lot has to go"
    assert reserve.standing([lot(50, 400)], 50, ON).state == reserve.ENOUGH
    assert reserve.standing([lot(50, 400)], None, ON).state == reserve.UNSET


def test_lot_goes_into_use_half_a_year_before_it_expires_at_the_keeper():
    (found,) = reserve.rotations([lot(100, 200)], [User(1, True, 2.0, 0), User(2, False, 2.0, 0)], ON, RULES)
    assert (found.user, found.units, found.wasted) == (1, 100, 0)
    assert found.by == ON + dt.timedelta(days=20)


def test_slow_use_and_a_full_shelf_bring_the_day_forward_and_another_place_may_take_it():
    # The keeper has 300 on its shelf and uses 1 a day: nothing of the lot would be used. The other one uses it in 50 days.
    (found,) = reserve.rotations([lot(100, 200)], [User(1, True, 1.0, 300), User(2, False, 2.0, 0)], ON, RULES)
    assert (found.user, found.units) == (2, 100)
    # Half a unit a day: 100 of the shelf and 2 of the lot take 204 of its 205 days.
    (late,) = reserve.rotations([lot(100, 205)], [User(1, True, 0.5, 100)], ON, RULES)
    assert (late.by, late.units, late.wasted) == (ON + dt.timedelta(days=1), 2, 98)


def test_what_nobody_can_use_is_said():
    (found,) = reserve.rotations([lot(100, 150)], [], ON, RULES)
    assert (found.user, found.units, found.wasted, found.by) == (None, 0, 100, ON)


def test_lots_that_live_long_or_have_expired_are_not_rotated():
    assert (
        reserve.rotations([lot(10, 400), lot(10, None, "B"), lot(10, -3, "C")], [User(1, True, 5.0, 0)], ON, RULES)
        == []
    )


lots = st.lists(
    st.tuples(st.integers(0, 60), st.integers(1, 900), st.sampled_from("ABCD")),
    max_size=4,
    unique_by=lambda one: one[2],
).map(lambda rows: [lot(units, days, batch) for units, days, batch in rows])


@given(lots, lots)
def test_a_count_changes_exactly_the_difference(before, counted):
    moved = reserve.changes(before, counted)
    assert all(one.quantity for one in moved)
    total = sum(one.quantity for one in before) + sum(one.quantity for one in moved)
    assert total == sum(one.quantity for one in counted)
    assert reserve.changes(counted, counted) == []


@given(lots, st.lists(st.tuples(st.floats(0, 9), st.integers(0, 200)), max_size=3))
def test_rotation_never_moves_more_than_a_lot_holds(given_lots, rows):
    users = [User(k, k == 0, use, shelf) for k, (use, shelf) in enumerate(rows)]
    for one in reserve.rotations(given_lots, users, ON, RULES):
        assert 0 <= one.units <= one.lot.quantity
        assert one.units + one.wasted == one.lot.quantity
        assert one.by >= ON
