"""Prices, purchases and agreed volumes, as the committee reads them."""

import datetime as dt
from decimal import Decimal

import pandas as pd

from formulary.queries import evidence
from formulary.rules.evidence import CommitmentRow, PurchaseRow
from procurement.models import Commitment, Offer, Supplier
from procurement.rules.received import priced
from shortage.actions import facts
from shortage.models import Intake
from tests.conftest import NOW, TODAY
from tests.procurement.world import offer

NOVEMBER = dt.date(2026, 11, 1)


def receive(world, *rows):
    """rows: (place, drug, product or "", supplier, date, quantity)"""
    made = Intake.objects.create(alliance=world.alliance, source="file", name="到货.xlsx", received_at=NOW)
    frame = pd.DataFrame(
        [
            {
                "institution_id": getattr(world, place).pk,
                "presentation_id": world.drugs[drug].pk,
                "product_id": world.products[product].pk if product else 0,
                "date": date,
                "quantity": quantity,
                "batch": f"B{number}",
                "supplier_code": supplier,
            }
            for number, (place, drug, product, supplier, date, quantity) in enumerate(rows)
        ]
    )
    facts.put_receipts(frame, intake=made, now=NOW)


def bought(world, *drugs, **more):
    return evidence.purchases(world.alliance, [world.drugs[code].pk for code in drugs], TODAY, **more)


def test_goods_cost_the_price_of_their_product_and_supplier(ready):
    receive(ready, ("h1", "M1", "M1-P1", "S2", TODAY, 280), ("h1", "M1", "M1-P1", "S1", TODAY, 28))
    expected = Decimal("9.50") * 10 + Decimal("10.00")
    assert bought(ready, "M1") == [PurchaseRow(ready.h1.pk, ready.drugs["M1"].pk, NOVEMBER, 308, expected, 0)]


def test_goods_of_a_supplier_without_a_price_cost_the_cheapest_of_the_product(ready):
    receive(ready, ("t1", "M1", "M1-P1", "S9", TODAY, 28), ("t1", "M1", "", "", TODAY, 14))
    assert bought(ready, "M1")[0].amount == Decimal("14.25")


def test_goods_from_before_the_first_price_are_counted_without_an_amount(ready):
    receive(ready, ("h1", "M1", "M1-P1", "S1", dt.date(2025, 12, 31), 56))
    [row] = bought(ready, "M1")
    assert (row.month, row.quantity, row.amount, row.unpriced) == (dt.date(2025, 12, 1), 56, Decimal(0), 56)


def test_the_price_of_the_day_is_the_one_that_ran_then(ready):
    Offer.objects.filter(product=ready.products["M2-P1"]).update(valid_to=dt.date(2026, 10, 31))
    offer(ready, Supplier.objects.get(code="S1"), "M2-P1", "6.00", valid_from=NOVEMBER)
    receive(ready, ("h1", "M2", "M2-P1", "S1", dt.date(2026, 10, 31), 24), ("h1", "M2", "M2-P1", "S1", NOVEMBER, 24))
    assert [row.amount for row in bought(ready, "M2")] == [Decimal("5.00"), Decimal("6.00")]


def test_units_that_are_no_whole_packs_are_rounded_once_to_the_cent(ready):
    receive(ready, ("h1", "M1", "M1-P1", "S1", TODAY, 1), ("h1", "M1", "M1-P1", "S1", NOVEMBER, 1))
    assert bought(ready, "M1")[0].amount == Decimal("0.71")


def test_nothing_received_is_nothing_bought(ready):
    assert priced(pd.DataFrame(columns=["institution", "date"]), pd.DataFrame()) == []
    assert bought(ready, "M3") == []


def test_purchases_of_every_drug_are_two_questions(ready, django_assert_num_queries):
    receive(ready, ("h1", "M1", "M1-P1", "S1", TODAY, 28), ("h1", "M2", "M2-P1", "S1", TODAY, 24))
    with django_assert_num_queries(2):
        assert len(evidence.purchases(ready.alliance, None, TODAY)) == 2


def test_prices_are_those_that_run_of_suppliers_in_use(ready):
    Supplier.objects.filter(code="S2").update(active=False)
    s1 = Supplier.objects.get(code="S1")
    offer(ready, s1, "M1-P1", "8.00", valid_from=NOVEMBER)
    offer(ready, s1, "M1-P1", "7.00", valid_from=TODAY + dt.timedelta(days=1))
    [row] = evidence.prices(ready.alliance, [ready.drugs["M1"].pk], TODAY)
    assert (row.price, row.pack_size, row.label, row.vbp, row.supplier) == (
        Decimal("8.00"), 28, "绿", "非集采", "国药江宁",
    )  # fmt: skip


def test_agreed_volumes_are_those_of_running_tenders(ready):
    agreed = Commitment.objects.get()
    Commitment.objects.create(tender=agreed.tender, product=agreed.product, institution=ready.t1, quantity=90, bought=9)
    drug, ends = ready.drugs["M1"].pk, dt.date(2026, 12, 31)
    assert set(evidence.commitments(ready.alliance, [drug], TODAY)) == {
        CommitmentRow(None, drug, "第十一批", 1000, 600, ends),
        CommitmentRow(ready.t1.pk, drug, "第十一批", 90, 9, ends),
    }
    assert evidence.commitments(ready.alliance, [drug], dt.date(2027, 1, 1)) == []
