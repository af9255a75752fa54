"""What must not be lost altogether: emergency substances and the drugs of a chronic disease."""

from formulary.rules.findings import Entry
from tests.formulary.rules.findings.small import HOSPITAL, drug, facts, lines, said

DIABETES = {"chronic": True, "class_code": "A10BA"}


def test_the_last_emergency_drug_of_a_substance_does_not_leave():
    shot = {"emergency": True}
    given = facts(drug(1, "肾上腺素", **shot), drug(2, "肾上腺素"), drug(3, "阿托品", **shot))
    before = lines(1, 2, 3)
    assert said("emergency_cover", lines(2, 3), given, before=before) == []
    assert said("emergency_cover", lines(1, 2), given, before=before) == ["急救药 阿托品 没有任何品规"]


def test_an_emergency_drug_stays_open_to_the_level_that_had_it():
    given = facts(drug(1, "肾上腺素", emergency=True))
    before = {1: Entry("基层")}
    assert said("emergency_cover", {1: Entry("二级")}, given, before=before) == [
        "急救药 肾上腺素 只能用于二级及以上，原来基层可用"
    ]


def test_a_whole_version_covers_every_emergency_substance_that_is_known():
    given = facts(drug(1, "肾上腺素", emergency=True), drug(2, "阿托品", emergency=True), sites=[HOSPITAL])
    assert said("emergency_cover", lines(1), given) == ["急救药 阿托品 没有任何品规"]


def test_the_last_drug_of_a_chronic_disease_does_not_leave():
    given = facts(drug(1, "二甲双胍", **DIABETES), drug(2, "格列美脲", **DIABETES), drug(3, "甘精胰岛素", **DIABETES))
    before = lines(1, 2)
    assert said("chronic_cover", lines(2), given, before=before) == []
    assert said("chronic_cover", lines(), given, before=before) == ["慢病用药 糖尿病 没有任何品规"]
    assert said("chronic_cover", lines(3), given, before=before) == []


def test_a_township_keeps_one_drug_of_every_chronic_disease_that_it_had():
    given = facts(drug(1, "二甲双胍", **DIABETES), drug(2, "格列美脲", **DIABETES))
    before = {1: Entry("基层"), 2: Entry("二级")}
    after = {1: Entry("二级"), 2: Entry("二级")}
    assert said("chronic_cover", after, given, before=before) == ["慢病用药 糖尿病 只能用于二级及以上，原来基层可用"]


def test_a_drug_outside_the_classes_or_not_marked_chronic_does_not_stand_in():
    other = drug(2, "胰岛素针", class_code="A10AB"), drug(3, "氨氯地平", chronic=True, class_code="C08CA")
    given = facts(drug(1, "二甲双胍", **DIABETES), *other)
    assert said("chronic_cover", lines(2, 3), given, before=lines(1, 2, 3)) == ["慢病用药 糖尿病 没有任何品规"]
