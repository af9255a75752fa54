"""Every write leaves one event; the chain shows any later change."""

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from config.access import Role
from formulary import queries
from formulary.actions.history import record
from formulary.models import ChainHead, Event
from tests.conftest import NOW


def breaks():
    return {name: found for name, _count, found in queries.verify_history()}


def tamper(sql):
    """As someone with the database password would: the trigger is taken away first."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("DROP TRIGGER event_is_append_only")
        else:
            cursor.execute("DROP TRIGGER event_is_append_only ON formulary_event")
        cursor.execute(sql)


@pytest.fixture
def three_events(world):
    who = world.people[Role.SECRETARY]
    return [record("登记", world.t1, alliance=world.alliance, by=who, now=NOW, data={"n": n}) for n in (1, 2, 3)]


def test_chain_of_untouched_events_holds(three_events):
    assert breaks() == {"JN": []}
    assert [event.number for event in three_events] == [1, 2, 3]


def test_event_cannot_be_changed_in_the_database(three_events):
    with pytest.raises(DatabaseError, match="只能追加"), transaction.atomic():
        Event.objects.filter(number=2).update(by_name="别人")


def test_changed_event_is_named(three_events):
    tamper("UPDATE formulary_event SET by_name = '别人' WHERE number = 2")
    assert [place.number for place in breaks()["JN"]] == [2]


def test_deleted_event_is_named(three_events):
    Event.objects.filter(number=2).delete()
    assert "缺少第 2 至 2 条" in breaks()["JN"][0].reason


def test_cut_off_tail_is_named(three_events):
    Event.objects.filter(number=3).delete()
    assert "链尾应为第 3 条" in breaks()["JN"][0].reason


def test_command_fails_when_the_chain_is_broken(three_events, capsys):
    call_command("verify_history")
    ChainHead.objects.update(number=7)
    with pytest.raises(CommandError):
        call_command("verify_history")
    assert "链尾应为第 7 条" in capsys.readouterr().err
