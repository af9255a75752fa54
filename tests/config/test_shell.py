"""The frame of every page: menu by permission, error pages, policy, and Chinese all over."""

import re
from pathlib import Path

import lucide
import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.http import HttpResponse
from django.template.loader import render_to_string
from django.test import RequestFactory
from django.urls import resolve, reverse
from django.utils.module_loading import import_string

from config import shell
from config.access import Permission, Role, can
from config.csp import ContentSecurityPolicy

ITEMS = [item for group in shell.NAVIGATION for item in group.items]
TEMPLATES = sorted((settings.BASE_DIR / "templates").rglob("*.html"))


@pytest.mark.parametrize("item", ITEMS, ids=lambda item: item.url_name)
def test_every_line_of_the_menu_has_its_page(item):
    assert reverse(item.url_name)


@pytest.mark.parametrize("item", [item for item in ITEMS if item.counter], ids=lambda item: item.url_name)
def test_every_counter_of_the_menu_can_be_asked(item, world):
    count = import_string(item.counter)(world.people[Role.SECRETARY])
    assert isinstance(count, int)


@pytest.mark.parametrize("item", ITEMS, ids=lambda item: item.url_name)
def test_every_line_of_the_menu_has_its_icon(item):
    assert lucide._load_icon(item.icon) is not None


@pytest.mark.parametrize("role", Role)
def test_menu_shows_exactly_what_the_role_may_open(role, world, rf):
    links = menu(rf, world.people[role], "/help/")
    expected = [i.label for i in ITEMS if i.permission is None or can(world.people[role], i.permission)]
    assert [link["label"] for link in links] == expected
    assert "帮助" in expected


def menu(rf, person, path):
    request = rf.get(path)
    request.user = person
    request.resolver_match = resolve(path)
    return [link for group in shell.shell(request)["shell"]["groups"] for link in group["links"]]


def test_menu_marks_the_page_that_is_open(world, rf):
    links = menu(rf, world.people[Role.BUREAU], "/help/")
    assert [link["label"] for link in links if link["active"]] == ["帮助"]


def test_a_long_menu_opens_the_first_group_and_the_one_in_use(world, rf):
    request = rf.get("/help/")
    request.user = world.people[Role.SECRETARY]
    request.resolver_match = resolve("/help/")
    groups = shell.shell(request)["shell"]["groups"]
    assert sum(len(group["links"]) for group in groups) > shell.ROOMY
    assert [group["label"] for group in groups if group["open"]] == ["工作台", "系统"]


def test_a_short_menu_is_shown_whole(world, rf):
    request = rf.get("/help/")
    request.user = world.people[Role.ADMINISTRATOR]
    request.resolver_match = resolve("/help/")
    groups = shell.shell(request)["shell"]["groups"]
    assert sum(len(group["links"]) for group in groups) <= shell.ROOMY
    assert all(group["open"] for group in groups)


@pytest.mark.parametrize(
    ("view", "line"),
    [
        ("alert_detail", "alert_list"),
        ("stock_import", "stock_import"),
        ("stock_lots", "stock_list"),
        ("", ""),
        ("x", ""),
    ],
)
def test_page_belongs_to_the_line_of_its_noun(view, line):
    assert shell.active_name(view, [item.url_name for item in ITEMS]) == line


def test_user_block_names_person_role_and_place(world, rf):
    request = rf.get("/")
    request.user = world.people[Role.PHARMACIST]
    request.resolver_match = resolve("/help/")
    who = shell.shell(request)["shell"]["person"]
    assert (who["name"], who["roles"], who["places"]) == ("李强", "药师", "湖熟卫生院")


def test_missing_page_is_drawn_as_switched_off_and_logged(world, rf, monkeypatch, caplog):
    item = shell.Item("没有", "pill", "no_such_page", None, "no.such.counter")
    monkeypatch.setattr(shell, "NAVIGATION", (shell.Group("组", (item,)),))
    links = menu(rf, world.people[Role.BUREAU], "/help/")
    assert links[0]["url"] == ""
    assert links[0]["count"] == 0
    assert "no_such_page" in caplog.text
    assert "no.such.counter" in caplog.text


def test_fragment_that_draws_no_menu_asks_nothing(rf, django_assert_num_queries, world):
    request = rf.get("/")
    request.user = world.people[Role.SECRETARY]
    with django_assert_num_queries(0):
        shell.shell(request)


@pytest.mark.parametrize("role", Role)
def test_help_opens_for_everybody(role, world, client):
    client.force_login(world.people[role])
    answer = client.get(reverse("help"))
    assert answer.status_code == 200
    assert "名词解释" in answer.content.decode()


def test_sign_in_page_tells_a_wrong_password_in_chinese(client, db):
    answer = client.post(reverse("login"), {"username": "x", "password": "y"})
    text = answer.content.decode()
    assert "请输入一个正确的" in text
    assert "演示账号" not in text


@pytest.mark.parametrize("name", ["403.html", "404.html", "500.html"])
def test_error_page_draws_without_any_context(name):
    assert "回到首页" in render_to_string(name)


@pytest.mark.parametrize(
    ("path", "guarded"), [("/", True), ("/alerts/", True), ("/admin/", False), ("/api/v1/docs", False)]
)
def test_policy_covers_own_pages_and_leaves_the_administration(path, guarded):
    answer = ContentSecurityPolicy(lambda request: HttpResponse("x"))(RequestFactory().get(path))
    assert ("Content-Security-Policy" in answer.headers) is guarded


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_no_template_holds_inline_style_or_script(path: Path):
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"""\s(style|on[a-z]+)=["']""", text)
    assert not re.search(r"<script(?![^>]*\ssrc=)", text)
    assert "<style" not in text


@pytest.mark.parametrize(
    "path",
    ["yaoheng/yaoheng.css", "yaoheng/shell.js", "yaoheng/charts.js", "yaoheng/mark.svg", "unfold/js/chart/chart.js"],
)
def test_file_that_pages_ask_for_is_there(path):
    assert finders.find(path)


def test_nothing_is_fetched_from_elsewhere():
    roots = (settings.BASE_DIR / "templates").rglob("*")
    for path in (p for p in roots if p.suffix in {".html", ".css", ".js"}):
        assert not re.search(r"(?:src|href|url)\s*[=(]\s*[\"']?(?:https?:)?//", path.read_text(encoding="utf-8")), path


def test_permissions_of_the_menu_are_in_the_table():
    assert {item.permission for item in ITEMS} - {None} <= set(Permission)
