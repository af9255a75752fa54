"""A store of its own that only gives, a township that runs out and one that does not."""

import pytest

from config.access import Role
from formulary.models import Institution
from shortage.actions import central, positions
from shortage.actions.watch import watch
from shortage.models import StockLot
from tests.conftest import NOW, TODAY
from tests.shortage.acting.conftest import join
from tests.shortage.watch.small import Facts


def make_store(world):
    """A store of its own that only gives: 25 packs of M1 (28 each) in two lots; T1 has 2 days left, T2 has 30."""
    world.t2 = Institution.objects.create(
        alliance=world.alliance, code="T2", name="横溪卫生院", short_name="横溪", level="基层", kind="卫生院"
    )
    world.c = Institution.objects.create(
        alliance=world.alliance, code="C0", name="县中心药房", short_name="中心药房", level="二级", kind="中心药房"
    )
    facts = Facts(world)
    facts.version()
    facts.feeds(world.t1, world.t2, world.c)
    for place, daily, left in ((world.t1, 10, 20), (world.t2, 10, 300)):
        facts.use(place, "M1", daily)
        facts.level(place, "M1", 3000, days=200)
        facts.lot(place, "M1", left, expires_in=300, batch=place.code)
        facts.level(place, "M1", left)
    product = world.products["M1-P1"]
    facts.lot(world.c, "M1", 84, expires_in=120, batch="early")
    facts.lot(world.c, "M1", 616, expires_in=600, batch="late")
    StockLot.objects.filter(institution=world.c).update(product=product)
    facts.level(world.c, "M1", 700)
    positions.refresh({world.t1.pk, world.t2.pk, world.c.pk}, {drug.pk for drug in world.drugs.values()})
    world.keeper = join(world, "guyao", "顾瑶", "pharmacist", world.c)
    world.asking = world.people["pharmacist"]
    world.hengxi = join(world, "hengxi", "何溪", "pharmacist", world.t2)
    world.officer = world.people[Role.PROCUREMENT]
    central.mark(world.c, by=world.officer, now=NOW)
    watch(world.alliance, TODAY, by=None, now=NOW)
    return world


@pytest.fixture
def store(world):
    return make_store(world)
