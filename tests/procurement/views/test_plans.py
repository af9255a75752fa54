"""Pages of purchase plans: what each reader sees, may do and takes away."""

import io
import json

import openpyxl
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from config.access import Role
from formulary.actions import jobs
from formulary.models import Job, JobState, Presentation
from procurement.actions import plans
from procurement.models import Plan, PlanLine, PlanState, Unmet
from procurement.rules.case_file import read_case
from shortage.models import Feed
from tests.conftest import NOW
from tests.procurement.world import END, START

HTMX = {"headers": {"HX-Request": "true"}}
TABS = ("overview", "lines", "unmet", "ways", "agreed", "transfers", "checks", "case")


def page(client, name, *args, **data):
    return client.get(reverse(name, args=args), data)


def tab(client, plan, key, **data):
    response = page(client, "plan_tab", plan.pk, key, **data)
    return response, response.content.decode()


def book(response):
    return openpyxl.load_workbook(io.BytesIO(response.content))


def test_empty_list_leads_the_buyer_to_a_new_plan(sign_in):
    text = page(sign_in(Role.PROCUREMENT), "plan_list").content.decode()
    assert "还没有采购计划" in text
    assert reverse("plan_new") in text


def test_list_shows_spend_and_coverage(sign_in, solved):
    text = page(sign_in(Role.COMMITTEE), "plan_list").content.decode()
    assert all(word in text for word in ("十二月采购计划", "215.00 元", "100.0%", "已生成"))


def test_list_is_filtered_by_state(sign_in, solved):
    client = sign_in(Role.PROCUREMENT)
    assert "没有符合条件的计划" in page(client, "plan_list", state="failed").content.decode()
    assert "十二月采购计划" in page(client, "plan_list", state="ready", words="十二月").content.decode()


def test_new_plan_page_says_what_the_case_will_contain(sign_in, ready):
    Feed.objects.filter(institution=ready.t1).update(last_date="2026-11-01")
    text = page(sign_in(Role.PROCUREMENT), "plan_new").content.decode()
    assert all(word in text for word in ("2 家", "3 个", "5 行", "4 条", "3,811.94 元", "1 家机构没有最新数据", "湖熟"))


def test_new_plan_page_without_forecast_cannot_start(world, client):
    client.force_login(world.people[Role.PROCUREMENT])
    text = page(client, "plan_new").content.decode()
    assert "还没有需求预测" in text
    assert "disabled" in text


def test_buyer_starts_a_plan(sign_in, django_capture_on_commit_callbacks):
    client = sign_in(Role.PROCUREMENT)
    with django_capture_on_commit_callbacks(execute=True):
        response = client.post(
            reverse("plan_new"),
            {
                "title": "冬季计划",
                "start": START,
                "end": END,
                "nonwinning_ratio": "0.5",
                "group_limit": "2",
                "total_budget": "1000",
                "time_limit": "30",
                "gap": "0.005",
            },
        )
    plan = Plan.objects.get()
    assert response.headers["Location"] == reverse("plan_detail", args=[plan.pk])
    assert plan.settings == {
        "time_limit": 30,
        "gap": 0.005,
        "seed": 0,
        "total_budget": "1000",
        "nonwinning_ratio": "0.5",
        "group_limit": 2,
    }
    assert jobs.perform(plan.job_id) == "done"


def test_refusal_stays_on_the_form(sign_in):
    response = sign_in(Role.PROCUREMENT).post(
        reverse("plan_new"),
        {"title": "计划", "start": END, "end": START, "nonwinning_ratio": "1", "time_limit": "30", "gap": "0.001"},
    )
    assert "计划终止日应不早于起始日" in response.content.decode()
    assert not Plan.objects.exists()


def test_waiting_plan_shows_progress_and_asks_again(sign_in, draft):
    text = page(sign_in(Role.PROCUREMENT), "plan_detail", draft.pk).content.decode()
    assert reverse("plan_progress", args=[draft.pk]) in text
    assert "排队等待求解" in text
    assert text.count("未开始") == 9


