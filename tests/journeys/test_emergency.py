"""A drug that cannot wait: asked for, used for some weeks, reconfirmed by the committee or over on its day."""

import datetime as dt
import re

import pytest
from playwright.sync_api import expect

from tests.journeys import county
from tests.journeys.conftest import DESKTOP, PHONE

BEGIN = dt.date(2026, 11, 23)
KEPT, LAPSED = "D1002", "D1031"


@pytest.fixture
def alliance(transactional_db, settings, tmp_path, clock):
    settings.MEDIA_ROOT = tmp_path
    clock.move_to(BEGIN)
    made = county.small_county(KEPT, LAPSED)
    county.not_yet_listed(made, KEPT, LAPSED)
    return made


def ask(doctor, words, drug, until, quantity):
    doctor.go("/adjustments/")
    doctor.page.get_by_role("link", name="新建申请").first.click()
    doctor.page.get_by_role("link", name="紧急临时采购", exact=True).click()
    doctor.page.get_by_label("药品", exact=True).fill(words)
    doctor.page.get_by_role("link", name=f"选用 {drug}").click()
    page = doctor.page
    page.get_by_label("科室").fill("感染科")
    page.get_by_label(re.compile("病情或适应证")).fill("青霉素类为首选，无替代")
    page.get_by_label("申请理由").fill("目录外品种，急需一个疗程，没有其他药可以替代")
    page.get_by_label(re.compile("临时采购数量")).fill(str(quantity))
    page.get_by_label("临时使用至").fill(until.isoformat())
    page.get_by_label("利益关系声明").fill("无")
    doctor.press("提交")


def approve(chair, drug):
    """From the first page, where it waits for nobody but the chair."""
    chair.go("/")
    chair.page.get_by_role("link", name=re.compile(f"批准临时使用：{drug}")).click()
    fold = chair.unfold("批准临时使用")
    for box in fold.locator("input[name^=exception_]").all():
        box.fill("急需，用完即止")
    fold.get_by_role("button", name="批准临时使用").click()
    chair.sees("已批准临时使用")
    chair.fits()


def test_an_emergency_item_is_reconfirmed_and_another_ends_on_its_day(alliance, enter, clock):
    doctor, town, chair = enter("yaoshi-h01", PHONE), enter("yaoshi-t01", DESKTOP), enter("yuanzhang", PHONE)
    ask(doctor, "bxqms", "注射用苄星青霉素 120万单位", BEGIN + dt.timedelta(days=300), 20)
    doctor.sees("临时使用不超过 90 天，最晚 2027-02-21")
    doctor.fits()
    doctor.page.get_by_role("link", name="修改").click()
    doctor.page.get_by_label("临时使用至").fill("2027-01-15")
    doctor.press("提交")
    doctor.sees("已提交，等待主任委员批准")
    doctor.fits()
    ask(town, "头孢地尼", "头孢地尼胶囊 0.1g", BEGIN + dt.timedelta(days=14), 60)
    town.sees("已提交，等待主任委员批准")
    approve(chair, "注射用苄星青霉素")
    approve(chair, "头孢地尼胶囊")

    town.go("/formulary/")
    town.sees("临时使用")
    in_use = town.page.locator(".panel", has=town.page.get_by_role("heading", name="临时使用"))
    expect(in_use.get_by_role("row")).to_have_count(4)
    town.fits()
    town.page.get_by_role("link", name=re.compile("头孢地尼胶囊")).first.click()
    town.sees("青埠可临时使用至 2026-12-07")

    clock.move_to(BEGIN + dt.timedelta(days=10))
    desk = enter("mishu", DESKTOP)
    desk.go("/adjustments/?state=temporary")
    desk.page.get_by_role("link", name=re.compile("苄星青霉素")).click()
    fold = desk.unfold("登记追认")
    fold.get_by_role("button", name="登记追认").click()
    desk.sees("没有办理")
    desk.was_refused()
    fold = desk.unfold("登记追认")
    fold.get_by_label("追认的会议与决议").fill("2026 年第四季度例会：同意追认，按慢病随访补办调入")
    fold.get_by_role("button", name="登记追认").click()
    desk.sees("已登记追认")
    desk.sees("同意追认，按慢病随访补办调入")
    desk.fits()

    clock.move_to(BEGIN + dt.timedelta(days=15))
    county.whole_night()
    town.sign_in("yaoshi-t01")
    town.go("/adjustments/")
    row = town.page.get_by_role("row", name=re.compile("头孢地尼胶囊"))
    expect(row.get_by_text("已失效")).to_be_visible()
    town.fits()
    town.go("/formulary/")
    expect(town.page.get_by_text("头孢地尼胶囊")).to_have_count(0)
