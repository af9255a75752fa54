"""Facts supersede one another, come back when an intake is undone, and are never written twice."""

import datetime as dt
from contextlib import contextmanager

import pandas as pd
import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config.access import Role
from shortage.actions import facts, intake
from shortage.actions.fact_tables import TABLES
from shortage.models import (
    CURRENT,
    ExpectedReceipt,
    Feed,
    Intake,
    Receipt,
    StockLevel,
    StockLot,
    StockPosition,
)
from tests.conftest import NOW, TODAY

YESTERDAY = TODAY - dt.timedelta(days=1)


@pytest.fixture
def come_in(world):
    def _come_in(source="file", name="库存.xlsx"):
        return Intake.objects.create(alliance=world.alliance, source=source, name=name, received_at=NOW)

    return _come_in


def lots(world, *rows, drug="M1", place=None, date=TODAY):
    """rows: (batch, quantity) or (batch, quantity, expiry)"""
    return pd.DataFrame(
        [
            {
                "institution_id": (place or world.t1).pk,
                "presentation_id": world.drugs[drug].pk,
                "date": date,
                "batch": row[0],
                "quantity": row[1],
                "expiry": row[2] if len(row) > 2 else None,
            }
            for row in rows
        ]
    )


def level(world, date=TODAY):
    return StockLevel.objects.filter(CURRENT, institution=world.t1, date=date).values_list("quantity", flat=True).get()


def in_force():
    """Everything that readers of the facts can see."""
    tables = {table.model.__name__: set(table.model.objects.filter(CURRENT).values_list("pk")) for table in TABLES}
    feeds = set(Feed.objects.values_list("institution", "kind", "first_date", "last_date"))
    positions = set(
        StockPosition.objects.values_list(
            "institution", "presentation", "date", "quantity", "expired", "nearest_expiry"
        )
    )
    return tables, feeds, positions


def test_closing_stock_is_the_sum_of_lots_not_yet_expired(world, come_in):
    rows = (("A", 10, TODAY), ("B", 20, YESTERDAY), ("C", 5, None))
    facts.put_stock(lots(world, *rows), intake=come_in(), complete=True, now=NOW)
    position = StockPosition.objects.get()
    assert (level(world), position.quantity, position.expired, position.nearest_expiry) == (15, 15, 20, TODAY)


def test_same_facts_twice_write_nothing(world, come_in):
    frame = lots(world, ("A", 10), ("B", 20))
    facts.put_stock(frame, intake=come_in(), complete=True, now=NOW)
    before = in_force()
    change = facts.put_stock(frame, intake=come_in(), complete=True, now=NOW)
    assert (change.counts["unchanged"], in_force(), StockLot.objects.count()) == (2, before, 2)


def test_complete_statement_removes_the_lot_it_no_longer_names(world, come_in):
    facts.put_stock(lots(world, ("A", 10), ("B", 20)), intake=come_in(), complete=True, now=NOW)
    change = facts.put_stock(lots(world, ("A", 10)), intake=come_in(), complete=True, now=NOW)
    assert (change.counts["removed"], level(world)) == (1, 10)


def test_partial_statement_leaves_other_lots_in_place(world, come_in):
    facts.put_stock(lots(world, ("A", 10), ("B", 20)), intake=come_in("api"), complete=False, now=NOW)
    facts.put_stock(lots(world, ("A", 7)), intake=come_in("api"), complete=False, now=NOW)
    assert level(world) == 27


def test_total_without_batch_and_statement_by_batch_are_never_added_up(world, come_in):
    facts.put_stock(lots(world, ("", 30)), intake=come_in("api"), complete=False, now=NOW)
    facts.put_stock(lots(world, ("A", 10), ("B", 20)), intake=come_in("api"), complete=False, now=NOW)
    assert level(world) == 30
    facts.put_stock(lots(world, ("", 25)), intake=come_in("api"), complete=False, now=NOW)
    assert level(world) == 25


def test_facts_of_an_earlier_day_do_not_change_the_stock_of_now(world, come_in):
    facts.put_stock(lots(world, ("A", 10)), intake=come_in(), complete=True, now=NOW)
    facts.put_stock(lots(world, ("A", 99), date=YESTERDAY), intake=come_in(), complete=True, now=NOW)
    feed = Feed.objects.get()
    assert (StockPosition.objects.get().quantity, feed.first_date, feed.last_date) == (10, YESTERDAY, TODAY)


