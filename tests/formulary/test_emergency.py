"""紧急临时采购: the chair approves, for days and a place; what may be used on a day is read from the days."""

import datetime as dt

import pytest

from config.access import Role
from formulary.actions import applications, emergency
from formulary.actions.nightly import tidy
from formulary.models import AdjustmentStep, FormularyEntry
from formulary.queries.allowed import allowed, temporary_uses
from formulary.queries.applications import verbs_for
from formulary.rules.adjustment_life import Kind, MoveRefused, Verb
from formulary.rules.application import ApplicationFaults
from formulary.rules.who import NotAllowed
from tests.conftest import NOW, TODAY
from tests.formulary.governance import draft, govern

DAY = dt.timedelta(days=1)
UNTIL = TODAY + 30 * DAY


@pytest.fixture(autouse=True)
def sources(settings):
    settings.EVIDENCE = {}


@pytest.fixture
def world(world):
    return govern(world)


def asked(world, *, until=UNTIL, now=NOW, **more):
    row = draft(world, kind=Kind.EMERGENCY, until=until, quantity=120, lowest_level="", **more)
    return applications.submit(row, by=row.applicant, now=now)


def test_the_chair_approves_and_the_place_may_use_it_until_the_day(world):
    row = emergency.approve(asked(world), by=world.chair, now=NOW)
    assert row.state == "temporary"
    drug = world.drugs["M2"].pk
    for day, open_ in ((TODAY - DAY, False), (TODAY, True), (UNTIL, True), (UNTIL + DAY, False)):
        may = allowed(world.alliance, day)
        assert (drug in may.open_to(world.t1)) is open_, day
        assert drug not in may.open_to(world.h1)
    assert allowed(world.alliance, TODAY).why(world.t1, drug) == "临时"


def test_a_line_is_open_to_its_level_and_above(world):
    may = allowed(world.alliance, TODAY)
    assert may.open_to(world.t1) == may.open_to(world.h1) == {world.drugs["M1"].pk, world.drugs["M3"].pk}
    FormularyEntry.objects.filter(presentation=world.drugs["M1"]).update(lowest_level="二级")
    may = allowed(world.alliance, TODAY)
    assert may.open_to(world.t1) == {world.drugs["M3"].pk}
    assert may.why(world.h1, world.drugs["M1"].pk) == "统一目录"
    assert may.why(world.t1, world.drugs["M1"].pk) == ""


def test_only_the_chair_or_a_vice_chair_approves_and_never_the_own(world):
    row = asked(world)
    for role in set(Role) - {Role.HEAD}:
        with pytest.raises(NotAllowed):
            emergency.approve(row, by=world.people[role], now=NOW)
    own = asked(world, by=world.chair, at=world.h1)
    with pytest.raises(NotAllowed, match="自己的申请"):
        emergency.approve(own, by=world.chair, now=NOW)
    assert Verb.APPROVE in verbs_for(row, world.chair, TODAY)
    assert Verb.APPROVE not in verbs_for(own, world.chair, TODAY)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"until": TODAY + 91 * DAY}, "不超过 90 天，最晚 2027-02-19"),
        ({"until": TODAY - DAY}, "不超过 90 天"),
        ({"indication": ""}, "病情或适应证"),
        ({"code": "M1"}, "无须临时采购"),
    ],
)
def test_what_lasts_too_long_or_is_not_needed_is_refused(world, change, told):
    with pytest.raises(ApplicationFaults, match=told):
        asked(world, **change)


def test_an_approval_that_comes_late_still_keeps_the_ninety_days(world):
    row = asked(world, until=TODAY)
    with pytest.raises(MoveRefused, match="请退回申请人改期"):
        emergency.approve(row, by=world.chair, now=NOW + DAY)


def test_the_fourth_purchase_of_a_year_goes_to_full_review(world):
    for k in range(3):
        row = emergency.approve(asked(world), by=world.chair, now=NOW)
        emergency.end_early(row, by=world.people[Role.SECRETARY], now=NOW, note=f"第 {k} 次用完")
        row.until = TODAY - DAY
        row.save(update_fields=["until"])
    fourth = asked(world)
    with pytest.raises(MoveRefused, match="一年内已临时采购 3 次（上限 3 次），应提出调入申请"):
        emergency.approve(fourth, by=world.chair, now=NOW)
    AdjustmentStep.objects.filter(verb="approve").update(at=NOW - 366 * DAY)
    assert emergency.approve(fourth, by=world.chair, now=NOW).state == "temporary"


def test_a_ratified_use_runs_on_to_its_day(world):
    row = emergency.approve(asked(world), by=world.chair, now=NOW)
    with pytest.raises(MoveRefused, match="会议"):
        emergency.ratify(row, by=world.people[Role.SECRETARY], now=NOW, note=" ")
    emergency.ratify(row, by=world.people[Role.SECRETARY], now=NOW, note="2026 年第 4 次会议追认")
    assert row.state == "ratified"
    assert len(temporary_uses(world.alliance, UNTIL)) == 1
    assert tidy(world.alliance, UNTIL + DAY, now=NOW)["失效"] == 0


def test_the_night_lapses_what_ended_once(world):
    row = emergency.approve(asked(world), by=world.chair, now=NOW)
    assert tidy(world.alliance, UNTIL, now=NOW)["失效"] == 0
    assert tidy(world.alliance, UNTIL + DAY, now=NOW)["失效"] == 1
    assert tidy(world.alliance, UNTIL + DAY, now=NOW)["失效"] == 0
    row.refresh_from_db()
    step = row.steps.get(verb="lapse")
    assert (row.state, row.until, step.by) == ("lapsed", UNTIL, None)
    assert len(temporary_uses(world.alliance, UNTIL)) == 1


def test_ending_early_takes_the_coming_days_away(world):
    row = emergency.approve(asked(world), by=world.chair, now=NOW)
    emergency.end_early(row, by=world.people[Role.SECRETARY], now=NOW, note="委员会不予追认")
    assert len(temporary_uses(world.alliance, TODAY)) == 1
    assert temporary_uses(world.alliance, TODAY + DAY) == []


def test_the_office_does_not_accept_an_emergency_for_scoring(world):
    row = asked(world)
    with pytest.raises(MoveRefused, match="不能形式审查通过"):
        applications.accept(row, by=world.people[Role.SECRETARY], now=NOW)
