"""Orders by file and API, rows by hand, and files too thin to be a report."""

import datetime as dt

import orjson
import pandas as pd
import pytest
from django.utils import timezone

from config.access import Role
from formulary.queries import scope_of
from formulary.rules.tables import DataRefused
from shortage.actions import api_intake, facts, hand, intake, tokens
from shortage.models import Consumption, ExpectedReceipt, Feed, Intake, Receipt, StockLevel
from shortage.queries import stock as stock_queries
from shortage.rules.stock_file import Kind
from tests.conftest import NOW

TODAY = dt.date(2026, 11, 21)
ORDERS = "机构编码,药品编码,订单号,数量,下单日期,预计到货日,供应商名称\n"


def previewed(world, text, name="在途.csv"):
    return intake.preview(text.encode(), name=name, catalogue=stock_queries.catalogue(world.alliance), today=TODAY)


def accepted(world, text):
    return intake.accept(previewed(world, text), alliance=world.alliance, by=None, now=NOW)


def frame(world, place, items, date):
    rows = [
        {"institution_id": place.pk, "presentation_id": world.drugs[code].pk, "date": date, "quantity": q}
        for code, q in items
    ]
    return pd.DataFrame(rows)


def test_orders_come_by_file_are_corrected_by_the_next_and_taken_back(world):
    first = accepted(world, ORDERS + "T1,M1,PO1,280,2026-11-18,2026-11-24,惠民医药\n")
    assert first.counts["rows"]["orders"]["created"] == 1
    second = accepted(world, ORDERS + "T1,M1,PO1,560,2026-11-18,,惠民医药\nT1,M2,PO2,48,2026-11-20,,\n")
    assert second.counts["rows"]["orders"] | {} == {
        "created": 1, "updated": 1, "unchanged": 0, "removed": 0, "rejected": 0,
    }  # fmt: skip
    order = ExpectedReceipt.objects.get(reference="PO1")
    assert (order.quantity, order.due_on, order.supplier_name) == (560, None, "惠民医药")
    intake.undo(second, by=world.people[Role.PROCUREMENT], now=NOW)
    order.refresh_from_db()
    assert (order.quantity, order.due_on, order.state) == (280, dt.date(2026, 11, 24), "open")
    assert ExpectedReceipt.objects.get(reference="PO2").state == "cancelled"


def test_same_orders_again_change_nothing(world):
    text = ORDERS + "T1,M1,PO1,280,2026-11-18,2026-11-24,惠民医药\n"
    accepted(world, text)
    assert "不会更改任何内容" in previewed(world, text).effect.sentence


def test_orders_refuse_what_cannot_be(world):
    text = ORDERS + "T1,M1,,280,2026-11-18,2026-11-24,\nT1,M1,PO3,0,2026-11-18,2026-11-10,\n"
    told = [(fault.row, fault.column, fault.expected) for fault in previewed(world, text).faults]
    assert (2, "订单号", "不能为空：在途按订单号识别，到货时据此核销") in told
    assert (3, "数量", "在途数量应大于 0") in told
    assert any(column == "预计到货日" and "不早于下单日期" in words for _, column, words in told)


def test_receipt_by_file_settles_the_order(world):
    accepted(world, ORDERS + "T1,M1,PO1,280,2026-11-10,,\n")
    text = "机构编码,药品编码,数量,日期,订单号\nT1,M1,280,2026-11-20,PO1\n"
    done = intake.accept(previewed(world, text, "到货.csv"), alliance=world.alliance, by=None, now=NOW)
    assert Receipt.objects.get().quantity == 280
    assert ExpectedReceipt.objects.get().arrived_on == dt.date(2026, 11, 20)
    intake.undo(done, by=world.people[Role.PROCUREMENT], now=NOW)
    assert ExpectedReceipt.objects.get().state == "open"


def test_orders_come_by_the_interface_too(world):
    tokens.issue(world.t1, "HIS", by=None, now=NOW)
    row = {"drug": "M1", "order": "PO9", "quantity": 56, "date": "2026-11-20", "due": "2026-11-26"}
    answer, _ = api_intake.receive(
        Kind.ORDERS, orjson.dumps([row, {**row, "order": ""}]), token=world.t1.tokens.get(), key="", now=NOW
    )
    assert [one["status"] for one in answer["rows"]] == ["created", "rejected"]
    assert ExpectedReceipt.objects.get().institution == world.t1


