"""Orders, goods at the door, stock, agreed volume and money: what one acceptance sets in motion."""

import datetime as dt
import io
import zipfile
from decimal import Decimal

import openpyxl
import pytest
from docx import Document

from config.access import Role
from formulary.models import RuleValue
from formulary.rules.tables import DataRefused
from procurement import order_files
from procurement.actions import deliveries, orders, rounds
from procurement.models import Commitment, DeliveryLine, Order, Payable
from procurement.queries import orders as asked
from procurement.queries import rounds as round_queries
from procurement.rules.acceptance import Came
from procurement.rules.order_file import LayoutRefused
from procurement.rules.orders import OrderRefused
from procurement.rules.rounds import Incomplete
from shortage.actions import facts
from shortage.actions.intake import UndoRefused, undo
from shortage.models import ExpectedReceipt, Feed, Intake, Receipt, StockLevel, StockPosition
from shortage.queries import need
from tests.conftest import NOW, TODAY

FAR = dt.date(2028, 11, 1)


@pytest.fixture
def sent(walk):
    walk.sent()
    return walk


def order_of(code):
    return Order.objects.get(supplier__code=code)


def line_of(order, site, product):
    return order.lines.get(institution__code=site, product__code=product)


def came(line, delivered, **more):
    more = {"batch": "A1", "expiry": FAR} | more
    return {line.pk: [Came(delivered, more.pop("refused", 0), 0, **more)]}


def accept(walk, order, site, given, on=TODAY, role=Role.PHARMACIST):
    place = getattr(walk.world, site)
    return deliveries.receive(order, place, on, given, by=walk.people[role], now=NOW)


def test_one_order_per_supplier_is_made_and_expected(sent):
    assert {(order.supplier.code, order.amount, order.state) for order in Order.objects.all()} == {
        ("S1", Decimal("120.00"), "sent"),
        ("S2", Decimal("95.00"), "sent"),
    }
    expected = ExpectedReceipt.objects.filter(institution=sent.world.t1).get()
    assert (expected.quantity, expected.supplier_code, expected.state) == (84, "S1", "open")
    coming = need(sent.world.alliance, TODAY, 30).set_index(["institution", "presentation"]).on_order
    assert coming[sent.world.t1.pk, sent.world.drugs["M1"].pk] == 84


def test_longer_period_is_ordered_by_month_and_only_the_first_is_sent(walk):
    walk.open(period=(dt.date(2026, 11, 22), dt.date(2027, 1, 21)))
    rounds.gather(walk.row, by=walk.buyer, now=NOW, note="试")
    from formulary.actions import jobs
    from procurement.actions import approvals
    from procurement.rules.plan_settings import PlanSettings

    rounds.optimise(walk.fresh(), PlanSettings(time_limit=20), by=walk.buyer, now=NOW)
    jobs.perform(walk.fresh().plan.job_id)
    rounds.present(walk.fresh(), by=walk.buyer, now=NOW)
    rounds.submit(walk.fresh(), by=walk.buyer, now=NOW, note="试")
    approvals.decide(walk.fresh(), True, "", by=walk.people[Role.COMMITTEE], now=NOW)
    made = orders.send_round(walk.fresh(), by=walk.buyer, now=NOW)
    assert {order.month for order in made} == {dt.date(2026, 11, 22), dt.date(2026, 12, 22)}
    assert {order.state for order in Order.objects.filter(month=dt.date(2026, 12, 22))} == {"draft"}
    bought = {(line.institution_id, line.product_id): 0 for line in walk.row.lines.all()}
    for order in made:
        for line in order.lines.all():
            bought[line.institution_id, line.product_id] += line.packs
    assert bought == {(line.institution_id, line.product_id): line.packs for line in walk.row.lines.all()}


