"""Shares, links and the cheapest way to a target, with numbers small enough to do by hand."""

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from formulary.rules.assessment import (
    PATIENT_DAYS,
    Candidate,
    Item,
    Ratio,
    Terms,
    common,
    excluded,
    figures,
    links,
    next_quarter,
    quarter_end,
    quarter_name,
    quarter_of,
    steps,
)
from formulary.rules.evidence import PurchaseRow, UseRow

JULY = dt.date(2026, 7, 1)
ITEMS = {
    1: Item(10, Decimal(1), essential=True),
    2: Item(10, Decimal(1), essential=False),
    3: Item(20, Decimal(2), essential=False),
    4: Item(30, Decimal(1), essential=False, counts=False),
}


def use(site, drug, quantity):
    return UseRow(site, drug, JULY, quantity)


def paid(site, drug, amount, unpriced=0):
    return PurchaseRow(site, drug, JULY, 1, Decimal(amount), unpriced)


def shares(found):
    return {(one.institution, one.ratio): (one.essential, one.total) for one in found}


def test_a_medicine_counts_as_essential_when_one_of_its_strengths_is():
    found = shares(figures(ITEMS, {7: [1, 2, 3, 4], 8: [2]}, [], [], Terms()))
    assert found[7, Ratio.VARIETIES] == (1, 2)
    assert found[8, Ratio.VARIETIES] == (0, 1)
    assert found[None, Ratio.VARIETIES] == (1, 2)


def test_use_and_amount_leave_out_what_does_not_count():
    rows = [use(7, 1, 60), use(7, 3, 40), use(7, 4, 900)]
    found = shares(figures(ITEMS, {7: [1, 3, 4]}, rows, [paid(7, 1, "75.50"), paid(7, 3, "24.50")], Terms()))
    assert found[7, Ratio.USE] == (60, 100)
    assert found[7, Ratio.AMOUNT] == (Decimal("75.50"), Decimal("100.00"))
    assert found[None, Ratio.AMOUNT] == found[7, Ratio.AMOUNT]


def test_use_in_patient_days_weighs_by_the_daily_dose():
    rows = [use(7, 1, 60), use(7, 3, 40)]
    found = shares(figures(ITEMS, {7: [1, 3]}, rows, [], Terms(unit=PATIENT_DAYS)))
    assert found[7, Ratio.USE] == (60, 80)


def test_units_without_a_price_are_told_beside_the_amount():
    [one, whole] = [
        x for x in figures(ITEMS, {7: [1]}, [], [paid(7, 1, "5.00", unpriced=12)], Terms()) if x.ratio is Ratio.AMOUNT
    ]
    assert (one.unpriced, whole.unpriced) == (12, 12)


@given(st.lists(st.tuples(st.integers(1, 3), st.sampled_from([1, 2, 3, 4]), st.integers(0, 10**6)), max_size=30))
def test_the_alliance_is_the_sum_of_its_institutions(rows):
    found = [x for x in figures(ITEMS, {}, [use(*row) for row in rows], [], Terms()) if x.ratio is Ratio.USE]
    sites, whole = [x for x in found if x.institution], [x for x in found if x.institution is None]
    assert sum(x.essential for x in sites) == sum(x.essential for x in whole)
    assert sum(x.total for x in sites) == sum(x.total for x in whole)
    assert all(0 <= x.essential <= x.total for x in found)


def test_excluded_by_word_or_by_the_approval_of_a_hospital_preparation():
    assert excluded(["饮片"], "中药饮片")
    assert excluded(["院内制剂"], "", "苏药制字Z04000123")
    assert not excluded(["饮片"], "苏药制字Z04000123", "片剂")


@pytest.mark.parametrize(
    ("day", "first", "last"),
    [("2026-07-01", "2026-07-01", "2026-09-30"), ("2026-12-31", "2026-10-01", "2026-12-31"), ("2026-02-28", "2026-01-01", "2026-03-31")],
)  # fmt: skip
def test_quarters(day, first, last):
    quarter = quarter_of(dt.date.fromisoformat(day))
    assert (quarter.isoformat(), quarter_end(quarter).isoformat()) == (first, last)
    assert quarter_of(next_quarter(quarter)) == next_quarter(quarter) > quarter
    assert quarter_name(JULY) == "2026 年第 3 季度"


MEDICINE = {1: 10, 2: 20, 3: 30, 4: 40}


def test_links_with_the_lead():
    [link] = links({7: [1, 2, 3], 8: [2, 4]}, 7, MEDICINE, {8: [20, 30]}, [2, 4])
    assert (link.institution, link.lists, link.chronic, link.winners) == (8, (1, 2), (1, 2), (1, 2))


def test_common_share_is_both_over_either():
    found = common({7: [1, 2, 3], 8: [2, 4], 9: []}, MEDICINE)
    assert found[7, 8] == found[8, 7] == pytest.approx(1 / 4)
    assert found[7, 7] == 1
    assert found[9, 9] is None


def candidate(pk, value, daily=None, peer=None, *, near=True):
    price = [None if x is None else Decimal(x) for x in (daily, peer)]
    return Candidate(pk, 100 + pk, Decimal(value), Decimal(value), *price, near)


def test_steps_take_the_cheapest_near_peer_first_and_stop_at_the_target():
    rows = [
        candidate(1, 10, "1.00", "3.00"),
        candidate(2, 10, "2.00", "1.00"),
        candidate(3, 30, "1", "0.1", near=False),
    ]
    found = steps(Ratio.USE, Decimal(60), Decimal(100), Decimal("0.8"), rows)
    assert [(step.candidate.presentation, step.cost, step.reaches) for step in found] == [
        (2, Decimal("-10.00"), False),
        (1, Decimal("20.00"), True),
    ]
    assert [step.share for step in found] == [Decimal("0.7"), Decimal("0.8")]


def test_amount_moves_at_the_peers_price():
    [step] = steps(Ratio.AMOUNT, Decimal(50), Decimal(100), Decimal("0.9"), [candidate(1, 50, "2.00", "1.00")])
    assert step.share == Decimal(75) / Decimal(75)


def test_a_dropped_medicine_leaves_the_count():
    [step] = steps(Ratio.VARIETIES, Decimal(8), Decimal(10), Decimal("0.85"), [candidate(1, 0)])
    assert step.share == Decimal(8) / Decimal(9)


def test_nothing_to_do_when_the_target_is_met():
    assert steps(Ratio.USE, Decimal(9), Decimal(10), Decimal("0.9"), [candidate(1, 1)]) == []
