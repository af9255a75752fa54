"""The pages of versions, drafts, notices and run-down; what is taken away as a file."""

import datetime as dt
import io
import json
from decimal import Decimal

import docx
import openpyxl
import pytest
from django.urls import reverse

from config.access import Role
from formulary.actions import versions
from formulary.models import FormularyVersion
from formulary.queries.notices import unread_notices_of
from formulary.rules.adjustment_life import Kind
from formulary.rules.evidence import PriceRow, StockRow, UseRow
from tests.formulary.releases import AFTER, announced, cleared, drafted, first_version, passed, published_with

MONTHS = [dt.date(2026, month, 1) for month in range(8, 11)]


@pytest.fixture
def first(world):
    return first_version(world)


@pytest.fixture
def second(world, first, evidence):
    """M2 is replaced by M3; the centre holds 300 capsules of which it uses one a day, the hospital uses ten."""
    m2 = world.drugs["M2"].pk
    for month in MONTHS:
        evidence["use"] += [UseRow(world.t1.pk, m2, month, 31 if month.month != 9 else 30)]
        evidence["use"] += [UseRow(world.h1.pk, m2, month, 310 if month.month != 9 else 300)]
    evidence["stock"] += [StockRow(world.t1.pk, m2, 300, dt.date(2027, 1, 9), dt.date(2026, 11, 10))]
    evidence["stock"] += [StockRow(world.h1.pk, m2, 500, dt.date(2027, 6, 30), dt.date(2026, 11, 10))]
    evidence["price"] += [PriceRow(m2, 1, Decimal("12"), 24, "绿", "非中选", "S", "甲厂")]
    evidence["price"] += [PriceRow(world.drugs["M3"].pk, 2, Decimal("2"), 10, "绿", "中选", "S", "乙厂")]
    return published_with(world, passed(world, "M3", Kind.REPLACE, drops="M2"))


@pytest.fixture
def secretary(world, client):
    client.force_login(world.people[Role.SECRETARY])
    return client


def text(answer, status=200):
    assert answer.status_code == status
    return answer.content.decode()


def sheet(answer, name):
    return list(openpyxl.load_workbook(io.BytesIO(answer.content))[name].values)


def test_list_shows_what_holds_and_what_comes(secretary, second):
    page = text(secretary.get(reverse("version_list")))
    assert page.index("第 2 版") < page.index("第 1 版")
    assert "待生效" in page
    assert "在用" in page


def test_a_draft_is_seen_by_who_may_publish_only(world, client, first):
    cleared(world, passed(world, "M3"))
    drafted(world)
    for role, seen in ((Role.SECRETARY, True), (Role.PHARMACIST, False)):
        client.force_login(world.people[role])
        assert ("草案" in text(client.get(reverse("version_list")))) is seen


def test_a_draft_has_no_public_page(world, secretary, first):
    cleared(world, passed(world, "M3"))
    drafted(world)
    assert secretary.get(reverse("version_detail", args=[2])).status_code == 404


def test_version_page_searches_its_entries(secretary, second):
    page = text(secretary.get(reverse("version_detail", args=[2]), {"q": "肾上腺素"}))
    assert "肾上腺素注射液" in page
    assert "氨氯地平片" not in page
    assert "封存完好" in page


def test_changes_say_what_why_and_how_it_was_voted(secretary, second):
    page = text(secretary.get(reverse("version_changes", args=[2])))
    for words in ("调入", "调出", "新列入目录", "基层慢病患者需要", "同意 9、反对 1、弃权 1"):
        assert words in page


@pytest.mark.parametrize(("asked", "seen"), [({"kind": "added"}, "肾上腺素"), ({"q": "阿莫西林"}, "阿莫西林")])
def test_changes_are_filtered(secretary, second, asked, seen):
    page = text(secretary.get(reverse("version_changes", args=[2]), asked))
    assert "共 <b>1</b> 处变化" in page
    assert seen in page


def test_changes_against_any_version_and_back(secretary, second):
    assert "调入" in text(secretary.get(reverse("version_changes", args=[1]), {"since": 2}))
    assert secretary.get(reverse("version_changes", args=[2]), {"since": "x"}).status_code == 200


