"""The committee's own score form: taken out, changed, put back; used once it stays as it was."""

import re

import pytest
from playwright.sync_api import expect

from tests.journeys import county
from tests.journeys.conftest import DESKTOP, PHONE
from tests.journeys.sheets import fill_sheet

DRUG = "孟鲁司特钠颗粒"


@pytest.fixture
def alliance(transactional_db, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    return county.small_county(sites=3)


def put_back(desk, text, title):
    desk.go("/scores/forms/new/")
    desk.page.get_by_role("combobox", name="适用").select_option(label="西药")
    desk.page.get_by_role("textbox", name="名称").fill(title)
    desk.page.get_by_label("依据").fill("药事委员会 2026 年第三次会议决议")
    desk.page.locator("input[type=file]").set_input_files(
        {"name": "评分表.csv", "mimeType": "text/csv", "buffer": text.encode("utf-8-sig")}
    )
    desk.press("建立新版")


def test_a_form_is_changed_in_excel_and_frozen_by_its_first_use(alliance, enter):
    desk = enter("mishu", DESKTOP)
    desk.go("/scores/")
    desk.page.get_by_role("link", name="评分表", exact=True).click()
    desk.page.get_by_role("link", name=re.compile("西药")).first.click()
    desk.fits()
    content, _name = desk.take("下载表格")
    text = content.decode("utf-8-sig")
    assert "作用机制明确,4," in text

    put_back(desk, text.replace("作用机制明确,4,", "作用机制明确,9,", 1), "改错的表")
    desk.sees("药理作用")
    desk.sees("9")
    desk.fits()
    desk.was_refused()
    put_back(desk, text.replace("作用机制明确,4,", "作用机制明确,3,", 1), "西药评价与遴选评分表（本医共体）")
    desk.sees("以后发起的评分使用此版")
    desk.sees("0 次评分")
    desk.fits()

    desk.go("/scores/")
    desk.page.get_by_role("link", name=re.compile(DRUG)).click()
    desk.press("发起评分")
    desk.sees("第 2 版")
    scorer = enter("weiyuan1", PHONE)
    scorer.page.get_by_role("link", name=re.compile("份评分待提交")).click()
    scorer.page.get_by_role("link", name=re.compile(DRUG)).click()
    scorer.page.get_by_role("link", name=re.compile("打分")).first.click()
    expect(scorer.page.get_by_text("作用机制明确")).to_be_visible()
    scorer.fits()
    fill_sheet(scorer)
    scorer.press("存草稿")
    scorer.sees("还没有提交")
    scorer.page.get_by_role("link", name=re.compile("打分")).first.click()
    scorer.press("提交评分")
    scorer.sees("评分已提交")
    scorer.sees("换一种权重，结论变吗")
    scorer.sees(re.compile("任一维度的权重单独增减 20%"))
    scorer.fits()

    put_back(desk, text, "西药评价与遴选评分表（修订）")
    desk.sees("以后发起的评分使用此版")
    desk.go("/scores/")
    desk.page.get_by_role("link", name=re.compile(DRUG)).click()
    desk.page.get_by_role("link", name=re.compile("第 2 版")).click()
    desk.sees("1 次评分，内容已冻结")
    desk.sees("作用机制明确 3")