def test_acceptance_becomes_receipt_stock_agreed_volume_and_debt(sent):
    order = order_of("S1")
    made = accept(sent, order, "t1", came(line_of(order, "T1", "M1-P1"), 3))
    receipt = Receipt.objects.get()
    assert (receipt.quantity, receipt.batch, receipt.supplier_code) == (84, "A1", "S1")
    assert StockPosition.objects.get(institution=sent.world.t1).quantity == 84
    assert ExpectedReceipt.objects.get(institution=sent.world.t1).state == "arrived"
    assert Commitment.objects.get().bought == 684
    bill = Payable.objects.get()
    assert (bill.amount, bill.due_on) == (Decimal("30.00"), TODAY + dt.timedelta(days=30))
    assert made.intake.source == Intake.Source.ORDER
    order.refresh_from_db()
    assert order.state == "part"


def test_stock_counted_on_the_day_itself_is_left_alone(sent):
    """H1's 100 of M1 were reported for the day of arrival: that count knows what stood at the door."""
    order = order_of("S2")
    place = StockLevel.objects.get(institution=sent.world.h1)
    from shortage.actions import positions

    positions.refresh({place.institution_id}, {place.presentation_id})
    deputy = sent.people[Role.HEAD]
    from formulary.models import Membership

    Membership.objects.create(
        person=deputy, role=Role.PHARMACIST, alliance=sent.world.alliance, institution=sent.world.h1,
        valid_from=dt.date(2026, 1, 1),
    )  # fmt: skip
    deputy.__dict__.pop("active_memberships", None)
    accept(sent, order, "h1", came(line_of(order, "H1", "M1-P1"), 10), role=Role.HEAD)
    assert StockPosition.objects.get(institution=sent.world.h1).quantity == 100


def test_goods_come_on_top_of_the_batches_last_counted(sent):
    import pandas as pd

    world = sent.world
    intake = Intake.objects.create(alliance=world.alliance, source="file", name="库存", received_at=NOW)
    day = pd.Timestamp("2026-11-20")
    frame = pd.DataFrame(
        {
            "institution_id": world.t1.pk, "presentation_id": world.drugs["M1"].pk, "date": day, "quantity": [30, 12],
            "product_id": 0, "batch": ["X", "Y"], "expiry": [pd.Timestamp("2027-06-30"), pd.Timestamp("2026-11-19")], "row": 1,
        }
    )  # fmt: skip
    facts.put_stock(frame, intake=intake, complete=True, now=NOW)
    assert StockPosition.objects.get(institution=world.t1).quantity == 30
    Feed.objects.filter(institution=world.t1, kind="stock").update(last_date=dt.date(2026, 11, 20))
    order = order_of("S1")
    accept(sent, order, "t1", came(line_of(order, "T1", "M1-P1"), 2))
    position = StockPosition.objects.get(institution=world.t1)
    assert (position.quantity, position.nearest_expiry) == (30 + 56, dt.date(2027, 6, 30))
    assert Feed.objects.get(institution=world.t1, kind="stock").last_date == dt.date(2026, 11, 20)


def test_second_van_of_the_day_with_the_same_batch_adds_up(sent):
    order = order_of("S1")
    line = line_of(order, "T1", "M1-P1")
    accept(sent, order, "t1", came(line, 1))
    accept(sent, order, "t1", came(line, 2))
    assert Receipt.objects.get(superseded_by=None).quantity == 84
    assert StockPosition.objects.get(institution=sent.world.t1).quantity == 84
    assert Commitment.objects.get().bought == 684


def test_goods_with_a_short_life_are_refused_unless_someone_says_why(sent):
    order = order_of("S1")
    line = line_of(order, "T1", "M1-P1")
    soon = TODAY + dt.timedelta(days=90)
    with pytest.raises(DataRefused, match="仅剩 90 天，少于 180 天"):
        accept(sent, order, "t1", came(line, 3, expiry=soon))
    made = accept(sent, order, "t1", came(line, 3, refused=2, expiry=soon, reason="近效期", note="急需一包"))
    assert (made.amount, DeliveryLine.objects.get().refused) == (Decimal("10.00"), 2)