def test_changes_are_taken_away_as_a_workbook(secretary, second):
    rows = sheet(secretary.get(reverse("version_changes_file", args=[2])), "变化")
    assert rows[0][:6] == ("变化", "药品编码", "通用名", "剂型", "规格", "项目")
    assert {row[1] for row in rows[1:]} == {"M2", "M3"}


def test_drug_page_of_all_versions(secretary, second):
    page = text(secretary.get(reverse("drug_versions", args=["M2"])))
    assert "不在目录" in page
    assert "调出" in page


def test_secretary_drafts_chooses_and_publishes(world, secretary, first):
    row = passed(world, "M3", now=AFTER - dt.timedelta(days=20))
    cleared(world, row, now=AFTER - dt.timedelta(days=20))
    day = dt.date(2099, 1, 1)
    text(secretary.post(reverse("version_draft_begin"), {"effective_from": day}, follow=True))
    draft = FormularyVersion.objects.get(published_at=None)
    page = text(secretary.get(reverse("version_draft")))
    assert "可以发布" in page
    assert "已编入" in page
    secretary.post(reverse("version_draft_take"), {})
    assert "没有要发布的变化" in text(secretary.get(reverse("version_draft")))
    secretary.post(reverse("version_draft_take"), {"pick": [row.pk]})
    given = {"title": "统一用药目录", "effective_from": day, "document": "江宁药事〔2026〕9号", "note": "季度调整"}
    secretary.post(reverse("version_draft_describe"), given)
    page = text(secretary.post(reverse("version_draft_publish"), follow=True))
    draft.refresh_from_db()
    assert draft.is_published
    assert "江宁药事〔2026〕9号" in page


def test_a_refused_publication_says_why(world, secretary, first):
    cleared(world, passed(world, "M3"))
    versions.take(drafted(world, effective=dt.date(2099, 1, 1)), [], by=world.people[Role.SECRETARY], now=AFTER)
    page = text(secretary.post(reverse("version_draft_publish"), follow=True))
    assert "没有要发布的变化" in page


def test_a_correction_is_made_row_by_row(world, secretary, first):
    given = {"base": first.pk, "effective_from": "2099-01-01", "wrong": "阿莫西林级别录错"}
    secretary.post(reverse("version_draft_correct"), given)
    row = {"code": "m2", "does": "set", "lowest_level": "二级", "restriction": "none", "tier": 1, "reason": "应为二级"}
    secretary.post(reverse("version_draft_amend"), row)
    page = text(secretary.get(reverse("version_draft")))
    assert "最低使用级别由“村”改为“二级”" in page
    assert "阿莫西林级别录错" in page
    assert "没有此药品编码" in text(secretary.post(reverse("version_draft_amend"), row | {"code": "X"}, follow=True))


def test_a_bad_beginning_is_told_at_its_field(secretary, first):
    assert "生效日" in text(secretary.post(reverse("version_draft_begin"), {}), 422)
    assert "错在哪里" in text(secretary.post(reverse("version_draft_correct"), {}), 422)
    assert "不早于今天" in text(
        secretary.post(reverse("version_draft_begin"), {"effective_from": "2020-01-01"}, follow=True)
    )


def test_an_institution_confirms_its_notice_and_the_counter_falls(world, client, second):
    pharmacist = world.people[Role.PHARMACIST]
    client.force_login(pharmacist)
    assert unread_notices_of(pharmacist) == 1
    page = text(client.get(reverse("version_notices", args=[2])))
    assert page.count("确认阅知</button>") == 1
    assert "已阅知 <b>0</b> / 2" in page
    mine = second.notices.get(institution=world.t1)
    client.post(reverse("version_notice_read", args=[mine.pk]))
    other = second.notices.get(institution=world.h1)
    assert client.post(reverse("version_notice_read", args=[other.pk])).status_code == 404
    assert unread_notices_of(pharmacist) == 0
    assert "已阅知 <b>1</b> / 2" in text(client.get(reverse("version_notices", args=[2])))


def test_the_official_notice_says_what_changes(secretary, second):
    answer = secretary.get(reverse("version_notice_file", args=[2, "docx"]))
    found = docx.Document(io.BytesIO(answer.content))
    words = [paragraph.text for paragraph in found.paragraphs]
    assert words[0] == "江宁医共体药事管理与药物治疗学委员会"
    assert "关于公布统一用药目录第 2 版（调整）的通知" in words
    assert any("自 2026 年 12 月 1 日起施行" in line for line in words)
    assert [table.rows[1].cells[0].text for table in found.tables] == ["肾上腺素注射液", "阿莫西林胶囊"]


