"""一品两规 counts 品规 of a generic name by route, at each site, without what is exempt."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from formulary.rules.findings import Entry
from tests.formulary.rules.findings.small import drug, facts, lines, said


def test_three_presentations_of_a_route_are_one_too_many():
    found = said("spec_limit", lines(1, 2, 3), facts(drug(1), drug(2), drug(3)))
    assert found == ["县医院：氨氯地平·口服 有 3 个品规，超过 2 个：氨氯地平 1mg、氨氯地平 2mg、氨氯地平 3mg"]


def test_two_oral_and_two_injected_are_kept_apart():
    shots = [drug(pk, route="注射") for pk in (3, 4)]
    assert said("spec_limit", lines(1, 2, 3, 4), facts(drug(1), drug(2), *shots)) == []


def test_other_routes_are_not_counted():
    assert said("spec_limit", lines(1, 2, 3), facts(*(drug(pk, route="外用") for pk in (1, 2, 3)))) == []


@pytest.mark.parametrize("why", [{"insurance": "国谈"}, {"winner": True}, {"child": True}, {"shortage": True}])
def test_an_exempt_presentation_is_not_counted(why):
    assert said("spec_limit", lines(1, 2, 3), facts(drug(1), drug(2), drug(3, **why))) == []


def test_chronic_drugs_are_exempt_at_the_grass_roots_only():
    drugs = [drug(pk, chronic=True) for pk in (1, 2, 3)]
    found = said("spec_limit", lines(1, 2, 3, level="基层"), facts(*drugs))
    assert len(found) == 1
    assert found[0].startswith("县医院")


def test_an_exemption_that_the_rule_value_leaves_out_does_not_hold():
    drugs = [drug(1), drug(2), drug(3, winner=True)]
    assert len(said("spec_limit", lines(1, 2, 3), facts(*drugs, limits={"spec_exempt": ("negotiated",)}))) == 1


def test_a_site_counts_what_is_open_to_its_level():
    own = {1: Entry("基层"), 2: Entry("基层"), 3: Entry("二级")}
    found = said("spec_limit", own, facts(drug(1), drug(2), drug(3)))
    assert [sentence.split("：")[0] for sentence in found] == ["县医院"]


@given(st.integers(0, 8), st.integers(0, 8))
def test_the_number_counted_is_what_is_not_exempt(plain, exempt):
    drugs = [drug(pk) for pk in range(plain)] + [drug(100 + pk, winner=True) for pk in range(exempt)]
    found = said("spec_limit", lines(*(one.pk for one in drugs)), facts(*drugs))
    assert bool(found) is (plain > 2)
    if found:
        assert f"有 {plain} 个品规" in found[0]
        assert ("另有" in found[0]) is (exempt > 0)
