"""The main paths of the three users on a small demonstration county: member, procurement officer, pharmacist."""

import datetime as dt
import io
import re
import threading

import openpyxl
import pytest
from django.db import connection
from django.utils import timezone
from playwright.sync_api import expect

from fixtures import tables
from formulary.actions import jobs
from formulary.models import Alliance, Institution, Job, Presentation, Product
from procurement.actions.demo import load_demo
from shortage.actions.watch import watch
from shortage.models import Alert, StockPosition

PASSWORD = "Yaoheng-demo-2026"


@pytest.fixture
def county(transactional_db):
    """A twenty-fifth of the demonstration alliance with its eighteen months, watched up to yesterday."""
    yesterday = timezone.localdate() - dt.timedelta(days=1)
    files = tables.reduced(tables.load(), sites=5, every=25)
    list(load_demo(as_of=yesterday, by=None, now=timezone.now(), files=files))
    alliance = Alliance.objects.get()
    watch(alliance, yesterday, by=None, now=timezone.now())
    return alliance


def work_in_background():
    """One worker doing what is queued, as `manage.py work --batch` does."""

    def run():
        for job in Job.objects.filter(state="queued"):
            jobs.perform(job.pk)
        connection.close()

    worker = threading.Thread(target=run)
    worker.start()
    return worker


def test_member_looks_up_a_drug_and_the_formulary(county, visitor):
    drug = Presentation.objects.exclude(pinyin="").order_by("pk").first()
    visitor.sign_in("weiyuan1", PASSWORD)
    visitor.sees("在用目录品规")
    visitor.fits()
    visitor.go("/drugs/")
    visitor.page.get_by_label("药品", exact=True).fill(drug.pinyin)
    expect(visitor.page).to_have_url(re.compile(f"q={drug.pinyin}"))
    visitor.fits()
    visitor.page.get_by_role("link", name=drug.name).first.click()
    visitor.sees("政策目录状态")
    visitor.sees("依据")
    visitor.fits()
    visitor.page.get_by_role("link", name=re.compile(r"第 1 版")).click()
    visitor.page.get_by_label("机构级别可用").select_option("村")
    expect(visitor.page).to_have_url(re.compile("level="))
    visitor.fits()


def test_officer_runs_a_plan_and_takes_the_workbook(county, visitor):
    visitor.sign_in("caigou", PASSWORD)
    visitor.go("/plans/new/")
    visitor.sees("算例将包含")
    visitor.fits()
    visitor.page.get_by_label("求解时限").select_option(index=0)
    visitor.page.get_by_role("button", name="开始求解").click()
    expect(visitor.page.get_by_role("progressbar").first).to_be_visible()
    worker = work_in_background()
    visitor.page.wait_for_selector("text=需求满足率", timeout=90_000)
    worker.join(timeout=10)
    visitor.fits()
    visitor.page.get_by_role("link", name=re.compile("采购明细")).click()
    visitor.sees(re.compile("净需求"))
    visitor.fits()
    with visitor.page.expect_download() as waiting:
        visitor.page.get_by_role("link", name="下载计划").click()
    book = openpyxl.load_workbook(io.BytesIO(waiting.value.path().read_bytes()))
    assert {"汇总", "采购明细", "未满足", "约定量执行", "规则核对"} <= set(book.sheetnames)
    assert book["采购明细"].max_row > 1


def stock_file(rows):
    return ("机构编码,药品编码,批号,有效期,数量,单位,日期\n" + "\n".join(rows) + "\n").encode("gb18030")


def upload(visitor, rows):
    visitor.go("/stock/import/")
    visitor.page.locator("input[type=file]").set_input_files(
        {"name": "库存.csv", "mimeType": "text/csv", "buffer": stock_file(rows)}
    )
    visitor.page.get_by_role("button", name="检查并预览").click()


def test_pharmacist_sends_stock_is_warned_and_acts(county, visitor):
    site = Institution.objects.get(memberships__person__username="yaoshi-t01")
    quiet = StockPosition.objects.filter(institution=site, quantity__gt=50).exclude(
        presentation__in=Alert.objects.filter(institution=site).values("presentation")
    )
    used = [row for row in quiet if Product.objects.filter(presentation=row.presentation_id).exists()]
    drug = max(used, key=lambda row: row.quantity).presentation
    today = timezone.localdate() - dt.timedelta(days=1)
    far = today.replace(year=today.year + 2)
    visitor.sign_in("yaoshi-t01", PASSWORD)
    upload(visitor, [f"{site.code},没有此药,A1,{far},3,,{today}", f"{site.code},{drug.code},A1,{far},三,,{today}"])
    visitor.sees("没有此药")
    visitor.sees("三")
    visitor.fits()
    upload(visitor, [f"{site.code},{drug.code},A1,{far},1,,{today}"])
    visitor.page.get_by_role("button", name="确认写入").click()
    if visitor.page.get_by_role("button", name="单位无误，写入").is_visible():
        visitor.page.get_by_role("button", name="单位无误，写入").click()
    visitor.sees("已接收")
    visitor.fits()
    watch(county, today, by=None, now=timezone.now())
    alert = Alert.objects.get(institution=site, presentation=drug)
    visitor.go("/alerts/?q=" + drug.code)
    visitor.sees(drug.name)
    visitor.fits()
    visitor.page.get_by_role("button", name="接手").first.click()
    visitor.sees("处置中")
    visitor.go(f"/alerts/{alert.pk}/")
    visitor.page.get_by_text("结案", exact=True).first.click()
    visitor.page.get_by_label("处置结果").select_option("已到货")
    visitor.page.get_by_role("button", name="结案").click()
    visitor.sees("处置结果：已到货")
    visitor.fits()