def test_expired_goods_are_never_accepted(sent):
    order = order_of("S1")
    with pytest.raises(DataRefused, match="只能拒收"):
        accept(sent, order, "t1", came(line_of(order, "T1", "M1-P1"), 1, expiry=dt.date(2026, 1, 1), note="急"))
    assert not Receipt.objects.exists()


def test_more_than_ordered_has_to_be_refused_and_all_faults_are_told(sent):
    order = order_of("S1")
    line = line_of(order, "T1", "M1-P1")
    two = {line.pk: [Came(2, 0, 0, "A", FAR), Came(2, 3, 0, "B", FAR)]}
    with pytest.raises(DataRefused) as refused:
        accept(sent, order, "t1", two)
    assert [fault.expected for fault in refused.value.faults] == [
        "拒收 3 包多于到货 2 包",
        "有拒收时请选择拒收原因",
    ]
    with pytest.raises(DataRefused, match="验收 4 包多于未到 3 包"):
        accept(sent, order, "t1", came(line, 4))


def test_goods_are_signed_for_by_the_institution_itself(sent):
    order = order_of("S1")
    with pytest.raises(OrderRefused, match="只能验收本机构的货"):
        accept(sent, order, "h1", came(line_of(order, "H1", "M2-P1"), 1))
    with pytest.raises(OrderRefused, match="到货日应在"):
        accept(sent, order, "t1", came(line_of(order, "T1", "M1-P1"), 1), on=TODAY + dt.timedelta(days=1))


def test_rest_that_will_not_come_is_no_longer_expected(sent):
    order = order_of("S1")
    accept(sent, order, "t1", came(line_of(order, "T1", "M1-P1"), 2))
    with pytest.raises(OrderRefused, match="请写明"):
        orders.stop_rest(order, " ", by=sent.buyer, now=NOW)
    orders.stop_rest(order, "停产", by=sent.buyer, now=NOW)
    states = dict(
        ExpectedReceipt.objects.filter(reference=order.number).values_list("institution__code", "state").distinct()
    )
    assert states == {"T1": "arrived", "H1": "cancelled"}
    assert ExpectedReceipt.objects.get(institution=sent.world.t1).quantity == 56


def test_order_without_goods_can_be_cancelled_and_is_not_expected(sent):
    order = order_of("S2")
    orders.cancel(order, "重复", by=sent.buyer, now=NOW)
    assert set(ExpectedReceipt.objects.filter(reference=order.number).values_list("state", flat=True)) == {"cancelled"}
    with pytest.raises(OrderRefused, match="已取消，不能取消"):
        orders.cancel(order, "重复", by=sent.buyer, now=NOW)


def test_acceptance_cannot_be_undone_as_an_import(sent):
    order = order_of("S1")
    made = accept(sent, order, "t1", came(line_of(order, "T1", "M1-P1"), 3))
    with pytest.raises(UndoRefused, match="采购验收"):
        undo(made.intake, by=sent.buyer, now=NOW)


def test_round_is_closed_when_nothing_is_awaited_and_then_assessed(sent):
    with pytest.raises(Incomplete, match="2 张订单未到齐"):
        rounds.close(sent.row, by=sent.buyer, now=NOW)
    order = order_of("S1")
    accept(sent, order, "t1", came(line_of(order, "T1", "M1-P1"), 3))
    for each in Order.objects.all():
        orders.stop_rest(each, "演示", by=sent.buyer, now=NOW)
    rounds.close(sent.fresh(), by=sent.buyer, now=NOW)
    figures = round_queries.round_assessment(sent.fresh())
    assert (figures["ordered_packs"], figures["accepted_packs"], figures["stopped_packs"]) == (25, 3, 22)
    assert figures["fill_rate"] == pytest.approx(3 / 25)
    assert figures["spend"] == "30.00"
    rounds.assess(sent.fresh(), figures, by=sent.buyer, now=NOW, note="配送不足")
    assert sent.fresh().assessment["note"] == "配送不足"