def test_undo_in_the_middle_hands_older_facts_to_the_later_intake(world, come_in):
    first, second, third = come_in(), come_in(), come_in()
    facts.put_stock(lots(world, ("A", 10), ("B", 1)), intake=first, complete=True, now=NOW)
    after_first = in_force()
    facts.put_stock(lots(world, ("A", 20)), intake=second, complete=True, now=NOW)
    facts.put_stock(lots(world, ("A", 30), ("C", 3)), intake=third, complete=True, now=NOW)
    after_third = in_force()
    who = world.people[Role.PROCUREMENT]
    intake.undo(second, by=who, now=NOW)
    assert in_force() == after_third
    intake.undo(third, by=who, now=NOW)
    assert in_force() == after_first


def test_undo_is_refused_when_the_interface_updated_single_lots_on_top(world, come_in):
    first, later = come_in(), come_in("api", "接口")
    facts.put_stock(lots(world, ("A", 10), ("B", 1)), intake=first, complete=True, now=NOW)
    facts.put_stock(lots(world, ("A", 12)), intake=later, complete=False, now=NOW)
    before = in_force()
    with pytest.raises(intake.UndoRefused, match="请先撤销它们"):
        intake.undo(first, by=world.people[Role.PROCUREMENT], now=NOW)
    first.refresh_from_db()
    assert (in_force(), first.undone_at) == (before, None)


def test_undone_intake_cannot_be_undone_again(world, come_in):
    first = come_in()
    facts.put_stock(lots(world, ("A", 10)), intake=first, complete=True, now=NOW)
    intake.undo(first, by=world.people[Role.PROCUREMENT], now=NOW)
    assert (StockPosition.objects.count(), Feed.objects.count(), StockLot.objects.count()) == (0, 0, 1)
    with pytest.raises(intake.UndoRefused, match="已经撤销"):
        intake.undo(first, by=world.people[Role.PROCUREMENT], now=NOW)


def test_receipt_of_a_whole_order_closes_it_and_undo_opens_it_again(world, come_in):
    order = ExpectedReceipt.objects.create(
        institution=world.t1, presentation=world.drugs["M1"], reference="PO1", quantity=100, ordered_on=YESTERDAY
    )
    half = lots(world, ("A", 50)).assign(order_reference="PO1")
    facts.put_receipts(half, intake=come_in(), now=NOW)
    order.refresh_from_db()
    assert order.state == "open"
    rest = come_in()
    facts.put_receipts(half.assign(batch="B"), intake=rest, now=NOW)
    order.refresh_from_db()
    assert (order.state, order.arrived_on) == ("arrived", TODAY)
    intake.undo(rest, by=world.people[Role.PROCUREMENT], now=NOW)
    order.refresh_from_db()
    assert (order.state, order.arrived_on, Receipt.objects.filter(CURRENT).count()) == ("open", None, 1)


@contextmanager
def undone_after():
    """Hypothesis runs many examples in one test's transaction; each starts from the same world."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def use(world, date, quantity):
    return lots(world, ("", quantity), date=date).drop(columns=["batch", "expiry"])


def undone(one):
    return Intake.objects.get(pk=one.pk).undone_at is not None


statement = st.dictionaries(st.sampled_from("ABC"), st.integers(0, 50), min_size=1)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    statements=st.lists(st.tuples(st.sampled_from([YESTERDAY, TODAY]), statement), min_size=1, max_size=5),
    data=st.data(),
)
def test_any_order_of_undoing_ends_where_it_began(world, come_in, statements, data):
    with undone_after():
        nothing = in_force()
        states, done = [nothing], []
        for date, batches in statements:
            done.append(come_in())
            facts.put_stock(lots(world, *batches.items(), date=date), intake=done[-1], complete=True, now=NOW)
            facts.put_consumption(use(world, date, sum(batches.values())), intake=done[-1], now=NOW)
            states.append(in_force())
        who = world.people[Role.PROCUREMENT]
        if data.draw(st.booleans(), label="newest first"):
            for before, one in zip(reversed(states[:-1]), reversed(done), strict=True):
                intake.undo(one, by=who, now=NOW)
                assert in_force() == before
        for one in data.draw(st.permutations([x for x in done if not undone(x)])):
            intake.undo(one, by=who, now=NOW)
        assert in_force() == nothing
