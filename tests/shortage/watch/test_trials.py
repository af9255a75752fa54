"""Replay and back-test on an alliance's own history, as jobs, pages and a threshold that is adopted."""

import datetime as dt

import pytest

from config.access import Role
from formulary.actions import jobs
from formulary.models import Event, Job, RuleValue
from shortage.actions import backtesting, replaying, thresholds
from shortage.actions.backtesting import BacktestRefused
from shortage.actions.replaying import ReplayRefused
from shortage.actions.thresholds import ThresholdRefused
from shortage.models import Prediction, StockLevel, Trial
from shortage.queries import foresight, watch_settings
from tests.conftest import NOW, TODAY
from tests.shortage.watch.small import ago


@pytest.fixture
def past(world, facts):
    """T1 uses 6 M1 a day from 300, is filled up every 50 days and stands empty the last days of each round."""
    facts.version()
    facts.feeds()
    facts.use(world.h1, "M2", 2)
    facts.level(world.h1, "M2", 9000, days=200)
    for day in range(200, -1, -1):
        left = max(0, 264 - 6 * ((200 - day) % 50))
        facts.level(world.t1, "M1", left, days=day)
        if left:
            facts.use(world.t1, "M1", 6, first=day, last=day)
    return facts


def replayed(world, first=140, last=20, step=7):
    return replaying.replay(world.alliance, ago(first), ago(last), step, by=None, now=NOW)


def test_replay_tells_what_each_threshold_would_have_meant(world, past):
    found = replayed(world)
    told = found.result
    assert (told["nights"], told["falls"]) == (18, 2)
    table = {row["threshold"]: row for row in told["table"]}
    assert table[0.05]["recall"] == 1.0
    assert table[0.05]["new"] >= table[0.9]["new"]
    assert Event.objects.filter(verb="预警回放").count() == 1


def test_replay_asks_nothing_of_the_future(world, past):
    short = replayed(world, last=60).result["table"]
    StockLevel.objects.filter(date__gt=ago(60), institution=world.t1).update(quantity=7777)
    again = replayed(world, last=60).result["table"]
    assert [row["new"] for row in short] == [row["new"] for row in again]


def test_replayed_nights_teach_the_calibration_but_never_replace_watched_ones(world, past, night):
    Prediction.objects.create(alliance=world.alliance, as_of=ago(140), source="watch", tallies={})
    replayed(world)
    assert Prediction.objects.get(as_of=ago(140)).source == "watch"
    assert Prediction.objects.filter(source="replay").count() == 17
    replayed(world)
    assert Prediction.objects.count() == 18
    assert night().calibration["nights"] == 17


def test_span_without_history_or_nights_is_refused(world, past):
    with pytest.raises(ReplayRefused, match="没有库存数据"):
        replayed(world, first=500)
    with pytest.raises(ReplayRefused, match="应回放 1 至"):
        replaying.replay(world.alliance, ago(3), ago(9), 7, by=None, now=NOW)


def test_why_is_told_from_what_the_last_night_knew():
    case = {"days": 3, "asked": "2026-11-01", "known": True, "p14": 0.1, "stock": 40, "used": 40, "expected": 12}
    told = {"on_order": 0, "late": 0}
    assert "用量突增" in foresight.why_missed(case | told, 0.4)
    assert "已逾期 5 天" in foresight.why_missed(case | {"used": 15, "on_order": 90, "late": 5}, 0.4)
    assert "结果未及时到" in foresight.why_missed(case | {"used": 15, "on_order": 90, "late": 0}, 0.4)
    assert "接近阈值" in foresight.why_missed(case | told | {"used": 15, "p14": 0.35}, 0.4)
    assert "没有库存数据" in foresight.why_missed(case | {"known": False}, 0.4)


def test_threshold_is_chosen_by_what_a_pharmacist_can_handle():
    table = [{"threshold": t, "per_pharmacist": n} for t, n in ((0.1, 3.0), (0.2, 1.0), (0.3, 0.4))]
    assert foresight.affordable(table, 1.0)["threshold"] == 0.2
    assert foresight.affordable(table, 0.1) is None
    assert foresight.chosen(table, 0.27)["threshold"] == 0.3


