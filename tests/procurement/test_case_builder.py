"""From the database to a case, with numbers that can be worked out by hand (tests/procurement/world.py)."""

import datetime as dt
from dataclasses import replace
from decimal import Decimal

import pytest

from formulary.models import EntryLink, FormularyVersion, ListEdition, ListEntry, ListKind
from formulary.rules.tables import DataRefused
from procurement.case_builder import build_case
from procurement.models import Budget, Commitment, Offer, Supplier
from procurement.optimiser.case import Need, case_sha256
from procurement.rules.plan_settings import PlanSettings
from shortage.models import CURRENT, ExpectedReceipt, Receipt, StockLevel
from tests.conftest import NOW, TODAY
from tests.procurement.world import END, START, offer

SETTINGS = PlanSettings()


def build(world, settings=SETTINGS):
    return build_case(world.alliance, as_of=TODAY, start=START, end=END, settings=settings)


def by_code(rows):
    return {row.code: row for row in rows}


def test_need_is_forecast_and_safety_less_stock_and_on_order(ready):
    ExpectedReceipt.objects.create(
        institution=ready.h1,
        presentation=ready.drugs["M1"],
        reference="PO-1",
        quantity=40,
        ordered_on=TODAY - dt.timedelta(days=2),
    )
    needs = {(need.institution, need.drug): need for need in build(ready).case.needs}
    assert needs["H1", "M1"] == Need("H1", "M1", demand=300, stock=100, in_transit=40, safety=50)
    assert (needs["H1", "M1"].net, needs["T1", "M1"].net) == (210, 70)


def test_institution_below_the_level_gets_no_need_and_the_plan_says_so(ready):
    built = build(ready)
    assert ("T1", "M3") not in {(need.institution, need.drug) for need in built.case.needs}
    assert any("1 条需求" in note for note in built.notes)


def test_forbidden_pair_is_closed_where_an_agreed_volume_could_tempt(ready):
    tender = Commitment.objects.get().tender
    Commitment.objects.create(tender=tender, product=ready.products["M3-P1"], quantity=400)
    needs = {(need.institution, need.drug): need for need in build(ready).case.needs}
    assert needs["T1", "M3"] == Need("T1", "M3", demand=0, limit=0)


def test_product_of_two_suppliers_becomes_two_rows_and_of_one_keeps_its_code(ready):
    products = by_code(build(ready).case.products)
    assert list(products) == ["M1-P1@S1", "M1-P1@S2", "M2-P1", "M3-P1"]
    assert (products["M1-P1@S2"].price, products["M1-P1@S2"].status) == (Decimal("9.50"), "中选")
    assert build(ready).case.deliveries == (("S2", "H1"),)


def test_offer_outside_its_dates_is_not_in_the_case(ready):
    Offer.objects.filter(product__code="M2-P1").update(valid_to=TODAY - dt.timedelta(days=1))
    Offer.objects.filter(product__code="M3-P1").update(valid_from=TODAY + dt.timedelta(days=1))
    built = build(ready)
    assert list(by_code(built.case.products)) == ["M1-P1@S1", "M1-P1@S2"]
    assert any("2 个品规当日没有有效报价" in note for note in built.notes)


def test_later_offer_of_the_same_supplier_replaces_the_earlier(ready):
    offer(ready, Supplier.objects.get(code="S1"), "M2-P1", "4.80", valid_from=dt.date(2026, 11, 1))
    assert by_code(build(ready).case.products)["M2-P1"].price == Decimal("4.80")


def test_budget_is_the_months_of_the_period(ready):
    """22–30 November is 9/30 of a month, 1–21 December 21/31: together 0.97742."""
    Budget.objects.filter(institution=ready.t1).update(essential_share="0.6", insured_share="0.8")
    sites = by_code(build(ready).case.institutions)
    assert (sites["H1"].budget, sites["T1"].budget) == (Decimal("2932.26"), Decimal("879.68"))
    assert (sites["T1"].essential_floor, sites["T1"].insurance_floor) == (Decimal("0.6"), Decimal("0.8"))
    assert sites["H1"].essential_floor is None


def test_newest_budget_that_has_begun_counts(ready):
    Budget.objects.create(alliance=ready.alliance, institution=ready.h1, valid_from=START, monthly_amount=31)
    Budget.objects.create(
        alliance=ready.alliance, institution=ready.h1, valid_from=dt.date(2027, 1, 1), monthly_amount=9
    )
    assert by_code(build(ready).case.institutions)["H1"].budget == Decimal("30.30")


def test_total_budget_set_for_the_plan_goes_before_the_table(ready):
    Budget.objects.create(alliance=ready.alliance, valid_from=dt.date(2026, 1, 1), monthly_amount=31)
    assert build(ready).case.total_budget == Decimal("30.30")
    assert build(ready, replace(SETTINGS, total_budget=Decimal(5))).case.total_budget == Decimal(5)


