"""The secretary replays the last months, finds a threshold that the pharmacists can handle, and adopts it."""

import pytest

from config.access import Role
from formulary.models import RuleValue
from shortage.actions import backtesting, replaying
from tests.conftest import NOW
from tests.shortage.watch.small import Facts, ago

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def replayed(transactional_db):
    from tests.world import make_world

    world = make_world()
    facts = Facts(world)
    facts.version()
    facts.feeds()
    for day in range(200, -1, -1):
        left = max(0, 264 - 6 * ((200 - day) % 50))
        facts.level(world.t1, "M1", left, days=day)
        if left:
            facts.use(world.t1, "M1", 6, first=day, last=day)
    facts.use(world.h1, "M2", 2)
    facts.level(world.h1, "M2", 9000, days=200)
    replaying.replay(world.alliance, ago(140), ago(20), 7, by=None, now=NOW)
    backtesting.backtest(world.alliance, ago(30), by=None, now=NOW)
    secretary = world.people[Role.SECRETARY]
    secretary.set_password("Yaoheng-demo-2026")
    secretary.save()
    return secretary


def test_threshold_is_found_by_what_can_be_handled_and_adopted(visitor, replayed):
    visitor.sign_in(replayed.username)
    visitor.go("/foresight/replay/")
    visitor.sees("选阈值：能处理多少条")
    visitor.fits()
    visitor.page.get_by_label("每位药师每天能处理几条").fill("5")
    visitor.page.get_by_role("button", name="找合适的阈值").click()
    visitor.sees("合适")
    visitor.page.get_by_role("link", name="25%").click()
    visitor.page.get_by_role("button", name="采用 25%").click()
    visitor.page.get_by_role("dialog").get_by_role("button", name="采用").click()
    visitor.sees("自今日起，14 日缺货概率达到 25% 即为橙色")
    assert RuleValue.objects.get(key="watch.orange_p14").value == 0.25


def test_backtest_and_calibration_fit_the_window(visitor, replayed):
    visitor.sign_in(replayed.username)
    for path, words in (("/foresight/backtest/", "与简单办法比"), ("/foresight/?days=7", "说多少，实际是多少")):
        visitor.go(path)
        visitor.sees(words)
        visitor.fits()
