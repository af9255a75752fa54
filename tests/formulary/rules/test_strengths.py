"""One strength written many ways."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from formulary.rules.strengths import Listed, is_listed, parse_strength, same_strength, split_strengths


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("0.25g", "250mg"), ("5ml:0.1g", "5ml∶100mg"), ("40万单位", "400000IU"), ("100mg*30", "100mg"), ("2.5mg", "2.5 mg"),
        ("25µg", "0.025mg"), ("25μg", "25ug"), ("80mg+12.5mg", "80mg:12.5mg"), ("5mg/2.5ml", "2.5ml:5mg"), ("1ml*5mg", "1ml:5mg"),
        ("0.5g（80万单位）", "0.5g"), ("1mg/ml", "1ml:1mg"), ("0.4ml:1.2mg (0.3%)", "0.4ml:1.2mg"), ("75mg*8粒", "75mg"), ("１０ｍｇ", "10mg"),
    ],
)  # fmt: skip
def test_same_strength_written_otherwise(first, second):
    assert same_strength(first, second) is True
    assert same_strength(second, first) is True


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("0.25g", "0.5g"),
        ("2ml:0.1g", "5ml:0.1g"),
        ("12.5mg", "125mg"),
        ("80mg:5mg", "160mg:5mg"),
        ("10ml", "20ml"),
        ("5mg", "5μg"),
    ],
)
def test_other_strength_is_not_the_same(first, second):
    assert same_strength(first, second) is False


@pytest.mark.parametrize(
    ("first", "second"), [("每10丸重1.5g", "1.5g"), ("0.1%", "5ml:5mg"), ("(Ⅰ)", "80mg"), ("", "5mg")]
)
def test_what_cannot_be_compared_is_said_to_be_unclear(first, second):
    assert same_strength(first, second) is None


def test_listed_strength_is_found_among_others():
    listed = split_strengths("0.25g（40万单位）、0.5g（80万单位）")
    assert listed == ("0.25g（40万单位）", "0.5g（80万单位）")
    assert is_listed("250mg", listed) is Listed.YES
    assert is_listed("1g", listed) is Listed.NO
    assert is_listed("每袋装3g", listed) is Listed.UNCLEAR
    assert is_listed("1g", ()) is Listed.YES


@given(st.decimals(min_value=Decimal("0.001"), max_value=1000, places=3))
def test_grams_and_milligrams_agree(grams):
    assert same_strength(f"{grams}g", f"{grams * 1000}mg") is True


@given(st.text(max_size=30))
def test_any_text_is_read_without_falling(text):
    assert parse_strength(text) == parse_strength(text)
    assert same_strength(text, "5mg") in (True, False, None)