@pytest.fixture
def reporting(world):
    """T1 reported 10 items three days ago."""
    from formulary.models import Presentation

    drugs = Presentation.objects.bulk_create(
        Presentation(
            medicine=world.drugs["M1"].medicine, code=f"X{k}", name=f"药{k}", form="片", strength="1mg", unit="片"
        )
        for k in range(10)
    )
    world.drugs |= {drug.code: drug for drug in drugs}
    made = Intake.objects.create(alliance=world.alliance, source="file", name="盘存", received_at=NOW)
    before = TODAY - dt.timedelta(days=3)
    items = [(drug.code, 50) for drug in drugs]
    facts.put_stock(frame(world, world.t1, items, before), intake=made, complete=True, now=NOW)
    facts.put_consumption(frame(world, world.t1, items, before), intake=made, now=NOW)
    return world


def test_thin_file_dated_today_is_asked_about_and_a_whole_one_is_not(reporting):
    head = "机构编码,药品编码,数量,日期\n"
    thin = previewed(reporting, head + "T1,X0,40,2026-11-21\n", "库存.csv")
    assert thin.effect.warnings[0].startswith(
        "湖熟：本文件只含 1 项库存（该机构共 10 项），却会把数据到达日由 11-18 改为 11-21"
    )
    whole = previewed(reporting, head + "".join(f"T1,X{k},40,2026-11-21\n" for k in range(9)), "库存.csv")
    assert whole.effect.warnings == []
    back = previewed(reporting, head + "T1,X0,40,2026-11-17\n", "库存.csv")
    assert back.effect.warnings == []


def entered(world, kind, **values):
    person = world.people[Role.PHARMACIST]
    given = {"机构编码": "T1", "药品编码": "X0", "数量": "12", "日期": "2026-11-21"} | values
    scope = scope_of(person, "import_stock")
    return hand.enter(kind, given, scope=scope, by=person, now=NOW, today=TODAY)


def test_one_item_by_hand_is_written_and_does_not_make_the_institution_look_fresh(reporting):
    entered(reporting, Kind.STOCK)
    assert StockLevel.objects.get(date=TODAY).quantity == 12
    assert Feed.objects.get(kind="stock").last_date == TODAY - dt.timedelta(days=3)
    entered(reporting, Kind.STOCK, 药品编码="X1")
    assert Feed.objects.get(kind="stock").last_date == TODAY


def test_hand_entry_can_be_taken_back(reporting):
    made = entered(reporting, Kind.CONSUMPTION, 日期="2026-11-18")
    assert Consumption.objects.filter(superseded_by=None, presentation=reporting.drugs["X0"]).get().quantity == 12
    intake.undo(made, by=reporting.people[Role.PHARMACIST], now=NOW)
    assert Consumption.objects.filter(superseded_by=None, presentation=reporting.drugs["X0"]).get().quantity == 50


def test_hand_entry_names_every_fault_and_writes_nothing(reporting):
    with pytest.raises(DataRefused) as refused:
        entered(reporting, Kind.ORDERS, 药品编码="没有", 数量="-3")
    assert {fault.column for fault in refused.value.faults} == {"药品编码", "数量", "订单号"}
    assert not Intake.objects.filter(source="hand").exists()


def test_form_shows_faults_at_their_fields_and_takes_an_order(reporting, client):
    today = timezone.localdate().isoformat()
    client.force_login(reporting.people[Role.PHARMACIST])
    row = {"institution": "T1", "drug": "X0", "quantity": "三", "date": today, "order": "PO7", "due": "2099-01-01"}
    refused = client.post("/stock/entry/orders/", row)
    assert refused.status_code == 422
    assert "值“三”有误" in refused.content.decode()
    assert client.post("/stock/entry/orders/", row | {"quantity": "30"}).status_code == 302
    assert ExpectedReceipt.objects.get().intake.source == "hand"
    assert client.get("/stock/entry/whatever/").status_code == 404
