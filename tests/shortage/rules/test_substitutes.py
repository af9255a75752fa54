"""分类分级 and substitution, row by row."""

import pytest

from shortage.rules.classing import DEFAULT_MATRIX, Situation, checked, grade
from shortage.rules.substitutes import DEFAULT_EXCLUSIONS, converted, exclusions, replaceability, speaks


@pytest.mark.parametrize(
    ("situation", "code"),
    [
        (Situation(True, "不可替代", 6.0, False), "Ⅰ"),
        (Situation(True, "不可替代", 40.0, True), "Ⅰ"),
        (Situation(True, "不可替代", 40.0, False), "Ⅱ"),
        (Situation(True, "可替代", 20.0, False), "Ⅲ"),
        (Situation(False, "不完全可替代", 14.9, False), "Ⅱ"),
        (Situation(False, "可替代", 14.0, False), "Ⅲ"),
        (Situation(False, "可替代", 90.0, False), "关注"),
        (Situation(False, "可替代", None, True), "Ⅲ"),
    ],
)
def test_the_first_row_that_fits_gives_the_grade(situation, code):
    assert grade(situation, DEFAULT_MATRIX).code == code


def test_an_own_matrix_may_count_institutions():
    rows = checked([{"级别": "Ⅰ", "机构数不少于": 3}])
    assert grade(Situation(False, "可替代", 90.0, False, 3), rows).code == "Ⅰ"
    assert grade(Situation(False, "可替代", 90.0, False, 2), rows).code == "关注"


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ([], "非空"),
        ([{"级别": "Ⅳ"}], "第 1 行“级别”"),
        ([{"级别": "Ⅰ"}, {"级别": "Ⅱ", "天数": 3}], "第 2 行有不认识的条件：天数"),
        ([{"级别": "Ⅰ", "可替代性": ["能替代"]}], "可替代性"),
    ],
)
def test_a_matrix_that_cannot_be_read_is_refused_with_its_place(rows, says):
    with pytest.raises(ValueError, match=says):
        checked(rows)


def test_narrow_drugs_are_not_swapped_for_their_class_and_warn_at_another_strength():
    rows = exclusions(DEFAULT_EXCLUSIONS)
    assert any(row.stops for row in speaks(rows, "华法林", "达比加群酯", 4))
    same = speaks(rows, "华法林", "华法林", 2)
    assert same
    assert not any(row.stops for row in same)
    assert speaks(rows, "氨氯地平", "硝苯地平", 4) == []


def test_an_exclusion_without_a_reason_is_refused():
    with pytest.raises(ValueError, match="第 1 条"):
        exclusions([{"被替代": "华法林"}])


def test_dose_follows_patient_days():
    assert converted(12.0, 2.0, 1.0) == 6.0


def test_replaceable_is_what_the_nearest_tier_says():
    assert replaceability([4, 2]) == "可替代"
    assert replaceability([3]) == "不完全可替代"
    assert replaceability([]) == "不可替代"
