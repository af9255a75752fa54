"""Pages of rounds, orders and money: what each reader sees, may do and takes away."""

import io

import openpyxl
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from config.access import Role
from procurement.models import Dispute, NeedLine, NeedReport, Order, PurchaseRound, RoundLine
from procurement.queries import round_duty_count
from tests.conftest import TODAY
from tests.procurement.buying.conftest import Walk
from tests.procurement.world import END, START

HTMX = {"headers": {"HX-Request": "true"}}


@pytest.fixture
def walk(ready):
    return Walk(ready)


def text(response):
    return response.content.decode()


def test_buyer_opens_a_round_from_the_empty_list(sign_in, ready):
    client = sign_in(Role.PROCUREMENT)
    assert reverse("round_new") in text(client.get(reverse("round_list")))
    wrong = client.post(reverse("round_new"), {"title": "轮", "start": END, "end": START, "due": TODAY})
    assert "终止日应不早于起始日" in text(wrong)
    client.post(reverse("round_new"), {"title": "冬季", "start": START, "end": END, "due": END}, follow=True)
    assert PurchaseRound.objects.get().title == "冬季"


@pytest.mark.parametrize("tab", ["overview", "needs", "check", "lines", "orders"])
def test_every_tab_opens_at_every_station(sign_in, walk, tab):
    client = sign_in(Role.PROCUREMENT)
    for carry in (walk.open, walk.presented, walk.sent):
        carry()
        assert client.get(reverse("round_tab", args=[walk.row.pk, tab])).status_code == 200


def test_pharmacist_fills_in_one_page_and_submits(sign_in, walk):
    walk.open()
    client, line = sign_in(Role.PHARMACIST), NeedLine.objects.get(report__institution__code="T1")
    address = reverse("round_report", args=[walk.row.pk, walk.world.t1.pk])
    wrong = client.post(address, {f"q_{line.pk}": "六十", f"r_{line.pk}": ""})
    assert (wrong.status_code, "“六十”应为不小于 0 的整数" in text(wrong)) == (422, True)
    client.post(address, {f"q_{line.pk}": "１２０", f"r_{line.pk}": "", "submit": "1"})
    assert walk.report("T1").state == NeedReport.State.FILLING
    client.post(address, {f"q_{line.pk}": "120", f"r_{line.pk}": "新开展诊疗项目", "submit": "1"})
    assert (walk.report("T1").state, NeedLine.objects.get(pk=line.pk).quantity) == ("submitted", 120)


def test_report_goes_out_as_a_workbook_and_comes_back(sign_in, walk):
    walk.open()
    client = sign_in(Role.PHARMACIST)
    address = reverse("round_report_file", args=[walk.row.pk, walk.world.t1.pk])
    book = openpyxl.load_workbook(io.BytesIO(client.get(address).content))
    sheet = book["报量"]
    sheet.cell(2, 9).value, sheet.cell(2, 11).value = 70, "就诊人次变化"
    raw = io.BytesIO()
    book.save(raw)
    raw.seek(0)
    raw.name = "报量.xlsx"
    client.post(address, {"file": raw})
    assert NeedLine.objects.get(report__institution__code="T1").quantity == 70
    bad = io.BytesIO("药品编码,报量\nM1,七十\nM9,1\n".encode("gb18030"))
    bad.name = "报量.csv"
    response = client.post(address, {"file": bad})
    assert all(word in text(response) for word in ("七十", "M9", "本机构本轮没有这个品规"))


def test_institution_sees_only_its_own_lines_and_report(sign_in, walk):
    walk.presented()
    client = sign_in(Role.PHARMACIST)
    page = text(client.get(reverse("round_tab", args=[walk.row.pk, "lines"])))
    assert ("湖熟" in page, "县医院" in page) == (True, False)
    other = reverse("round_report", args=[walk.row.pk, walk.world.h1.pk])
    assert client.get(other).status_code == 404
    assert client.get(reverse("round_tab", args=[walk.row.pk, "check"])).status_code == 200


def test_dispute_and_its_answer_on_the_page(sign_in, walk):
    walk.presented()
    line = RoundLine.objects.get(round=walk.row, institution__code="T1")
    client = sign_in(Role.PHARMACIST)
    client.post(reverse("round_dispute", args=[walk.row.pk, line.pk]), {"wanted": 5, "reason": "长期处方增加"})
    case = Dispute.objects.get()
    buyer = sign_in(Role.PROCUREMENT)
    shown = text(buyer.get(reverse("round_tab", args=[walk.row.pk, "lines"]) + "?show=disputed", **HTMX))
    assert "长期处方增加" in shown
    buyer.post(reverse("round_dispute_answer", args=[walk.row.pk, case.pk]), {"accepted": "yes", "words": ""})
    line.refresh_from_db()
    assert line.packs == 5