def test_adopted_threshold_is_a_dated_rule_value_that_the_next_night_uses(world, past):
    secretary = world.people[Role.SECRETARY]
    trial = replayed(world)
    row = thresholds.set_orange(world.alliance, 0.25, trial=trial, by=secretary, now=NOW, today=TODAY)
    assert (row.key, row.valid_from, row.confirmed_by) == ("watch.orange_p14", TODAY, str(secretary))
    assert watch_settings(world.alliance, TODAY)[0].orange_p14 == 0.25
    assert watch_settings(world.alliance, ago(1))[0].orange_p14 == 0.3
    with pytest.raises(ThresholdRefused, match="同一天只能有一个值"):
        thresholds.set_orange(world.alliance, 0.3, trial=trial, by=secretary, now=NOW, today=TODAY)
    with pytest.raises(ThresholdRefused, match="5% 与 95%"):
        thresholds.set_orange(world.alliance, 0.99, trial=trial, by=secretary, now=NOW, today=ago(-1))


def test_backtest_judges_the_last_whole_month(world, past):
    assert backtesting.due(world.alliance, TODAY) == dt.date(2026, 10, 1)
    found = backtesting.backtest(world.alliance, dt.date(2026, 10, 9), by=None, now=NOW)
    whole = foresight.scored(found)[0]
    assert (found.first, found.last, found.result["series"], found.result["out"]) == (
        dt.date(2026, 10, 1), dt.date(2026, 10, 31), 1, 1,
    )  # fmt: skip
    assert {one["key"] for one in whole["methods"]} == {"dmx", "average", "naive"}
    assert abs(whole["methods"][0]["bias"]) < 0.15
    assert backtesting.due(world.alliance, TODAY) is None
    with pytest.raises(BacktestRefused, match="还没有报全"):
        backtesting.backtest(world.alliance, TODAY, by=None, now=NOW)


@pytest.mark.parametrize(
    ("kind", "params"),
    [
        ("replay", {"first": "2026-08-01", "last": "2026-10-31", "step_days": 7}),
        ("backtest", {"month": "2026-10-01"}),
    ],
)
def test_job_run_twice_leaves_one_trial(world, past, kind, params):
    job = Job.objects.create(kind=kind, title="检验", alliance=world.alliance, params=params, created_at=NOW)
    assert jobs.perform(job.pk) == "done"
    Job.objects.filter(pk=job.pk).update(state="queued", finished_at=None)
    jobs.perform(job.pk)
    assert Trial.objects.get().job == job


def test_pages_tell_and_only_those_who_may_adopt(world, past, client):
    trial = replayed(world)
    client.force_login(world.people[Role.BUREAU])
    page = client.get("/foresight/replay/?per_day=0.5").content.decode()
    assert "为什么没有预警" in page
    assert "由委员会秘书或采购中心决定" in page
    assert client.post(f"/foresight/replay/{trial.pk}/adopt/", {"threshold": "0.3"}).status_code == 403
    client.force_login(world.people[Role.PROCUREMENT])
    assert client.post(f"/foresight/replay/{trial.pk}/adopt/", {"threshold": "0.3"}).status_code == 302
    assert RuleValue.objects.get(alliance=world.alliance).value == 0.3
    refused = client.post("/foresight/replay/start/", {"first": "2026-11-30", "last": "2026-10-01", "step_days": "7"})
    assert "应不晚于截止日" in refused.content.decode()


def test_pharmacist_reads_of_missed_shelves_of_the_own_institution_only(world, past, client):
    trial = replayed(world)
    rows = foresight.misses(trial, 1.01, frozenset({world.h1.pk}))
    assert rows == []
    assert len(foresight.misses(trial, 1.01, frozenset({world.t1.pk}))) == 2
    client.force_login(world.people[Role.PHARMACIST])
    assert "还没有回测" in client.get("/foresight/backtest/").content.decode()
