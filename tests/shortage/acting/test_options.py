"""Measures with their effect: the same numbers as the watch, donors kept safe, substitutes checked."""

import datetime as dt

import pytest

from formulary.models import EntryLink, FormularyEntry, ListEdition, ListEntry, Medicine, Presentation, RuleValue
from shortage.actions import positions, reports
from shortage.actions.watch import watch
from shortage.models import Risk
from shortage.queries.options import choices
from shortage.queries.whatif import bench
from shortage.rules import whatif
from shortage.rules.report_form import ReportIncomplete
from tests.conftest import NOW, TODAY


def option(found, kind):
    return next(one for one in found.options if one.kind == kind)


def drug_like(world, code, name, substance, group="口服常释剂型", strength="30mg", level="村", **more):
    medicine = Medicine.objects.create(
        substance=substance, name=substance, form_group=group, route=more.pop("route", "口服")
    )
    drug = Presentation.objects.create(
        medicine=medicine,
        code=code,
        name=name,
        form="片剂",
        strength=strength,
        unit="片",
        therapeutic_class="心血管药",
        **more,
    )
    world.drugs[code] = drug
    version = world.alliance.versions.get()
    FormularyEntry.objects.create(version=version, presentation=drug, lowest_level=level)
    return drug


def same_class(world, *codes):
    edition = ListEdition.objects.create(
        kind="nrdl", edition="2025", valid_from=dt.date(2025, 1, 1), imported_at=NOW, source_name="x", source_sha256="x",
        sections=["西药"],
    )  # fmt: skip
    for row, code in enumerate(codes, start=1):
        entry = ListEntry.objects.create(
            edition=edition, key=str(row), row=row, name=code, form="片剂", category="甲", section="西药",
            attributes={"药品分类代码": "XC08C"},
        )  # fmt: skip
        EntryLink.objects.create(entry=entry, medicine=world.drugs[code].medicine, how="exact")


def test_without_any_measure_the_chance_is_the_one_of_the_watch(county):
    seen = bench(county.alliance, [county.drugs["M1"].pk], TODAY)
    places = list(seen.places.values())
    found = whatif.outlooks([place.shelf for place in places], seen.night)
    for place, outlook in zip(places, found, strict=True):
        stored = Risk.objects.get(institution=place.item[0], presentation=place.item[1])
        assert outlook.p7 == pytest.approx(stored.p7, abs=1e-3)
        assert outlook.p14 == pytest.approx(stored.p14, abs=1e-3)
        assert outlook.days_out == pytest.approx(stored.expected_days_out, abs=5e-3)
        assert outlook.supply == pytest.approx(stored.days_of_supply, abs=0.02)


def test_goods_from_a_neighbour_lower_the_chance_and_leave_the_donor_its_line(county):
    found = choices(county.alert, TODAY)
    best = option(found, "transfer")
    assert best is found.options[0]
    assert best.institution == county.h1
    assert best.quantity == found.needed
    assert best.after.p14 < 0.1 < best.before.p14
    assert best.enough
    assert best.lots[0].batch == "H-early"
    assert best.donor_after.usable >= found.line


def test_a_neighbour_whose_data_is_late_gives_nothing(county):
    county.facts.feeds(county.h1, last=12)
    assert [one.kind for one in choices(county.alert, TODAY).options if one.kind == "transfer"] == []


def test_each_supplier_is_judged_by_its_own_deliveries(county):
    for number in range(40):
        for supplier, days in (("快", 2), ("慢", 25)):
            ordered = 300 - number * 7
            county.facts.order(
                county.t1, "M1", 50, ordered=ordered, supplier=supplier, reference=f"{supplier}{number}", state="arrived",
                arrived_on=TODAY - dt.timedelta(days=ordered - days),
            )  # fmt: skip
    watch(county.alliance, TODAY, by=None, now=NOW)
    orders = [one for one in choices(county.alert, TODAY).options if one.kind == "order"]
    assert [one.supplier for one in orders] == ["快", "慢"]
    assert orders[0].after.days_out < orders[1].after.days_out


