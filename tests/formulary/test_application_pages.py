"""The pages of applications, of the committee and of 缺药登记: what each shows, refuses and keeps."""

import datetime as dt

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from config.access import Role
from formulary.actions import applications, committee, drug_requests
from formulary.models import (
    Adjustment,
    Body,
    Deputy,
    DrugRequest,
    EntryLink,
    Expert,
    ListEdition,
    ListEntry,
    Medicine,
    Presentation,
    RuleValue,
    Seat,
)
from formulary.rules.adjustment_life import Kind
from formulary.rules.evidence import PriceRow, UseRow
from tests.conftest import NOW
from tests.formulary.governance import FULL, draft, govern

PDF = b"%PDF-1.7 evidence"


def used(alliance, presentations, on, **more):
    return [UseRow(alliance.institutions.get(code="T1").pk, pk, on.replace(day=1), 1234) for pk in presentations or ()]


def priced(alliance, presentations, on, **more):
    from decimal import Decimal

    return [PriceRow(pk, 1, Decimal("12.00"), 24, "黄", "非集采", "某配送", "甲药厂") for pk in presentations or ()]


@pytest.fixture(autouse=True)
def sources(settings, tmp_path):
    here = "tests.formulary.test_application_pages"
    settings.EVIDENCE = {"use": f"{here}.used", "price": f"{here}.priced"}
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def world(world):
    return govern(world)


@pytest.fixture
def as_role(world, client):
    def sign_in(role):
        client.force_login(world.people[role])
        return client

    return sign_in


def text_of(response):
    return response.content.decode()


def posted(**more):
    return {**FULL, "restriction": "none", "tier": 1} | more


def test_the_form_shows_what_is_known_with_its_source(world, as_role):
    page = text_of(as_role(Role.PHARMACIST).get(reverse("adjustment_write", args=["add", "M2"])))
    for words in ("1,234 粒", "湖熟 1,234", "12.00", "0.50 元", "目录外", "未见中选"):
        assert words in page, words


def test_an_application_is_saved_as_a_draft_or_handed_in_at_once(world, as_role):
    client, url = as_role(Role.PHARMACIST), reverse("adjustment_write", args=["add", "M2"])
    client.post(url, posted(institution=world.t1.pk))
    assert Adjustment.objects.get().state == "draft"
    client.post(url, posted(institution=world.t1.pk, submit="1"))
    assert Adjustment.objects.first().state == "submitted"


def test_what_is_missing_keeps_the_draft_and_says_so(world, as_role):
    client = as_role(Role.PHARMACIST)
    response = client.post(
        reverse("adjustment_write", args=["add", "M2"]),
        posted(institution=world.t1.pk, reason="短", submit="1"),
        follow=True,
    )
    assert "已保存为草稿，尚未提交：申请理由至少 10 个字" in text_of(response)
    assert "提交前还须补充" in text_of(response)
    assert Adjustment.objects.get().state == "draft"


def test_nobody_applies_for_an_institution_out_of_reach(world, as_role):
    response = as_role(Role.PHARMACIST).post(
        reverse("adjustment_write", args=["add", "M2"]), posted(institution=world.h1.pk)
    )
    assert response.status_code == 422
    assert not Adjustment.objects.exists()


def test_return_answer_and_accept_on_the_page(world, as_role):
    row = applications.submit(draft(world), by=world.people[Role.PHARMACIST], now=NOW)
    url = reverse("adjustment_detail", args=[row.pk])
    office = as_role(Role.SECRETARY)
    assert office.post(reverse("adjustment_act", args=[row.pk, "return"]), {"note": ""}).status_code == 422
    office.post(reverse("adjustment_act", args=[row.pk, "return"]), {"note": "请补充说明书\n与用法"})
    page = text_of(as_role(Role.PHARMACIST).get(url))
    assert "请补充说明书<br>与用法" in page
    client = as_role(Role.PHARMACIST)
    answered = reverse("adjustment_act", args=[row.pk, "submit"])
    assert "请答复退回时提出的问题" in text_of(client.post(answered, {"note": ""}))
    client.post(answered, {"note": "已上传说明书"})
    as_role(Role.SECRETARY).post(reverse("adjustment_act", args=[row.pk, "accept"]), {"note": "齐全"})
    row.refresh_from_db()
    assert row.state == "scoring"


