"""An alliance brings the 目录 that it already has: columns named its own way, a broken file first, then a good one."""

import io
import re

import openpyxl
import pytest
from playwright.sync_api import expect

from formulary.models import Presentation
from tests.journeys import county
from tests.journeys.conftest import DESKTOP

HEAD = ("院内码", "药名", "规格型号", "使用范围", "分级", "备注")


@pytest.fixture
def alliance(transactional_db, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    return county.small_county()


def book(rows):
    made = openpyxl.Workbook()
    sheet = made.active
    sheet.title = "现行目录"
    sheet.append(["淳川县医共体用药目录（2025）"])
    sheet.append(HEAD)
    for row in rows:
        sheet.append(row)
    out = io.BytesIO()
    made.save(out)
    return {
        "name": "现行目录.xlsx",
        "mimeType": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "buffer": out.getvalue(),
    }


def choose(desk, rows):
    desk.go("/formulary/import/")
    desk.page.locator("input[type=file]").set_input_files(book(rows))
    desk.press("检查并预览")
    desk.page.get_by_role("combobox", name="药品编码").select_option("院内码")
    desk.page.get_by_role("combobox", name="通用名").select_option("药名")
    desk.press("重新检查")


def test_an_existing_list_is_mapped_previewed_and_becomes_a_draft(alliance, enter):
    drugs = list(Presentation.objects.filter(entries__version__alliance=alliance).order_by("code").distinct())
    rows = [(drug.code, drug.name, drug.strength, "乡镇", "", "原目录") for drug in drugs[:-2]]
    desk = enter("mishu", DESKTOP)
    desk.go("/formulary/draft/")
    desk.page.get_by_role("link", name="从现有目录工作簿导入一版").click()
    desk.sees("导入现有目录")
    desk.fits()

    broken = [rows[0], rows[0], (rows[1][0], *rows[1][1:3], "月球", "", ""), ("", "", "", "乡镇", "", "")]
    choose(desk, broken)
    desk.sees("月球")
    desk.sees("与第 3 行是同一品规")
    desk.fits()
    expect(desk.page.get_by_role("button", name="生成草案")).to_have_count(0)

    strange = ("", "某某祖传膏", "1贴", "乡镇", "", "")
    choose(desk, [*rows, strange])
    desk.sees("可以生成草案")
    desk.sees("某某祖传膏")
    expect(desk.page.locator(".kpi", has_text="调出")).to_contain_text("2")
    desk.fits()
    desk.press("生成草案")
    desk.sees("已生成草案")
    desk.sees("本版的变化")
    desk.sees("导入自 现行目录.xlsx")
    for drug in drugs[-2:]:
        expect(desk.page.get_by_role("row", name=re.compile(f"调出.*{drug.code}"))).to_have_count(1)
    desk.fits()
    desk.go("/matches/?q=某某祖传膏")
    desk.sees("某某祖传膏")
