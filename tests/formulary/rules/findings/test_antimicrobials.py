"""Caps of antimicrobials by type of institution and class; townships inside 基药; no early return."""

import datetime as dt

import pytest

from formulary.rules.findings import Entry, Site
from formulary.rules.findings.antimicrobials import is_antimicrobial, months_later
from formulary.rules.findings.limits import Limits
from tests.formulary.rules.findings.small import ON, drug, facts, lines, said

CLASSES = Limits().antimicrobial_classes


def germ(pk, name=None, code="J01CA", **more):
    return drug(pk, name or f"抗菌{pk}", class_code=code, **more)


@pytest.mark.parametrize(
    ("code", "counts"),
    [
        ("J01DD", True),
        ("J02AC", True),
        ("P01AB", True),
        ("J04AC", False),
        ("J05AF", False),
        ("D01AC", False),
        ("", False),
    ],
)
def test_tuberculosis_viruses_parasites_and_skin_are_not_counted(code, counts):
    assert is_antimicrobial(code, CLASSES) is counts


def test_a_county_hospital_may_keep_thirty_five_varieties():
    drugs = [germ(pk) for pk in range(36)]
    assert said("antimicrobial_varieties", lines(*range(35)), facts(*drugs)) == []
    assert said("antimicrobial_varieties", lines(*range(36)), facts(*drugs)) == [
        "县医院（二级综合）：抗菌药物 36 个品种，超过 35 个"
    ]


def test_two_forms_of_one_generic_name_are_one_variety():
    drugs = [germ(pk) for pk in range(35)] + [germ(99, "抗菌0", route="注射")]
    assert said("antimicrobial_varieties", lines(*range(35), 99), facts(*drugs)) == []


def test_a_mental_hospital_may_keep_ten():
    drugs = [germ(pk) for pk in range(11)]
    site = Site(9, "县精神病院", "二级", "精神专科医院")
    assert said("antimicrobial_varieties", lines(*range(11)), facts(*drugs, sites=[site])) == [
        "县精神病院（精神）：抗菌药物 11 个品种，超过 10 个"
    ]


@pytest.mark.parametrize(
    ("label", "code", "route", "most"),
    [
        ("三、四代头孢菌素口服", "J01DD", "口服", 5),
        ("三、四代头孢菌素注射", "J01DE", "注射", 8),
        ("碳青霉烯类注射", "J01DH", "注射", 3),
        ("氟喹诺酮类口服", "J01MA", "口服", 4),
        ("氟喹诺酮类注射", "J01MA", "注射", 4),
    ],
)
def test_each_class_has_its_cap_of_presentations(label, code, route, most):
    drugs = [germ(pk, code=code, route=route) for pk in range(most + 1)]
    assert said("antimicrobial_specs", lines(*range(most)), facts(*drugs)) == []
    found = said("antimicrobial_specs", lines(*range(most + 1)), facts(*drugs))
    assert len(found) == 1
    assert found[0].startswith(f"县医院：{label} {most + 1} 个品规，超过 {most} 个")


def test_deep_antifungals_are_counted_by_generic_name():
    drugs = [germ(pk, "伏立康唑", "J02AC") for pk in range(9)]
    assert said("antimicrobial_specs", lines(*range(9)), facts(*drugs)) == []
    more = [germ(pk, code="J02AX") for pk in range(20, 25)]
    assert len(said("antimicrobial_specs", lines(*range(9), *range(20, 25)), facts(*drugs, *more))) == 1


def test_townships_keep_essential_antimicrobials_only():
    given = facts(germ(1, essential=False), germ(2))
    assert said("antimicrobial_primary", lines(1, 2, level="基层"), given) == [
        "抗菌1 1mg 是抗菌药物且不在基药目录，不能用于基层"
    ]
    assert said("antimicrobial_primary", lines(1, 2), given) == []


def test_a_removed_antimicrobial_does_not_come_back_within_twelve_months():
    given = facts(germ(1), germ(2, medicine=1), removed={1: dt.date(2026, 3, 1)})
    assert said("antimicrobial_rest", lines(2), given, before={}) == [
        "抗菌2 2mg 的品种 2026-03-01 调出，2027-03-01 前不得再进（12 个月）"
    ]
    old = facts(germ(1), removed={1: dt.date(2025, 11, 21)})
    assert said("antimicrobial_rest", lines(1), old, before={}) == []


def test_another_drug_may_come_back_at_once():
    assert said("antimicrobial_rest", lines(1), facts(drug(1), removed={1: ON}), before={}) == []


def test_months_end_on_the_last_day_where_the_day_does_not_exist():
    assert months_later(dt.date(2026, 1, 31), 1) == dt.date(2026, 2, 28)
    assert months_later(dt.date(2026, 12, 15), 12) == dt.date(2027, 12, 15)


def test_a_village_line_is_open_to_the_hospital_too():
    drugs = [germ(pk) for pk in range(36)]
    mixed = {pk: Entry("村" if pk % 2 else "二级") for pk in range(36)}
    assert len(said("antimicrobial_varieties", mixed, facts(*drugs))) == 1
