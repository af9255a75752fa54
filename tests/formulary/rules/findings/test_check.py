"""The check as a whole: what a change brings, what blocks, whose number it is."""

import dataclasses

from hypothesis import given, settings
from hypothesis import strategies as st

from formulary.rules.adjustment_life import Kind
from formulary.rules.findings import RULES, Entry, Limits, blocking, check_change, check_version, read_limits
from formulary.rules.findings.changes import changed
from tests.formulary.rules.findings.small import codes, drug, facts, lines


def test_every_rule_says_formula_and_source_and_stands_once():
    assert len({one.code for one in RULES}) == len(RULES) == 17
    assert all(one.formula and one.document and one.label for one in RULES)


def test_a_fault_that_stood_before_and_is_not_touched_blocks_nobody():
    known = facts(drug(1), drug(2), drug(3), drug(9, "缬沙坦"))
    before = lines(1, 2, 3)
    assert codes(check_version(before, known)) == ["spec_limit"]
    assert check_change(before, lines(1, 2, 3, 9), known) == []


def test_a_change_that_touches_a_standing_fault_is_told():
    known = facts(*(drug(pk) for pk in (1, 2, 3, 4)))
    found = check_change(lines(1, 2, 3), lines(1, 2, 3, 4), known)
    assert codes(found) == ["spec_limit"]
    assert "有 4 个品规" in found[0].sentence


def test_taking_one_away_from_a_standing_fault_is_not_held_against_it():
    known = facts(*(drug(pk) for pk in (1, 2, 3, 4)))
    assert check_change(lines(1, 2, 3, 4), lines(1, 2, 3), known) == []


def test_an_addition_outside_the_essential_list_asks_for_an_evaluation_and_does_not_block():
    known = facts(drug(1, essential=False, insurance="乙", winner=True))
    found = check_change({}, lines(1), known)
    assert [(one.code, one.hard) for one in found] == [("evaluation_missing", False)]
    assert "医保乙，集采中选" in found[0].sentence
    assert check_change({}, lines(1), dataclasses.replace(known, evaluations={1: "2026-评-7"})) == []


def test_an_added_drug_without_a_class_is_told():
    assert "class_unknown" in codes(check_change({}, lines(1), facts(drug(1, class_code=""))))


def test_a_recorded_exception_lifts_the_block_of_its_rule_only():
    known = facts(*(drug(pk, labels=("红3",)) for pk in (1, 2, 3)))
    found = check_change(lines(1, 2), lines(1, 2, 3), known)
    assert set(codes(blocking(found, set()))) == {"spec_limit", "price_blocked"}
    assert set(codes(blocking(found, {"spec_limit"}))) == {"price_blocked"}


def test_whether_a_rule_blocks_is_a_rule_value_and_its_document_is_shown():
    limits = read_limits({"finding.hard": {"spec_limit": False}, "finding.specs_per_route": 1}.get)
    known = dataclasses.replace(
        facts(drug(1), drug(2)), limits=limits, documents={"finding.specs_per_route": "县规〔2026〕1号"}
    )
    found = check_version(lines(1, 2), known)
    assert [(one.code, one.hard, one.document) for one in found] == [("spec_limit", False, "县规〔2026〕1号")]


def test_limits_that_nobody_set_are_the_built_in_ones():
    assert read_limits(lambda _key, default: default) == Limits()


def test_a_finding_is_stored_with_its_rows_in_words():
    known = facts(*(drug(pk) for pk in (1, 2, 3)))
    stored = check_version(lines(1, 2, 3), known)[0].as_stored(known.drugs)
    assert stored["rows"][0] == {"code": "D1", "title": "氨氯地平 1mg"}
    assert stored["hard"] is True
    assert stored["formula"]


def test_each_kind_of_application_makes_its_change():
    own = lines(1, 2)
    new = Entry("基层")
    assert changed(own, Kind.ADD, 3, new) == {**own, 3: new}
    assert changed(own, Kind.REMOVE, 1, new) == lines(2)
    assert changed(own, Kind.REPLACE, 3, new, drops=1) == {2: Entry("二级"), 3: new}
    assert changed(own, Kind.LEVEL, 1, new) == {1: new, 2: Entry("二级")}
    assert changed(own, Kind.EMERGENCY, 3, new) == {**own, 3: new}


@settings(max_examples=60)
@given(st.sets(st.integers(1, 12)), st.sets(st.integers(1, 12)))
def test_no_change_brings_no_finding_and_hard_ones_come_first(before, after):
    known = facts(
        *(drug(pk, "同名" if pk % 2 else f"药{pk}", labels=("红1",) if pk == 5 else ("绿",)) for pk in range(1, 13))
    )
    assert check_change(lines(*before), lines(*before), known) == []
    found = check_version(lines(*after), known)
    assert [one.hard for one in found] == sorted((one.hard for one in found), reverse=True)
