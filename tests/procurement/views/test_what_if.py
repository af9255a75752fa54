"""Pages of what-if: pins on the plan, scenarios, curve, robust plans, comparison; who sees them and what they say."""

import io

import openpyxl
import pytest
from django.urls import reverse

from config.access import Role
from formulary.actions import jobs
from procurement.actions import pins, plans, studies
from procurement.models import Pin, Plan, Study, Trial
from procurement.rules import scenarios as rules
from procurement.rules.scenarios import Change
from tests.conftest import NOW

HTMX = {"headers": {"HX-Request": "true"}}


@pytest.fixture
def buyer(sign_in):
    return sign_in(Role.PROCUREMENT)


@pytest.fixture
def officer(ready):
    return ready.people[Role.PROCUREMENT]


def read(client, name, /, *args, **data):
    response = client.get(reverse(name, args=args), data)
    assert response.status_code == 200
    return response.content.decode()


def send(client, name, /, *args, **data):
    return client.post(reverse(name, args=args), data, follow=True).content.decode()


PINNED = {"institution": "H1", "product": "M2-P1", "way": "恰好", "quantity": 48, "reason": "流感季备货"}


def test_a_pin_is_set_from_the_line_solved_around_compared_and_withdrawn(buyer, solved):
    lines = read(buyer, "plan_tab", solved.pk, "lines")
    assert "?institution=H1&amp;product=M2-P1&amp;supplier=S1&amp;quantity=240" in lines
    form = read(buyer, "plan_tab", solved.pk, "pins", institution="H1", product="M1-P1", supplier="S2", quantity=280)
    assert 'value="M1-P1@S2"' in form
    text = send(buyer, "plan_pin", solved.pk, **PINNED)
    assert all(word in text for word in ("已固定", "恰好 48", "流感季备货", "张伟", "按固定重新求解"))
    assert "恰好 48" in read(buyer, "plan_tab", solved.pk, "lines")
    send(buyer, "plan_resolve", solved.pk)
    again = Plan.objects.get(based_on=solved)
    jobs.perform(again.job_id)
    assert "本计划已守住现有的全部固定" in read(buyer, "plan_tab", again.pk, "pins")
    text = read(buyer, "plan_tab", again.pk, "compare")
    assert all(word in text for word in ("固定恰好 48（流感季备货）", "-40.00", "变更"))
    pin = Pin.objects.get()
    assert "请写明撤回原因" in send(buyer, "pin_withdraw", pin.pk, why="", plan=again.pk)
    text = send(buyer, "pin_withdraw", pin.pk, why="库存已调入", plan=again.pk)
    assert all(word in text for word in ("已撤回", "库存已调入", "本计划还没有按它求解"))


def test_a_pin_that_cannot_hold_is_explained_beside_the_form_that_keeps_what_was_written(buyer, solved):
    response = buyer.post(reverse("plan_pin", args=[solved.pk]), PINNED | {"quantity": 24 * 700})
    text = response.content.decode()
    assert response.status_code == 422
    assert "超出机构预算" in text
    assert "流感季备货" in text
    assert not Pin.objects.exists()


def test_an_institution_sees_its_pins_but_no_form_and_no_what_if(sign_in, solved, officer):
    pins.pin(solved, "M2-P1", "恰好", 48, institution="H1", reason="流感季备货", by=officer, now=NOW)
    pins.pin(solved, "M1-P1@S1", "至少", 84, institution="T1", reason="慢病长处方", by=officer, now=NOW)
    client = sign_in(Role.PHARMACIST)
    text = read(client, "plan_tab", solved.pk, "pins")
    assert "慢病长处方" in text
    assert "流感季备货" not in text
    assert "固定或禁止" not in text
    assert client.get(reverse("plan_tab", args=[solved.pk, "studies"])).status_code == 404
    assert client.get(reverse("plan_tab", args=[solved.pk, "compare"])).status_code == 404
    assert "测算由医共体采购中心查看" in read(client, "study_list")


def solved_study(plan, officer, kind="scenarios"):
    study = studies.ask(plan, kind, 5, by=officer, now=NOW)
    if kind == "scenarios":
        studies.add(study, "县城配送断供", [Change(rules.SUPPLIER, code="S2")], by=officer, now=NOW)
        studies.solve(study, by=officer, now=NOW)
    jobs.perform(study.job_id)
    return Study.objects.get(pk=study.pk)


