"""Lines changed by accepted disputes are audited by the rules of the plan; what breaks a rule is not locked without words."""

from dataclasses import replace
from decimal import Decimal

import pytest
from django.urls import reverse

from config.access import Role
from procurement.actions import approvals, reports, rounds
from procurement.models import Dispute, Plan, RoundLine, RoundStep
from procurement.optimiser.case import case_from_json, case_to_json
from procurement.rules.edits import broken_in_words, refusal
from procurement.rules.rounds import WordsMissing
from tests.conftest import NOW


def accepted(walk, site, product, packs):
    """The institution asks for another amount and the buyer agrees."""
    line = RoundLine.objects.get(round=walk.row, institution__code=site, product__code=product)
    role = Role.PHARMACIST if site == "T1" else Role.HEAD
    reports.dispute(line, packs, "临床需要", by=walk.people[role], now=NOW)
    reports.answer(Dispute.objects.get(line=line, state="open"), True, "", by=walk.buyer, now=NOW)
    return walk.fresh()


def broken(walk):
    return {check["rule"]: check["broken"] for check in walk.row.audit["checks"] if check["broken"]}


def submitted(walk):
    for code, role in (("T1", Role.PHARMACIST), ("H1", Role.HEAD)):
        reports.confirm(walk.report(code), by=walk.people[role], now=NOW)
    rounds.submit(walk.row, by=walk.buyer, now=NOW)
    return walk.fresh()


def with_case(walk, change):
    """The plan's case with one limit set, as if it had been known when the plan was solved."""
    plan = Plan.objects.get(pk=walk.row.plan_id)
    plan.case = case_to_json(change(case_from_json(plan.case)))
    plan.save(update_fields=["case"])


def of_product(code, **limits):
    def change(case):
        rows = [replace(row, **limits) if row.code.split("@")[0] == code else row for row in case.products]
        return replace(case, products=tuple(rows))

    return change


def of_site(code, **limits):
    def change(case):
        rows = [replace(row, **limits) if row.code == code else row for row in case.institutions]
        return replace(case, institutions=tuple(rows))

    return change


def chilled(case):
    drugs = tuple(replace(row, cold=True) if row.code == "M2" else row for row in case.drugs)
    return of_site("H1", cold_capacity=240)(replace(case, drugs=drugs))


def far(case):
    suppliers = {row.supplier for row in case.products if row.code.startswith("M2")}
    kept = [pair for pair in case.deliveries if pair[0] not in suppliers]
    return replace(case, deliveries=(*kept, *((supplier, "T1") for supplier in sorted(suppliers))))


def minimum(case):
    """S1 delivers M2 and M3 to H1 for 50 + 40 = 90 yuan; two packs of M2 less are 80."""
    return replace(case, suppliers=tuple(replace(row, minimum_order=Decimal(85)) for row in case.suppliers))


BREAKS = {
    "采购上限": (lambda case: case, 40),
    "机构预算": (of_site("H1", budget=Decimal("185.00")), 11),
    "总预算": (lambda case: replace(case, total_budget=Decimal("215.00")), 11),
    "供应上限": (of_product("M2-P1", supply=240), 11),
    "起订包数": (of_product("M2-P1", minimum_packs=10), 8),
    "冷藏容量": (chilled, 11),
    "起送金额": (minimum, 8),
    "可供与整包": (far, 9),
}


@pytest.mark.parametrize("rule", BREAKS)
def test_a_change_that_breaks_a_rule_is_found_by_its_name(walk, rule):
    walk.presented()
    change, packs = BREAKS[rule]
    with_case(walk, change)
    accepted(walk, "H1", "M2-P1", packs)
    assert rule in broken(walk)
    assert rule in broken_in_words(walk.row.audit)


def test_too_many_products_of_a_group_are_found(walk):
    """M1 and M2 as one group of at most one product: bought together they break the number, whoever asked."""
    walk.presented()

    def grouped(case):
        drugs = tuple(replace(row, group="G") if row.code in ("M1", "M2") else row for row in case.drugs)
        return replace(case, drugs=drugs, group_limit=1)

    with_case(walk, grouped)
    accepted(walk, "H1", "M2-P1", 9)
    assert "品规数上限" in broken(walk)


