"""Figures as people read them."""

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.templatetags import figures

NOW = dt.datetime(2026, 11, 21, 6, 30, tzinfo=dt.UTC)  # 14:30 in Shanghai


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Decimal("12345.6"), "12,345.60"),
        (0, "0.00"),
        (Decimal("-0.001"), "0.00"),
        (Decimal("1.005"), "1.01"),
        (1.005, "1.01"),
        (Decimal("-1234.5"), "-1,234.50"),
        (None, "—"),
        ("", "—"),
        (float("nan"), "—"),
        (float("inf"), "—"),
        ("无", "—"),
    ],
)
def test_money_is_shown_to_the_cent(value, text):
    assert figures.yuan(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Decimal("9876.5"), "9,876.50 元"),
        (Decimal("9999.994"), "9,999.99 元"),
        (Decimal("9999.996"), "1.00 万元"),
        (12_345, "1.23 万元"),
        (Decimal("99999999"), "1.00 亿元"),
        (456_000_000, "4.56 亿元"),
        (-25_000, "-2.50 万元"),
        (None, "—"),
    ],
)
def test_money_at_a_glance_takes_the_fitting_unit(value, text):
    assert figures.wan(value) == text


@given(st.decimals(min_value=-(10**11), max_value=10**11, places=2))
def test_shown_money_reads_back_as_the_same_amount(amount):
    assert Decimal(figures.yuan(amount).replace(",", "")) == amount


@given(st.integers(min_value=-(10**12), max_value=10**12))
def test_shown_quantity_reads_back_as_the_same_number(quantity):
    assert int(figures.qty(quantity).replace(",", "")) == quantity


@pytest.mark.parametrize(
    ("value", "text"), [(1207, "1,207"), (12.5, "12.5"), (100.0, "100"), (1.239, "1.24"), (1200, "1,200"), (None, "—")]
)
def test_quantity_keeps_whole_numbers_whole(value, text):
    assert figures.qty(value) == text


def test_measured_figures_keep_their_places():
    assert figures.num(12.34) == "12.3"
    assert figures.num(12, 2) == "12.00"


def test_share_of_one_is_shown_as_percent():
    assert figures.pct(0.583) == "58.3%"
    assert figures.pct(Decimal("0.9349"), 0) == "93%"


def test_change_carries_its_sign():
    assert [figures.signed(value) for value in (18, -3, 0)] == ["+18", "-3", "0"]


def test_moment_is_shown_in_local_time():
    late = dt.datetime(2026, 11, 20, 17, 5, tzinfo=dt.UTC)
    assert figures.moment(late) == "2026-11-21 01:05"
    assert figures.day(late) == "2026-11-21"
    assert figures.day(dt.date(2026, 1, 2)) == "2026-01-02"
    assert figures.day(None) == "—"


@pytest.mark.parametrize(
    ("before", "text"),
    [
        (dt.timedelta(seconds=20), "刚刚"),
        (dt.timedelta(minutes=5), "5 分钟前"),
        (dt.timedelta(hours=3), "3 小时前"),
        (dt.timedelta(hours=20), "昨天 18:30"),
        (dt.timedelta(days=6), "6 天前"),
        (dt.timedelta(days=31), "2026-10-21"),
        (-dt.timedelta(minutes=5), "5 分钟后"),
    ],
)
def test_distance_in_time_is_told_in_words(before, text):
    assert figures.ago(NOW - before, NOW) == text


def test_distance_of_a_plain_date_is_told_in_days():
    today = dt.date(2026, 11, 21)
    words = [figures.ago(today + dt.timedelta(days=days), today) for days in (-40, -2, -1, 0, 1, 4)]
    assert words == ["2026-10-12", "2 天前", "昨天", "今天", "明天", "4 天后"]