def test_progress_shows_settled_goals_while_solving(sign_in, draft):
    Plan.objects.filter(pk=draft.pk).update(state=PlanState.SOLVING)
    Job.objects.filter(pk=draft.job_id).update(state=JobState.RUNNING, started_at=NOW, progress=40)
    plans.note_goals(draft, [{"name": "短缺急救未满足（患者日）", "value": 12.0, "bound": 11.5, "gap": 0.0417}])
    response = page(sign_in(Role.PROCUREMENT), "plan_progress", draft.pk)
    text = response.content.decode()
    assert "HX-Refresh" not in response.headers
    assert all(word in text for word in ("4.17%", "求解中", "40%"))
    assert text.count("未开始") == 7


def test_progress_of_a_finished_plan_reloads_the_page(sign_in, solved):
    assert page(sign_in(Role.PROCUREMENT), "plan_progress", solved.pk).headers["HX-Refresh"] == "true"


def test_buyer_stops_a_waiting_plan(sign_in, draft):
    client = sign_in(Role.PROCUREMENT)
    client.post(reverse("plan_stop", args=[draft.pk]))
    draft.job.refresh_from_db()
    assert draft.job.state == JobState.STOPPED
    assert "计划未能生成" in page(client, "plan_detail", draft.pk).content.decode()


def test_failed_plan_shows_every_fault(sign_in, draft):
    from formulary.rules.tables import Fault

    plans.fail(
        draft, [Fault("需求", None, "", "", "没有预测"), Fault("机构", None, "", "", "没有机构")], by=None, now=NOW
    )
    text = page(sign_in(Role.PROCUREMENT), "plan_detail", draft.pk).content.decode()
    assert "没有预测" in text
    assert "没有机构" in text


def test_every_tab_opens_without_inline_style(sign_in, solved):
    client = sign_in(Role.PROCUREMENT)
    for key in TABS:
        response, text = tab(client, solved, key)
        assert response.status_code == 200, key
        assert "style=" not in text, key


def test_overview_shows_goals_coverage_and_hand_rule(sign_in, solved):
    text = page(sign_in(Role.PROCUREMENT), "plan_detail", solved.pk).content.decode()
    assert text.count("最优") >= 9
    assert all(word in text for word in ("采购金额按类别", "手工规则", "1 条需求的品规不在在用目录中"))


def test_lines_can_be_searched_and_grouped(sign_in, solved):
    client = sign_in(Role.PROCUREMENT)
    _, found = tab(client, solved, "lines", words="氨氯地平", institution="T1")
    assert "湖熟" in found
    assert "共 <b>1</b> 条" in found
    _, grouped = tab(client, solved, "lines", group="supplier")
    assert all(word in grouped for word in ("国药江宁", "120.00", "县城配送", "95.00"))


def test_live_filter_answers_with_rows_only(sign_in, solved):
    client = sign_in(Role.PROCUREMENT)
    text = client.get(reverse("plan_tab", args=[solved.pk, "lines"]), {"words": "肾上腺素"}, **HTMX).content.decode()
    assert "<html" not in text
    assert "40.00" in text


def test_unknown_tab_and_foreign_plan_are_not_found(sign_in, solved):
    client = sign_in(Role.PROCUREMENT)
    assert tab(client, solved, "nonsense")[0].status_code == 404
    assert page(client, "plan_detail", solved.pk + 99).status_code == 404


def test_institution_sees_its_own_lines_only(sign_in, solved):
    client = sign_in(Role.PHARMACIST)
    _, text = tab(client, solved, "lines")
    assert "共 <b>1</b> 条" in text
    assert "30.00" in text
    assert "县医院" not in text
    overview = page(client, "plan_detail", solved.pk).content.decode()
    assert "湖熟卫生院" in overview
    assert "县人民医院" not in overview
    assert "215.00" not in overview


def test_institution_does_not_reach_what_shows_everybody(sign_in, solved):
    client = sign_in(Role.PHARMACIST)
    assert [tab(client, solved, key)[0].status_code for key in ("checks", "case")] == [404, 404]


def test_institution_does_not_see_unfinished_plans(sign_in, draft):
    client = sign_in(Role.PHARMACIST)
    assert "十二月采购计划" not in page(client, "plan_list").content.decode()
    assert page(client, "plan_detail", draft.pk).status_code == 404


