"""One night after another: idempotence, hysteresis, escalation, relapse, corrected data, skipped days, notices."""

import datetime as dt

import pytest
from django.apps import apps

from config.access import Role
from formulary.models import RuleValue
from shortage import queries
from shortage.actions import alerts as people
from shortage.models import Alert, AlertStep, Forecast, Notice, Risk, StockLevel, WatchRun
from tests.conftest import NOW, TODAY
from tests.shortage.watch.small import Facts

MODELS = ("Forecast", "Risk", "Alert", "AlertStep", "Notice", "WatchRun")


@pytest.fixture
def steady(world, facts):
    """10 a day of M1 at T1 for 200 days; feeds reach to the end of every night that is run."""
    facts.version()
    facts.feeds(last=-30)
    facts.use(world.t1, "M1", 10, last=-30)
    facts.level(world.t1, "M1", 5000, days=200)
    return facts


def stock(facts: Facts, quantity, on=0):
    """Closing stock; much of it came by a delivery, or the count would be in doubt."""
    facts.level(facts.world.t1, "M1", quantity, days=-on)
    if quantity > 1000:
        facts.receipt(facts.world.t1, "M1", quantity, days=-on, reference=f"PO{on}-{quantity}")


def dump(*, without=()):
    """Every row of the watch's tables, as plain values."""
    answer = {}
    for name in MODELS:
        model = apps.get_model("shortage", name)
        columns = [f.attname for f in model._meta.fields if f.attname not in without]
        answer[name] = sorted(map(repr, model.objects.values_list(*columns)))
    answer["Event"] = apps.get_model("formulary", "Event").objects.count()
    return answer


def verbs(alert=None):
    steps = AlertStep.objects.order_by("at", "pk")
    return list((steps.filter(alert=alert) if alert else steps).values_list("verb", flat=True))


def test_second_run_of_a_day_changes_nothing(world, steady, night):
    stock(steady, 25)
    night()
    before = dump()
    assert before["Alert"]
    assert before["Notice"]
    night()
    assert dump() == before


def test_second_run_computes_the_same_even_when_it_has_to_compute(world, steady, night):
    stock(steady, 25)
    night()
    volatile = ("id", "seconds", "fingerprint")
    before = dump(without=volatile) | {"Event": 0}
    WatchRun.objects.update(fingerprint="")
    night()
    assert dump(without=volatile) | {"Event": 0} == before


def test_corrected_stock_of_the_same_day_gives_what_it_would_have_given(world, steady, night):
    stock(steady, 25)
    night()
    assert Alert.objects.get().state == "open"
    StockLevel.objects.filter(date=TODAY).update(quantity=4000)
    night()
    alert = Alert.objects.get()
    assert (alert.state, alert.outcome) == ("closed", "数据更正后未达到预警线")
    assert Risk.objects.get(institution=world.t1, presentation=world.drugs["M1"]).stock == 4000
    StockLevel.objects.filter(date=TODAY).update(quantity=25)
    night()
    assert Alert.objects.get().state == "open"
    assert verbs() == ["raise", "clear", "relapse"]
    assert Forecast.objects.filter(as_of=TODAY, institution=world.t1).count() == 1


def test_alert_ends_after_three_calm_days_not_before(world, steady, night):
    stock(steady, 25)
    night()
    stock(steady, 4000, on=1)
    states = [night(day) and Alert.objects.get().state for day in (1, 2, 3)]
    assert states == ["open", "open", "closed"]
    alert = Alert.objects.get()
    assert (alert.closed_on, alert.outcome) == (TODAY + dt.timedelta(days=3), "风险已解除（每日监测）")
    assert verbs() == ["raise", "clear"]


def test_repeating_a_calm_night_does_not_count_it_twice(world, steady, night):
    stock(steady, 25)
    night()
    stock(steady, 4000, on=1)
    for _ in range(4):
        night(1)
        WatchRun.objects.update(fingerprint="")
    assert Alert.objects.get().calm_days == 1


def test_rise_is_one_alert_that_escalates_and_tells_once_per_level(world, steady, night):
    RuleValue.objects.create(key="watch.orange_p14", value=0.02, valid_from=TODAY)
    stock(steady, 115)
    night()
    alert = Alert.objects.get()
    assert alert.level == "orange"
    stock(steady, 20, on=1)
    night(1)
    night(2)
    alert.refresh_from_db()
    assert alert.level == "red"
    assert verbs() == ["raise", "escalate"]
    assert list(Notice.objects.order_by("pk").values_list("person__name", "level")) == [
        ("李强", "orange"),
        ("李强", "red"),
    ]


def test_relapse_opens_the_old_alert_again(world, steady, night):
    stock(steady, 25)
    night()
    stock(steady, 4000, on=1)
    for day in (1, 2, 3):
        night(day)
    stock(steady, 25, on=4)
    night(4)
    alert = Alert.objects.get()
    assert (alert.state, alert.closed_on, alert.outcome) == ("open", None, "")
    assert verbs() == ["raise", "clear", "relapse"]


def test_alert_closed_by_a_person_rests_three_days_then_comes_back(world, steady, night):
    stock(steady, 25)
    night()
    people.close(Alert.objects.get(), "已调剂补足", by=world.people[Role.PHARMACIST], now=NOW)
    night()
    night(1)
    night(2)
    assert Alert.objects.get().state == "closed"
    night(3)
    assert Alert.objects.get().state == "open"
    assert verbs() == ["raise", "close", "relapse"]


