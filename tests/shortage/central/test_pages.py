"""The pages of the central store as each side sees them, and the papers."""

import io

import pytest
from docx import Document
from openpyxl import load_workbook

from shortage.actions import runs, transfers
from shortage.models import CentralStore, DeliveryRun
from tests.conftest import NOW, TODAY


@pytest.fixture
def run(store):
    return runs.open_run(TODAY, "北线", by=store.officer, now=NOW)


@pytest.fixture(autouse=True)
def _clock(monkeypatch):
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW)


def test_without_a_store_the_purchaser_is_asked_which_it_is(store, client):
    CentralStore.objects.all().delete()
    client.force_login(store.officer)
    page = client.get("/central/").content.decode()
    assert "还没有设定中心药房" in page
    client.post("/central/mark/", {"institution": store.c.pk})
    assert CentralStore.objects.get().institution == store.c
    client.force_login(store.asking)
    assert client.post("/central/mark/", {"institution": store.h1.pk}).status_code == 403


def test_the_stock_page_says_what_is_free_and_who_needs_it(store, client):
    client.force_login(store.asking)
    page = client.get("/central/").content.decode()
    assert "氨氯地平片" in page
    assert "湖熟" in page
    assert "拟定配送" not in page
    part = client.get("/central/?show=short", headers={"HX-Request": "true"}).content.decode()
    assert "没有符合条件的库存" in part or "氨氯地平片" in part


def test_a_run_is_planned_from_the_page_and_faults_stay_in_the_form(store, client):
    client.force_login(store.officer)
    wrong = client.post("/central/plan/", {"on": "2026-01-01", "route": "北线"})
    assert wrong.status_code == 422
    assert "配送日应不早于今天" in wrong.content.decode()
    made = client.post("/central/plan/", {"on": str(TODAY), "route": "北线", "institutions": [store.t1.pk]})
    run = DeliveryRun.objects.get()
    assert made.headers["Location"] == f"/central/runs/{run.pk}/"
    page = client.get("/central/runs/").content.decode()
    assert run.number in page


def test_a_line_is_changed_with_a_reason_and_another_added(store, client, run):
    client.force_login(store.officer)
    row = run.allocations.get()
    page = client.get(f"/central/runs/{run.pk}/?line={row.pk}").content.decode()
    assert "建议" in page
    wrong = client.post(f"/central/runs/{run.pk}/lines/{row.pk}/", {"packs": 999, "reason": "多发"})
    assert wrong.status_code == 422
    assert "可分配" in wrong.content.decode()
    client.post(f"/central/runs/{run.pk}/lines/{row.pk}/", {"packs": 2, "reason": "路远"})
    given = {"institution": store.t2.pk, "product": store.products["M1-P1"].pk, "packs": 1, "reason": "义诊"}
    client.post(f"/central/runs/{run.pk}/add/", given)
    assert sorted(run.allocations.values_list("quantity", flat=True)) == [28, 56]
    assert client.post(f"/central/runs/{run.pk}/add/", given | {"packs": 500}).status_code == 422


def test_the_way_of_a_run_on_its_page_and_its_papers(store, client, run):
    act = f"/central/runs/{run.pk}/act"
    client.force_login(store.officer)
    client.post(f"{act}/propose/")
    refused = client.post(f"{act}/confirm/", follow=True).content.decode()
    assert "只有中心药房" in refused
    assert client.get(f"/central/runs/{run.pk}/file/xlsx/").status_code == 404
    client.force_login(store.keeper)
    client.post(f"{act}/confirm/")
    assert "湖熟 尚未签字" in client.post(f"{act}/load/", follow=True).content.decode()
    leg = run.legs.get()
    transfers.sign(leg, by=store.asking, now=NOW)
    client.post(f"{act}/load/")
    run.refresh_from_db()
    assert run.state == "moving"
    book = load_workbook(io.BytesIO(client.get(f"/central/runs/{run.pk}/file/xlsx/").content))
    assert book.sheetnames == ["拣货单", "湖熟"]
    assert [cell.value for cell in book["拣货单"][2]][:4] == ["氨氯地平片", "5mg", "甲药厂", "early"]
    paper = Document(io.BytesIO(client.get(f"/central/runs/{run.pk}/file/docx/").content))
    words = "\n".join(line.text for line in paper.paragraphs)
    assert run.number in words
    assert "接收机构签字：李强" in words
    assert client.get(f"/central/runs/{run.pk}/file/pdf/").status_code == 404
    client.force_login(store.asking)
    page = client.get(f"/central/runs/{run.pk}/").content.decode()
    assert leg.number in page
    assert "查看配送单" in client.get(f"/transfers/{leg.pk}/").content.decode()
    client.force_login(store.hengxi)
    assert client.get(f"/central/runs/{run.pk}/").status_code == 404


def test_a_draft_is_cancelled_with_a_reason(store, client, run):
    client.force_login(store.officer)
    assert "请写明取消配送的原因" in client.post(f"/central/runs/{run.pk}/act/cancel/", follow=True).content.decode()
    client.post(f"/central/runs/{run.pk}/act/cancel/", {"reason": "改到下周"})
    run.refresh_from_db()
    assert (run.state, run.outcome) == ("cancelled", "改到下周")
    assert client.post(f"/central/runs/{run.pk}/act/fly/").status_code == 404


def test_a_store_without_patients_is_never_late_and_buys_nothing_itself(store):
    from shortage.queries import feed_states, gives_only

    store.c.feeds.filter(kind="consumption").delete()
    assert gives_only(store.alliance) == {store.c.pk}
    assert store.c.pk not in {state.institution.pk for state in feed_states(store.alliance, TODAY) if state.late}
