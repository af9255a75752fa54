"""Progress against time, outlook, passing volume on, surplus: by hand, and conserved for any numbers."""

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from procurement.rules.surplus import Item, Terms, differences, kept, score, work_out
from procurement.rules.tender_progress import (
    RED,
    YELLOW,
    Holding,
    Lines,
    agreed_share,
    behind,
    ending,
    idle,
    most_to_give,
    outlook,
    suggest,
    time_share,
    too_many_nonwinners,
)

LINES = Lines()
START, END = dt.date(2026, 1, 1), dt.date(2026, 12, 31)


def test_half_of_the_days_is_half_of_the_time():
    assert time_share(START, END, dt.date(2026, 7, 1)) == pytest.approx(182 / 365)
    assert time_share(START, END, dt.date(2025, 12, 31)) == 0
    assert time_share(START, END, dt.date(2027, 5, 1)) == 1


@pytest.mark.parametrize(
    ("bought", "level"), [(400, ""), (399, YELLOW), (300, YELLOW), (299, RED), (0, RED), (1000, ""), (1200, "")]
)
def test_a1_compares_what_is_done_with_the_time_that_has_passed(bought, level):
    """1000 agreed, half of the time: yellow under 400, red under 300."""
    assert behind(bought, 1000, 0.5, LINES) == level


def test_nothing_is_behind_before_the_start():
    assert behind(0, 1000, 0.0, LINES) == ""


@pytest.mark.parametrize(("left", "level"), [(91, ""), (90, YELLOW), (31, YELLOW), (30, RED), (0, RED), (-1, "")])
def test_a3_counts_the_days_to_the_end(left, level):
    assert ending(END, END - dt.timedelta(days=left), LINES) == level


def test_a2_idle_winner_and_too_many_others():
    today = dt.date(2026, 3, 1)
    assert idle(dt.date(2026, 1, 29), START, today, complete=False, lines=LINES)
    assert not idle(dt.date(2026, 1, 30), START, today, complete=False, lines=LINES)
    assert idle(None, START, today, complete=False, lines=LINES)
    assert not idle(None, START, today, complete=True, lines=LINES)
    assert too_many_nonwinners(40, 60, LINES)
    assert not too_many_nonwinners(50, 50, LINES)
    assert not too_many_nonwinners(0, 0, LINES)


def test_outlook_is_the_mean_of_the_months_with_its_range():
    """100, 200, 300: mean 200, sd 100; four months on: 600 + 800 ± 1.2816 · 100 · 2 = 1143.7 … 1656.3."""
    found = outlook(600, 1600, [100, 200, 300], 4.0)
    assert (found.expected, found.low, found.high) == (1400, 1143, 1657)
    assert found.monthly_needed == 250


def test_outlook_of_a_single_month_has_no_range_and_a_short_rest_wants_all():
    found = outlook(100, 400, [100], 0.5)
    assert (found.expected, found.low, found.high, found.monthly_needed) == (150, None, None, 300)


def test_spare_volume_goes_to_the_largest_want_in_whole_packs():
    rows = [
        Holding(1, agreed=1000, bought=300, minimum=500, expected=400, pack=28),
        Holding(2, agreed=100, bought=90, minimum=50, expected=420, pack=28),
        Holding(3, agreed=200, bought=100, minimum=100, expected=260, pack=28),
    ]
    assert suggest(rows) == [(1, 2, 308), (1, 3, 56)]
    assert most_to_give(1000, 300, 500) == 500


UNITS = st.tuples(*[st.integers(0, 10_000)] * 3, st.integers(0, 20_000))


@given(st.lists(UNITS, max_size=8))
def test_passing_on_conserves_the_whole_and_keeps_every_minimum(numbers):
    rows = [Holding(key, *given, pack=10) for key, given in enumerate(numbers)]
    agreed = {row.key: row.agreed for row in rows}
    known = {row.key: row for row in rows}
    for giver, taker, units in suggest(rows):
        assert units > 0
        assert units % 10 == 0
        agreed[giver] -= units
        agreed[taker] += units
    assert sum(agreed.values()) == sum(row.agreed for row in rows)
    for key, row in known.items():
        if agreed[key] < row.agreed:
            assert agreed[key] >= max(row.bought, row.minimum, row.expected)
        assert agreed[key] <= max(row.agreed, row.expected)


SHARES = {"普通": [0.5, 0.6, 0.7, 0.8], "特殊": [0.3, 0.4, 0.5, 0.5]}


@pytest.mark.parametrize(
    ("winners", "group", "share"), [(1, "普通", 0.5), (3, "普通", 0.7), (9, "普通", 0.8), (4, "特殊", 0.5)]
)
def test_agreed_share_follows_the_number_of_winners(winners, group, share):
    assert agreed_share(winners, group, SHARES) == share


TERMS = Terms(Decimal("0.7"), Decimal("0.9"), Decimal("0.5"), Decimal("0.8"))


def test_surplus_worked_by_hand():
    """Budget 1000 × 2.00 × 0.63 = 1260; spent (800 × 0.50 + 100) × 0.63 = 315; saving 945; kept 945 × 0.5 × 0.8 = 378."""
    result = work_out(Item("P", "药", 1000, Decimal("2"), 800, Decimal("0.5"), Decimal(100)), TERMS)
    assert (result.budget, result.spent, result.saving) == (Decimal("1260.00"), Decimal("315.00"), Decimal("945.00"))
    assert kept([result], TERMS) == (Decimal("945.00"), Decimal("378.00"))


def test_loss_keeps_nothing():
    result = work_out(Item("P", "药", 0, Decimal("2"), 800, Decimal("0.5")), TERMS)
    assert kept([result], TERMS) == (Decimal("-252.00"), Decimal("0.00"))


def test_more_than_half_may_not_be_kept():
    assert Terms(Decimal("0.7"), Decimal("0.9"), Decimal("0.51"), Decimal(2)).problems() == [
        "考核系数应在 0 与 1 之间",
        "留用比例应在 0 与 50% 之间",
    ]


def test_official_result_is_compared_to_the_cent_and_silence_is_a_difference():
    own = {"A": Decimal("10.00"), "B": Decimal("5.00"), "C": Decimal("1.00")}
    official = {"A": Decimal("10.01"), "B": Decimal("9.00"), "D": Decimal("2.00")}
    assert differences(own, official) == [
        ("B", Decimal("5.00"), Decimal("9.00")),
        ("D", Decimal(0), Decimal("2.00")),
        ("C", Decimal("1.00"), Decimal(0)),
    ]


def test_measured_item_scores_its_share_of_the_points():
    assert score(0.85, Decimal(40)) == Decimal("34.00")
    assert (score(1.4, Decimal(40)), score(None, Decimal(40))) == (Decimal("40.00"), Decimal(40))