def test_person_at_work_is_not_disturbed_by_the_next_night(world, steady, night):
    stock(steady, 25)
    night()
    people.take_on(Alert.objects.get(), by=world.people[Role.PHARMACIST], now=NOW)
    night(1)
    alert = Alert.objects.get()
    assert (alert.state, alert.handler) == ("acting", world.people[Role.PHARMACIST])


def test_skipped_days_leave_one_alert_and_the_newest_numbers(world, steady, night):
    stock(steady, 25)
    night()
    night(9)
    alert = Alert.objects.get()
    assert (alert.opened_on, alert.updated_on) == (TODAY, TODAY + dt.timedelta(days=9))


def test_older_day_is_written_but_people_s_alerts_stay(world, steady, night):
    stock(steady, 4000)
    night()
    before = list(dump()["Alert"])
    stock(steady, 5, on=-5)
    night(-5)
    assert dump()["Alert"] == before == []
    drug = world.drugs["M1"]
    assert Risk.objects.get(as_of=TODAY - dt.timedelta(days=5), presentation=drug, institution=world.t1).p7 > 0.4


def test_late_feed_neither_calms_nor_ends_a_standing_alert(world, steady, night):
    stock(steady, 25)
    night()
    steady.feeds(world.t1, last=0)
    for day in (4, 5, 6, 7):
        night(day)
    alert = Alert.objects.get()
    assert (alert.state, alert.updated_on, alert.calm_days) == ("open", TODAY, 0)


def test_person_gets_five_notices_a_day_the_most_pressing_first(world, facts, night):
    RuleValue.objects.create(key="watch.notices_per_day", alliance=world.alliance, value=2, valid_from=TODAY)
    facts.version()
    facts.feeds()
    for code, left in (("M1", 60), ("M2", 2), ("M3", 1)):
        facts.use(world.t1, code, 10)
        facts.level(world.t1, code, 5000, days=200)
        facts.level(world.t1, code, left)
    night()
    assert Alert.objects.count() == 3
    told = set(Notice.objects.values_list("alert__presentation__code", flat=True))
    assert told == {"M2", "M3"}


def test_stock_that_expires_before_it_is_used_is_the_cause(world, facts, night):
    facts.version()
    facts.feeds()
    facts.use(world.t1, "M1", 10)
    facts.level(world.t1, "M1", 900, days=200)
    facts.lot(world.t1, "M1", 900, expires_in=4)
    night()
    alert = Alert.objects.get()
    assert (alert.level, alert.cause) == ("red", "expiry")
    assert "将在 30 天内过期而用不完" in alert.reason
    assert alert.days_of_supply == pytest.approx(4, abs=0.3)


def test_rising_use_is_the_cause(world, facts, night):
    facts.version()
    facts.feeds()
    facts.use(world.t1, "M1", 5, last=14)
    facts.use(world.t1, "M1", 20, first=13)
    facts.level(world.t1, "M1", 5000, days=200)
    facts.level(world.t1, "M1", 60)
    facts.order(world.t1, "M1", 5000, ordered=1, due=9)
    night()
    alert = Alert.objects.get()
    assert alert.cause == "demand_up"
    assert "近 14 天日均用量由 5 升至 20 片" in alert.reason


def test_empty_shelf_is_red_only_where_somebody_asks(world, facts, night):
    facts.version()
    facts.feeds()
    facts.use(world.t1, "M1", 10, last=3)
    facts.level(world.t1, "M1", 5000, days=200)
    facts.level(world.t1, "M1", 0, days=3)
    facts.level(world.t1, "M2", 0)
    night()
    alert = Alert.objects.get()
    assert (alert.presentation.code, alert.level, alert.cause, alert.stockout_on) == ("M1", "red", "empty", TODAY)
    assert alert.reason.startswith("无在途订单；可用库存已为 0")


def test_drug_that_leaves_the_world_ends_its_alert(world, steady, night):
    stock(steady, 25)
    night()
    drug = world.drugs["M1"]
    drug.active = False
    drug.save()
    night(1)
    assert Alert.objects.get().outcome == "该机构不再使用此品规"


def test_old_days_are_dropped_but_the_first_of_a_month_is_kept(world, steady, night):
    stock(steady, 4000)
    for day in (-40, -30, -19, -9, -7, 0):
        night(day)
    kept = sorted((TODAY - day).days for day in set(Risk.objects.values_list("as_of", flat=True)))
    assert kept == [0, 7, 19, 40]
    assert set(Forecast.objects.values_list("as_of", flat=True)) == {TODAY - dt.timedelta(days=d) for d in kept}


def test_own_rule_value_stands_before_the_common_one_and_only_in_its_time(world):
    for alliance, value, since in ((None, 9, 5), (world.alliance, 7, 20), (world.alliance, 6, -1)):
        RuleValue.objects.create(
            key="watch.notices_per_day", alliance=alliance, value=value, valid_from=TODAY - dt.timedelta(days=since)
        )
    habits = queries.watch_settings(world.alliance, TODAY)[2]
    assert (habits.notices_per_day, habits.snooze_days) == (7, 3)