def test_a_blocked_acceptance_keeps_what_was_written_and_asks_for_the_reason(world, as_role):
    Presentation.objects.filter(code="M2").update(needs_cold_chain=True)
    world.alliance.institutions.filter(pk=world.t1.pk).update(cold_capacity=0)
    row = applications.submit(draft(world, lowest_level="基层"), by=world.people[Role.PHARMACIST], now=NOW)
    url = reverse("adjustment_act", args=[row.pk, "accept"])
    response = as_role(Role.SECRETARY).post(url, {"note": "同意受理"})
    assert response.status_code == 422
    assert "同意受理" in text_of(response)
    assert "同意例外的理由" in text_of(response)
    as_role(Role.SECRETARY).post(url, {"exception_cold_chain": "下月配齐冰箱"})
    page = text_of(as_role(Role.SECRETARY).get(reverse("adjustment_detail", args=[row.pk])))
    assert "理由：下月配齐冰箱" in page


@pytest.mark.parametrize("role", [Role.COMMITTEE, Role.AUDITOR, Role.BUREAU, Role.PROCUREMENT])
def test_who_may_only_look_gets_no_button_and_no_way_round_it(world, as_role, role):
    row = applications.submit(draft(world), by=world.people[Role.PHARMACIST], now=NOW)
    client = as_role(role)
    assert "办理过程" in text_of(client.get(reverse("adjustment_detail", args=[row.pk])))
    for verb in ("accept", "return", "refuse", "withdraw", "submit"):
        assert client.post(reverse("adjustment_act", args=[row.pk, verb]), {"note": "x"}).status_code == 403, verb
    row.refresh_from_db()
    assert row.state == "submitted"


def test_a_strange_verb_or_kind_is_not_found(world, as_role):
    row, client = draft(world), as_role(Role.PHARMACIST)
    assert client.post(reverse("adjustment_act", args=[row.pk, "pass"])).status_code == 404
    assert client.get(reverse("adjustment_write", args=["steal", "M2"])).status_code == 404
    assert client.get(reverse("adjustment_new", args=["steal"])).status_code == 404


def test_files_go_up_and_come_down_under_their_own_name(world, as_role):
    row, client = draft(world), as_role(Role.PHARMACIST)
    client.post(reverse("adjustment_attach", args=[row.pk]), {"file": SimpleUploadedFile("说明书.pdf", PDF)})
    response = client.get(reverse("adjustment_file", args=[row.pk, row.files.get().pk]))
    assert b"".join(response.streaming_content) == PDF
    assert "attachment" in response["Content-Disposition"]
    told = client.post(
        reverse("adjustment_attach", args=[row.pk]), {"file": SimpleUploadedFile("a.pdf", b"no")}, follow=True
    )
    assert "内容不是 pdf" in text_of(told)


def test_the_drafts_files_of_another_institution_are_out_of_reach(world, as_role):
    row = draft(world, at=world.h1, by=world.chair)
    file = applications.attach(row, "a.pdf", PDF, by=world.chair, now=NOW)
    assert as_role(Role.PHARMACIST).get(reverse("adjustment_file", args=[row.pk, file.pk])).status_code == 404


def test_the_search_offers_what_the_kind_asks_and_what_only_lists_name(world, as_role):
    edition = ListEdition.objects.create(kind="neml", edition="2026", valid_from=dt.date(2026, 9, 1), imported_at=NOW)
    medicine = Medicine.objects.create(substance="奥司他韦", name="奥司他韦", form_group="口服液体剂", pinyin="astw")
    entry = ListEntry.objects.create(edition=edition, key="1", row=2, name="奥司他韦")
    EntryLink.objects.create(entry=entry, medicine=medicine, form="干混悬剂", how="exact")
    client = as_role(Role.PHARMACIST)
    assert "阿莫西林胶囊" in text_of(client.get(reverse("adjustment_new", args=["add"]) + "?q=阿莫"))
    assert "阿莫西林胶囊" not in text_of(client.get(reverse("adjustment_new", args=["remove"]) + "?q=阿莫"))
    found = text_of(client.get(reverse("adjustment_new", args=["add"]) + "?q=奥司他韦干混悬剂"))
    assert "新建品规" in found
    url = reverse("adjustment_presentation", args=["add", medicine.pk])
    given = {"name": "奥司他韦干混悬剂", "form": "片剂", "strength": "0.36g", "unit": "瓶", "daily_dose": "0.2"}
    assert "属于口服常释剂型，该品种是口服液体剂" in text_of(client.post(url, given))
    response = client.post(url, given | {"form": "干混悬剂"})
    made = Presentation.objects.get(medicine=medicine)
    assert response.url == reverse("adjustment_write", args=["add", made.code])
    assert (made.spec_group, made.code) == ("奥司他韦·口服", "N00001")
    assert "已有品规" in text_of(client.post(url, given | {"form": "干混悬剂", "strength": "360mg"}))
    assert Presentation.objects.filter(medicine=medicine).count() == 1


