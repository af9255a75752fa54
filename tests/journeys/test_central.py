"""From the central store to the township's shelf: stock, proposal, change, two signatures, the van, goods in; and it moved."""

import pytest

from shortage.models import Consumption, StockPosition
from tests.conftest import NOW
from tests.journeys.contrast import hard_to_read
from tests.journeys.test_transfer import PASSWORD, leave
from tests.shortage.central.conftest import make_store

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def store(transactional_db):
    from tests.world import make_world

    world = make_store(make_world())
    for person in (world.keeper, world.asking):
        person.set_password(PASSWORD)
        person.save()
    return world


def held(store, place):
    return StockPosition.objects.get(institution=place, presentation=store.drugs["M1"]).quantity


def test_goods_of_the_central_store_reach_a_township_by_van(visitor, store, monkeypatch):
    page = visitor.page
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW)
    before, used = held(store, store.c), Consumption.objects.count()
    visitor.sign_in(store.keeper.username, PASSWORD)
    visitor.go("/central/")
    visitor.sees("可分配")
    visitor.fits()
    assert hard_to_read(page) == []
    page.get_by_role("button", name="拟定配送").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("线路").fill("北线")
    dialog.get_by_label("湖熟").check()
    dialog.get_by_role("button", name="生成分配建议").click()
    visitor.sees("谁先断货先给谁")
    visitor.fits()
    assert hard_to_read(page) == []
    page.get_by_role("link", name="调整 湖熟").click()
    page.get_by_label("分配包数").fill("3")
    page.locator("#id_reason").first.fill("本周车小")
    page.get_by_role("button", name="保存").click()
    visitor.sees("本周车小")
    page.get_by_role("button", name="确认分配并签字").click()
    page.get_by_role("dialog").get_by_role("button", name="确认并签字").click()
    visitor.sees("各机构单据")
    with page.expect_download() as waiting:
        page.get_by_role("link", name="拣货单").click()
    assert waiting.value.suggested_filename.startswith("拣货单 PS")
    assert held(store, store.c) == before

    leave(visitor)
    visitor.sign_in(store.asking.username, PASSWORD)
    visitor.go("/transfers/")
    visitor.sees("等待本机构办理")
    page.get_by_role("link", name="DJ").first.click()
    page.get_by_role("button", name="同意并签字").click()
    page.get_by_role("dialog").get_by_role("button", name="同意并签字").click()
    visitor.sees("待发出")

    leave(visitor)
    visitor.sign_in(store.keeper.username, PASSWORD)
    visitor.go("/central/runs/")
    page.get_by_role("link", name="PS").first.click()
    page.get_by_role("button", name="装车发出").click()
    page.get_by_role("dialog").get_by_role("button", name="装车发出").click()
    visitor.sees("配送中")
    assert (held(store, store.c), held(store, store.t1)) == (before - 84, 20)

    leave(visitor)
    visitor.sign_in(store.asking.username, PASSWORD)
    visitor.go("/transfers/")
    page.get_by_role("link", name="DJ").first.click()
    page.get_by_role("button", name="确认收货").click()
    visitor.sees("全部收货")
    page.get_by_role("link", name="查看配送单").click()
    visitor.sees("已完成")
    visitor.fits()
    assert (held(store, store.c), held(store, store.t1)) == (before - 84, 104)
    assert Consumption.objects.count() == used
