"""Everybody's first minute."""

import pytest
from playwright.sync_api import expect

from tests.world import make_world


@pytest.fixture
def people(transactional_db):
    world = make_world()
    for person in world.people.values():
        person.set_password("Yaoheng-demo-2026")
        person.save()
    return world


def test_wrong_password_is_told_and_the_right_one_opens_the_first_page(people, visitor):
    visitor.go("/")
    visitor.page.get_by_label("用户名").fill("zhoumin")
    visitor.page.get_by_label("密码", exact=True).fill("wrong")
    visitor.page.get_by_role("button", name="登录").click()
    visitor.sees("用户名")
    expect(visitor.page.get_by_role("alert").first).to_be_visible()
    visitor.fits()
    visitor.sign_in("zhoumin")
    visitor.sees("我的工作台")
    visitor.fits()


def test_help_can_be_reached_from_the_menu(people, visitor):
    visitor.sign_in("wangfang")
    visitor.menu_line("帮助").click()
    expect(visitor.page).to_have_url(visitor.base + "/help/")
    visitor.sees("帮助")
    visitor.fits()
