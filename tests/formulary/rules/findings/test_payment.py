"""From which level 医保 pays, agreements that end, 国谈 that must not be pushed out."""

import csv
import datetime as dt

import pytest

from formulary.rules.findings.payment import payable_from, refusal_warning
from tests.formulary.rules.findings.small import ON, drug, facts, lines, said


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("限二级及以上医疗机构。", "二级"),
        ("限二级及以上医疗机构并有中风昏迷的患者", "二级"),
        ("限三级医院眼科或二级及以上眼科专科医院医师处方", "三级"),
        ("首次处方时需由二级及以上医疗机构专科医师开具处方。", ""),
        ("限工伤保险", ""),
        ("", ""),
    ],
)
def test_the_level_is_read_out_of_the_restriction(text, level):
    assert payable_from(text) == level


@pytest.mark.shared
def test_the_levels_of_the_real_list_agree_with_the_published_payment_limits(shared):
    """Every 药品 that the 2024 list restricts to 二级 or 三级 is restricted alike in the rule base that insurers use."""
    with (shared / "reference/nrdl-2024/nrdl2024_all.csv").open(encoding="utf-8-sig") as file:
        listed = {row["药品名称"]: payable_from(row["备注限定支付范围"]) for row in csv.DictReader(file)}
    with (shared / "reference/nhsa-drug-codes/drug_payment_limits.csv").open(encoding="utf-8-sig") as file:
        limited = {row["药品名称"]: row["机构限制"] for row in csv.DictReader(file) if row["机构限制"]}
    both = {name: (level, limited[name]) for name, level in listed.items() if level and name in limited}
    assert len(limited) == 61
    assert len(both) >= 40
    assert {name: pair for name, pair in both.items() if pair[0] != pair[1]} == {}


def test_a_line_open_below_the_paying_level_is_told():
    given = facts(drug(1, "血必净", payable_from="二级"))
    assert said("payment_level", lines(1, level="基层"), given) == [
        "血必净 1mg：医保限二级及以上机构支付，目录却开放到基层"
    ]
    assert said("payment_level", lines(1), given) == []


def test_an_agreement_that_ended_or_ends_soon_is_told():
    ended = drug(1, insurance="无", agreement_ended=dt.date(2025, 12, 31))
    renewed = drug(2, insurance="乙", agreement_ended=dt.date(2025, 12, 31))
    soon = drug(3, insurance="国谈", insurance_ends=ON + dt.timedelta(days=60))
    later = drug(4, insurance="国谈", insurance_ends=ON + dt.timedelta(days=61))
    found = said("agreement_ended", lines(1, 2, 3, 4), facts(ended, renewed, soon, later))
    assert found == ["氨氯地平 1mg：医保协议 2025-12-31 已到期，未见续约", "氨氯地平 3mg：医保协议 2027-01-20 到期"]


def test_removing_a_negotiated_drug_blocks_until_a_reason_is_recorded():
    given = facts(drug(1, insurance="国谈"), drug(2))
    assert len(said("negotiated_removed", {}, given, before=lines(1, 2))) == 1
    assert said("negotiated_removed", lines(1), given, before=lines(1, 2)) == []


def test_who_refuses_a_negotiated_drug_is_warned():
    assert refusal_warning("国谈", "甲药 1mg") == "甲药 1mg 是国谈药：不得以总额控制、目录数量或药占比为由不予受理"
    assert refusal_warning("乙", "甲药 1mg") == ""