def test_a_nonwinner_beyond_its_share_is_found(walk):
    walk.presented()

    def won(case):
        [mine] = [row for row in case.products if row.code.split("@")[0] == "M2-P1"]
        winner = replace(mine, code="M2-W", status="中选")
        lost = tuple(replace(row, status="非中选") if row is mine else row for row in case.products)
        return replace(case, products=(*lost, winner), nonwinning_ratio=Decimal("0.5"))

    with_case(walk, won)
    accepted(walk, "H1", "M2-P1", 9)
    assert "非中选比例" in broken(walk)


def test_lines_as_planned_keep_every_rule(walk):
    walk.presented()
    assert (walk.row.audit["changed"], broken(walk), walk.row.audit["worse"]) == (0, {}, [])


def test_a_change_within_the_rules_is_warned_of_where_a_goal_gets_worse(walk):
    """H1 gives back M2 (needs 240, ten packs of 24): two packs less leave 48 open, and nothing is broken."""
    walk.presented()
    accepted(walk, "H1", "M2-P1", 8)
    assert broken(walk) == {}
    assert [(goal["before"], goal["after"] > 0) for goal in walk.row.audit["worse"]] == [(0.0, True)]
    assert (walk.row.audit["spend_before"], walk.row.audit["spend_after"]) == ("215.00", "205.00")
    submitted(walk)
    approvals.decide(walk.row, True, "", by=walk.people[Role.COMMITTEE], now=NOW)
    assert walk.fresh().state == "locked"


def test_broken_rules_are_locked_only_with_a_reason(walk):
    walk.presented()
    accepted(walk, "H1", "M2-P1", 40)
    submitted(walk)
    member = walk.people[Role.COMMITTEE]
    with pytest.raises(WordsMissing, match="采购上限 1 处"):
        approvals.decide(walk.row, True, "  ", by=member, now=NOW)
    assert walk.fresh().state == "approving"
    approvals.decide(walk.row, True, "流感季，经药事会研究同意多备", by=member, now=NOW)
    assert walk.fresh().state == "locked"
    assert RoundStep.objects.filter(round=walk.row, note__contains="多备").exists()


def test_broken_rules_may_always_be_sent_back(walk):
    walk.presented()
    accepted(walk, "H1", "M2-P1", 40)
    submitted(walk)
    approvals.decide(walk.row, False, "请按计划", by=walk.people[Role.COMMITTEE], now=NOW)
    assert walk.fresh().state == "confirming"


def test_a_new_plan_begins_with_a_clean_audit(walk):
    from formulary.actions import jobs
    from procurement.rules.plan_settings import PlanSettings

    walk.presented()
    accepted(walk, "H1", "M2-P1", 40)
    rounds.optimise(walk.row, PlanSettings(time_limit=20), by=walk.buyer, now=NOW)
    jobs.perform(walk.fresh().plan.job_id)
    rounds.present(walk.fresh(), by=walk.buyer, now=NOW)
    assert (walk.fresh().audit["changed"], broken(walk)) == (0, {})


def test_the_page_names_rule_place_and_what_got_worse(walk, client):
    walk.presented()
    accepted(walk, "H1", "M2-P1", 40)
    client.force_login(walk.buyer)
    text = client.get(reverse("round_detail", args=[walk.row.pk])).content.decode()
    assert all(word in text for word in ("修改后的规则核对", "采购上限", "最严重的一处", "县医院", "须写明理由"))
    lines = client.get(reverse("round_tab", args=[walk.row.pk, "lines"])).content.decode()
    assert "修改后的采购行有规则不符合" in lines


def test_the_buyer_hears_at_once_what_his_answer_breaks(walk, client):
    walk.presented()
    line = RoundLine.objects.get(round=walk.row, institution__code="H1", product__code="M2-P1")
    case = reports.dispute(line, 40, "多备", by=walk.people[Role.HEAD], now=NOW)
    client.force_login(walk.buyer)
    address = reverse("round_dispute_answer", args=[walk.row.pk, case.pk])
    text = client.post(address, {"accepted": "yes", "words": ""}, follow=True).content.decode()
    assert "修改后的采购行不符合规则：采购上限 1 处" in text


def test_no_words_are_asked_where_nothing_is_broken():
    assert refusal({}, "") == ""
    assert refusal({"checks": [{"rule": "总预算", "broken": 0}]}, "") == ""
    assert "总预算 2 处" in refusal({"checks": [{"rule": "总预算", "broken": 2}]}, " ")
