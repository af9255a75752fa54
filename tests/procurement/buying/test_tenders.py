"""A tender carried out in the small world: progress, volume passed on by both sides' word, score sheets, surplus."""

import datetime as dt
from decimal import Decimal

import pytest
from django.urls import reverse

from config.access import Permission, Role
from formulary.queries import scope_of
from formulary.rules.tables import DataRefused
from procurement.actions import tenders
from procurement.actions.tenders import TenderRefused
from procurement.models import Commitment, SurplusCase, Tender, TenderProduct, VolumeTransfer
from procurement.queries import tenders as asked
from procurement.rules.surplus import Terms
from shortage.models import Intake, Receipt
from tests.conftest import NOW, TODAY

TERMS = Terms(Decimal("0.7"), Decimal("0.9"), Decimal("0.5"), Decimal(1))


@pytest.fixture
def running(ready):
    """M1-P1 agreed by institution: H1 560 (224 bought, 280 signed), T1 112 (84 bought)."""
    Commitment.objects.all().delete()
    tender = Tender.objects.get()
    product = ready.products["M1-P1"]
    TenderProduct.objects.create(
        tender=tender, product=product, item="氨氯地平口服常释剂型", winners=2, award_price="0.30", prior_price="1.00"
    )
    ready.large = Commitment.objects.create(
        tender=tender, product=product, institution=ready.h1, quantity=560, bought=224, signed_minimum=280
    )
    ready.small = Commitment.objects.create(
        tender=tender, product=product, institution=ready.t1, quantity=112, bought=84
    )
    ready.tender = tender
    return ready


def came(world, site, product, day, quantity):
    intake = Intake.objects.create(alliance=world.alliance, source="file", name="到货", received_at=NOW)
    Receipt.objects.create(
        institution=site, presentation=product.presentation, product=product, intake=intake, date=day, quantity=quantity
    )


def seen(world, today=TODAY, **more):
    scope = scope_of(world.people[Role.PROCUREMENT], Permission.SEE_PLANS)
    return asked.progress(world.tender, scope, today=today, **more)


def test_progress_puts_the_worst_first_with_what_each_month_still_needs(running):
    """325 of 365 days have passed: H1 has 40 % of its volume, T1 75 %; both 336 and 28 short with 40 days left."""
    found = seen(running)
    assert found.passed == pytest.approx(325 / 365)
    assert [(row.commitment.institution.code, row.level, row.short) for row in found.rows] == [
        ("H1", "red", 336),
        ("T1", "", 28),
    ]
    assert found.rows[0].outlook.monthly_needed == 256
    assert (found.ending, found.days_left) == ("yellow", 40)


def test_receipts_tell_the_last_purchase_and_the_months(running):
    product = running.products["M1-P1"]
    for month, quantity in ((8, 28), (9, 56), (10, 84)):
        came(running, running.h1, product, dt.date(2026, month, 5), quantity)
    row = seen(running, institution="H1").rows[0]
    assert row.last == dt.date(2026, 10, 5)
    assert row.idle
    assert row.outlook.monthly_seen == pytest.approx(168 / 10)


def test_other_products_of_the_drug_count_as_nonwinners(running):
    from formulary.models import Product

    other = Product.objects.create(presentation=running.drugs["M1"], code="M1-P2", maker="乙药厂", pack_size=7)
    came(running, running.t1, running.products["M1-P1"], dt.date(2026, 10, 1), 84)
    came(running, running.t1, other, dt.date(2026, 10, 2), 100)
    (row,) = seen(running, level="others").rows
    assert (row.winning, row.others) == (84, 100)


def test_volume_moves_when_both_sides_have_agreed_and_the_whole_stays(running):
    before = tenders.agreed_in_all(running.tender)
    row = tenders.propose_transfer(
        running.large, running.small, 56, "用不完", by=running.people[Role.PROCUREMENT], now=NOW
    )
    tenders.answer_transfer(row, "giver", True, "", by=running.people[Role.HEAD], now=NOW)
    running.large.refresh_from_db()
    assert running.large.quantity == 560
    done = tenders.answer_transfer(row, "taker", True, "", by=running.people[Role.PHARMACIST], now=NOW)
    running.large.refresh_from_db()
    running.small.refresh_from_db()
    assert (done.state, running.large.quantity, running.small.quantity) == ("done", 504, 168)
    assert tenders.agreed_in_all(running.tender) == before


def test_signed_minimum_is_never_given_away(running):
    with pytest.raises(TenderRefused, match="最多可调出 280"):
        tenders.propose_transfer(
            running.large, running.small, 308, "用不完", by=running.people[Role.PROCUREMENT], now=NOW
        )


