"""Short of a drug in the morning, helped by noon: upload, watch, alert, transfer, two signatures, goods in, alert closed."""

import pytest
from playwright.sync_api import expect

from formulary.actions import jobs
from formulary.models import Job
from shortage.actions import positions
from shortage.actions.watch import watch
from shortage.models import Alert, Consumption, NoticeChannel, StockPosition, Transfer
from tests.conftest import NOW, TODAY
from tests.journeys.contrast import hard_to_read
from tests.journeys.test_three_users import stock_file
from tests.shortage.acting.conftest import join
from tests.shortage.notices.servers import mail_server, web_server
from tests.shortage.watch.small import Facts

pytestmark = pytest.mark.django_db(transaction=True)
PASSWORD = "Yaoheng-demo-2026"


@pytest.fixture
def county(transactional_db):
    from tests.world import make_world

    world = make_world()
    facts = Facts(world)
    facts.version()
    facts.feeds(last=1)
    for place, left in ((world.t1, 250), (world.h1, 5000)):
        facts.use(place, "M1", 18, last=1)
        facts.level(place, "M1", 3000, days=200)
        facts.lot(place, "M1", left, expires_in=400, days=1, batch=f"{place.code}-1")
        facts.level(place, "M1", left, days=1)
    positions.refresh({world.h1.pk, world.t1.pk}, {world.drugs["M1"].pk})
    world.lending = join(world, "chenjing", "陈静", "pharmacist", world.h1)
    for person in (world.lending, world.people["pharmacist"]):
        person.set_password(PASSWORD)
        person.save()
    return world


def leave(visitor):
    visitor.page.context.clear_cookies()


def held(county, place):
    return StockPosition.objects.get(institution=place, presentation=county.drugs["M1"]).quantity


@pytest.fixture
def outside(county, settings):
    """A mail server for the pharmacist and a group robot of the place, both on this machine."""
    with mail_server() as (box, server), web_server() as (received, url):
        settings.MAIL_SERVER, settings.SITE_URL = server, "http://yaoheng.local"
        rows = (
            {"kind": "mail", "address": "liqiang@hospital.cn", "person": county.people["pharmacist"]},
            {"kind": "webhook", "address": f"{url}/robot", "institution": county.t1},
        )
        for row in rows:
            NoticeChannel.objects.create(alliance=county.alliance, name=row["kind"], active=True, **row)
        yield box, received


def test_two_pharmacists_end_a_shortage_between_them(visitor, county, outside, monkeypatch):
    asking, page = county.people["pharmacist"], visitor.page
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW)
    visitor.sign_in(asking.username, PASSWORD)
    visitor.go("/stock/import/")
    rows = [f"T1,M1,T1-2,2028-01-31,30,,{TODAY}"]
    page.locator("input[type=file]").set_input_files(
        {"name": "今日库存.csv", "mimeType": "text/csv", "buffer": stock_file(rows)}
    )
    page.get_by_role("button", name="检查并预览").click()
    page.get_by_role("button", name="确认写入").click()
    visitor.sees("已接收")
    watch(county.alliance, TODAY, by=None, now=NOW)
    alert = Alert.objects.get(institution=county.t1)
    jobs.perform(Job.objects.get(kind="deliver").pk)
    box, received = outside
    ((subject, letter),) = box.texts()
    assert "氨氯地平片" in subject
    assert f"http://yaoheng.local/alerts/{alert.pk}/" in letter
    assert [path for path, _ in received] == ["/robot"]
    visitor.go(f"/alerts/{alert.pk}/")
    visitor.sees("可以采取的措施")
    visitor.fits()
    assert hard_to_read(page) == []
    page.get_by_role("button", name="从县医院调剂").click()
    visitor.sees("已采取的措施")
    order = Transfer.objects.get()
    used = Consumption.objects.count()

    leave(visitor)
    visitor.sign_in(county.lending.username, PASSWORD)
    visitor.go("/transfers/")
    visitor.sees("等待本机构办理")
    visitor.fits()
    visitor.go(f"/transfers/{order.pk}/")
    visitor.sees("对双方的影响")
    visitor.fits()
    page.get_by_role("button", name="同意并签字").click()
    page.get_by_role("dialog").get_by_role("button", name="同意并签字").click()
    visitor.sees("待发出")
    with page.expect_download() as waiting:
        page.get_by_role("link", name="拣货单").click()
    assert waiting.value.suggested_filename == f"调剂单 {order.number}.docx"
    page.get_by_role("button", name="确认发出").click()
    visitor.sees("运送中")

    leave(visitor)
    visitor.sign_in(asking.username, PASSWORD)
    visitor.go(f"/transfers/{order.pk}/")
    page.get_by_role("button", name="确认收货").click()
    visitor.sees("全部收货")
    visitor.go(f"/alerts/{alert.pk}/")
    visitor.sees(f"处置结果：已调剂补足：{order.number}")
    visitor.fits()
    units = order.lines.get().quantity
    assert (held(county, county.t1), held(county, county.h1)) == (30 + units, 5000 - units)
    assert Consumption.objects.count() == used
    alert.refresh_from_db()
    assert alert.state == "closed"
    expect(page.get_by_role("button", name="申请调剂")).to_have_count(0)
