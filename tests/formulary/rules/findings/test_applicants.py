"""Who may well ask for a new drug."""

import pytest

from formulary.rules.findings import check_change
from tests.formulary.rules.findings.small import codes, drug, facts, lines


@pytest.mark.parametrize("title", ["主任医师", "副主任药师", "教授"])
def test_a_senior_applicant_is_not_remarked_on(title):
    assert "applicant_title" not in codes(
        check_change(lines(1), lines(1, 2), facts(drug(1), drug(2), applicant_title=title))
    )


@pytest.mark.parametrize(
    ("title", "said"), [("主管药师", "职称为主管药师，未达副高"), ("主任科员", "主任科员"), ("", "没有登记职称")]
)
def test_another_one_is_named_and_blocks_nothing(title, said):
    found = check_change(lines(1), lines(1, 2), facts(drug(1), drug(2), applicant_title=title))
    one = next(finding for finding in found if finding.code == "applicant_title")
    assert said in one.sentence
    assert not one.hard


def test_what_is_removed_or_drafted_asks_nobody_for_a_title():
    assert "applicant_title" not in codes(
        check_change(lines(1, 2), lines(1), facts(drug(1), drug(2), applicant_title="药师"))
    )
    assert "applicant_title" not in codes(check_change(lines(1), lines(1, 2), facts(drug(1), drug(2))))
