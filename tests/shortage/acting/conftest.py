"""A county where T1 runs out of M1 and H1 has plenty; a second pharmacist at each place."""

import datetime as dt

import pytest

from formulary.models import Membership, Person
from shortage.actions import positions
from shortage.models import Alert
from tests.conftest import NOW, TODAY
from tests.shortage.watch.small import Facts


def join(world, username, name, role, institution=None):
    person = Person.objects.create(username=username, name=name)
    Membership.objects.create(
        person=person, role=role, alliance=world.alliance, institution=institution, valid_from=dt.date(2025, 1, 1)
    )
    return person


def facts_of(world):
    facts = Facts(world)
    facts.version()
    facts.feeds()
    for place, daily in ((world.t1, 18), (world.h1, 20)):
        facts.use(place, "M1", daily)
        facts.level(place, "M1", 3000, days=200)
    facts.lot(world.t1, "M1", 40, expires_in=300, batch="T")
    facts.level(world.t1, "M1", 40)
    facts.lot(world.h1, "M1", 500, expires_in=90, batch="H-early")
    facts.lot(world.h1, "M1", 4000, expires_in=500, batch="H-late")
    facts.level(world.h1, "M1", 4500)
    positions.refresh({world.h1.pk, world.t1.pk}, {drug.pk for drug in world.drugs.values()})
    return facts


@pytest.fixture
def county(world):
    """facts, one night watched; `county.lending` and `county.asking` are the pharmacists of H1 and T1."""
    from shortage.actions.watch import watch

    world.facts = facts_of(world)
    world.lending = join(world, "chenjing", "陈静", "pharmacist", world.h1)
    world.asking = world.people["pharmacist"]
    watch(world.alliance, TODAY, by=None, now=NOW)
    world.alert = Alert.objects.select_related("institution__alliance", "presentation__medicine").get(
        institution=world.t1, presentation=world.drugs["M1"]
    )
    return world
