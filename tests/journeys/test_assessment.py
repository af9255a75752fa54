"""The quarter's 基药 assessment: shares of every institution, down to the rows, and the workbook that is sent on."""

import datetime as dt
import io
import re

import openpyxl
import pytest
from playwright.sync_api import expect

from tests.journeys import county
from tests.journeys.conftest import DESKTOP, PHONE


@pytest.fixture
def alliance(transactional_db, clock):
    clock.move_to(dt.date(2026, 11, 23))
    made = county.small_county(every=12)
    county.whole_night()
    return made


def test_shares_are_followed_down_to_their_rows(alliance, enter):
    desk = enter("mishu", DESKTOP)
    desk.menu_line("基药考核").click()
    desk.page.get_by_role("link", name="2026 年第 4 季度").click()
    desk.sees("四项占比")
    desk.fits()
    row = desk.page.get_by_role("row", name=re.compile("县医院"))
    shown = row.locator("td[data-label=品种数量占比] b").inner_text()
    expect(row).to_contain_text("目标 80%")
    book, name = desk.take("导出 Excel")
    assert name.startswith("基药考核")
    sheet = openpyxl.load_workbook(io.BytesIO(book)).worksheets[0]
    cells = [cell.value for line in sheet.iter_rows() for cell in line]
    assert any(isinstance(value, int | float) and f"{value:.1%}" == shown for value in cells)

    row.get_by_role("link", name="县医院").click()
    desk.sees("品规明细")
    desk.sees(shown)
    desk.fits()
    totals = {}
    for kind in ("基药", "非基药"):
        desk.page.get_by_label("类别").select_option(label=kind)
        key = {"基药": "essential", "非基药": "other"}[kind]
        desk.page.wait_for_url(re.compile(f"kind={key}"))
        expect(desk.page.locator("#rows .total")).to_be_visible()
        totals[kind] = int(desk.page.locator("#rows .total b").inner_text())
        detail, _name = desk.take("导出明细")
        rows = openpyxl.load_workbook(io.BytesIO(detail)).worksheets[0].max_row - 1
        assert rows == totals[kind]
    desk.page.locator("#rows a.name").first.click()
    desk.sees("政策目录状态")

    head = enter("yuanzhang-t01", PHONE)
    head.go("/assessment/")
    head.fits()
    head.go("/assessment/cohesion/")
    head.sees("与牵头医院的衔接")
    head.fits()


def test_prescription_counts_are_imported_and_a_wrong_file_is_told_whole(alliance, enter):
    desk = enter("mishu", DESKTOP)
    desk.go("/assessment/")
    desk.page.get_by_role("link", name="导入处方数").click()
    head = "机构编码,季度,处方总数,含基药处方数\n"
    for text, told in (
        ("CC-T01,2026Q4,100,130\nCC-X99,2026Q4,十,1\n", ("CC-X99", "130")),
        ("CC-T01,2026Q4,1000,640\n", ("已导入 1 行处方数",)),
    ):
        file = {"name": "处方数.csv", "mimeType": "text/csv", "buffer": (head + text).encode("gb18030")}
        desk.page.locator("input[type=file]").set_input_files(file)
        desk.page.locator("form.form button[type=submit]").click()
        for words in told:
            desk.sees(words)
        desk.fits()
    assert len(desk.complaints) == 1
    desk.was_refused()
    county.whole_night()
    desk.go("/assessment/")
    desk.sees("64.0%")
