"""Versions as values: differences, applications, conditions, seal."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from formulary.rules.adjustment_life import Kind
from formulary.rules.versions import (
    LEVELS,
    RESTRICTIONS,
    Change,
    Difference,
    Line,
    VersionRefused,
    Wish,
    applied,
    as_stored,
    diff,
    from_stored,
    in_words,
    months_later,
    seal,
    sentence,
    wanted,
    with_conditions,
)

DATES = st.dates(dt.date(2026, 1, 1), dt.date(2030, 12, 31))
LINES = st.builds(
    Line,
    st.sampled_from(LEVELS),
    st.sampled_from(sorted(RESTRICTIONS)),
    st.integers(1, 3),
    st.text(max_size=5),
    st.none() | DATES,
)
VERSIONS = st.dictionaries(st.integers(1, 12), LINES, max_size=10)
HERE = Line("二级")


@given(VERSIONS, VERSIONS)
def test_what_differs_applied_to_the_first_gives_the_second(a, b):
    assert applied(a, diff(a, b)) == b


@given(VERSIONS, VERSIONS)
def test_differences_can_be_walked_back(a, b):
    back = [Difference(one.presentation, one.after, one.before) for one in diff(a, b)]
    assert applied(b, back) == a


@given(VERSIONS, VERSIONS, VERSIONS)
def test_going_by_way_of_a_third_version_arrives_at_the_same(a, b, c):
    assert applied(applied(a, diff(a, b)), diff(b, c)) == applied(a, diff(a, c))


@given(VERSIONS, VERSIONS)
def test_every_difference_is_named_in_words(a, b):
    for one in diff(a, b):
        assert in_words(one)
        assert sentence(one)
        assert (one.kind is Change.ADDED) is (one.presentation not in a)
        assert (one.kind is Change.REMOVED) is (one.presentation not in b)


@given(LINES)
def test_a_stored_line_is_read_back(line):
    assert from_stored(as_stored(line)) == line
    assert from_stored(as_stored(None)) is None


@given(VERSIONS, st.data())
def test_the_seal_knows_any_change(lines, data):
    codes = {str(key): line for key, line in lines.items()}
    day = dt.date(2026, 12, 1)
    first = seal(2, day, codes)
    assert first == seal(2, day, dict(reversed(codes.items())))
    assert first != seal(3, day, codes)
    if codes:
        key = data.draw(st.sampled_from(sorted(codes)))
        assert first != seal(2, day, {**codes, key: Line(codes[key].lowest_level, tier=9)})


def test_a_change_that_no_longer_fits_is_refused():
    with pytest.raises(VersionRefused, match="目录已有变化"):
        applied({1: Line("村")}, [Difference(1, HERE, None)])


@pytest.mark.parametrize(
    ("kind", "presentation", "drops", "words"),
    [
        (Kind.ADD, 1, None, "已在目录中"),
        (Kind.REPLACE, 1, 2, "已在目录中"),
        (Kind.REPLACE, 9, 8, "没有要替换下的品规"),
        (Kind.REMOVE, 9, None, "没有要调整的品规"),
        (Kind.LEVEL, 9, None, "没有要调整的品规"),
        (Kind.LEVEL, 1, None, "已是所申请的级别"),
        (Kind.EMERGENCY, 9, None, "不进入目录版本"),
    ],
)
def test_an_application_that_the_list_does_not_allow_says_why(kind, presentation, drops, words):
    with pytest.raises(VersionRefused, match=words):
        wanted({1: HERE, 2: HERE}, Wish(kind, presentation, HERE, drops))


def test_replacing_adds_one_and_removes_one():
    after = applied({2: HERE}, wanted({2: HERE}, Wish(Kind.REPLACE, 1, Line("基层"), 2)))
    assert after == {1: Line("基层")}


def test_changing_the_level_keeps_what_was_said_of_the_drug():
    here = Line("二级", reason="集采中选", review_on=dt.date(2027, 1, 1))
    one = wanted({1: here}, Wish(Kind.LEVEL, 1, Line("基层", reason="申请 2026-1")))[0]
    assert one.after == Line("基层", reason="集采中选", review_on=dt.date(2027, 1, 1))
    assert sentence(one) == "最低使用级别由“二级”改为“基层”"


def test_conditions_of_the_vote_come_before_what_was_asked():
    day = dt.date(2026, 8, 31)
    line = with_conditions(
        Line("基层"),
        {"lowest_level": "二级", "restriction": "specialist", "review_months": 6},
        effective=day,
        trial_months=3,
    )
    assert line == Line("二级", "specialist", review_on=dt.date(2027, 2, 28))
    assert with_conditions(Line("基层"), {}, effective=day, trial_months=0) == Line("基层")


@pytest.mark.parametrize(
    ("day", "months", "later"),
    [("2026-01-31", 1, "2026-02-28"), ("2027-12-31", 2, "2028-02-29"), ("2026-11-30", 12, "2027-11-30")],
)
def test_months_end_with_the_month(day, months, later):
    assert months_later(dt.date.fromisoformat(day), months) == dt.date.fromisoformat(later)
