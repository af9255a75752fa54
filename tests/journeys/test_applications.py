"""From a need to 形式审查: a township applies, the office returns it, the township answers, the office accepts."""

import pytest

from config.access import Role
from formulary.models import Adjustment
from tests.formulary.governance import govern
from tests.journeys.contrast import hard_to_read

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def people(transactional_db, settings):
    from tests.world import make_world

    settings.EVIDENCE = {}
    world = govern(make_world())
    for role in (Role.PHARMACIST, Role.SECRETARY):
        world.people[role].set_password("Yaoheng-demo-2026")
        world.people[role].save()
    return world.people


def leave(visitor):
    visitor.page.context.clear_cookies()


def unfold(visitor, words):
    fold = visitor.page.locator("details.fold", has=visitor.page.locator("summary", has_text=words))
    if fold.get_attribute("open") is None:
        fold.locator("summary").click()
    return fold


def test_a_township_applies_is_asked_answers_and_is_accepted(visitor, people):
    page = visitor.page
    visitor.sign_in(people[Role.PHARMACIST].username)
    visitor.go("/adjustments/new/add/")
    visitor.fits()
    page.get_by_label("药品", exact=True).fill("阿莫")
    page.get_by_role("link", name="选用 阿莫西林胶囊 0.25g").click()
    visitor.sees("已知资料")
    visitor.fits()
    assert hard_to_read(page) == []
    page.get_by_label("最低使用级别").select_option("二级")
    page.get_by_label("科室").fill("全科")
    page.get_by_label("申请理由").fill("门诊缺少口服青霉素类，感染患者须转县城取药")
    page.get_by_label("适应证").fill("敏感菌所致呼吸道感染")
    page.get_by_label("预计月用量").fill("600")
    page.get_by_role("button", name="提交", exact=True).click()
    visitor.sees("尚未提交")
    visitor.sees("请声明与生产、配送企业的利益关系")
    page.get_by_role("link", name="修改").click()
    page.get_by_label("利益关系声明").fill("无")
    page.get_by_role("button", name="提交", exact=True).click()
    visitor.sees("已提交，等待形式审查")
    visitor.fits()
    number = Adjustment.objects.get().number

    leave(visitor)
    visitor.sign_in(people[Role.SECRETARY].username)
    visitor.go("/adjustments/")
    visitor.fits()
    page.get_by_role("link", name="阿莫西林胶囊").click()
    fold = unfold(visitor, "退回补充")
    fold.get_by_label("要补充或回答的问题").fill("请说明与注射剂的衔接")
    fold.get_by_role("button", name="退回补充").click()
    visitor.sees(f"{number} 已退回补充")

    leave(visitor)
    visitor.sign_in(people[Role.PHARMACIST].username)
    visitor.go(f"/adjustments/{Adjustment.objects.get().pk}/")
    visitor.sees("请说明与注射剂的衔接")
    fold = unfold(visitor, "提交")
    fold.get_by_label("说明").fill("住院用注射剂，出院带口服剂型")
    fold.get_by_role("button", name="提交").click()
    visitor.sees(f"{number} 已提交")

    leave(visitor)
    visitor.sign_in(people[Role.SECRETARY].username)
    visitor.go(f"/adjustments/{Adjustment.objects.get().pk}/")
    visitor.sees("住院用注射剂，出院带口服剂型")
    assert hard_to_read(page) == []
    unfold(visitor, "通过形式审查").get_by_role("button", name="通过形式审查").click()
    visitor.sees(f"{number} 已通过形式审查")
    visitor.fits()
    assert Adjustment.objects.get().state == "scoring"
