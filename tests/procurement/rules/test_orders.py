"""Instalments, due days and the moves of an order; approvals; needs: worked by hand, and held for any numbers."""

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from procurement.rules import approvals, rounds
from procurement.rules.needs import HIGH, LOW, YEAR, Limits, asks, year_base, year_floor
from procurement.rules.orders import check, due_on, instalments, months_of, number_of
from procurement.rules.settings import Settings

DAYS = st.dates(dt.date(2024, 1, 1), dt.date(2030, 12, 31))


@pytest.mark.parametrize(
    ("start", "end", "months"),
    [
        (dt.date(2026, 11, 22), dt.date(2026, 12, 21), ["2026-11-22"]),
        (dt.date(2026, 11, 22), dt.date(2027, 1, 21), ["2026-11-22", "2026-12-22"]),
        (dt.date(2026, 1, 31), dt.date(2026, 3, 31), ["2026-01-31", "2026-02-28"]),
        (dt.date(2026, 12, 1), dt.date(2027, 2, 28), ["2026-12-01", "2027-01-01", "2027-02-01"]),
    ],
)
def test_orders_go_out_on_the_same_day_of_each_month(start, end, months):
    assert [day.isoformat() for day in months_of(start, end)] == months


def test_packs_are_shared_by_days_and_a_small_amount_comes_at_once():
    starts = [dt.date(2026, 12, 1), dt.date(2027, 1, 1), dt.date(2027, 2, 1)]
    end = dt.date(2027, 2, 28)
    assert instalments(90, 1, starts, end) == [31, 31, 28]
    assert instalments(2, 1, starts, end) == [1, 1, 0]
    assert instalments(50, 20, starts, end) == [25, 25, 0]
    assert instalments(5, 20, starts, end) == [5, 0, 0]


@given(packs=st.integers(1, 10_000), minimum=st.integers(1, 500), start=DAYS, days=st.integers(1, 366))
def test_instalments_lose_nothing_and_keep_the_minimum(packs, minimum, start, days):
    end = start + dt.timedelta(days=days - 1)
    starts = months_of(start, end)
    parts = instalments(packs, minimum, starts, end)
    assert (sum(parts), len(parts)) == (packs, len(starts))
    assert all(part == 0 or part >= min(minimum, packs) for part in parts)


def test_payment_is_due_after_days_or_at_the_end_of_the_next_month():
    accepted = dt.date(2026, 12, 15)
    assert due_on(accepted, term="days", days=30) == dt.date(2027, 1, 14)
    assert due_on(accepted, term="month_end", days=30) == dt.date(2027, 1, 31)


def test_order_number_says_day_supplier_and_serial():
    assert number_of(dt.date(2026, 11, 22), "S01", 7) == "CG20261122-S01-007"


def test_order_that_waits_to_be_sent_cannot_be_received():
    from procurement.rules.orders import DRAFT, OrderRefused, Verb

    with pytest.raises(OrderRefused, match="待发送，不能收货验收"):
        check(Verb.RECEIVE, DRAFT)


LIMITS = Limits()


@pytest.mark.parametrize(
    ("quantity", "forecast", "used", "found"),
    [
        (300, 300, 3650, ()),
        (390, 300, 3650, ()),
        (391, 300, 3650, (HIGH,)),
        (240, 300, 3650, ()),
        (239, 300, 3650, (YEAR,)),
        (209, 300, 0, (LOW,)),
        (209, 300, 3650, (LOW, YEAR)),
        (5, 0, 0, ()),
        (11, 0, 0, (HIGH,)),
        (0, 10, 120, ()),
    ],
)
def test_reports_far_from_forecast_or_last_year_are_asked_about(quantity, forecast, used, found):
    assert asks(quantity, forecast=forecast, used_12m=used, days=30, limits=LIMITS) == found


def test_last_year_is_converted_to_the_period():
    assert (year_base(3650, 30), year_floor(3650, 30, LIMITS)) == (300, 240)
    assert year_base(1000, 365) == 1000


@given(
    quantity=st.integers(0, 10**7), forecast=st.integers(0, 10**7), used=st.integers(0, 10**7), days=st.integers(1, 366)
)
def test_reporting_at_least_the_floor_is_never_asked_about_last_year(quantity, forecast, used, days):
    floor = year_floor(used, days, LIMITS)
    found = asks(quantity + floor, forecast=forecast, used_12m=used, days=days, limits=LIMITS)
    assert YEAR not in found


@given(forecast=st.integers(0, 10**7), days=st.integers(1, 366))
def test_the_forecast_itself_is_never_far_from_the_forecast(forecast, days):
    assert asks(forecast, forecast=forecast, used_12m=0, days=days, limits=LIMITS) == ()


def test_levels_of_approval_follow_the_amount():
    line = Decimal(200_000)
    assert [step.role for step in approvals.steps_for(line, line)] == ["committee"]
    assert [step.role for step in approvals.steps_for(line + 1, line)] == ["committee", "head"]
    assert approvals.next_step(approvals.steps_for(line, line), 1) is None


@pytest.mark.parametrize(
    ("person", "principal", "earlier", "told"),
    [
        (1, None, [], "申请人"),
        (2, 1, [], "申请人"),
        (2, None, [], ""),
        (2, None, [2], "两级"),
        (3, 2, [2], "两级"),
        (3, 4, [2], ""),
    ],
)
def test_nobody_approves_his_own_application_or_twice(person, principal, earlier, told):
    said = approvals.objection(applicant=1, person=person, principal=principal, earlier=earlier)
    assert told in said
    assert bool(said) is bool(told)


def test_every_station_of_the_road_can_be_reached_and_left():
    reached = {move.after for move in rounds.MOVES.values() if move.after}
    assert set(rounds.ROAD) <= reached
    for state in rounds.ROAD[:-1]:
        assert rounds.possible(state), state
    assert rounds.possible(rounds.ASSESSED) == frozenset()


def test_road_shows_done_current_and_still_to_come():
    assert [state for _name, state in rounds.road(rounds.CHECKING)] == ["done", "current", *["todo"] * 7]
    assert rounds.road(rounds.CANCELLED) == [("已作废", "refused")]


def test_settings_answer_defaults_and_refuse_unknown_keys():
    settings = Settings({"payment.days": 60, "something.else": 1})
    assert (settings["payment.days"], settings["payment.term"]) == (60, "days")
    with pytest.raises(KeyError):
        settings["something.else"]