@pytest.mark.parametrize(
    ("term", "days", "due"), [("days", 45, dt.date(2027, 1, 5)), ("month_end", 45, dt.date(2026, 12, 31))]
)
def test_term_of_payment_is_a_setting(sent, term, days, due):
    for key, value in (("payment.term", term), ("payment.days", days)):
        RuleValue.objects.create(key=key, value=value, valid_from=dt.date(2026, 1, 1))
    order = order_of("S1")
    accept(sent, order, "t1", came(line_of(order, "T1", "M1-P1"), 3))
    assert Payable.objects.get().due_on == due


def test_arrears_tell_what_is_overdue_and_paying_ends_it(sent):
    from config.access import Permission
    from formulary.queries import scope_of

    order = order_of("S1")
    accept(sent, order, "t1", came(line_of(order, "T1", "M1-P1"), 3))
    scope = scope_of(sent.buyer, Permission.SEE_PLANS)
    later = TODAY + dt.timedelta(days=40)
    (row,) = asked.arrears(scope, today=later)
    assert (row.name, row.open, row.overdue, row.oldest_days) == ("国药江宁", Decimal("30.00"), Decimal("30.00"), 10)
    with pytest.raises(OrderRefused, match="付款日应在"):
        deliveries.pay(Payable.objects.get(), TODAY - dt.timedelta(days=1), "", by=sent.buyer, now=NOW)
    deliveries.pay(Payable.objects.get(), TODAY, "付字 12 号", by=sent.buyer, now=NOW)
    assert asked.arrears(scope, today=later) == []


def test_files_hold_every_line_once_per_distributor(sent):
    with zipfile.ZipFile(io.BytesIO(order_files.round_archive(sent.row))) as archive:
        names = archive.namelist()
        assert names == [
            "S1-国药江宁-订单.xlsx", "S1-国药江宁-订单.docx", "S2-县城配送-订单.xlsx", "S2-县城配送-订单.docx",
        ]  # fmt: skip
        book = openpyxl.load_workbook(io.BytesIO(archive.read(names[0])))
        paper = Document(io.BytesIO(archive.read(names[1])))
    sheet = book["平台导入"]
    assert [cell.value for cell in sheet[1]][:3] == ["采购单号", "采购机构编码", "采购机构"]
    assert sheet.max_row == 1 + 3
    assert sum(row[-1].value for row in book[order_of("S1").number].iter_rows(min_row=2)) == 120
    text = "\n".join(cell.text for table in paper.tables for row in table.rows for cell in row.cells)
    assert "金额合计：120.00 元" in text
    assert "湖熟卫生院" in text


def test_platform_columns_are_a_setting_and_a_wrong_one_names_its_faults(sent):
    rule = RuleValue.objects.create(
        key="order.platform_columns", value=[["单号", "number"], ["数量", "packs"]], valid_from=dt.date(2026, 1, 1)
    )
    book = openpyxl.load_workbook(io.BytesIO(order_files.order_workbook([order_of("S2")])))
    assert [[cell.value for cell in row] for row in book["平台导入"].iter_rows()] == [
        ["单号", "数量"],
        [order_of("S2").number, 10],
    ]
    rule.value = [["单号", "nummer"], "x"]
    rule.save()
    with pytest.raises(LayoutRefused, match=r"第 1 列.*nummer.*第 2 列"):
        order_files.order_workbook([order_of("S2")])


def test_discrepancy_report_names_what_was_refused_and_what_never_came(sent):
    order = order_of("S1")
    line = line_of(order, "T1", "M1-P1")
    made = accept(sent, order, "t1", came(line, 3, refused=1, reason="破损污染"))
    paper = Document(io.BytesIO(order_files.discrepancy_document(made)))
    row = [cell.text for cell in paper.tables[1].rows[1].cells]
    assert row[4:10] == ["3", "3", "2", "1", "破损污染", "1"]
