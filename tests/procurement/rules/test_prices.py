"""差比价 with the numbers of the rule, labels, steps; and that the ratio multiplies and inverts."""

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from procurement.rules.prices import (
    DOWN,
    FILL,
    PACK,
    STRENGTH,
    UP,
    Watch,
    above_award,
    breaks_ratio,
    day_price,
    label,
    platform_level,
    platform_rate,
    quarter_of,
    ratio,
    ratio_price,
    step,
    unit_price,
)

X = st.floats(0.01, 100)
KIND = st.sampled_from([STRENGTH, FILL, PACK])


@pytest.mark.parametrize(
    ("kind", "x", "k"),
    [
        (STRENGTH, 2, 1.70), (STRENGTH, 0.5, 0.588), (FILL, 2, 1.90), (FILL, 0.5, 0.526), (PACK, 2, 1.95), (PACK, 0.5, 0.513),
        (PACK, 1, 1.0), (STRENGTH, 4, 2.89),
    ],
)  # fmt: skip
def test_ratio_has_the_numbers_of_the_rule(kind, x, k):
    assert ratio(kind, x) == pytest.approx(k, abs=5e-4)


def test_several_differences_multiply_and_round_to_the_cent():
    """10.00 × 1.7 × 1.95 = 33.15."""
    assert ratio_price(Decimal("10.00"), [(STRENGTH, 2), (PACK, 2)]) == Decimal("33.15")


@given(KIND, X, X)
def test_two_steps_are_one_step_of_their_product(kind, x, y):
    assert ratio(kind, x) * ratio(kind, y) == pytest.approx(ratio(kind, x * y), rel=1e-9)


@given(KIND, X)
def test_there_and_back_is_the_same_price(kind, x):
    assert ratio(kind, x) * ratio(kind, 1 / x) == pytest.approx(1)


@given(KIND, st.floats(1.0001, 100))
def test_more_costs_more_but_less_than_in_proportion(kind, x):
    assert 1 < ratio(kind, x) < x


@pytest.mark.parametrize(("kind", "x"), [("颜色", 2), (PACK, 0), (PACK, -1)])
def test_unknown_kind_and_impossible_quantity_are_refused(kind, x):
    with pytest.raises(ValueError, match=r".+"):
        ratio(kind, x)


def test_price_above_the_ratio_is_found_beyond_the_tolerance():
    allowed = ratio_price(Decimal("100.00"), [(PACK, 2)])
    assert allowed == Decimal("195.00")
    assert not breaks_ratio(Decimal("195.02"), allowed, Watch())
    assert breaks_ratio(Decimal("195.03"), allowed, Watch())


@pytest.mark.parametrize(
    ("price", "name"),
    [
        ("9.99", "绿"),
        ("10", "绿"),
        ("10.01", "黄"),
        ("19.99", "黄"),
        ("20", "红1"),
        ("50", "红2"),
        ("99.99", "红2"),
        ("100", "红3"),
    ],
)
def test_label_follows_the_times_of_the_listed_price(price, name):
    assert label(Decimal(price), Decimal(10)) == name


def test_labels_hold_for_a_quarter():
    assert quarter_of(dt.date(2026, 11, 21)) == dt.date(2026, 10, 1)
    assert quarter_of(dt.date(2027, 1, 1)) == dt.date(2027, 1, 1)


@pytest.mark.parametrize(("after", "told"), [("11.50", ""), ("11.51", UP), ("5.00", ""), ("4.99", DOWN), ("10", "")])
def test_steps_beyond_the_lines_are_checked(after, told):
    assert step(Decimal(10), Decimal(after), Watch()) == told


def test_prices_per_unit_and_per_patient_day():
    assert unit_price(Decimal("9.50"), 28) == Decimal("0.3393")
    assert day_price(Decimal("9.50"), 28, Decimal(2)) == Decimal("0.68")


def test_award_is_exceeded_by_a_single_cent():
    assert not above_award(Decimal("1.90"), 24, Decimal("0.079167"))
    assert above_award(Decimal("1.91"), 24, Decimal("0.079167"))


def test_platform_rate_and_its_levels():
    assert platform_rate(Decimal(95), Decimal(5)) == 0.95
    assert platform_rate(Decimal(0), Decimal(0)) is None
    assert [platform_level(rate) for rate in (1.0, 0.99, 0.95, 0.94, None)] == ["", "yellow", "yellow", "red", ""]
