"""Prices that must be looked at, listed prices from a file, buying outside the platform, savings, scorecards."""

import datetime as dt
import io
from decimal import Decimal

import openpyxl
import pytest
from django.urls import reverse

from config.access import Permission, Role
from formulary.models import Product
from formulary.queries import scope_of
from formulary.rules.tables import DataRefused
from procurement.actions import prices as actions
from procurement.models import ListedPrice, Offer, Order, Supplier, Tender, TenderProduct
from procurement.queries import prices as asked
from procurement.queries import suppliers
from procurement.rules import scorecard
from procurement.rules.scorecard import Arrived
from shortage.models import ExpectedReceipt
from shortage.series.orders import lead_samples
from tests.conftest import NOW, TODAY
from tests.procurement.world import offer


def flags(world, **more):
    rows = asked.price_rows(world.alliance, today=TODAY, **more)
    return {(row.offer.product.code, row.offer.supplier.code): row.flags for row in rows}


def test_quiet_prices_have_no_flags(ready):
    assert set(map(tuple, flags(ready).values())) == {()}


def test_price_above_the_award_is_flagged_to_the_cent(ready):
    """Award 0.34 × 28 = 9.52: S1's 10.00 is above it, S2's 9.50 is not."""
    TenderProduct.objects.create(
        tender=Tender.objects.get(), product=ready.products["M1-P1"], item="氨氯地平", award_price="0.34"
    )
    assert flags(ready)["M1-P1", "S1"] == ["award"]
    assert flags(ready)["M1-P1", "S2"] == []
    assert set(flags(ready, flag="award")) == {("M1-P1", "S1")}


def test_large_step_from_the_former_price_is_checked(ready):
    offer(ready, Supplier.objects.get(code="S1"), "M2-P1", "6.00", valid_from=dt.date(2026, 11, 1))
    assert flags(ready)["M2-P1", "S1"] == ["up"]
    (row,) = [row for row in asked.price_rows(ready.alliance, today=TODAY) if row.flags]
    assert (row.former, row.why) == (Decimal("5.00"), ["由 5.00 调为 6.00"])


def test_larger_pack_of_the_same_maker_is_held_to_the_ratio(ready):
    """10.00 for 28 allows 10 × 1.95 = 19.50 for 56."""
    large = Product.objects.create(presentation=ready.drugs["M1"], code="M1-P9", maker="甲药厂", pack_size=56)
    ready.products["M1-P9"] = large
    Offer.objects.filter(product__code="M1-P1", supplier__code="S2").delete()
    made = offer(ready, Supplier.objects.get(code="S1"), "M1-P9", "19.50")
    assert flags(ready)["M1-P9", "S1"] == []
    made.price = Decimal("19.51")
    made.save()
    assert flags(ready)["M1-P9", "S1"] == ["ratio"]


def test_listed_price_sets_the_label_of_the_quarter_and_ends_the_one_before(ready):
    buyer = ready.people[Role.PROCUREMENT]
    actions.import_listed("产品编码,挂网价,起始日\nM2-P1,5.00,2026-07-01\n".encode(), "三季度.csv", by=buyer, now=NOW)
    actions.import_listed("产品编码,挂网价\nM2-P1,1.00\n".encode(), "四季度.csv", by=buyer, now=NOW)
    days = ListedPrice.objects.order_by("valid_from").values_list("valid_from", "valid_to")
    assert list(days) == [(dt.date(2026, 7, 1), dt.date(2026, 9, 30)), (dt.date(2026, 10, 1), None)]
    assert flags(ready)["M2-P1", "S1"] == ["talk", "listed"]


def test_file_of_listed_prices_is_refused_with_every_fault(ready):
    raw = "产品编码,挂网价\nX9,5\nM1-P1,零\nM2-P1,0\n".encode()
    with pytest.raises(DataRefused) as refused:
        actions.import_listed(raw, "挂网.csv", by=ready.people[Role.PROCUREMENT], now=NOW)
    assert [fault.row for fault in refused.value.faults] == [3, 2, 4]
    assert not ListedPrice.objects.exists()


def test_order_outside_the_platform_counts_against_the_rate_until_filed(ready):
    shop = Supplier.objects.get(code="S1")
    buyer = ready.people[Role.PROCUREMENT]
    for number, amount in (("A", 90), ("B", 10)):
        Order.objects.create(
            alliance=ready.alliance, number=number, supplier=shop, month=TODAY, due_on=TODAY, state="sent",
            amount=amount, sent_at=NOW, sent_by=buyer, created_at=NOW,
        )  # fmt: skip
    scope = scope_of(buyer, Permission.SEE_PLANS)
    since = dt.date(2026, 1, 1)
    assert asked.platform(scope, since=since).rate == 1
    actions.file_outside(Order.objects.get(number="B"), "", by=buyer, now=NOW)
    found = asked.platform(scope, since=since)
    assert (found.rate, found.level, found.unfiled) == (0.9, "red", 1)
    actions.file_outside(Order.objects.get(number="B"), "备2026-7", by=buyer, now=NOW)
    assert asked.platform(scope, since=since).unfiled == 0


def arrived(world, supplier, number, days, due):
    ordered = TODAY - dt.timedelta(days=30)
    return ExpectedReceipt.objects.create(
        institution=world.h1, presentation=world.drugs["M1"], reference=number, supplier_code=supplier, quantity=28,
        ordered_on=ordered, due_on=ordered + dt.timedelta(days=due), arrived_on=ordered + dt.timedelta(days=days),
        state="arrived",
    )  # fmt: skip


def test_scorecard_by_hand_and_the_same_orders_feed_the_lead_times(ready):
    """S1: 3, 4 and 20 days promised in 5: median 4, two of three on time; M1-P1 at 10.00 beside 9.50 is 95 % near."""
    for number, days in (("A", 3), ("B", 4), ("C", 20)):
        arrived(ready, "S1", number, days, 5)
    scope = scope_of(ready.people[Role.PROCUREMENT], Permission.SEE_PLANS)
    card = next(c for c in suppliers.scorecards(scope, today=TODAY) if c.supplier.code == "S1")
    assert (card.lead, card.orders, card.fill) == (4.0, 3, None)
    assert card.on_time == pytest.approx(2 / 3)
    assert card.price == pytest.approx(0.95)
    assert card.score == pytest.approx((40 * 2 / 3 + 20 * 0.95) / 60 * 100)
    assert sorted(lead_samples(ready.alliance, TODAY).days) == [3, 4, 20]


def test_score_of_nothing_is_nothing():
    assert scorecard.total({}, {"on_time": 40}) is None
    assert scorecard.lead_days([]) is None
    assert scorecard.on_time_share([Arrived(3, None)]) is None


def test_pages_of_prices_and_suppliers_open_and_take_away(ready, client):
    client.force_login(ready.people[Role.PROCUREMENT])
    assert "氨氯地平片" in client.get(reverse("price_list")).content.decode()
    assert "历次报价" in client.get(reverse("price_detail", args=[ready.products["M1-P1"].pk])).content.decode()
    assert "国药江宁" in client.get(reverse("supplier_list")).content.decode()
    book = openpyxl.load_workbook(io.BytesIO(client.get(reverse("price_savings")).content))
    assert book.sheetnames == ["汇总", "集采节约", "换最低价可省"]
    file = io.BytesIO("产品编码,挂网价\nX,1\n".encode())
    file.name = "挂网.csv"
    assert client.post(reverse("price_import"), {"file": file}).status_code == 422
