"""One question for every page: what do the lists say of this presentation on this day?"""

import datetime as dt
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from formulary.models import Presentation
from formulary.queries import drug_status, drug_statuses
from formulary.rules.strengths import Listed
from tests.formulary.lists import NRDL, bring_in, bring_in_all

TODAY = dt.date(2026, 11, 21)


@pytest.fixture
def lists(world):
    bring_in_all()
    return world


def test_listed_tablet_is_essential_and_class_a(lists):
    status = drug_status(lists.drugs["M1"], TODAY, region="江苏")
    assert (status.essential.listed, status.essential.level, status.essential.specialist) == (Listed.YES, "国家", False)
    assert status.insurance_class == "甲"
    assert [(win.tender, win.company, win.price) for win in status.wins] == [
        ("第二批", "甲药业有限公司", Decimal("0.06"))
    ]
    assert status.badges == ("基药", "医保甲", "集采中选")


def test_winner_of_another_strength_or_province_is_not_ours(lists):
    assert drug_status(lists.drugs["M1"], TODAY, region="上海").wins == ()
    everywhere = drug_status(lists.drugs["M1"], TODAY).wins
    assert {win.region for win in everywhere} == {"江苏", "安徽"}


def test_specialist_mark_speaks_of_the_form(lists):
    status = drug_status(lists.drugs["M3"], TODAY)
    assert status.essential.specialist
    assert status.badges[0] == "基药△"


def test_public_watch_list_says_that_it_is_not_official(lists):
    (mark,) = drug_status(lists.drugs["M3"], TODAY).shortage
    assert (mark.official, mark.label) == (False, "短缺关注（非官方）")


def test_status_belongs_to_the_day(lists):
    before = drug_status(lists.drugs["M1"], dt.date(2026, 8, 31))
    assert before.essential is None
    assert not before.is_essential
    assert before.insurance_class == "甲"
    assert drug_status(lists.drugs["M1"], dt.date(2018, 1, 1)).badges == ()


def test_later_edition_takes_over_from_its_day(lists):
    bring_in("nrdl", NRDL.replace("甲,407", "乙,407"), edition="2026", valid_from=dt.date(2026, 10, 1))
    assert drug_status(lists.drugs["M1"], dt.date(2026, 9, 30)).insurance_class == "甲"
    assert drug_status(lists.drugs["M1"], TODAY).insurance_class == "乙"


def make(medicine, form, strength, code="N1"):
    return Presentation.objects.create(
        medicine=medicine, code=code, name=medicine.name, form=form, strength=strength, unit="支"
    )


def test_strength_that_is_not_listed_is_not_essential(lists):
    other = make(lists.drugs["M1"].medicine, "片剂", "10mg")
    status = drug_status(other, TODAY)
    assert status.essential.listed is Listed.NO
    assert not status.is_essential


def test_other_form_of_the_group_is_unclear(lists):
    status = drug_status(make(lists.drugs["M1"].medicine, "分散片", "5mg"), TODAY)
    assert status.essential.listed is Listed.UNCLEAR
    assert status.is_essential


def test_agreement_that_ended_pays_no_longer(lists):
    from formulary.models import Medicine

    drug = make(Medicine.objects.get(substance="艾普拉唑"), "注射用无菌粉末", "10mg")
    running = drug_status(drug, dt.date(2025, 12, 31)).insurance
    assert (running.category, running.ends, running.payment) == ("国谈", dt.date(2025, 12, 31), "63.00元(10mg/支)")
    assert drug_status(drug, dt.date(2026, 1, 1)).insurance_class == "无"


def test_drug_without_any_list_has_an_empty_status(world):
    assert drug_status(world.drugs["M2"], TODAY).badges == ()


def test_many_drugs_cost_no_more_queries_than_one(lists):
    with CaptureQueriesContext(
        connection,
    ) as one:
        drug_statuses([lists.drugs["M1"]], TODAY)
    with CaptureQueriesContext(connection) as many:
        assert len(drug_statuses(lists.drugs.values(), TODAY)) == 3
    assert len(many) == len(one) == 2