def test_a_deputy_is_named_and_ended_on_the_page(world, as_role):
    client, today = as_role(Role.HEAD), timezone.localdate()
    given = {"deputy": world.people[Role.PHARMACIST].pk, "valid_from": today, "valid_to": today, "reason": "出差"}
    client.post(reverse("deputy_list"), given)
    row = Deputy.objects.get()
    assert "李强" in text_of(client.get(reverse("deputy_list")))
    assert as_role(Role.COMMITTEE).post(reverse("deputy_end", args=[row.pk])).status_code == 404
    as_role(Role.HEAD).post(reverse("deputy_end", args=[row.pk]))
    row.refresh_from_db()
    assert row.ended_at is not None


def test_the_office_founds_appoints_and_ends_on_the_pages(world, as_role):
    client, today = as_role(Role.SECRETARY), timezone.localdate()
    client.post(reverse("committee_found"), {"kind": "antimicrobial", "name": "抗菌药物工作组", "founded_on": today})
    body = Body.objects.get(kind="antimicrobial")
    member = world.people[Role.COMMITTEE]
    client.post(
        reverse("committee_appoint", args=[body.pk]), {"person": member.pk, "office": "chair", "valid_from": today}
    )
    seat = Seat.objects.get(body=body)
    assert "王芳" in text_of(client.get(reverse("committee_body", args=[body.pk])))
    again = client.post(
        reverse("committee_appoint", args=[body.pk]), {"person": member.pk, "office": "member", "valid_from": today}
    )
    assert "在此期间已有席位" in text_of(again)
    client.post(reverse("committee_end", args=[seat.pk]), {"on": today, "reason": "调离"})
    seat.refresh_from_db()
    assert seat.valid_to == today


def test_a_rule_is_changed_by_a_new_row_and_its_history_is_shown(world, as_role):
    client, today = as_role(Role.SECRETARY), timezone.localdate()
    url = reverse("committee_rule", args=["pass_share"])
    given = {"value": "3/5", "valid_from": today, "document": "药事〔2026〕9号", "confirmed_by": "刘洋"}
    assert "应为分数" in text_of(client.post(url, given | {"value": "六成"}))
    client.post(url, given)
    assert RuleValue.objects.get().value == "3/5"
    page = text_of(client.get(reverse("committee_charter")))
    assert "药事〔2026〕9号" in page
    assert "未确认" in page
    assert as_role(Role.COMMITTEE).get(url).status_code == 403


def test_experts_are_added_drawn_and_the_draw_can_be_read_by_all(world, as_role):
    client = as_role(Role.SECRETARY)
    for k in range(3):
        client.post(
            reverse("committee_experts"),
            {"name": f"专家{k}", "title": "主任药师", "unit": "市一院", "specialty": "药学"},
        )
    left_out = Expert.objects.get(name="专家0")
    response = client.post(
        reverse("committee_draw"), {"purpose": "评分", "wanted": 2, f"conflict_{left_out.pk}": "受聘于企业"}
    )
    page = text_of(as_role(Role.BUREAU).get(response.url))
    assert page.count("抽中") == 2
    assert "受聘于企业" in page
    assert "可抽取的专家只有" in text_of(
        as_role(Role.SECRETARY).post(reverse("committee_draw"), {"purpose": "评分", "wanted": 9})
    )


