"""Working days against the State Council's arrangements of 2025 and 2026."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from formulary.rules.working_days import KNOWN_YEARS, after, between, is_working_day

DAY = dt.date.fromisoformat
DATES = st.dates(dt.date(2024, 1, 1), dt.date(2029, 12, 31))


@pytest.mark.parametrize(
    ("opens", "days", "closes"),
    [
        ("2026-11-02", 5, "2026-11-09"),  # an ordinary week
        ("2026-11-06", 5, "2026-11-13"),  # announced on a Friday
        # 春节 2026: off 02-15 … 02-23, made up on Saturday 02-14 and Saturday 02-28
        ("2026-02-12", 5, "2026-02-26"),
        ("2026-02-13", 5, "2026-02-27"),
        ("2026-02-26", 2, "2026-02-28"),
        # 国庆 2026: off 10-01 … 10-07, made up on Sunday 09-20 and Saturday 10-10
        ("2026-09-18", 1, "2026-09-20"),
        ("2026-09-30", 1, "2026-10-08"),
        ("2026-09-29", 5, "2026-10-12"),
        ("2026-10-08", 2, "2026-10-10"),
        # 国庆、中秋 2025: off 10-01 … 10-08, made up on 09-28 and 10-11
        ("2025-09-26", 3, "2025-09-30"),
        ("2025-09-30", 4, "2025-10-13"),
    ],
)
def test_period_ends_where_the_published_calendar_says(opens, days, closes):
    period = after(DAY(opens), days)
    assert (period.closes, period.guessed, period.note) == (DAY(closes), (), "")


def test_the_day_of_the_announcement_is_not_counted():
    assert between(DAY("2026-11-02"), DAY("2026-11-02")).days == 0
    assert between(DAY("2026-11-02"), DAY("2026-11-09")).days == 5


def test_a_year_that_is_not_published_is_counted_by_weekdays_and_says_so():
    period = after(DAY("2029-09-28"), 3)
    assert period.closes == DAY("2029-10-03")
    assert "2029 年放假安排尚未收录" in period.note


def test_a_period_over_new_year_names_the_unknown_year_only():
    last = max(KNOWN_YEARS)
    assert after(dt.date(last, 12, 28), 8).guessed == (last + 1,)


@given(DATES, st.integers(1, 60))
def test_counting_back_finds_the_days_asked_for(opens, days):
    period = after(opens, days)
    assert between(opens, period.closes).days == days
    assert is_working_day(period.closes)
    assert between(opens, period.closes - dt.timedelta(days=1)).days == days - 1


@pytest.mark.parametrize("days", [0, -1, 367])
def test_a_period_without_days_or_longer_than_a_year_is_refused(days):
    with pytest.raises(ValueError, match="工作日数"):
        after(DAY("2026-11-02"), days)
