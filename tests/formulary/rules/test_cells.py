"""Cells become values; every bad cell is reported at once with place, value and what is expected."""

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from formulary.rules.cells import Reader, parse_date
from formulary.rules.tables import Table


def reader(**columns):
    size = max(len(cells) for cells in columns.values())
    return Reader(Table("需求", dict(columns), list(range(2, size + 2))), [])


def test_all_faults_are_reported_at_once():
    r = reader(数量=["3", "x", "-1", ""], 日期=["2026/1/5", "2026-13-01", "46000", "昨天"])
    assert r.whole("数量", required=True) == [3, None, None, None]
    assert r.date("日期") == [dt.date(2026, 1, 5), None, dt.date(2025, 12, 9), None]
    assert [(f.row, f.column, f.value) for f in r.faults] == [
        (3, "数量", "x"), (4, "数量", "-1"), (5, "数量", ""), (3, "日期", "2026-13-01"), (5, "日期", "昨天"),
    ]  # fmt: skip
    assert str(r.faults[0]) == "〔需求〕第 3 行“数量”列：值“x”有误，应为不小于 0 的整数"


@pytest.mark.parametrize(("cell", "value"), [("1,200", 1200), ("１２", 12), ("12.0", 12), ("0", 0)])
def test_whole_number_as_people_write_it(cell, value):
    assert reader(数量=[cell]).whole("数量") == [value]


@pytest.mark.parametrize("cell", ["1.5", "NaN", "inf", "1e400", "十二", "1.23E-4"])
def test_what_is_no_whole_number_is_a_fault(cell):
    r = reader(数量=[cell])
    assert r.whole("数量") == [None]
    assert len(r.faults) == 1


def test_number_outside_its_range_says_the_range():
    r = reader(占比=["1.2"])
    r.number("占比", maximum=1)
    assert "应为不小于 0 且不大于 1 的数" in str(r.faults[0])


def test_money_stays_exact():
    assert reader(单价=["¥0.10"]).money("单价") == [Decimal("0.10")]


@pytest.mark.parametrize("cell", ["是", "1", "true", "TRUE", "Y"])
def test_yes_in_all_its_spellings(cell):
    assert reader(基药=[cell]).flag("基药") == [True]


def test_missing_required_column_is_one_fault():
    r = reader(数量=["1", "2"])
    assert r.text("机构编码", required=True) == [None, None]
    assert [f.expected for f in r.faults] == ["缺少此列"]


def test_missing_optional_column_is_blank():
    r = reader(数量=["1"])
    assert (r.text("备注"), r.faults) == ([None], [])


def test_choice_names_the_options():
    r = reader(级别=["二级", "县级"])
    assert r.choice("级别", {"二级": 2, "基层": 1}) == [2, None]
    assert "应为 二级、基层 之一" in str(r.faults[0])


def test_repeated_key_names_both_rows():
    r = reader(机构=["A", "B", "Ａ"])
    r.unique("机构")
    assert (r.faults[0].row, "与第 2 行重复" in r.faults[0].expected) == (4, True)


@given(st.dates(dt.date(1960, 1, 1), dt.date(2099, 12, 31)))
def test_date_reads_back_in_every_spelling(day):
    spellings = [
        day.isoformat(),
        f"{day.year}/{day.month}/{day.day}",
        f"{day:%Y%m%d}",
        f"{day.year}年{day.month}月{day.day}日",
    ]
    serial = str((day - dt.date(1899, 12, 30)).days)
    assert {parse_date(text) for text in [*spellings, serial]} == {day}


def test_a_whole_number_too_large_to_keep_says_the_limit():
    r = reader(数量=["5000000000"])
    assert r.whole("数量") == [None]
    assert "不大于 2,147,483,647" in str(r.faults[0])


@pytest.mark.parametrize("cell", ["1e13", "1e400", "-0.01", "NaN"])
def test_money_that_nobody_has_is_a_fault(cell):
    r = reader(预算=[cell], 比例=["1e400"])
    assert (r.money("预算"), r.number("比例")) == ([None], [None])
    assert len(r.faults) == 2