def test_scenarios_are_defined_solved_and_stand_side_by_side(buyer, solved):
    text = send(buyer, "study_new", solved.pk, "scenarios", seconds=5)
    assert "还没有情景" in text
    study = Study.objects.get()
    refused = buyer.post(reverse("study_add", args=[study.pk]), {"name": "空"})
    assert refused.status_code == 422
    assert "至少填写一项变化" in refused.content.decode()
    text = send(buyer, "study_add", study.pk, name="预算减一成", budget="-10")
    assert "预算 −10%" in text
    send(buyer, "study_add", study.pk, name="断供", supplier="S2", demand="20", demand_of="class:其他")
    text = send(buyer, "study_act", study.pk, "solve")
    assert "排队等待求解" in text
    study.refresh_from_db()
    jobs.perform(study.job_id)
    live = buyer.get(reverse("study_progress", args=[study.pk]), **HTMX)
    assert live.headers["HX-Refresh"] == "true"
    text = read(buyer, "study_detail", study.pk)
    assert all(word in text for word in ("并列比较", "县城配送断供", "其他需求 +20%", "采购金额（元）", "与现计划相比"))
    assert "已求解" in read(buyer, "study_list")
    assert study.title in read(buyer, "plan_tab", solved.pk, "studies")


def test_a_waiting_scenario_can_be_removed_on_the_page(buyer, solved, officer):
    study = studies.ask(solved, "scenarios", 5, by=officer, now=NOW)
    trial = studies.add(study, "甲", [Change(rules.SUPPLIER, code="S2")], by=officer, now=NOW)
    assert "已删除未求解的情景" in send(buyer, "study_remove", study.pk, trial.pk)
    assert not Trial.objects.exists()


def test_the_curve_is_drawn_and_taken_away(buyer, solved, officer):
    study = solved_study(solved, officer, "curve")
    text = read(buyer, "study_detail", study.pk)
    assert text.count("<title>预算 ") == 5
    assert "取舍曲线，数值见下表" in text
    response = buyer.get(reverse("study_file", args=[study.pk]))
    book = openpyxl.load_workbook(io.BytesIO(response.content))
    assert [row[0].value for row in book["取舍曲线"].iter_rows(min_row=2)] == ["70%", "80%", "90%", "100%", "110%"]
    assert book["并列比较"]["B1"].value == "现计划"


def test_the_robust_page_names_the_choice_and_its_price(buyer, solved, officer):
    study = solved_study(solved, officer, "robust")
    text = read(buyer, "study_detail", study.pk)
    assert study.result["words"] in text.replace("&quot;", '"')
    assert all(word in text for word in ("最稳", "稳妥的代价", "需求普遍偏高", "最大后悔值"))


def test_the_comparison_is_filtered_live_and_taken_away(buyer, solved, officer):
    trial = solved_study(solved, officer).trials.get()
    found = read(buyer, "plan_tab", solved.pk, "compare", other=f"trial-{trial.pk}", kind="取消")
    assert "改购甲药厂（国药江宁）" in found
    assert "替代" not in found
    response = buyer.get(reverse("plan_tab", args=[solved.pk, "compare"]), {"other": "hand"}, **HTMX)
    assert response.content.decode().lstrip().startswith('<div class="toolbar">')
    assert "手工规则" in response.content.decode()
    book = openpyxl.load_workbook(
        io.BytesIO(buyer.get(reverse("plan_compare_file", args=[solved.pk]), {"other": "hand"}).content)
    )
    assert book.sheetnames == ["汇总", "差异"]
    assert buyer.get(reverse("plan_compare_file", args=[solved.pk]), {"other": "x"}).status_code == 404


def test_a_plan_is_compared_with_the_one_of_the_period_before(buyer, solved):
    fresh = plans.replan(solved, by=None, now=NOW)
    Plan.objects.filter(pk=solved.pk).update(period_start="2026-10-22", period_end="2026-11-20", title="十一月采购计划")
    jobs.perform(fresh.job_id)
    assert "从 <b>十一月采购计划</b>" in read(buyer, "plan_tab", fresh.pk, "compare")
