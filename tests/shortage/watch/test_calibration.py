"""Nights keep what they foretold, compare it with what came, and learn from ended windows only."""

import numpy as np
import pytest

from config.access import Role
from shortage.actions import calibrating
from shortage.actions.watch import watch
from shortage.forecasting.reliability import Tally
from shortage.models import Feed, Prediction, Risk, WatchRun
from shortage.rules.watching import Habits
from tests.conftest import NOW, TODAY
from tests.shortage.watch.small import ago


@pytest.fixture
def emptied(world, facts):
    """M1 at T1 was at 60 twenty days ago and empty ten days ago; at H1 it never runs out."""
    facts.version()
    facts.feeds()
    for place, left in ((world.t1, 60), (world.h1, 5000)):
        facts.use(place, "M1", 6, last=20)
        facts.level(place, "M1", 3000, days=200)
        facts.level(place, "M1", left, days=20)
    facts.level(world.t1, "M1", 0, days=10)


def pass_of(world, days):
    return watch(world.alliance, ago(days), by=None, now=NOW)


def counted(name, days):
    tallies = Prediction.objects.get(as_of=ago(days)).tallies
    return None if name not in tallies else tuple(int(sum(x)) for x in tallies[name]["shown"][:2])


def test_a_night_keeps_what_it_told_of_items_with_stock(world, emptied):
    pass_of(world, 20)
    told = calibrating.Told.unpack(bytes(Prediction.objects.get().packed))
    assert set(told.institution.tolist()) == {world.t1.pk, world.h1.pk}
    risk = Risk.objects.get(institution=world.t1)
    mine = told.shown[told.institution == world.t1.pk][0]
    assert mine[:3] == pytest.approx([risk.p7, risk.p14, risk.p30], abs=1e-4)
    assert counted("7", 20) is None


def test_later_nights_count_what_came_once_the_window_is_over(world, emptied):
    pass_of(world, 20)
    pass_of(world, 12)
    assert (counted("7", 20), counted("14", 20)) == ((2, 0), None)
    pass_of(world, 6)
    assert counted("14", 20) == (2, 1)
    pass_of(world, 0)
    assert counted("30", 20) is None


def test_empty_shelves_are_not_foretold(world, emptied):
    pass_of(world, 5)
    told = calibrating.Told.unpack(bytes(Prediction.objects.get().packed))
    assert told.institution.tolist() == [world.h1.pk]


def test_window_beyond_the_last_report_is_not_counted_until_the_report_comes(world, emptied):
    pass_of(world, 20)
    Feed.objects.filter(institution=world.t1).update(last_date=ago(15))
    pass_of(world, 6)
    assert counted("14", 20) == (1, 0)
    Feed.objects.filter(institution=world.t1).update(last_date=ago(0))
    pass_of(world, 3)
    assert counted("14", 20) == (2, 1)


def test_running_a_night_again_changes_nothing(world, emptied):
    pass_of(world, 20)
    pass_of(world, 6)
    before = list(Prediction.objects.values("as_of", "tallies", "packed"))
    WatchRun.objects.update(fingerprint="")
    pass_of(world, 6)
    assert list(Prediction.objects.values("as_of", "tallies", "packed")) == before


def tallied(days, seen_share, told=0.4, n=400):
    """A night whose windows of 7, 14 and 30 days came true for `seen_share` of its items."""
    tally = Tally.count(np.full(n, told), np.arange(n) < seen_share * n).as_lists()
    return Prediction(as_of=ago(days), tallies={name: {"raw": tally, "shown": tally} for name in calibrating.WINDOWS})


def test_only_windows_that_have_ended_teach():
    rows = [tallied(40, 0.1), tallied(10, 0.9)]
    past = calibrating.learn(rows, TODAY, Habits())
    assert past.learned["14"].map.apply(np.array([0.4]))[0] < 0.2
    assert past.learned["7"].map.apply(np.array([0.4]))[0] > 0.4


def test_shown_probability_is_the_learned_one(world, emptied):
    Prediction.objects.bulk_create([*(_of(world, tallied(days, 0.02)) for days in (130, 100, 70, 40))])
    run = pass_of(world, 20)
    risk = Risk.objects.get(institution=world.t1)
    assert run.calibration["maps"]["14"]["trusted"]
    assert risk.p14 < risk.computed_p14
    assert risk.p7 <= risk.p14 <= risk.p30


def _of(world, prediction):
    prediction.alliance = world.alliance
    return prediction


def test_single_items_are_dropped_when_their_windows_are_over_and_counts_stay(world, emptied):
    pass_of(world, 20)
    Prediction.objects.update(as_of=ago(60))
    pass_of(world, 0)
    old = Prediction.objects.get(as_of=ago(60))
    assert bytes(old.packed) == b""


def test_page_says_why_nothing_is_calibrated_yet(world, emptied, client):
    client.force_login(world.people[Role.PHARMACIST])
    pass_of(world, 20)
    page = client.get("/foresight/?days=14").content.decode()
    assert "还没有一次预测满 14 天" in page
    pass_of(world, 6)
    page = client.get("/foresight/?days=14").content.decode()
    assert "不足 20 次，暂用未校准的计算值" in page
    assert client.get("/foresight/?days=9").status_code == 200


def test_page_shows_told_and_seen(world, client):
    Prediction.objects.bulk_create([_of(world, tallied(days, 0.25)) for days in (100, 70, 40)])
    client.force_login(world.people[Role.HEAD])
    page = client.get("/foresight/?days=7").content.decode()
    assert "1,200" in page
    assert "-15.0 个百分点" in page
    assert "2026-08-13 至" in page
