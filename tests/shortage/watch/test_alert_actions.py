"""People and alerts: the table of moves, who may, and what is left behind."""

import pytest

from config.access import Role
from formulary.models import Event, Membership, Person
from shortage.actions import alerts
from shortage.models import Alert
from shortage.rules import lifecycle
from shortage.rules.lifecycle import MOVES, Verb
from tests.conftest import NOW, TODAY


@pytest.fixture
def pharmacist(world):
    return world.people[Role.PHARMACIST]


def make_alert(world, institution=None, **more):
    fields = {
        "institution": institution or world.t1,
        "presentation": world.drugs["M1"],
        "level": "red",
        "cause": "low",
        "reason": "现有 120 片",
        "risk": 0.8,
        "opened_on": TODAY,
        "updated_on": TODAY,
    }
    return Alert.objects.create(**(fields | more))


def test_taking_on_sets_the_handler_and_leaves_step_and_event(world, pharmacist):
    alert = alerts.take_on(make_alert(world), by=pharmacist, now=NOW)
    assert (alert.state, alert.handler) == ("acting", pharmacist)
    step = alert.steps.get()
    assert (step.verb, step.by, step.on) == ("take_on", pharmacist, TODAY)
    assert Event.objects.get(verb="接手预警").label == str(alert)


def test_second_to_take_on_is_told_who_was_first(world, pharmacist):
    alert = alerts.take_on(make_alert(world), by=pharmacist, now=NOW)
    other = Person.objects.create(username="wu", name="吴敏")
    Membership.objects.create(
        person=other, role="pharmacist", alliance=world.alliance, institution=world.t1, valid_from=TODAY
    )
    with pytest.raises(lifecycle.AlreadyTaken, match="李强"):
        alerts.take_on(alert, by=other, now=NOW)
    assert alert.steps.count() == 1


def test_alert_of_another_institution_is_out_of_reach(world, pharmacist):
    alert = make_alert(world, world.h1)
    with pytest.raises(lifecycle.NotInReach):
        alerts.take_on(alert, by=pharmacist, now=NOW)
    alert.refresh_from_db()
    assert alert.state == "open"


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.PHARMACIST])
def test_only_pharmacists_handle_alerts(world, role):
    with pytest.raises(lifecycle.NotInReach):
        alerts.note(make_alert(world), "看过", by=world.people[role], now=NOW)


def test_closing_asks_for_a_known_outcome_and_other_for_words(world, pharmacist):
    alert = make_alert(world)
    with pytest.raises(lifecycle.WordsMissing):
        alerts.close(alert, "好了", by=pharmacist, now=NOW)
    with pytest.raises(lifecycle.WordsMissing):
        alerts.close(alert, "其他", by=pharmacist, now=NOW)
    closed = alerts.close(alert, "已到货", text="上午收到 500 片", by=pharmacist, now=NOW)
    assert (closed.state, closed.closed_on, closed.outcome) == ("closed", TODAY, "已到货：上午收到 500 片")


def test_closed_alert_can_be_opened_again_but_not_beside_a_newer_one(world, pharmacist):
    alert = alerts.close(make_alert(world), "已到货", by=pharmacist, now=NOW)
    with pytest.raises(lifecycle.AlreadyClosed):
        alerts.note(alert, "又缺了", by=pharmacist, now=NOW)
    opened = alerts.reopen(alert, "到货破损", by=pharmacist, now=NOW)
    assert (opened.state, opened.closed_on, opened.outcome) == ("open", None, "")
    alerts.close(alert, "已到货", by=pharmacist, now=NOW)
    make_alert(world)
    with pytest.raises(lifecycle.Succeeded):
        alerts.reopen(alert, "到货破损", by=pharmacist, now=NOW)


def test_every_state_has_its_buttons():
    assert lifecycle.possible("open") == [Verb.TAKE_ON, Verb.NOTE, Verb.CLOSE]
    assert lifecycle.possible("acting") == [Verb.NOTE, Verb.CLOSE]
    assert lifecycle.possible("closed") == [Verb.REOPEN]
    assert set(MOVES) == set(Verb)
