"""A pharmacist finds the boxes that were entered as tablets, puts the number right, and enters an order by hand."""

import pytest
from django.utils import timezone

from config.access import Role
from shortage.actions import quality
from shortage.models import DataFinding, ExpectedReceipt, StockPosition
from tests.conftest import NOW, TODAY
from tests.shortage.watch.small import Facts

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def doubtful(transactional_db):
    from tests.world import make_world

    world = make_world()
    facts = Facts(world)
    facts.version()
    facts.feeds()
    facts.use(world.t1, "M1", 6)
    facts.level(world.t1, "M1", 60, days=1)
    facts.level(world.t1, "M1", 1680)
    quality.check(world.alliance, TODAY, now=NOW)
    pharmacist = world.people[Role.PHARMACIST]
    pharmacist.set_password("Yaoheng-demo-2026")
    pharmacist.save()
    return pharmacist


def test_doubtful_count_is_found_looked_at_and_corrected(visitor, doubtful):
    visitor.sign_in(doubtful.username)
    visitor.go("/stock/findings/")
    visitor.sees("上次为 60，变为 28 倍")
    visitor.fits()
    visitor.page.get_by_role("link", name="氨氯地平片").first.click()
    visitor.sees("前后各日")
    visitor.fits()
    visitor.page.get_by_label("正确的数量（最小单位）").fill("54")
    visitor.page.get_by_role("button", name="更正数量").click()
    visitor.sees("没有需要核对的数据")
    assert DataFinding.objects.get().state == "corrected"
    assert StockPosition.objects.get().quantity == 54


def test_order_is_entered_by_hand(visitor, doubtful):
    visitor.sign_in(doubtful.username)
    visitor.go("/stock/entry/orders/?institution=T1&drug=M1")
    visitor.fits()
    visitor.page.get_by_label("数量").fill("280")
    visitor.page.get_by_label("订单号").fill("PO-1")
    visitor.page.get_by_label("预计到货日").fill(timezone.localdate().isoformat())
    visitor.page.get_by_role("button", name="录入").click()
    visitor.sees("已录入在途")
    assert ExpectedReceipt.objects.get().quantity == 280
