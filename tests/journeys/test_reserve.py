"""Red in the morning: the reserve is asked for, approved, sent and received; the alert closes and the reserve is due for refilling."""

import pytest
from playwright.sync_api import expect

from config.access import Role
from shortage.actions import positions, reserve
from shortage.actions.watch import watch
from shortage.models import Alert, Consumption, ReserveItem, StockPosition, Transfer
from shortage.queries.reserve_lots import reserve_lots
from shortage.rules.reserve_file import Counted, Row
from tests.conftest import NOW, TODAY
from tests.journeys.contrast import hard_to_read
from tests.journeys.test_transfer import PASSWORD, leave
from tests.shortage.acting.conftest import join
from tests.shortage.watch.small import Facts

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def county(transactional_db):
    """T1 has two days of M1 left; H1 keeps 600 apart for the alliance."""
    from tests.world import make_world

    world = make_world()
    facts = Facts(world)
    facts.version()
    facts.feeds()
    for place, left in ((world.t1, 36), (world.h1, 900)):
        facts.use(place, "M1", 18)
        facts.level(place, "M1", 3000, days=200)
        facts.lot(place, "M1", left, expires_in=400, batch=f"{place.code}-1")
        facts.level(place, "M1", left)
    drug = world.drugs["M1"].pk
    positions.refresh({world.h1.pk, world.t1.pk}, {drug})
    world.lending = join(world, "chenjing", "陈静", "pharmacist", world.h1)
    world.buyer = world.people[Role.PROCUREMENT]
    reserve.set_lines(
        world.alliance, [Row(world.h1.pk, drug, "rescue", "某文", "alliance", None, 600, "")], by=world.buyer, now=NOW
    )
    lot = Counted(world.h1.pk, drug, 0, "CB-1", TODAY.replace(year=2028), 600)
    reserve.count(world.alliance, [lot], by=world.lending, now=NOW)
    watch(world.alliance, TODAY, by=None, now=NOW)
    for person in (world.lending, world.buyer, world.people[Role.PHARMACIST]):
        person.set_password(PASSWORD)
        person.save()
    return world


def kept(county):
    return sum(lot.quantity for lots in reserve_lots([county.h1.pk]).values() for lot in lots)


def on_shelf(county, place):
    return StockPosition.objects.get(institution=place, presentation=county.drugs["M1"]).quantity


def test_reserve_ends_a_red_alert(visitor, county, monkeypatch):
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW)
    page, asking = visitor.page, county.people[Role.PHARMACIST]
    alert = Alert.objects.get(institution=county.t1)
    assert alert.level == "red"
    used = Consumption.objects.count()
    visitor.sign_in(asking.username, PASSWORD)
    visitor.go(f"/alerts/{alert.pk}/")
    page.get_by_role("button", name="动用县医院储备").click()
    visitor.sees("已采取的措施")
    order = Transfer.objects.get()
    units = order.lines.get().quantity

    leave(visitor)
    visitor.sign_in(county.buyer.username, PASSWORD)
    visitor.menu_line("储备").click()
    visitor.sees("等待批准的动用")
    visitor.fits()
    assert hard_to_read(page) == []
    page.get_by_role("link", name="去审批").click()
    page.get_by_role("button", name="批准动用").click()
    page.get_by_role("dialog").get_by_role("button", name="批准").click()
    visitor.sees("已批准")
    visitor.fits()

    leave(visitor)
    visitor.sign_in(county.lending.username, PASSWORD)
    visitor.go(f"/transfers/{order.pk}/")
    page.get_by_role("button", name="确认发出").click()
    visitor.sees("运送中")
    assert (kept(county), on_shelf(county, county.h1)) == (600 - units, 900)

    leave(visitor)
    visitor.sign_in(asking.username, PASSWORD)
    visitor.go(f"/transfers/{order.pk}/")
    page.get_by_role("button", name="确认收货").click()
    visitor.sees("全部收货")
    visitor.go(f"/alerts/{alert.pk}/")
    visitor.sees(f"处置结果：已动用储备：{order.number}")
    expect(page.get_by_role("button", name="申请动用")).to_have_count(0)
    assert on_shelf(county, county.t1) == 36 + units
    assert Consumption.objects.count() == used
    alert.refresh_from_db()
    assert alert.state == "closed"
    visitor.go(f"/reserve/{ReserveItem.objects.get().pk}/")
    visitor.sees("动用后待补足")
    visitor.fits()
    assert hard_to_read(page) == []