def test_the_notice_workbook_shows_who_has_not_read(secretary, second):
    rows = sheet(secretary.get(reverse("version_notice_file", args=[2, "xlsx"])), "阅知")
    assert [row[2] for row in rows[1:]] == ["未阅知", "未阅知"]


def test_the_run_down_plan_uses_passes_on_and_sends_back(world, second):
    mine = second.run_downs.get(institution=world.t1)
    # one a day until 9 January is 60; the hospital's ten a day for 60 days less its 500 takes 100 more
    assert (mine.quantity, mine.cover_days, mine.use_up, mine.transfer, mine.give_back) == (300, 300, 60, 100, 140)
    assert mine.transfer_to == world.h1
    assert mine.last_order_on == dt.date(2026, 11, 10)


def test_institutions_confirm_their_run_down_and_replanning_keeps_it(world, client, second):
    client.force_login(world.people[Role.PHARMACIST])
    assert "县医院" not in text(client.get(reverse("version_run_down", args=[2]))).split("<tbody>")[1].replace(
        "→ 县医院", ""
    )
    mine = second.run_downs.get(institution=world.t1)
    client.post(reverse("version_run_down_confirm", args=[mine.pk]), {"note": "已联系县医院"})
    client.force_login(world.people[Role.SECRETARY])
    client.post(reverse("version_run_down_again", args=[2]))
    mine.refresh_from_db()
    assert (mine.confirmed_by, mine.note) == (world.people[Role.PHARMACIST], "已联系县医院")
    rows = sheet(client.get(reverse("version_run_down", args=[2]), {"file": "xlsx"}), "消化计划")
    assert len(rows) == 3


def test_a_version_leaves_as_json_csv_and_workbook(secretary, second):
    told = json.loads(secretary.get(reverse("version_file", args=[2, "json"])).content)
    assert told["version"]["number"] == 2
    assert {row["drug"] for row in told["entries"]} == {"M1", "M3"}
    lines = secretary.get(reverse("version_file", args=[2, "csv"])).content.decode("utf-8-sig").splitlines()
    assert len(lines) == 3
    assert len(sheet(secretary.get(reverse("version_file", args=[2, "xlsx"])), "目录")) == 3
    assert secretary.get(reverse("version_file", args=[2, "exe"])).status_code == 404


def test_the_fhir_bundle_is_valid_and_complete(secretary, second):
    from fhir.resources.R4B.bundle import Bundle

    content = secretary.get(reverse("version_file", args=[2, "fhir"])).content
    found = Bundle.model_validate_json(content)
    kinds = [entry.resource.get_resource_type() for entry in found.entry]
    assert sorted(set(kinds)) == ["Basic", "InsurancePlan", "MedicationKnowledge", "Organization"]
    assert (kinds.count("Basic"), kinds.count("MedicationKnowledge")) == (2, 2)
    urls = {entry.fullUrl for entry in found.entry}
    for entry in found.entry:
        if entry.resource.get_resource_type() == "Basic":
            assert entry.resource.subject.reference in urls
            assert entry.resource.extension[0].valueReference.reference in urls
    assert content == secretary.get(reverse("version_file", args=[2, "fhir"])).content


def test_a_replaced_version_ends_the_day_before_the_next(secretary, second):
    content = json.loads(secretary.get(reverse("version_file", args=[1, "fhir"])).content)
    plan = next(e["resource"] for e in content["entry"] if e["resource"]["resourceType"] == "InsurancePlan")
    assert plan["period"] == {"start": "2026-01-01", "end": "2026-11-30"}