def test_a_township_registers_answers_and_closes_on_the_pages(world, as_role):
    client = as_role(Role.PHARMACIST)
    assert "目录外" in text_of(client.get(reverse("request_new") + "?q=阿莫西林"))
    given = {"institution": world.t1.pk, "code": "M2", "name": "阿莫西林胶囊", "strength": "0.25g", "quantity": 24, "unit": "粒",
             "contact": "13800001234"}  # fmt: skip
    assert client.post(reverse("request_new"), given | {"quantity": 0}).status_code == 422
    client.post(reverse("request_new"), given)
    row = DrugRequest.objects.get()
    assert row.presentation == world.drugs["M2"]
    url = reverse("request_detail", args=[row.pk])
    assert "13800001234" in text_of(client.get(url))
    assert "138****1234" in text_of(as_role(Role.PROCUREMENT).get(url))
    assert "联系方式" not in text_of(as_role(Role.COMMITTEE).get(url))
    assert as_role(Role.COMMITTEE).post(reverse("request_act", args=[row.pk, "purchase"])).status_code == 403
    as_role(Role.PROCUREMENT).post(reverse("request_act", args=[row.pk, "purchase"]), {"note": ""})
    client = as_role(Role.PHARMACIST)
    client.post(reverse("request_act", args=[row.pk, "deliver"]), {"note": ""})
    client.post(reverse("request_act", args=[row.pk, "collect"]), {"note": ""})
    page = text_of(client.get(url))
    assert "已清除" in page
    assert "13800001234" not in page


def test_a_written_name_that_is_not_the_chosen_drug_stays_a_name(world, as_role):
    given = {
        "institution": world.t1.pk,
        "code": "M2",
        "name": "板蓝根颗粒",
        "strength": "10g",
        "quantity": 3,
        "unit": "袋",
    }
    as_role(Role.PHARMACIST).post(reverse("request_new"), given)
    assert DrugRequest.objects.get().presentation is None


def test_one_click_drafts_an_application_out_of_the_registrations(world, as_role):
    for role, place in ((Role.PHARMACIST, world.t1), (Role.HEAD, world.h1)):
        drug_requests.register(
            world.alliance, institution=place, name="阿莫西林胶囊", strength="0.25g", quantity=10, unit="粒",
            presentation=world.drugs["M2"], by=world.people[role], now=NOW,
        )  # fmt: skip
    client = as_role(Role.SECRETARY)
    page = text_of(client.get(reverse("request_summary")))
    assert "起草调入申请" in page
    key = f"p{world.drugs['M2'].pk}·粒"
    response = client.post(reverse("request_draft"), {"key": key, "code": "M2"})
    made = Adjustment.objects.get()
    assert response.url == reverse("adjustment_edit", args=[made.pk])
    assert (made.kind, made.monthly_use, made.requests.count()) == (Kind.ADD, 20, 2)
    assert "已有申请" in text_of(client.get(reverse("request_summary")))
    assert "起草" not in text_of(as_role(Role.PHARMACIST).get(reverse("request_summary")))


def test_the_formulary_page_shows_what_may_be_used_for_a_time(world, as_role):
    from formulary.actions import emergency

    now = timezone.now()
    until = timezone.localdate() + dt.timedelta(days=30)
    row = applications.create(
        world.alliance, kind=Kind.EMERGENCY, institution=world.t1, presentation=world.drugs["M2"],
        by=world.people[Role.PHARMACIST], now=now, **FULL | {"until": until, "quantity": 48},
    )  # fmt: skip
    applications.submit(row, by=row.applicant, now=now)
    client = as_role(Role.HEAD)
    assert "批准临时使用" in text_of(client.get(reverse("adjustment_detail", args=[row.pk])))
    client.post(reverse("adjustment_act", args=[row.pk, "approve"]), {"note": "同意"})
    page = text_of(client.get(reverse("version_current")))
    assert "临时使用" in page
    assert row.number in page
    emergency.end_early(row, by=world.people[Role.SECRETARY], now=now - dt.timedelta(days=1), note="撤回")
    assert "临时使用" not in text_of(client.get(reverse("version_current")))


@pytest.mark.parametrize("name", ["adjustment_list", "request_list"])
def test_an_answer_to_a_filter_is_the_rows_only(world, as_role, name):
    draft(world)
    response = as_role(Role.PHARMACIST).get(reverse(name), headers={"HX-Request": "true"})
    assert b"<html" not in response.content


def test_an_alliance_without_a_committee_says_what_to_do(world, as_role):
    committee.dissolve_body(world.body, on=timezone.localdate(), by=world.people[Role.SECRETARY], now=timezone.now())
    assert "设立委员会" in text_of(as_role(Role.SECRETARY).get(reverse("committee_index")))
    assert "由委员会秘书设立" in text_of(as_role(Role.BUREAU).get(reverse("committee_index")))
