"""The frame around every page: theme, drawer, keyboard, legibility."""

from playwright.sync_api import expect

from tests.journeys.contrast import hard_to_read
from tests.journeys.test_signing_in import people  # noqa: F401 (fixture)


def theme(visitor):
    return visitor.page.locator("html").get_attribute("data-theme")


def test_chosen_theme_is_kept_on_this_machine(people, visitor):  # noqa: F811
    visitor.sign_in("wangfang")
    before = theme(visitor)
    visitor.page.get_by_role("button", name="切换深色与浅色").click()
    after = theme(visitor)
    assert {before, after} == {"light", "dark"}
    visitor.go("/help/")
    assert theme(visitor) == after


def test_every_text_is_legible_in_both_themes(people, visitor):  # noqa: F811
    visitor.go("/sign-in/")
    assert hard_to_read(visitor.page) == []
    visitor.sign_in("wangfang")
    for path in ("/help/", "/formulary/"):
        visitor.go(path)
        assert hard_to_read(visitor.page) == []
        visitor.page.get_by_role("button", name="切换深色与浅色").click()
        assert hard_to_read(visitor.page) == []


def test_drawer_opens_on_a_phone_and_escape_closes_it(people, visitor):  # noqa: F811
    visitor.sign_in("wangfang")
    menu = visitor.page.get_by_role("button", name="菜单")
    link = visitor.page.get_by_role("link", name="我的工作台")
    if visitor.page.viewport_size["width"] > 900:
        menu.click()
        assert visitor.page.locator("html").get_attribute("data-rail") == "on"
        expect(link).to_be_visible()
        return
    expect(link).to_be_hidden()
    menu.click()
    expect(link).to_be_visible()
    visitor.page.keyboard.press("Escape")
    expect(link).to_be_hidden()
    expect(menu).to_be_focused()


def test_a_group_of_the_menu_stays_as_it_was_left(people, visitor):  # noqa: F811
    visitor.sign_in("wangfang")
    expect(visitor.page.get_by_role("link", name="政策目录")).to_be_hidden()
    visitor.menu_line("政策目录")
    visitor.go("/")
    if visitor.page.viewport_size["width"] < 900:
        visitor.page.get_by_role("button", name="菜单").click()
    expect(visitor.page.get_by_role("link", name="政策目录")).to_be_visible()
    group = visitor.page.get_by_role("button", name="目录", exact=True)
    expect(group).to_have_attribute("aria-expanded", "true")
    group.press("Enter")
    expect(visitor.page.get_by_role("link", name="政策目录")).to_be_hidden()


def test_keyboard_reaches_the_content_first(people, visitor):  # noqa: F811
    visitor.sign_in("wangfang")
    visitor.page.keyboard.press("Tab")
    expect(visitor.page.get_by_role("link", name="跳到正文")).to_be_focused()
    visitor.page.keyboard.press("Enter")
    expect(visitor.page.locator("#main")).to_be_focused()
