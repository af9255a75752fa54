"""A real browser for the journeys: Debian's Chromium driven by Playwright against a live server.

Where no Chromium is found the journeys are skipped and say so; CHROMIUM names another binary.
"""

import os
import shutil
from pathlib import Path

import pytest
from playwright.sync_api import expect, sync_playwright

FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
BINARY = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
HERE = Path(__file__).parent


def pytest_collection_modifyitems(items):
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.journey)
            item.add_marker(pytest.mark.xdist_group("browser"))
            if not BINARY:
                item.add_marker(pytest.mark.skip(reason="没有找到 Chromium：apt install chromium"))


@pytest.fixture(scope="session")
def browser():
    # Playwright's event loop makes Django refuse the ORM in this thread, though nothing here is asynchronous.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=BINARY, args=FLAGS)
        yield running
        running.close()
    os.environ.pop("DJANGO_ALLOW_ASYNC_UNSAFE")


class Visitor:
    """One person at one browser window; every page error or request to elsewhere fails the journey."""

    def __init__(self, page, base):
        self.page, self.base, self.complaints = page, base, []
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", self._listen)
        page.on("request", self._look)

    def _listen(self, message):
        if message.type == "error":
            self.complaints.append(message.text)

    def _look(self, request):
        if not request.url.startswith((self.base, "data:", "blob:")):
            self.complaints.append(f"外部请求 {request.url}")

    def go(self, path):
        self.page.goto(self.base + path)

    def sign_in(self, username, password="Demo-2026"):
        self.go("/sign-in/")
        self.page.get_by_label("用户名").fill(username)
        self.page.get_by_label("密码", exact=True).fill(password)
        self.page.get_by_role("button", name="登录").click()
        expect(self.page).to_have_url(self.base + "/")

    def sees(self, text):
        expect(self.page.get_by_text(text).locator("visible=true").first).to_be_visible()

    def menu_line(self, label):
        """A line of the menu; opens the drawer and its group where they are closed."""
        button = self.page.get_by_role("button", name="菜单")
        if self.page.viewport_size["width"] < 900:
            button.click()
        line = self.page.locator(".nav a", has_text=label).first
        if not line.is_visible():
            self.page.locator(".fold", has=self.page.locator("a", has_text=label)).get_by_role("button").click()
        return line

    def fits(self):
        """Nothing sticks out sideways."""
        wide = self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, f"{self.page.url} 横向溢出 {wide}px"


@pytest.fixture(params=[(1440, 900), (390, 844)], ids=["desktop", "phone"])
def visitor(request, browser, live_server):
    width, height = request.param
    context = browser.new_context(viewport={"width": width, "height": height}, locale="zh-CN", accept_downloads=True)
    context.set_default_timeout(15_000)
    person = Visitor(context.new_page(), live_server.url)
    yield person
    context.close()
    assert person.complaints == []
