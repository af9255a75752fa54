"""The nightly pass on worlds small enough to work out by hand."""

import datetime as dt
import re

import pytest
from django.core.management import CommandError, call_command

from formulary.models import EntryLink, ListEdition, ListEntry
from shortage.actions.watch import DayToCome, watch
from shortage.models import Alert, ExpectedReceipt, Feed, Forecast, Risk, WatchRun
from tests.conftest import NOW, TODAY


@pytest.fixture
def running_out(world, facts):
    """18 a day at T1, 120 left, an order six days overdue; H1 has half a year."""
    facts.version()
    facts.feeds()
    for institution, left in ((world.t1, 120), (world.h1, 18 * 180)):
        facts.use(institution, "M1", 18)
        facts.level(institution, "M1", 3000, days=200)
        facts.level(institution, "M1", left)
    facts.order(world.t1, "M1", 500, ordered=14, due=-6)


def test_item_that_runs_out_in_six_days_with_a_late_order_is_told_in_words(world, facts, night, running_out):
    night()
    alert = Alert.objects.get()
    assert (alert.institution, alert.presentation.code, alert.level) == (world.t1, "M1", "red")
    assert alert.cause == "late_order"
    # The holidays of October count as quieter days, so the rate lies a little above 18.
    assert re.fullmatch(r"B 供应商订单逾期 6 天；现有 120 片，按预计日用 1[89] 片约 6 天后（11-27）用完", alert.reason)
    assert alert.stockout_on == dt.date(2026, 11, 27)
    assert alert.days_of_supply == pytest.approx(120 / 18, abs=0.4)


def test_forecast_and_risk_say_how_they_came_about(world, facts, night, running_out):
    run = night()
    forecast = Forecast.objects.get(institution=world.t1)
    assert forecast.daily_rate == pytest.approx(18, rel=0.06)
    assert forecast.q10_30 < forecast.mean_30 < forecast.q90_30
    assert forecast.reorder_point == pytest.approx(forecast.working["cover_mean"] + forecast.safety_stock, abs=1)
    assert forecast.working["observed_days"] == 201
    risk = {row.institution: row for row in Risk.objects.all()}
    assert (risk[world.t1].stock, risk[world.t1].on_order) == (120, 500)
    assert risk[world.h1].p30 < 0.01
    assert risk[world.h1].days_of_supply == pytest.approx(180, rel=0.06)
    assert run.counts["red"] == 1


def test_late_feed_gives_no_risk_number(world, facts, night, running_out):
    facts.feeds(world.t1, last=9)
    run = night()
    assert set(Risk.objects.values_list("institution", flat=True)) == {world.h1.pk}
    assert not Alert.objects.exists()
    assert run.counts["no_data"] == 1
    assert WatchRun.objects.get() == run
    assert run.as_of == TODAY


def test_job_runs_the_watch_and_reports(world, facts, running_out):
    from formulary.actions import jobs
    from formulary.models import Job

    job = Job.objects.create(
        kind="watch", title="每日监测", alliance=world.alliance, params={"as_of": "2026-11-21"}, created_at=NOW
    )
    assert jobs.perform(job.pk) == "done"
    job.refresh_from_db()
    assert (job.progress, job.result["red"]) == (100, 1)
    assert WatchRun.objects.get().job == job


def test_command_tells_what_it_found_and_what_is_missing(world, facts, running_out, capsys):
    facts.feeds(world.h1, last=9)
    call_command("watch", "--as-of", "2026-11-21")
    said = capsys.readouterr().out
    assert "红色 1" in said
    assert "没有数据（1 家机构）：县医院 库存至 11-12" in said


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--as-of", "昨天"], 2, "应为日期"),
        (["--alliance", "没有"], 1, "没有编码为"),
        (["--as-of", "2026-11-21"], 1, "没有在用的机构"),
    ],
)
def test_command_refuses_in_one_clear_line(world, arguments, code, words):
    if words == "没有在用的机构":
        world.alliance.institutions.update(active=False)
    with pytest.raises(CommandError, match=words) as refused:
        call_command("watch", *arguments)
    assert refused.value.returncode == code