def test_agreed_volume_is_spread_over_days_left_and_shared_by_demand(ready):
    """400 left over 40 days, 30 of them: 300 → 11 packs of 28 = 308; H1 (300) takes S2, T1 (60) takes S1."""
    agreed = {(row.product, row.institution): row.remaining for row in build(ready).case.commitments}
    assert agreed == {("M1-P1@S2", None): 257, ("M1-P1@S1", None): 51}


def test_agreed_volume_of_an_institution_stays_with_it(ready):
    Commitment.objects.update(institution=ready.t1)
    assert [(row.product, row.institution, row.remaining) for row in build(ready).case.commitments] == [
        ("M1-P1@S1", "T1", 308)
    ]


def test_agreed_volume_without_an_offer_is_left_out_and_said(ready):
    Offer.objects.filter(product__code="M1-P1").delete()
    built = build(ready)
    assert built.case.commitments == ()
    assert any("1 条约定量" in note for note in built.notes)


def test_cold_store_is_capacity_less_what_is_there(ready):
    ready.drugs["M1"].needs_cold_chain = True
    ready.drugs["M1"].save()
    for site in (ready.h1, ready.t1):
        site.cold_capacity = 150
        site.save()
    sites = by_code(build(ready).case.institutions)
    assert (sites["H1"].cold_capacity, sites["T1"].cold_capacity) == (50, 150)


def test_product_not_received_lately_is_new(ready):
    intake = StockLevel.objects.filter(CURRENT).first().intake
    Receipt.objects.create(
        institution=ready.h1,
        presentation=ready.drugs["M1"],
        product=ready.products["M1-P1"],
        intake=intake,
        date=TODAY - dt.timedelta(days=30),
        quantity=28,
    )
    in_use = {code: row.in_use for code, row in by_code(build(ready).case.products).items()}
    assert in_use == {"M1-P1@S1": True, "M1-P1@S2": True, "M2-P1": False, "M3-P1": False}


def test_without_any_record_every_product_counts_as_in_use(ready):
    assert all(row.in_use for row in build(ready).case.products)


def test_drug_carries_what_the_classes_need(ready):
    drug = by_code(build(ready).case.drugs)["M3"]
    assert (drug.emergency, drug.daily, drug.unit, drug.group) == (True, Decimal("1.000"), "支", "肾上腺素 注射")


def test_same_facts_give_the_same_fingerprint(ready):
    assert case_sha256(build(ready).case) == case_sha256(build(ready).case)


def test_case_takes_a_fixed_number_of_queries(ready, django_assert_max_num_queries):
    with django_assert_max_num_queries(26):
        build(ready)


def test_everything_missing_is_said_at_once(world):
    with pytest.raises(DataRefused) as refused:
        build(world)
    assert [fault.sheet for fault in refused.value.faults] == ["在用目录", "需求"]


def test_version_not_yet_in_force_is_no_version(ready):
    FormularyVersion.objects.update(effective_from=TODAY + dt.timedelta(days=1), published_at=NOW)
    with pytest.raises(DataRefused, match="没有生效的用药目录"):
        build(ready)


def list_drug(drug, kind, category="", *, official=True, valid_from=dt.date(2026, 1, 1)):
    """Puts a drug on a policy list, as the import of that list would."""
    edition = ListEdition.objects.create(
        kind=kind,
        edition=f"{kind}{valid_from}",
        sections=[""],
        valid_from=valid_from,
        official=official,
        imported_at=NOW,
        source_name="目录.xlsx",
        source_sha256="0" * 64,
    )
    entry = ListEntry.objects.create(edition=edition, key="1", row=2, name=drug.name, form=drug.form, category=category)
    EntryLink.objects.create(entry=entry, medicine=drug.medicine, form=drug.form, strengths=[drug.strength], how="精确")


def test_list_status_is_that_of_the_day(ready):
    list_drug(ready.drugs["M1"], ListKind.NEML)
    list_drug(ready.drugs["M1"], ListKind.NRDL, "甲")
    list_drug(ready.drugs["M2"], ListKind.SHORTAGE)
    drugs = by_code(build(ready).case.drugs)
    assert (drugs["M1"].essential, drugs["M1"].insurance, drugs["M1"].emergency) == (True, "甲", False)
    assert (drugs["M2"].essential, drugs["M2"].insurance, drugs["M2"].emergency) == (False, "无", True)


def test_list_that_begins_tomorrow_does_not_count(ready):
    list_drug(ready.drugs["M1"], ListKind.NEML, valid_from=TODAY + dt.timedelta(days=1))
    assert not by_code(build(ready).case.drugs)["M1"].essential


def test_unofficial_shortage_list_raises_no_class(ready):
    list_drug(ready.drugs["M2"], ListKind.SHORTAGE, official=False)
    assert not by_code(build(ready).case.drugs)["M2"].emergency
