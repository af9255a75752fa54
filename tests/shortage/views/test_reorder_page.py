"""The page of reorder points: both rules, what to order, and nothing where nothing is known."""

import pytest

from config.access import Role
from formulary.models import RuleValue
from shortage import queries
from shortage.actions.watch import watch
from shortage.models import Forecast, Risk
from tests.conftest import NOW, TODAY
from tests.shortage.watch.small import Facts, ago


@pytest.fixture
def low(world):
    """18 a day at T1, 150 left; 120 on order since 40 days, due 30 days ago. H1 has plenty."""
    facts = Facts(world)
    facts.version()
    facts.feeds()
    for place, left in ((world.t1, 150), (world.h1, 9000)):
        facts.use(place, "M1", 18)
        facts.level(place, "M1", 3000, days=200)
        facts.level(place, "M1", left)
    facts.order(world.t1, "M1", 120, ordered=40, due=-30)
    watch(world.alliance, TODAY, by=None, now=NOW)
    return facts


def test_overdue_order_is_counted_on_in_part_here_and_in_the_purchase_need(world, low):
    risk = Risk.objects.get(institution=world.t1)
    assert risk.on_order == 120
    assert 0 < risk.coming < 100
    row = queries.need(world.alliance, TODAY, 60).query(f"institution == {world.t1.pk}").iloc[0]
    assert row.ordered == 120
    assert 0 < row.on_order < 120


def test_page_shows_both_rules_and_what_to_order(world, low, client):
    client.force_login(world.people[Role.PHARMACIST])
    page = client.get("/stock/reorder/").content.decode()
    row, risk = Forecast.objects.get(institution=world.t1), Risk.objects.get(institution=world.t1)
    assert "需要订货" in page
    assert f"<b>{row.order_up_to - risk.stock - risk.coming:,}</b>" in page
    assert "共 120，含逾期" in page
    assert "安全 15 天、周转 45 天" in page


def test_own_rule_value_changes_the_hand_rule(world, low, client):
    RuleValue.objects.create(key="norm.safety_days.基层", alliance=world.alliance, value=12, valid_from=ago(9))
    client.force_login(world.people[Role.PHARMACIST])
    assert "安全 12 天、周转 45 天" in client.get("/stock/reorder/").content.decode()


def test_late_institution_gets_no_advice(world, low, client):
    low.feeds(world.t1, last=9)
    watch(world.alliance, TODAY, by=None, now=NOW)
    client.force_login(world.people[Role.PHARMACIST])
    page = client.get("/stock/reorder/").content.decode()
    assert "没有数据" in page
    assert "需要订货</" not in page.split("<tbody>")[1]


def test_states_filter_and_other_institutions_stay_out_of_reach(world, low, client):
    client.force_login(world.people[Role.PROCUREMENT])
    assert "氨氯地平" in client.get("/stock/reorder/?institution=T1&state=due").content.decode()
    assert "没有符合条件的品规" in client.get("/stock/reorder/?institution=H1&state=due").content.decode()
    client.force_login(world.people[Role.PHARMACIST])
    assert "湖熟：共" in client.get("/stock/reorder/?institution=H1").content.decode()


def test_before_the_first_pass_the_page_says_so(world, client):
    client.force_login(world.people[Role.HEAD])
    assert "还没有预测" in client.get("/stock/reorder/").content.decode()