def test_one_side_cannot_speak_for_the_other_and_a_refusal_says_why(running):
    row = tenders.propose_transfer(
        running.large, running.small, 56, "用不完", by=running.people[Role.PROCUREMENT], now=NOW
    )
    with pytest.raises(TenderRefused, match="只能代表本机构"):
        tenders.answer_transfer(row, "giver", True, "", by=running.people[Role.PHARMACIST], now=NOW)
    with pytest.raises(TenderRefused, match="写明理由"):
        tenders.answer_transfer(row, "taker", False, "", by=running.people[Role.PHARMACIST], now=NOW)
    tenders.answer_transfer(row, "taker", False, "库容不够", by=running.people[Role.PHARMACIST], now=NOW)
    assert VolumeTransfer.objects.get().state == "refused"
    with pytest.raises(TenderRefused, match="已经办结"):
        tenders.answer_transfer(row, "giver", True, "", by=running.people[Role.HEAD], now=NOW)


def test_score_sheet_measures_what_it_can_and_asks_for_the_rest(running):
    buyer = running.people[Role.PROCUREMENT]
    with pytest.raises(TenderRefused, match="“未改用高价非中选替代”还没有评分；“合理用药”还没有评分"):
        tenders.score(running.tender, running.h1, {}, note="", by=buyer, now=NOW)
    marks = {"未改用高价非中选替代": Decimal(10), "合理用药": Decimal(9)}
    sheet = tenders.score(running.tender, running.h1, marks, note="", by=buyer, now=NOW)
    assert sheet.total == Decimal("75.00")
    assert sheet.rows[0]["got"] == "16.00"


def test_surplus_is_kept_with_its_inputs_and_compared_with_the_official_result(running):
    """Base 672 ÷ 0.6 = 1120; budget 1120 × 1 × 0.63 = 705.60; spent 308 × 0.30 × 0.63 = 58.21; kept half of 647.39."""
    buyer = running.people[Role.PROCUREMENT]
    case = tenders.work_out_surplus(running.tender, TERMS, {"留用比例": "宁医保〔演示〕1号"}, by=buyer, now=NOW)
    assert (case.saving, case.kept) == (Decimal("647.39"), Decimal("323.70"))
    assert case.inputs[2] == {"name": "留用比例", "value": "0.5", "on": "2026-11-21", "source": "宁医保〔演示〕1号"}
    with pytest.raises(DataRefused, match="不在本批次的测算中"):
        tenders.import_official(case, "产品编码,结余金额\nX,1\n".encode(), "核定.csv", by=buyer, now=NOW)
    tenders.import_official(case, "产品编码,结余金额\nM1-P1,600\n".encode(), "核定.csv", by=buyer, now=NOW)
    assert SurplusCase.objects.get().official == {"M1-P1": "600"}


def test_product_without_a_former_price_is_told_not_guessed(running):
    TenderProduct.objects.update(prior_price=None)
    buyer = running.people[Role.PROCUREMENT]
    with pytest.raises(TenderRefused, match="1 个产品没有集采前价"):
        tenders.work_out_surplus(running.tender, TERMS, {}, by=buyer, now=NOW)
    raw = "产品编码,集采前均价,来源\nM1-P1,0.95,2025年采购均价\n".encode()
    tenders.import_prior_prices(running.tender, raw, "前价.csv", by=buyer, now=NOW)
    assert TenderProduct.objects.get().prior_price == Decimal("0.95")


@pytest.mark.parametrize("tab", ["progress", "products", "transfers", "sheets", "surplus"])
def test_every_tab_of_a_tender_opens_for_buyer_and_institution(running, client, tab):
    tenders.work_out_surplus(running.tender, TERMS, {}, by=running.people[Role.PROCUREMENT], now=NOW)
    for role in (Role.PROCUREMENT, Role.PHARMACIST, Role.BUREAU):
        client.force_login(running.people[role])
        assert client.get(reverse("tender_tab", args=[running.tender.pk, tab])).status_code == 200
        assert client.get(reverse("tender_list")).status_code == 200


def test_transfer_is_proposed_and_agreed_on_the_pages(running, client):
    client.force_login(running.people[Role.PROCUREMENT])
    form = {"giver": running.large.pk, "taker": running.small.pk, "quantity": 56, "why": "用不完"}
    client.post(reverse("tender_transfer", args=[running.tender.pk]), form)
    row = VolumeTransfer.objects.get()
    for role, side in ((Role.HEAD, "giver"), (Role.PHARMACIST, "taker")):
        client.force_login(running.people[role])
        address = reverse("tender_transfer_answer", args=[running.tender.pk, row.pk])
        client.post(address, {"side": side, "agreed": "yes", "words": ""})
    row.refresh_from_db()
    assert row.state == "done"