def test_refusal_of_a_move_is_told_on_the_page(sign_in, walk):
    walk.open()
    client = sign_in(Role.PROCUREMENT)
    page = client.post(reverse("round_act", args=[walk.row.pk, "gather"]), {"note": ""}, follow=True)
    assert "2 家机构未上报" in text(page)
    assert client.post(reverse("round_act", args=[walk.row.pk, "nothing"])).status_code == 404


def test_approver_finds_the_round_by_the_counter_and_locks_it(sign_in, walk):
    walk.submitted()
    member = walk.people[Role.COMMITTEE]
    assert (round_duty_count(member), round_duty_count(walk.people[Role.AUDITOR])) == (1, 0)
    client = sign_in(Role.COMMITTEE)
    assert "药事委员会审批" in text(client.get(reverse("round_detail", args=[walk.row.pk])))
    client.post(reverse("round_decide", args=[walk.row.pk]), {"agreed": "yes", "note": "同意"})
    assert walk.fresh().state == "locked"
    refused = sign_in(Role.BUREAU).post(reverse("round_decide", args=[walk.row.pk]), {"agreed": "yes"}, follow=True)
    assert "不能审批同意" in text(refused)


def test_goods_are_received_paid_and_reported_on_the_pages(sign_in, walk):
    walk.sent()
    order = Order.objects.get(supplier__code="S1")
    line = order.lines.get(institution__code="T1")
    client = sign_in(Role.PHARMACIST)
    address = reverse("order_receive", args=[order.pk, walk.world.t1.pk])
    assert "收货验收" in text(client.get(reverse("order_detail", args=[order.pk])))
    form = {"arrived_on": "", f"came_a_{line.pk}": "3", f"batch_a_{line.pk}": "A1", f"expiry_a_{line.pk}": "2026-12-31"}
    from django.utils import timezone

    form["arrived_on"] = timezone.localdate().isoformat()
    Order.objects.update(sent_at=timezone.now())
    assert "应拒收" in text(client.post(address, form))
    client.post(
        address,
        form | {f"expiry_a_{line.pk}": "2030-12-31", f"refused_a_{line.pk}": "1", f"reason_a_{line.pk}": "破损污染"},
    )
    delivery = order.deliveries.get()
    assert client.get(reverse("delivery_report", args=[delivery.pk])).status_code == 200
    buyer = sign_in(Role.PROCUREMENT)
    assert "20.00" in text(buyer.get(reverse("payable_list")))
    buyer.post(reverse("payable_pay", args=[delivery.payable.pk]), {"paid_on": form["arrived_on"], "voucher": "12"})
    assert "12 · 张伟" in text(buyer.get(reverse("payable_list") + "?state=paid"))
    delivery.payable.refresh_from_db()
    assert delivery.payable.voucher == "12"
    assert openpyxl.load_workbook(io.BytesIO(buyer.get(reverse("payable_file")).content)).sheetnames == ["未付货款"]


def test_order_files_show_an_institution_its_own_lines_only(sign_in, walk):
    walk.sent()
    order = Order.objects.get(supplier__code="S1")
    client = sign_in(Role.PHARMACIST)
    book = openpyxl.load_workbook(io.BytesIO(client.get(reverse("order_file", args=[order.pk, "xlsx"])).content))
    assert {row[1].value for row in book[order.number].iter_rows(min_row=2)} == {"湖熟卫生院"}
    assert client.get(reverse("round_archive", args=[walk.row.pk])).status_code == 403
    other = Order.objects.get(supplier__code="S2")
    assert client.get(reverse("order_detail", args=[other.pk])).status_code == 404


def test_pages_take_a_fixed_number_of_queries(sign_in, walk):
    walk.sent()
    client = sign_in(Role.PROCUREMENT)
    for name, args, most in (
        ("round_list", [], 30),
        ("round_detail", [walk.row.pk], 40),
        ("order_list", [], 30),
        ("order_detail", [Order.objects.first().pk], 30),
        ("payable_list", [], 30),
    ):
        with CaptureQueriesContext(
            connection,
        ) as seen:
            client.get(reverse(name, args=args))
        assert len(seen) <= most, (name, len(seen))
