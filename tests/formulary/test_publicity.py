"""From the vote to the end of 公示: shown long enough, every objection answered."""

import datetime as dt

import pytest

from config.access import Role
from formulary.actions import publicity
from formulary.models import Adjustment, Event, Objection, Publicity, RuleValue
from formulary.rules.adjustment_life import MoveRefused
from formulary.rules.publicity import PublicityRefused
from tests.formulary.releases import AFTER, MONDAY, announced, passed

DAY = dt.timedelta(days=1)


@pytest.fixture
def shown(world):
    return announced(world, passed(world, "M3"), passed(world, "M2", number="2026-9"))


def objection(world, shown, *, now=MONDAY + DAY, text="本院患者多用原规格"):
    return publicity.object_to(
        shown, shown.adjustments.first(), institution=world.t1, text=text, by=world.people[Role.PHARMACIST], now=now
    )


def answered(world, row, outcome="dismissed", text="同品种仍可使用"):
    return publicity.answer(row, outcome=outcome, text=text, by=world.people[Role.SECRETARY], now=MONDAY + 2 * DAY)


def test_it_runs_for_the_working_days_of_the_charter(world, shown):
    assert (shown.number, shown.opens_on, shown.closes_on) == ("2026-1", dt.date(2026, 11, 2), dt.date(2026, 11, 9))
    assert set(Adjustment.objects.values_list("state", flat=True)) == {"publicity"}
    assert len(shown.slug) >= 16


def test_the_charter_of_the_alliance_sets_the_days(world):
    RuleValue.objects.create(
        key="charter.publicity_days", alliance=world.alliance, value=7, valid_from=dt.date(2026, 1, 1)
    )
    assert announced(world, passed(world, "M3")).closes_on == dt.date(2026, 11, 11)


def test_fewer_days_than_the_charter_are_refused(world):
    row = passed(world, "M3")
    with pytest.raises(PublicityRefused, match="不少于 5 个工作日"):
        publicity.announce(world.alliance, [row], title="公示", days=4, by=world.people[Role.SECRETARY], now=MONDAY)
    assert not Publicity.objects.exists()


def test_what_was_not_passed_is_not_announced(world):
    row = passed(world, "M3")
    announced(world, row)
    with pytest.raises(MoveRefused, match="公示中"):
        announced(world, row)
    assert Publicity.objects.count() == 1


def test_numbers_go_on_within_the_year(world):
    first, second = announced(world, passed(world, "M3")), announced(world, passed(world, "M2"))
    assert [first.number, second.number] == ["2026-1", "2026-2"]


def test_it_does_not_end_before_its_last_day_is_over(world, shown):
    with pytest.raises(PublicityRefused, match="公示至 2026-11-09 止"):
        publicity.end(shown, by=None, now=MONDAY + 7 * DAY)


def test_it_does_not_end_while_an_objection_waits(world, shown):
    row = objection(world, shown)
    with pytest.raises(PublicityRefused, match="还有 1 条异议没有答复"):
        publicity.end(shown, by=None, now=AFTER)
    answered(world, row)
    publicity.end(shown, by=None, now=AFTER)
    assert set(Adjustment.objects.values_list("state", flat=True)) == {"cleared"}


def test_an_upheld_objection_sends_the_application_back_and_spares_the_others(world, shown):
    first = shown.adjustments.first()
    answered(world, objection(world, shown), outcome="upheld", text="需补充儿童剂量资料")
    publicity.end(shown, by=None, now=AFTER)
    states = dict(Adjustment.objects.values_list("pk", "state"))
    assert states.pop(first.pk) == "ready"
    assert set(states.values()) == {"cleared"}
    assert first.steps.last().note == "湖熟卫生院异议成立：需补充儿童剂量资料"


def test_the_night_ends_what_is_due_and_changes_nothing_twice(world, shown):
    assert publicity.end_due(world.alliance, now=MONDAY + 7 * DAY) == []
    assert publicity.end_due(world.alliance, now=AFTER) == [shown]
    events = Event.objects.count()
    assert publicity.end_due(world.alliance, now=AFTER + DAY) == []
    publicity.end(shown, by=None, now=AFTER + DAY)
    assert Event.objects.count() == events


def test_no_objection_after_the_last_day(world, shown):
    with pytest.raises(PublicityRefused, match="不再接受异议"):
        objection(world, shown, now=AFTER)


@pytest.mark.parametrize(("text", "words"), [("  ", "请写明异议内容"), ("长" * 4001, "不超过 4000 字")])
def test_an_objection_needs_words(world, shown, text, words):
    with pytest.raises(PublicityRefused, match=words):
        objection(world, shown, text=text)


def test_an_answer_stands(world, shown):
    row = answered(world, objection(world, shown))
    assert (row.outcome, row.answered_by) == (Objection.Outcome.DISMISSED, world.people[Role.SECRETARY])
    with pytest.raises(PublicityRefused, match="已答复"):
        answered(world, row, text="改")


@pytest.mark.parametrize(("outcome", "text", "words"), [("", "x", "请选择"), ("upheld", " ", "请写明答复理由")])
def test_an_answer_needs_a_result_and_words(world, shown, outcome, text, words):
    row = objection(world, shown)
    with pytest.raises(PublicityRefused, match=words):
        answered(world, row, outcome=outcome, text=text)
