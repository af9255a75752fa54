"""基药 2026 comes beside an older edition: at the page of the lists, and what the system makes of it."""

import csv
import datetime as dt
import io
import re

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from fixtures.tables import LISTS
from formulary.actions.reference import import_reference
from tests.journeys import county
from tests.journeys.conftest import PHONE

FILE = LISTS / "neml-2026.csv"
NEW, NEW_NUMBER, LOST = "D1002", "2", "D1031"


def older_edition():
    """The 2018 edition as far as this county needs it: without 苄星青霉素, with 头孢地尼, which 2026 does not name."""
    rows = list(csv.DictReader(io.StringIO(FILE.read_text(encoding="utf-8"))))
    kept = [row for row in rows if row["序号"] != NEW_NUMBER or row["目录部分"] != "化学药品和生物制品"]
    lost = dict.fromkeys(rows[0], "") | {
        "目录部分": "化学药品和生物制品", "序号": "901", "一级分类": "抗微生物药", "品种名称": "头孢地尼", "剂型规格": "胶囊：0.1g",
    }  # fmt: skip
    out = io.StringIO()
    writer = csv.DictWriter(out, fieldnames=list(rows[0]))
    writer.writeheader()
    writer.writerows([*kept, lost])
    return out.getvalue().encode()


@pytest.fixture
def alliance(transactional_db, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    given = {"edition": "2018年版", "valid_from": dt.date(2018, 11, 1), "document": "国卫药政发〔2018〕31号"}
    import_reference("neml", older_edition(), **given, by=None, now=timezone.now())
    made = county.small_county(NEW, LOST)
    county.not_yet_listed(made, NEW)
    return made


def import_the_new_edition(desk):
    """Preview first, then exactly what was shown."""
    desk.go("/lists/")
    desk.page.get_by_role("link", name="导入目录").click()
    desk.page.locator("input[type=file]").set_input_files(str(FILE))
    desk.page.get_by_label("目录种类").select_option(label="国家基本药物目录")
    desk.page.get_by_role("textbox", name="版本").fill("2026年版")
    desk.page.get_by_label("生效日").fill("2026-09-01")
    desk.page.get_by_label("文号").fill("国卫药政发〔2026〕17号")
    desk.press("检查并预览")
    county.do_what_waits()
    desk.sees("新增")
    desk.fits()
    desk.press("确认导入")
    county.do_what_waits()
    desk.sees("已导入 neml-2026.csv")
    desk.fits()
    county.do_what_waits()


def test_a_new_edition_brings_the_right_suggestions(alliance, enter):
    desk = enter("mishu")
    desk.go("/suggestions/")
    assert desk.page.get_by_text("2026年版基药").count() == 0
    import_the_new_edition(desk)

    desk.go("/suggestions/")
    desk.page.get_by_role("link", name=re.compile("新列基药")).click()
    row = desk.page.get_by_role("link", name="2026年版基药新列苄星青霉素，统一目录没有该品种")
    expect(row).to_have_count(1)
    expect(desk.page.locator("#rows tbody tr")).to_have_count(1)
    desk.fits()
    row.click()
    desk.sees("国卫药政发〔2026〕17号")
    desk.sees("120万单位")
    desk.fits()
    desk.press("采纳并起草申请")
    desk.sees("理由已填好")
    desk.sees("提交前还须补充")
    desk.fits()
    desk.page.get_by_role("link", name="修改").click()
    expect(desk.page.get_by_label("申请理由")).not_to_have_value("")
    desk.page.get_by_label("最低使用级别").select_option("二级")
    desk.page.get_by_label("科室").fill("感染科")
    desk.page.get_by_label("适应证").fill("梅毒、风湿热预防")
    desk.page.get_by_label(re.compile("预计月用量")).fill("40")
    desk.page.get_by_label("利益关系声明").fill("无")
    desk.press("提交")
    desk.sees("已提交，等待形式审查")

    phone = enter("mishu2", PHONE)
    phone.go("/suggestions/?trigger=neml_lost")
    phone.fits()
    phone.page.get_by_role("link", name=re.compile("不再列头孢地尼胶囊")).click()
    phone.press("不采纳")
    phone.sees("理由")
    phone.page.get_by_label(re.compile("理由")).fill("基层儿科常用，医保乙类，保留至下次年度评审")
    phone.press("不采纳")
    phone.sees("已记录 1 条不采纳")
    phone.go("/suggestions/?state=dismissed")
    phone.sees("保留至下次年度评审")
    phone.fits()
    desk.go("/suggestions/?state=accepted")
    desk.sees("苄星青霉素")
