"""A real browser for the journeys: Debian's Chromium driven by Playwright against a live server.

Where no Chromium is found the journeys are skipped and say so; CHROMIUM names another binary.
JOURNEY_SHOTS names a folder for a picture of every page whose width is looked at.
"""

import datetime as dt
import os
import shutil
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import expect, sync_playwright

FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
BINARY = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
HERE = Path(__file__).parent
SHOTS = os.environ.get("JOURNEY_SHOTS", "")
DESKTOP, PHONE = (1440, 900), (390, 844)
DEMO_PASSWORD = "Yaoheng-demo-2026"


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

    def picture(self):
        if SHOTS and not self.page.is_closed():
            name = f"{len(list(Path(SHOTS).iterdir())):03}-{self.page.viewport_size['width']}.png"
            self.page.screenshot(path=f"{SHOTS}/{name}", full_page=True)

    def go(self, path):
        self.page.goto(self.base + path)

    def sign_in(self, username, password=DEMO_PASSWORD, to="/"):
        """At the page to which a link `to` leads first; who was here before has left."""
        self.page.context.clear_cookies()
        self.go(f"/sign-in/?next={to}")
        self.page.get_by_label("用户名").fill(username)
        self.page.get_by_label("密码", exact=True).fill(password)
        self.page.get_by_role("button", name="登录").click()
        expect(self.page).to_have_url(self.base + to)

    def sees(self, text):
        expect(self.page.get_by_text(text).locator("visible=true").first).to_be_visible()

    def press(self, name, yes=None):
        """A button by its whole name; `yes` answers the question that it asks first."""
        self.page.get_by_role("button", name=name, exact=True).locator("visible=true").first.click()
        if yes:
            self.page.locator("#confirm").get_by_role("button", name=yes, exact=True).click()

    def unfold(self, words):
        """One of the folded parts of a page, opened."""
        fold = self.page.locator("details.fold", has=self.page.locator("summary", has_text=words)).first
        if not fold.evaluate("one => one.open"):
            fold.locator("summary").click()
        return fold

    def take(self, link):
        """The bytes and the name of what a link downloads."""
        with self.page.expect_download() as waiting:
            self.page.get_by_role("link", name=link).first.click()
        return waiting.value.path().read_bytes(), waiting.value.suggested_filename

    def menu_line(self, label):
        """A line of the menu; opens the drawer and its group where they are closed."""
        button = self.page.get_by_role("button", name="菜单")
        if self.page.viewport_size["width"] < 900:
            button.click()
        line = self.page.locator(".nav a", has_text=label).first
        if not line.is_visible():
            self.page.locator(".fold", has=self.page.locator("a", has_text=label)).get_by_role("button").click()
        return line

    def was_refused(self):
        """The last answer was a page that says what is wrong (422), which the browser notes as an error."""
        assert "422" in self.complaints.pop()

    def fits(self):
        """Nothing sticks out sideways."""
        self.picture()
        wide = self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, f"{self.page.url} 横向溢出 {wide}px"


@pytest.fixture
def window(browser, live_server):
    """Opens windows of a size, nobody signed in; whatever one of them complains of fails the journey at its end."""
    opened = []

    def window(size):
        context = browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            locale="zh-CN",
            timezone_id="Asia/Shanghai",
            accept_downloads=True,
        )
        context.set_default_timeout(15_000)
        visitor = Visitor(context.new_page(), live_server.url)
        opened.append((context, visitor))
        return visitor

    yield window
    for context, visitor in opened:
        visitor.picture()
        context.close()
        assert visitor.complaints == []


@pytest.fixture
def enter(window):
    """Opens a window of a size and signs somebody in by the page."""

    def enter(username, size=DESKTOP, to="/"):
        visitor = window(size)
        visitor.sign_in(username, to=to)
        return visitor

    return enter


@pytest.fixture(params=[DESKTOP, PHONE], ids=["desktop", "phone"])
def visitor(request, window):
    return window(request.param)


class Clock:
    """The one clock of the whole server, pages, actions and sessions alike. It only goes forward; no row is touched."""

    def __init__(self):
        self.ahead = dt.timedelta()
        self._true = timezone.now

    def __call__(self):
        return self._true() + self.ahead

    def move_to(self, moment):
        """From here on it is this moment (a working day's morning, where only a date is given)."""
        if not isinstance(moment, dt.datetime):
            moment = timezone.make_aware(dt.datetime.combine(moment, dt.time(8, 30)))
        assert moment > self(), "时间不能倒流"
        self.ahead = moment - self._true()

    @property
    def today(self):
        return timezone.localdate()


@pytest.fixture
def clock(monkeypatch):
    """Every part of the server asks `django.utils.timezone.now`: this is the only seam by which time moves."""
    clock = Clock()
    monkeypatch.setattr(timezone, "now", clock)
    return clock