@pytest.mark.parametrize("role", [Role.PHARMACIST, Role.COMMITTEE, Role.BUREAU])
def test_reader_may_not_make_or_stop_plans(sign_in, draft, role):
    client = sign_in(role)
    assert client.get(reverse("plan_new")).status_code == 403
    for name in ("plan_stop", "plan_again"):
        assert client.post(reverse(name, args=[draft.pk])).status_code == 403


def test_plan_is_made_again_on_request_only_by_post(sign_in, solved):
    client = sign_in(Role.PROCUREMENT)
    assert client.get(reverse("plan_again", args=[solved.pk])).status_code == 405
    client.post(reverse("plan_again", args=[solved.pk]))
    assert Plan.objects.filter(title="十二月采购计划（2）").exists()


def test_plan_workbook_opens_with_all_its_sheets(sign_in, solved):
    response = page(sign_in(Role.PROCUREMENT), "plan_download", solved.pk, "plan", "xlsx")
    sheets = book(response)
    assert sheets.sheetnames[:5] == ["汇总", "采购明细", "未满足", "约定量执行", "规则核对"]
    assert sheets["采购明细"].max_row == 1 + PlanLine.objects.count()
    assert "filename*=utf-8''" in response.headers["Content-Disposition"]


def test_case_workbook_is_the_stored_case(sign_in, solved):
    from procurement.optimiser.case import case_sha256

    response = page(sign_in(Role.PROCUREMENT), "plan_download", solved.pk, "case", "xlsx")
    assert case_sha256(read_case(response.content)) == solved.case_sha256


def test_plan_json_has_the_promised_shape(sign_in, solved):
    data = json.loads(page(sign_in(Role.PROCUREMENT), "plan_download", solved.pk, "plan", "json").content)
    assert set(data) >= {"status", "goals", "lines", "unmet", "commitments", "seconds", "replay"}
    assert (len(data["goals"]), len(data["lines"])) == (9, 4)


def test_supplier_workbook_has_a_sheet_per_supplier(sign_in, solved):
    sheets = book(page(sign_in(Role.PROCUREMENT), "plan_download", solved.pk, "suppliers", "xlsx"))
    assert sheets.sheetnames == ["供应商汇总", "国药江宁", "县城配送"]
    assert [cell.value for cell in sheets["县城配送"][2]][8:] == [10, 280, 9.5, 95]


def test_institution_takes_away_its_own_orders_and_nothing_else(sign_in, solved):
    client = sign_in(Role.PHARMACIST)
    sheets = book(page(client, "plan_download", solved.pk, "suppliers", "xlsx"))
    assert sheets.sheetnames == ["供应商汇总", "国药江宁"]
    assert sheets["国药江宁"].max_row == 2
    for kind, ending in (("plan", "xlsx"), ("plan", "json"), ("case", "xlsx"), ("other", "xlsx")):
        assert page(client, "plan_download", solved.pk, kind, ending).status_code == 404


PAGES = [("plan_list", ""), ("plan_new", ""), *(("plan_tab", key) for key in TABS)]


def counted(client, plan, name, key):
    with CaptureQueriesContext(connection) as queries:
        page(client, name, *([plan.pk, key] if key else []))
    return len(queries)


def multiply(plan, world, by):
    """More plans, and more lines and unmet needs in this one."""
    line, first = plan.lines.first(), plan.lines.count()
    for number in range(first, first + by):
        line.pk, line.supplier_code = None, f"X{number}"
        line.save()
        drug = Presentation.objects.get(code="M1")
        drug.pk, drug.code = None, f"MX{number}"
        drug.save()
        Unmet.objects.create(
            plan=plan, institution=world.t1, presentation=drug, quantity=1, need_class="其他", reason="预算用完"
        )
        copy = Plan.objects.get(pk=plan.pk)
        copy.pk, copy.title = None, f"计划 {number}"
        copy.save()


@pytest.mark.parametrize("role", [Role.PROCUREMENT, Role.PHARMACIST])
def test_pages_ask_as_many_questions_for_much_as_for_little(sign_in, solved, ready, role):
    client = sign_in(role)
    multiply(solved, ready, 1)
    little = {place: counted(client, solved, *place) for place in PAGES}
    multiply(solved, ready, 12)
    much = {place: counted(client, solved, *place) for place in PAGES}
    assert {place: count for place, count in much.items() if count > little[place]} == {}