def test_consequences_of_applications_and_of_the_draft(world, secretary, first, evidence):
    m2 = world.drugs["M2"].pk
    evidence["use"] += [UseRow(world.t1.pk, m2, dt.date(2026, 10, 1), 240)]
    evidence["price"] += [PriceRow(m2, 1, Decimal("12"), 24, "绿", "非中选", "S", "甲厂")]
    evidence["price"] += [PriceRow(world.drugs["M3"].pk, 2, Decimal("2"), 10, "绿", "中选", "S", "乙厂")]
    row = passed(world, "M3", Kind.REPLACE, drops="M2")
    page = text(secretary.get(reverse("consequences"), {"adjustment": row.pk}))
    for words in ("涉及药品年费用", "120.00 元", "48.00 元", "慢病用药覆盖", "上下用药衔接率", "阿莫西林胶囊 0.25g"):
        assert words in page
    rows = sheet(secretary.get(reverse("consequences"), {"adjustment": row.pk, "file": "xlsx"}), "影响测算")
    cost = next(line for line in rows if line[0] == "涉及药品年费用")
    assert cost[1:4] == (120, 48, -72)
    cleared(world, row)
    drafted(world, effective=dt.date(2099, 1, 1))
    assert "120.00 元" in text(secretary.get(reverse("consequences"), {"draft": 1}))


def test_consequences_name_what_cannot_be_counted(world, secretary, first, evidence):
    row = passed(world, "M1")
    assert "要调入的品规已在目录中" in text(secretary.get(reverse("consequences"), {"adjustment": row.pk}))
    assert secretary.get(reverse("consequences"), {"draft": 1}).status_code == 404
    assert secretary.get(reverse("consequences"), {"meeting": 999}).status_code == 404
    assert secretary.get(reverse("consequences")).status_code == 200


def test_publicity_is_read_without_signing_in_and_names_nobody(world, client, first):
    shown = announced(world, passed(world, "M3", conditions={"lowest_level": "二级", "review_months": 6}))
    page = text(client.get(reverse("publicity_public", args=[shown.slug])))
    for words in (
        "肾上腺素注射液",
        "同意 9、反对 1、弃权 1",
        "最低使用级别 二级；6 个月后复评",
        "2026-11-09",
        "药学部 88",
    ):
        assert words in page
    assert not any(person.name in page for person in world.people.values())
    assert client.get(reverse("publicity_public", args=["nothing"])).status_code == 404


def test_publicity_is_announced_objected_answered_and_ended_from_the_pages(world, client, first):
    row = passed(world, "M3")
    client.force_login(world.people[Role.SECRETARY])
    assert "等待公示" in text(client.get(reverse("publicity_list")))
    given = {"title": "十一月调整公示", "contact": "药学部", "pick": [row.pk]}
    assert "十一月调整公示" in text(client.post(reverse("publicity_announce"), given, follow=True))
    shown = row.publicities.get()
    client.force_login(world.people[Role.PHARMACIST])
    page = text(client.get(reverse("publicity_detail", args=[shown.pk])))
    assert "提出异议" in page
    said = {"adjustment": row.pk, "institution": world.t1.pk, "text": "本院仍需原药"}
    assert "请选择" in text(client.post(reverse("publicity_object", args=[shown.pk]), {}), 422)
    client.post(reverse("publicity_object", args=[shown.pk]), said)
    refused = {**said, "institution": world.h1.pk}
    assert client.post(reverse("publicity_object", args=[shown.pk]), refused).status_code == 422
    client.force_login(world.people[Role.SECRETARY])
    objection = shown.objections.get()
    assert "本院仍需原药" in text(client.get(reverse("publicity_detail", args=[shown.pk])))
    answer = {"outcome": "dismissed", "text": "原药仍可临时采购"}
    assert "原药仍可临时采购" in text(
        client.post(reverse("publicity_answer", args=[objection.pk]), answer, follow=True)
    )
    assert "期满后方可结束" in text(client.post(reverse("publicity_end", args=[shown.pk]), follow=True))
    type(shown).objects.filter(pk=shown.pk).update(opens_on="2026-11-02", closes_on="2026-11-09")
    client.post(reverse("publicity_end", args=[shown.pk]))
    row.refresh_from_db()
    assert row.state == "cleared"


def test_an_unknown_year_is_told_on_the_public_page(world, client, first):
    late = dt.datetime(2029, 9, 28, 3, 0, tzinfo=dt.UTC)
    shown = announced(world, passed(world, "M3", now=late), now=late)
    assert "2029 年放假安排尚未收录" in text(client.get(reverse("publicity_public", args=[shown.slug])))