def stocked(county, code, units, daily=0):
    if daily:
        county.facts.use(county.t1, code, daily)
        county.facts.level(county.t1, code, 3000, days=200)
    county.facts.lot(county.t1, code, units, expires_in=400, batch=f"{code}-1")
    county.facts.level(county.t1, code, units)
    positions.refresh({county.t1.pk}, {county.drugs[code].pk})
    watch(county.alliance, TODAY, by=None, now=NOW)


def test_a_substitute_in_stock_is_offered_with_dose_class_and_insurance(county):
    drug_like(county, "M4", "硝苯地平片", "硝苯地平", daily_dose=2)
    same_class(county, "M1", "M4")
    stocked(county, "M4", 5000)
    one = option(choices(county.alert, TODAY), "substitute")
    assert one.tier == 4
    assert one.enough
    assert "日用量 1 片 换 2 片" in one.facts
    assert "医保甲类" in one.facts
    assert "同类依据 XC08C" in one.facts


def test_a_substitute_that_would_run_short_itself_says_so(county):
    drug_like(county, "M4", "硝苯地平片", "硝苯地平")
    same_class(county, "M1", "M4")
    stocked(county, "M4", 150, daily=5)
    one = option(choices(county.alert, TODAY), "substitute")
    assert not one.enough
    assert any("连带风险：两种用量合计 23" in text for text in one.warnings)


def test_what_must_not_be_swapped_or_used_here_is_shown_apart_with_its_reason(county):
    drug_like(county, "M4", "氨氯地平片", "氨氯地平", group="口服液体剂", strength="1ml:1mg")
    drug_like(county, "M5", "氨氯地平注射液", "氨氯地平", group="注射剂", route="注射")
    drug_like(county, "M6", "左旋氨氯地平片", "氨氯地平", group="缓释控释剂型", level="三级")
    RuleValue.objects.create(
        key="substitute.exclusions",
        value=[{"被替代": "氨氯地平", "层级": [3], "理由": "须调整剂量"}],
        valid_from=TODAY,
        document="院内〔2026〕1号",
    )
    for code in ("M4", "M5", "M6"):
        stocked(county, code, 900)
    found = choices(county.alert, TODAY)
    assert [one.kind for one in found.options if one.kind == "substitute"] == []
    reasons = {one.presentation.code: " ".join(one.stops) for one in found.barred}
    assert "须调整剂量" in reasons["M4"]
    assert "给药途径不同" in reasons["M5"]
    assert "本级机构不可用" in reasons["M6"]


def test_grade_follows_the_alliances_own_matrix(county):
    assert choices(county.alert, TODAY).grade.code == "Ⅱ"
    RuleValue.objects.create(
        key="shortage.grade_matrix", value=[{"级别": "Ⅰ", "库存天数低于": 5}], valid_from=TODAY, document="某号文"
    )
    assert choices(county.alert, TODAY).grade.code == "Ⅰ"


def test_the_report_is_filled_from_data_and_not_sent_incomplete(county):
    report = reports.draft(county.alert, by=county.asking, now=NOW)
    assert report.values["generic"] == "氨氯地平片"
    assert report.values["stock"] == "40 片"
    assert report.values["week"] == "2026-47"
    assert reports.draft(county.alert, by=county.asking, now=NOW).pk == report.pk
    reports.correct(report, {"contact": "", "unknown": "x"}, by=county.asking, now=NOW)
    with pytest.raises(ReportIncomplete, match="联系人及电话"):
        reports.send(report, by=county.asking, now=NOW)
    reports.correct(report, {"contact": "李强 12345"}, by=county.asking, now=NOW)
    report = reports.send(report, by=county.asking, now=NOW)
    assert (report.state, county.alert.dispositions.get().state) == ("sent", "done")
    with pytest.raises(reports.ReportClosed):
        reports.correct(report, {"contact": "y"}, by=county.asking, now=NOW)


def test_many_drugs_alike_cost_no_more_queries(county, django_assert_max_num_queries):
    same_class(county, "M1")
    with django_assert_max_num_queries(40) as few:
        choices(county.alert, TODAY)
    for number in range(6):
        drug_like(county, f"N{number}", f"某地平片{number}", f"某地平{number}")
    with django_assert_max_num_queries(40) as many:
        choices(county.alert, TODAY)
    assert len(many) <= len(few) + 4
