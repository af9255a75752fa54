"""The nightly pass on worlds small enough to work out by hand."""

import datetime as dt
import re

import pytest

from shortage.models import Alert, Forecast, Risk, WatchRun
from tests.conftest import TODAY


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
    assert re.fullmatch(r"B 供应商订单逾期 6 天；现有 120 片，按日均 1[89] 片约 6 天后（11-27）用完", alert.reason)
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
