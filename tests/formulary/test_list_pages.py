"""The policy-list pages: what is there, what a new file would change, and that nothing is written before a person agrees."""

import datetime as dt
import io

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from config.access import Role
from formulary.actions import jobs, list_uploads
from formulary.models import Alliance, Event, Job, ListEdition, ListEntry, ListUpload
from tests.conftest import NOW
from tests.formulary.lists import NEML, NRDL, PIECES_LIST, bring_in, bring_in_all

State = ListUpload.State


@pytest.fixture
def secretary(world, client, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    client.force_login(world.people[Role.SECRETARY])
    return client


def send(client, text, name="目录.csv", **given):
    content = text if isinstance(text, bytes) else text.encode()
    given = {"kind": "nrdl", "edition": "2024", "valid_from": "2025-01-01", "document": "医保发〔2024〕33号"} | given
    return client.post(reverse("list_import"), given | {"file": SimpleUploadedFile(name, content)}, follow=True)


def page(client, name, *args, **query):
    return client.get(reverse(name, args=args), query).content.decode()


# --- looking


def test_index_shows_every_kind_with_its_editions_and_who_imported_them(secretary, world):
    bring_in("nrdl", by=world.people[Role.SECRETARY], document="医保发〔2024〕33号")
    bring_in("neml")
    shown = page(secretary, "list_index")
    for word in (
        "医保发〔2024〕33号",
        "周敏",
        "现行",
        "nrdl.csv",
        "待审 1",
        "集采约定采购量",
        "还没有导入过：集采中选结果",
    ):
        assert word in shown
    assert ListEdition.objects.get(kind="nrdl").source_sha256[:10] in shown


def test_index_says_which_list_has_no_edition_in_force(secretary):
    bring_in("nrdl", valid_to=dt.date(2025, 12, 31))
    bring_in("nrdl", PIECES_LIST, edition="2025 饮片")  # in force, but says nothing of western drugs
    shown = page(secretary, "list_index")
    assert "国家基本药物目录、国家医保药品目录、集采中选结果 在今天没有有效版本" in shown
    assert "已失效" in shown


def test_index_asks_the_same_number_of_questions_for_any_number_of_editions(secretary):
    bring_in_all()
    with CaptureQueriesContext(
        connection,
    ) as few:
        page(secretary, "list_index")
    for year in range(2025, 2029):
        bring_in("nrdl", edition=str(year), valid_from=dt.date(year, 2, 1))
    with CaptureQueriesContext(connection) as many:
        page(secretary, "list_index")
    assert len(many) == len(few)


def test_entries_can_be_searched_and_lead_to_drugs(secretary, world):
    bring_in("nrdl")
    edition = ListEdition.objects.get()
    shown = page(secretary, "list_edition", edition.pk, q="氨氯地平")
    assert reverse("drug_detail", args=["M1"]) in shown
    assert "名称相同" in shown
    assert "肾上腺素" not in shown
    assert "没有符合条件的条目" in page(secretary, "list_edition", edition.pk, match="waiting")
    assert "艾普拉唑" in page(secretary, "list_edition", edition.pk, section="谈判西药")


def test_waiting_entry_leads_the_secretary_to_its_question(secretary, world):
    bring_in("nrdl")
    bring_in("neml")
    edition = ListEdition.objects.get(kind="neml")
    assert "/matches/" in page(secretary, "list_edition", edition.pk, match="waiting")
    secretary.force_login(world.people[Role.COMMITTEE])
    assert 'href="/matches/' not in page(secretary, "list_edition", edition.pk, match="waiting")


def test_entries_need_a_constant_number_of_queries(secretary):
    bring_in("nrdl", NRDL.split("\n")[0] + "\n" + NRDL.split("\n")[1] + "\n")
    edition = ListEdition.objects.get()
    with CaptureQueriesContext(connection) as few:
        page(secretary, "list_edition", edition.pk)
    bring_in("nrdl")
    with CaptureQueriesContext(connection) as many:
        page(secretary, "list_edition", edition.pk)
    assert len(many) == len(few)


def test_reader_sees_lists_and_cannot_import(secretary, world):
    secretary.force_login(world.people[Role.HEAD])
    assert reverse("list_import") not in page(secretary, "list_index")
    assert secretary.get(reverse("list_import")).status_code == 403


# --- importing


def test_preview_writes_nothing(secretary):
    answer = send(secretary, NRDL)
    assert "检查无误，尚未写入" in answer.content.decode()
    assert "谈判" in answer.content.decode()
    assert not ListEntry.objects.exists()
    assert not Event.objects.filter(verb="导入政策目录").exists()


def test_confirmed_file_is_imported_once_and_then_unchanged(secretary, world):
    send(secretary, NRDL)
    upload = ListUpload.objects.get()
    accept = reverse("list_import_accept", args=[upload.pk])
    assert "已导入" in secretary.post(accept, follow=True).content.decode()
    assert ListEntry.objects.count() == 6
    secretary.post(accept)
    assert ListEntry.objects.count() == 6
    event = Event.objects.get(verb="导入政策目录")
    assert (event.by, event.data["file"]) == (world.people[Role.SECRETARY].username, "目录.csv")
    again = send(secretary, NRDL).content.decode()
    assert "没有变化" in again
    assert "确认导入</button>" not in again


def test_changed_row_is_shown_old_and_new_whole(secretary):
    bring_in("nrdl")
    shown = send(secretary, NRDL.replace("63.00元(10mg/支)", "61.50元(10mg/支)")).content.decode()
    assert "<del>63.00元(10mg/支)</del>" in shown
    assert "<ins>61.50元(10mg/支)</ins>" in shown
    assert ListUpload.objects.get().effect["counts"]["changed"] == 1


def test_all_faults_are_shown_at_once_and_the_file_is_not_kept(secretary, tmp_path):
    bad = NRDL.replace("甲,407", "丙,407").replace("乙,1212", "丁,1212").replace("2025年12月31日", "年底")
    shown = send(secretary, bad).content.decode()
    assert "共 3 处" in shown
    assert all(word in shown for word in ("丙", "丁", "年底"))
    upload = ListUpload.objects.get()
    assert (upload.state, bool(upload.file), list(tmp_path.glob("lists/*"))) == (State.FAULTY, False, [])
    assert not ListEntry.objects.exists()
    refused = secretary.post(reverse("list_import_accept", args=[upload.pk]), follow=True)
    assert "不能导入" in refused.content.decode()


def test_edition_with_other_dates_is_a_fault_of_the_file(secretary):
    bring_in("nrdl")
    assert "有效期不能改动" in send(secretary, NRDL, valid_from="2025-02-01").content.decode()


def test_form_names_what_is_missing(secretary):
    answer = send(secretary, NRDL, kind="", edition="", valid_from="2025-01-01", valid_to="2024-01-01")
    assert answer.status_code == 422
    assert "失效日不能早于生效日" in answer.content.decode()
    assert not ListUpload.objects.exists()


def test_workbook_and_chinese_encoding_are_taken(secretary):
    send(secretary, NRDL.encode("gb18030"))
    book = openpyxl.Workbook()
    for line in PIECES_LIST.splitlines():
        book.active.append(line.split(","))
    raw = io.BytesIO()
    book.save(raw)
    shown = send(secretary, raw.getvalue(), name="饮片.xlsx").content.decode()
    assert "不影响药品状态" in shown
    assert [u.effect["counts"]["new"] for u in ListUpload.objects.order_by("pk")] == [6, 3]


def test_thin_file_that_would_replace_a_list_is_questioned(secretary):
    bring_in("nrdl")
    short = "\n".join(NRDL.splitlines()[:2]) + "\n"
    shown = send(secretary, short, edition="2026", valid_from="2026-01-01").content.decode()
    assert "“西药”部分此文件只有 1 条，现有版本“2024”有 5 条" in shown
    assert "是整版，还是增补" not in send(secretary, short).content.decode()


def test_preview_that_no_longer_holds_is_shown_again(secretary):
    send(secretary, NRDL)
    bring_in("nrdl")
    answer = secretary.post(reverse("list_import_accept", args=[ListUpload.objects.get().pk]), follow=True)
    assert "预览之后目录已有变化" in answer.content.decode()
    assert ListUpload.objects.get().effect["counts"]["unchanged"] == 6
    assert Event.objects.filter(verb="导入政策目录").count() == 1


def test_file_of_another_alliance_is_not_found(secretary, world):
    other = Alliance.objects.create(code="XX", name="别处", region_code="320116")
    send(secretary, NEML, kind="neml", edition="2026")
    upload = ListUpload.objects.get()
    ListUpload.objects.update(alliance=other)
    assert secretary.get(reverse("list_import_detail", args=[upload.pk])).status_code == 404
    assert secretary.post(reverse("list_import_accept", args=[upload.pk])).status_code == 404
    assert "目录.csv" not in page(secretary, "list_import")


def test_large_file_is_checked_and_imported_by_jobs(secretary, monkeypatch):
    monkeypatch.setattr(list_uploads, "ROWS_AT_ONCE", 3)
    assert "正在处理" in send(secretary, NRDL).content.decode()
    upload = ListUpload.objects.get()
    assert (upload.state, ListEntry.objects.count()) == (State.CHECKING, 0)
    assert jobs.perform(upload.job_id) == "done"
    assert "尚未写入" in page(secretary, "list_import_detail", upload.pk)
    secretary.post(reverse("list_import_accept", args=[upload.pk]))
    assert ListEntry.objects.count() == 0
    job = Job.objects.latest("pk")
    assert jobs.perform(job.pk) == "done"
    job.refresh_from_db()
    assert (job.result["link"], ListEntry.objects.count()) == (reverse("list_import_detail", args=[upload.pk]), 6)
    assert jobs.perform(job.pk) == ""


def test_import_broken_off_by_its_worker_can_be_confirmed_again(secretary, world, monkeypatch):
    monkeypatch.setattr(list_uploads, "ROWS_AT_ONCE", 3)
    send(secretary, NRDL)
    upload = ListUpload.objects.get()
    list_uploads.check(upload, now=NOW)
    list_uploads.accept(upload, by=world.people[Role.SECRETARY], now=NOW)
    Job.objects.update(state="failed", finished_at=NOW)
    assert "确认导入" in page(secretary, "list_import_detail", upload.pk)
    secretary.post(reverse("list_import_accept", args=[upload.pk]))
    assert jobs.perform(Job.objects.latest("pk").pk) == "done"
    assert ListEntry.objects.count() == 6


def test_file_above_the_limit_is_refused(secretary, monkeypatch):
    monkeypatch.setattr(list_uploads, "LARGEST_BYTES", 10)
    assert "文件应不大于 20 MB" in send(secretary, NRDL).content.decode()
