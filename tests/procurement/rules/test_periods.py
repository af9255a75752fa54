"""Months of a period, and the part of an agreed volume that falls into it."""

import datetime as dt
from decimal import Decimal
from fractions import Fraction

import pytest

from procurement.rules.periods import budget_of_period, months_in, volume_of_period

D = dt.date


def test_whole_calendar_month_is_one_month():
    assert months_in(D(2026, 2, 1), D(2026, 2, 28)) == 1


def test_days_of_two_months_count_each_by_its_own_month():
    assert months_in(D(2026, 11, 22), D(2026, 12, 21)) == Fraction(9, 30) + Fraction(21, 31)


def test_period_over_new_year_adds_up():
    assert months_in(D(2026, 11, 1), D(2027, 1, 31)) == 3


def test_budget_of_half_a_month_is_half_rounded_to_the_cent():
    assert budget_of_period(Decimal("100.01"), D(2026, 11, 1), D(2026, 11, 15)) == Decimal("50.01")


@pytest.mark.parametrize(
    ("remaining", "expected"),
    [(2400, 240), (1000, 120), (5, 5), (0, 0)],
    ids=["a tenth", "rounded up to packs", "less than a pack", "nothing left"],
)
def test_volume_is_spread_over_the_days_left_in_whole_packs(remaining, expected):
    """The period is 30 of the 300 days left, a pack holds 24: 1000 → 100 → 5 packs."""
    period = (D(2026, 11, 21), D(2026, 12, 20))
    tender = (D(2026, 1, 1), D(2026, 11, 20) + dt.timedelta(days=300))
    assert volume_of_period(remaining, 24, tender=tender, period=period) == expected


def test_tender_ending_within_the_period_wants_all_that_remains():
    assert (
        volume_of_period(70, 20, tender=(D(2026, 1, 1), D(2026, 12, 1)), period=(D(2026, 11, 22), D(2026, 12, 21)))
        == 70
    )


def test_tender_starting_within_the_period_counts_from_its_start():
    got = volume_of_period(100, 1, tender=(D(2026, 12, 12), D(2026, 12, 31)), period=(D(2026, 11, 22), D(2026, 12, 21)))
    assert got == 50


@pytest.mark.parametrize("tender", [(D(2025, 1, 1), D(2026, 11, 21)), (D(2026, 12, 22), D(2027, 12, 1))])
def test_tender_outside_the_period_wants_nothing(tender):
    assert volume_of_period(100, 1, tender=tender, period=(D(2026, 11, 22), D(2026, 12, 21))) == 0
