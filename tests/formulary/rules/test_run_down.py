"""A removed drug's stock, by hand: used here, passed on, sent back."""

import datetime as dt
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from formulary.rules.run_down import Holding, cover, last_order, plan, usable

TODAY = dt.date(2026, 11, 10)
EFFECTIVE = dt.date(2026, 12, 1)


def holding(institution=1, quantity=100, daily_use="5", days=365, presentation=1):
    expires = TODAY + dt.timedelta(days=days) if days is not None else None
    return Holding(institution, presentation, quantity, Decimal(daily_use), expires, TODAY)


def test_stock_that_is_used_before_it_expires_stays():
    step = plan([holding()], effective=EFFECTIVE)[0]
    assert (step.cover_days, step.use_up, step.transfer, step.give_back) == (20, 100, 0, 0)


def test_what_expires_first_goes_to_who_can_use_it():
    rows = [holding(1, 100, "1", days=30), holding(2, 60, "4", days=300)]
    step = next(one for one in plan(rows, effective=EFFECTIVE) if one.holding.institution == 1)
    # 30 days at 1 a day are 30 here; the other uses 120 in that time and holds 60 already
    assert (step.use_up, step.transfer, step.transfer_to, step.give_back) == (30, 60, 2, 10)


def test_without_use_anywhere_all_is_sent_back():
    step = plan([holding(daily_use="0")], effective=EFFECTIVE)[0]
    assert (step.cover_days, step.use_up, step.give_back) == (None, 0, 100)


def test_two_givers_do_not_fill_the_same_place_twice():
    rows = [holding(1, 50, "0", days=10), holding(2, 50, "0", days=10), holding(3, 0, "6", days=10)]
    steps = {one.holding.institution: one for one in plan(rows, effective=EFFECTIVE)}
    assert (steps[1].transfer, steps[2].transfer, steps[2].give_back) == (50, 10, 40)
    assert 3 not in steps


def test_ordering_stops_at_once_where_stock_outlasts_the_drug():
    assert last_order(holding(quantity=200), EFFECTIVE) == TODAY
    assert last_order(holding(quantity=20), EFFECTIVE) == dt.date(2026, 11, 24)
    assert cover(holding(quantity=20)) == 4


HOLDINGS = st.lists(
    st.builds(
        holding,
        st.integers(1, 5),
        st.integers(0, 500),
        st.sampled_from(["0", "0.5", "3", "12.25"]),
        st.none() | st.integers(-20, 400),
        st.integers(1, 3),
    ),
    unique_by=lambda one: (one.institution, one.presentation),
)


@given(HOLDINGS)
def test_nothing_is_lost_and_nobody_is_given_what_would_expire(rows):
    steps = plan(rows, effective=EFFECTIVE)
    given_to: dict[tuple[int, int], int] = {}
    for step in steps:
        assert step.holding.quantity == step.use_up + step.transfer + step.give_back
        assert min(step.use_up, step.transfer, step.give_back) >= 0
        assert step.use_up <= usable(step.holding)
        assert TODAY <= step.last_order_on <= EFFECTIVE
        if step.transfer:
            assert step.transfer_to != step.holding.institution
            key = (step.holding.presentation, step.transfer_to)
            given_to[key] = given_to.get(key, 0) + step.transfer
    longest = max(((one.expires or dt.date(2030, 1, 1)) - TODAY).days for one in rows) if rows else 0
    by_key = {(one.presentation, one.institution): one for one in rows}
    for key, units in given_to.items():
        if all(one.expires is not None for one in rows):
            assert units <= by_key[key].daily_use * max(0, longest)
