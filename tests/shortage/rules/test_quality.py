"""Doubts: each kind once as it happens in a pharmacy, and the look-alikes that are none."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shortage.rules import quality

NOTHING = np.empty((0, 3), dtype=np.int64)
TODAY = 20_000


def rows(*triples):
    return np.array(triples, dtype=np.int64).reshape(-1, 3)


def steady(item=1, quantity=5, days=60, last=TODAY, every=1):
    return rows(*((item, day, quantity) for day in range(last - days + 1, last + 1, every)))


def test_boxes_entered_as_tablets_make_stock_jump_up():
    found = quality.stock_jumps(rows((1, TODAY - 5, 300), (1, TODAY, 8400)), steady(), NOTHING, 62)
    assert [(one.kind, one.item, one.day, one.value, one.before) for one in found] == [
        ("stock_jump", 1, TODAY, 8400, 300)
    ]
    assert "上次为 300，变为 28 倍" in found[0].expected


@pytest.mark.parametrize(
    ("levels", "use", "receipts"),
    [
        (((1, TODAY - 5, 300), (1, TODAY, 8400)), ((1, TODAY, 0),), ((1, TODAY - 1, 8000),)),
        (((1, TODAY - 5, 10), (1, TODAY, 150)), ((1, TODAY, 200),), ()),
        (((1, TODAY - 5, 3), (1, TODAY, 40)), ((1, TODAY, 0),), ()),
        (((1, TODAY - 5, 3000), (1, TODAY, 200)), ((1, TODAY - 2, 2700),), ()),
        (((1, TODAY - 5, 300), (1, TODAY, 0)), ((1, TODAY, 0),), ()),
    ],
    ids=["receipt", "three months of use", "few pieces", "used up", "empty"],
)
def test_what_a_receipt_or_use_explains_is_no_jump(levels, use, receipts):
    found = quality.stock_jumps(rows(*levels), rows(*use), rows(*receipts) if receipts else NOTHING, 62)
    assert found == []


def test_jump_that_goes_back_is_told_once():
    levels = rows((1, TODAY - 9, 300), (1, TODAY - 5, 8400), (1, TODAY, 290), (2, TODAY - 3, 4000), (2, TODAY, 200))
    found = quality.stock_jumps(levels, steady(quantity=1), NOTHING, 62)
    assert [(one.item, one.day) for one in found] == [(1, TODAY - 5), (2, TODAY)]


def test_ten_times_the_usual_day_is_a_jump_of_use_and_a_large_day_among_large_ones_is_not():
    use = np.concatenate([steady(1), steady(2), steady(3, every=7)])
    use[use[:, 1] == TODAY, 2] = np.where(use[use[:, 1] == TODAY, 0] == 1, 280, use[use[:, 1] == TODAY, 2])
    use[(use[:, 0] == 2) & (use[:, 1] >= TODAY - 1), 2] = 200
    found = quality.use_jumps(use, TODAY - 30)
    assert [(one.item, one.day, one.value) for one in found] == [(1, TODAY, 280)]
    assert "为其 56 倍" in found[0].expected


def test_use_beyond_stock_and_receipts_is_below_zero_only_where_receipts_are_told():
    levels, use = rows((1, TODAY - 1, 40)), rows((1, TODAY, 100))
    receipts = rows((1, TODAY, 20), (2, TODAY - 9, 5))
    found = quality.below_zero(levels, use, receipts, TODAY - 30)
    assert [(one.item, one.value) for one in found] == [(1, -40)]
    assert "前一日 40＋到货 20－用量 100" in found[0].expected
    assert quality.below_zero(levels, use, NOTHING, TODAY - 30) == []
    assert quality.below_zero(levels, rows((1, TODAY, 61)), receipts, TODAY - 30) == []


def test_weekday_without_rows_is_missing_and_a_quiet_sunday_or_holiday_is_not():
    counts = {day: (2 if day % 7 == 3 else 30) for day in range(TODAY - 61, TODAY + 1)}
    sunday = next(day for day in range(TODAY, TODAY - 7, -1) if day % 7 == 3)
    monday, partly, holiday = sunday - 2, sunday - 4, sunday - 5
    counts |= {sunday: 0, monday: 0, partly: 2, holiday: 0}
    found = quality.missing_days(counts, TODAY - 61, TODAY, {holiday: 0.2}, TODAY - 30)
    assert [(one.day, one.value) for one in found] == [(partly, 2), (monday, 0)]


def test_month_sent_twice_is_told_for_the_whole_place():
    before = {item: 100 + item for item in range(40)}
    after = before | {1: 7, 2: 9}
    found = quality.doubled_month(before, after, TODAY - 29, TODAY)
    assert [(one.kind, one.item, one.value, one.until) for one in found] == [("doubled_month", 0, 38, TODAY)]
    assert quality.doubled_month(before, {item: n + 1 for item, n in before.items()}, TODAY - 29, TODAY) == []
    assert quality.doubled_month({1: 5}, {1: 5}, TODAY - 29, TODAY) == []


def test_report_of_last_year_from_a_place_that_reported_since_has_a_wrong_year():
    found = quality.wrong_year(TODAY - 370, TODAY - 363, TODAY, TODAY - 8)
    assert found[0].kind == "wrong_year"
    assert "1 年前" in found[0].expected
    assert quality.wrong_year(TODAY - 370, TODAY - 5, TODAY, TODAY - 8) == []
    assert quality.wrong_year(TODAY - 370, TODAY - 363, TODAY, None) == []


def test_item_that_falls_silent_while_its_twin_begins_may_have_a_new_code():
    use = np.concatenate([steady(1, days=40, last=TODAY - 22), steady(2, days=15), steady(3, days=15)])
    found = quality.code_drift(use, {1: 7, 2: 7, 3: 8}, {2: "氨氯地平片 5mg"}, TODAY)
    assert [(one.item, one.day) for one in found] == [(1, TODAY - 21)]
    assert "氨氯地平片 5mg" in found[0].expected
    assert quality.code_drift(use, {1: 7, 2: 9, 3: 8}, {}, TODAY) == []


@given(st.integers(1, 50), st.integers(1, 9))
def test_steady_use_and_its_stock_raise_no_doubt(quantity, factor):
    use = steady(quantity=quantity)
    levels = rows(*((1, day, 100 * quantity * factor - quantity * (day - TODAY + 60)) for day in use[:, 1].tolist()))
    found = quality.stock_jumps(levels, use, NOTHING, 62) + quality.use_jumps(use, 0)
    assert found + quality.below_zero(levels, use, rows((9, TODAY, 1)), 0) == []
