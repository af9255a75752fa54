"""Use by month and usable stock, as the committee reads them."""

import datetime as dt

import pandas as pd
import pytest

from config.access import Role
from formulary.queries import evidence
from formulary.rules.evidence import StockRow, UseRow
from shortage.actions import facts, intake
from shortage.models import Intake, MonthlyUse
from tests.conftest import NOW, TODAY

OCTOBER, NOVEMBER = dt.date(2026, 10, 1), dt.date(2026, 11, 1)


def come_in(world, name="用量.xlsx"):
    return Intake.objects.create(alliance=world.alliance, source="file", name=name, received_at=NOW)


def days(world, *rows):
    """rows: (place, drug, date, quantity)"""
    return pd.DataFrame(
        [
            {
                "institution_id": getattr(world, place).pk,
                "presentation_id": world.drugs[drug].pk,
                "date": date,
                "quantity": quantity,
            }
            for place, drug, date, quantity in rows
        ]
    )


@pytest.fixture
def used(world):
    """H1 used M1: 10 + 20 in October, 5 in November; T1 used M2: 7 in November, and M1 a year and a month ago: 3."""
    made = come_in(world)
    rows = days(
        world,
        ("h1", "M1", dt.date(2026, 10, 1), 10),
        ("h1", "M1", dt.date(2026, 10, 31), 20),
        ("h1", "M1", dt.date(2026, 11, 1), 5),
        ("t1", "M2", dt.date(2026, 11, 2), 7),
        ("t1", "M1", dt.date(2025, 10, 31), 3),
    )
    facts.put_consumption(rows, intake=made, now=NOW)
    return made


def asked(world, *drugs, on=TODAY, **more):
    return set(evidence.use(world.alliance, [world.drugs[code].pk for code in drugs], on, **more))


def test_use_is_added_up_by_calendar_month(world, used):
    h1, m1 = world.h1.pk, world.drugs["M1"].pk
    assert asked(world, "M1") == {UseRow(h1, m1, OCTOBER, 30), UseRow(h1, m1, NOVEMBER, 5)}


def test_use_reaches_back_as_many_months_as_asked(world, used):
    assert UseRow(world.t1.pk, world.drugs["M1"].pk, dt.date(2025, 10, 1), 3) in asked(world, "M1", months=13)
    assert {row.month for row in asked(world, "M1", months=0)} == {NOVEMBER}


def test_use_of_every_drug_is_one_question(world, used, django_assert_num_queries):
    with django_assert_num_queries(1):
        assert len(evidence.use(world.alliance, None, TODAY)) == 3


def test_a_corrected_day_corrects_its_month(world, used):
    facts.put_consumption(days(world, ("h1", "M1", dt.date(2026, 10, 31), 1)), intake=come_in(world), now=NOW)
    assert UseRow(world.h1.pk, world.drugs["M1"].pk, OCTOBER, 11) in asked(world, "M1")


def test_taking_a_file_back_takes_its_use_out_of_the_months(world, used):
    correction = come_in(world, "更正.xlsx")
    facts.put_consumption(days(world, ("h1", "M1", dt.date(2026, 10, 31), 1)), intake=correction, now=NOW)
    intake.undo(correction, by=world.people[Role.PHARMACIST], now=NOW)
    assert UseRow(world.h1.pk, world.drugs["M1"].pk, OCTOBER, 30) in asked(world, "M1")
    intake.undo(used, by=world.people[Role.PHARMACIST], now=NOW)
    assert not MonthlyUse.objects.exists()


def lots(world, *rows, date=TODAY):
    """rows: (batch, quantity, expiry) of M1 at T1"""
    return pd.DataFrame(
        [
            {
                "institution_id": world.t1.pk,
                "presentation_id": world.drugs["M1"].pk,
                "date": date,
                "batch": batch,
                "quantity": quantity,
                "expiry": expiry,
            }
            for batch, quantity, expiry in rows
        ]
    )


def test_stock_is_what_may_still_be_used_and_names_the_soonest_expiry(world):
    soon, late = TODAY + dt.timedelta(days=30), TODAY + dt.timedelta(days=400)
    rows = lots(world, ("A", 10, soon), ("B", 40, late), ("C", 7, TODAY - dt.timedelta(days=1)))
    facts.put_stock(rows, intake=come_in(world), complete=True, now=NOW)
    [row] = evidence.stock(world.alliance, None, TODAY)
    assert row == StockRow(world.t1.pk, world.drugs["M1"].pk, 50, soon, TODAY)


def test_what_expired_since_the_count_is_taken_off(world):
    soon, late = TODAY + dt.timedelta(days=3), TODAY + dt.timedelta(days=400)
    facts.put_stock(lots(world, ("A", 10, soon), ("B", 40, late)), intake=come_in(world), complete=True, now=NOW)
    [row] = evidence.stock(world.alliance, None, TODAY + dt.timedelta(days=4))
    assert (row.quantity, row.soonest, row.as_of) == (40, late, TODAY)
    [row] = evidence.stock(world.alliance, None, soon)
    assert (row.quantity, row.soonest) == (50, soon)
