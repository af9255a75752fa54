"""The tab 矛盾与出路: what the plan carries is shown as it was found, to each reader what concerns him."""

from decimal import Decimal

import pytest
from django.urls import reverse

from config.access import Role
from formulary.actions import jobs
from procurement.actions import plans
from procurement.exports import plan_json
from procurement.models import Budget, Commitment, Plan
from procurement.plan_store import case_of, plan_of
from procurement.rules.plan_settings import PlanSettings
from tests.conftest import NOW
from tests.procurement.world import END, START


@pytest.fixture
def poor(ready):
    """H1 has 60 yuan for the period and T1 20: the agreed M1 (257 of this period, 95.00 at S2) cannot all be bought, and
    the emergency M3 (40.00) comes first."""
    for site, money in ((ready.h1, "60"), (ready.t1, "20")):
        Budget.objects.filter(institution=site).update(monthly_amount=Decimal(money))
    Commitment.objects.filter().update(institution=ready.h1)
    plan = plans.create_plan(
        ready.alliance,
        "缺钱的计划",
        (START, END),
        PlanSettings(time_limit=20),
        by=ready.people[Role.PROCUREMENT],
        now=NOW,
    )
    jobs.perform(plan.job_id)
    return Plan.objects.get(pk=plan.pk)


def tab(client, plan, key="ways"):
    return client.get(reverse("plan_tab", args=[plan.pk, key])).content.decode()


def test_the_tab_shows_the_clash_its_facts_and_ways(sign_in, poor):
    text = tab(sign_in(Role.PROCUREMENT), poor)
    [clash] = [row for row in poor.reasons["clashes"] if row["kind"] == "约定量"]
    assert "预算" in clash["said"]
    assert "不足以完成带量约定量" in clash["said"]
    assert all(words in text for words in (clash["said"], *clash["facts"], *(way["words"] for way in clash["ways"])))
    assert "已核对" in text


def test_the_worth_of_money_is_shown_and_leads_to_the_open_needs(sign_in, poor):
    text = tab(sign_in(Role.PROCUREMENT), poor)
    assert "加一万元值多少" in text
    assert f"{reverse('plan_tab', args=[poor.pk, 'unmet'])}?institution=H1" in text


def test_the_overview_says_how_many_demands_clash(sign_in, poor):
    text = tab(sign_in(Role.PROCUREMENT), poor, "lines")
    assert "矛盾与出路" in text
    overview = sign_in(Role.PROCUREMENT).get(reverse("plan_detail", args=[poor.pk])).content.decode()
    assert f"{len(poor.reasons['clashes'])} 处要求不能同时满足" in overview


def test_an_institution_sees_only_what_concerns_it_alone(sign_in, poor):
    """The pharmacist is of T1: the clash of H1 and its worth of money are not hers."""
    text = tab(sign_in(Role.PHARMACIST), poor)
    assert not any(row["said"] in text for row in poor.reasons["clashes"] if row["sites"] != ["T1"])
    assert "县医院" not in text


def test_a_plan_without_clashes_says_so(sign_in, solved):
    text = tab(sign_in(Role.PROCUREMENT), solved)
    assert "没有不能同时满足的要求" in text
    assert "没有增益" in text


def test_a_plan_from_before_says_that_it_does_not_know(sign_in, solved):
    Plan.objects.filter(pk=solved.pk).update(reasons={})
    assert "这份计划没有此项分析" in tab(sign_in(Role.PROCUREMENT), solved)


def test_what_is_stored_comes_back_as_it_was_found(poor, ready):
    import json

    again = plan_of(poor, case_of(poor))
    assert [clash.said for clash in again.clashes] == [row["said"] for row in poor.reasons["clashes"]]
    data = json.loads(plan_json(poor, None))
    assert [row["said"] for row in data["clashes"]] == [row["said"] for row in poor.reasons["clashes"]]
    assert {row["institution"] for row in data["worth"]} == {"H1", "T1"}