def test_official_list_raises_one_blue_alert_at_the_lead(world, facts, night):
    facts.version()
    facts.feeds(last=-5)
    for place in (world.t1, world.h1):
        facts.use(place, "M1", 10)
        facts.level(place, "M1", 5000)
    edition = ListEdition.objects.create(
        kind="shortage_list", edition="2026 年第 1 批", valid_from=TODAY, imported_at=NOW, source_name="短缺.csv"
    )
    entry = ListEntry.objects.create(edition=edition, key="1", row=2, name="氨氯地平片")
    EntryLink.objects.create(entry=entry, medicine=world.drugs["M1"].medicine, how="exact")
    night()
    alert = Alert.objects.get()
    assert (alert.institution, alert.level, alert.cause) == (world.h1, "blue", "shortage")
    assert alert.reason.startswith("列入短缺药品清单（2026 年第 1 批）")
    edition.official = False
    edition.save()
    for day in (1, 2, 3):
        night(day)
    assert Alert.objects.get().state == "closed"


def test_two_institutions_waiting_long_for_one_drug_speak_of_a_shortage(world, facts, night):
    facts.version()
    facts.feeds()
    for place in (world.t1, world.h1):
        facts.use(place, "M1", 10)
        facts.level(place, "M1", 5000, days=200)
        facts.level(place, "M1", 250)
        facts.order(place, "M1", 500, ordered=45, reference=f"PO-{place.code}")
    night()
    blue = Alert.objects.get(level="blue")
    assert blue.institution == world.h1
    assert blue.reason.startswith("2 家机构订单逾期未到，药品短缺可能性 ")


def test_a_day_to_come_is_refused_until_its_facts_are_here(world, facts):
    facts.feeds(last=0)
    later = TODAY + dt.timedelta(days=1)
    with pytest.raises(DayToCome, match="还没有到"):
        watch(world.alliance, later, by=None, now=NOW)
    assert not WatchRun.objects.exists()
    Feed.objects.update(last_date=later)
    assert watch(world.alliance, later, by=None, now=NOW).as_of == later


def test_late_order_is_told_with_the_suppliers_name_when_it_is_known(facts, night, running_out):
    ExpectedReceipt.objects.update(supplier_name="华康医药")
    night()
    assert Alert.objects.get().reason.startswith("华康医药订单逾期 6 天；")


def test_red_alert_of_an_officially_short_drug_carries_the_mark(world, facts, night, running_out):
    drug = world.drugs["M1"]
    edition = ListEdition.objects.create(
        kind="shortage_list", edition="2026", valid_from=dt.date(2026, 1, 1), official=True, imported_at=NOW
    )
    entry = ListEntry.objects.create(edition=edition, key="1", row=2, name=drug.name)
    EntryLink.objects.create(entry=entry, medicine=drug.medicine, how="exact")
    night()
    alert = Alert.objects.get(institution=world.t1)
    assert (alert.level, alert.drug_short) == ("red", True)


def test_alert_of_a_drug_that_is_late_at_one_place_only_carries_no_mark(facts, night, running_out):
    night()
    assert Alert.objects.get().drug_short is False


def test_short_history_leans_on_the_same_level_and_says_so(world, facts, night, client):
    from config.access import Role
    from formulary.models import Institution

    other = Institution.objects.create(
        alliance=world.alliance, code="T2", name="淳化卫生院", short_name="淳化", level="基层", kind="卫生院"
    )
    facts.version()
    facts.feeds(world.t1, world.h1, other)
    facts.use(other, "M1", 20)
    facts.level(other, "M1", 3000, days=200)
    facts.use(world.t1, "M1", 2, first=9)
    facts.level(world.t1, "M1", 300, days=10)
    night()
    young = Forecast.objects.get(institution=world.t1)
    assert 4 < young.daily_rate < 18
    assert young.working["peers"] == 1
    assert (young.q90_30 - young.q10_30) / young.mean_30 > 1
    assert Forecast.objects.get(institution=other).working["peers"] == 0
    client.force_login(world.people[Role.PHARMACIST])
    assert "历史不足 60 天，参照同级 1 家" in client.get("/stock/reorder/").content.decode()
