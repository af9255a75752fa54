"""A pharmacist's morning: the list, one alert with its curve, taking it on, closing it."""

import pytest
from playwright.sync_api import expect

from config.access import Role
from shortage.actions.watch import watch
from shortage.models import Alert
from tests.conftest import NOW, TODAY
from tests.shortage.watch.small import Facts

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def morning(transactional_db):
    from tests.world import make_world

    world = make_world()
    facts = Facts(world)
    facts.version()
    facts.feeds()
    for code, left in (("M1", 40), ("M2", 4000)):
        facts.use(world.t1, code, 18)
        facts.level(world.t1, code, 3000, days=200)
        facts.level(world.t1, code, left)
    facts.order(world.t1, "M1", 500, ordered=14, due=-6)
    watch(world.alliance, TODAY, by=None, now=NOW)
    pharmacist = world.people[Role.PHARMACIST]
    pharmacist.set_password("Yaoheng-demo-2026")
    pharmacist.save()
    return pharmacist


def test_pharmacist_takes_an_alert_on_from_the_list_and_closes_it(visitor, morning):
    visitor.sign_in(morning.username)
    visitor.go("/alerts/")
    visitor.sees("B 供应商订单逾期 6 天")
    visitor.fits()
    visitor.page.get_by_role("button", name="接手").click()
    visitor.sees("处置中")
    visitor.page.get_by_label("等级", exact=True).select_option("yellow")
    visitor.sees("没有符合条件的预警")
    visitor.go(f"/alerts/{Alert.objects.get().pk}/")
    visitor.sees("库存与未来 30 天")
    visitor.fits()
    visitor.page.get_by_text("结案", exact=True).first.click()
    visitor.page.get_by_label("处置结果").select_option("已到货")
    visitor.page.get_by_role("button", name="结案").click()
    visitor.sees("处置结果：已到货")
    expect(visitor.page.get_by_role("button", name="接手")).to_have_count(0)
