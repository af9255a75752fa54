"""第四批 of Jiangsu, from 报量 to the order files: buyer, three institutions, committee and head at their own pages."""

import datetime as dt
import io
import re
import threading
import zipfile

import openpyxl
import pytest
from django.db import connection
from django.utils import timezone
from playwright.sync_api import expect

from fixtures import tables
from formulary.actions import jobs
from formulary.models import Alliance, Job, RuleValue
from procurement.actions.demo import load_demo
from procurement.models import Order, PurchaseRound, Tender
from shortage.actions.watch import watch

PASSWORD = "Yaoheng-demo-2026"
BATCH = "第四批接续"
PLACES = ("yaoshi-h01", "yaoshi-t01", "yaoshi-t02")


@pytest.fixture
def county(transactional_db):
    """Three institutions of the demonstration county with the drugs of 第四批 only."""
    whole = tables.load()
    codes = {ware.drug for ware in whole.wares if ware.tender == BATCH}
    drugs = tuple(drug for drug in whole.drugs if drug.code in codes)
    wares = tuple(ware for ware in whole.wares if ware.drug in codes)
    files = tables.Files(whole.sites[:3], drugs, wares, whole.firms, whole.troubles)
    yesterday = timezone.localdate() - dt.timedelta(days=1)
    list(load_demo(as_of=yesterday, by=None, now=timezone.now(), files=files))
    alliance = Alliance.objects.get()
    watch(alliance, yesterday, by=None, now=timezone.now())
    RuleValue.objects.filter(key="approval.head_amount").update(value=1)
    return alliance


def leave(visitor):
    visitor.page.context.clear_cookies()


def solve_what_waits():
    """One worker doing what is queued, as `manage.py work --batch` does."""

    def run():
        for job in Job.objects.filter(state="queued"):
            jobs.perform(job.pk)
        connection.close()

    worker = threading.Thread(target=run)
    worker.start()
    worker.join(timeout=120)


def press(visitor, name):
    visitor.page.get_by_role("button", name=name).first.click()


def fill_in(visitor, username, row):
    """Every line that asks gets its reason, then the report goes."""
    leave(visitor)
    visitor.sign_in(username, PASSWORD)
    visitor.go(f"/rounds/{row.pk}/")
    visitor.page.get_by_role("link", name="填写报量").click()
    visitor.fits()
    for box in visitor.page.get_by_placeholder("请写明原因").all():
        box.fill("就诊人次变化")
    press(visitor, "保存并上报")
    visitor.sees("已上报")


def approve(visitor, username, row, words):
    leave(visitor)
    visitor.sign_in(username, PASSWORD)
    visitor.go(f"/rounds/{row.pk}/")
    visitor.page.get_by_label("审批意见").fill(words)
    visitor.page.get_by_role("button", name="同意", exact=True).click()
    visitor.sees("已记录您的意见")


@pytest.mark.parametrize("visitor", [(1440, 900)], indirect=True, ids=["desktop"])
def test_fourth_batch_is_bought_from_reported_need_to_order_files(county, visitor):
    tender = Tender.objects.get(code=BATCH)
    visitor.sign_in("caigou", PASSWORD)
    visitor.go(f"/tenders/{tender.pk}/")
    visitor.sees("到期预计")
    visitor.fits()
    visitor.go("/rounds/new/")
    visitor.page.get_by_label("轮次名称").fill("第四批集采采购")
    visitor.page.get_by_label("采购范围").select_option(str(tender.pk))
    press(visitor, "发起报量")
    visitor.sees("等待各机构报量")
    row = PurchaseRound.objects.get()
    for username in PLACES:
        fill_in(visitor, username, row)
    leave(visitor)
    visitor.sign_in("caigou", PASSWORD)
    visitor.go(f"/rounds/{row.pk}/")
    press(visitor, "汇总核对")
    visitor.sees("报量已汇总")
    press(visitor, "按报量优化")
    visitor.sees("正在求解")
    solve_what_waits()
    visitor.go(f"/rounds/{row.pk}/")
    press(visitor, "交机构确认")
    visitor.sees("已交各机构确认")
    visitor.go(f"/rounds/{row.pk}/lines/")
    visitor.sees("产品与供应商")
    visitor.fits()
    for username in PLACES:
        leave(visitor)
        visitor.sign_in(username, PASSWORD)
        visitor.go(f"/rounds/{row.pk}/")
        press(visitor, "确认无异议")
        visitor.sees("已确认本机构的采购行")
    leave(visitor)
    visitor.sign_in("caigou", PASSWORD)
    visitor.go(f"/rounds/{row.pk}/")
    press(visitor, "送审")
    visitor.sees("您没有此环节的审批权")
    approve(visitor, "weiyuan1", row, "同意，先完成约定量")
    approve(visitor, "yuanzhang", row, "同意")
    leave(visitor)
    visitor.sign_in("caigou", PASSWORD)
    visitor.go(f"/rounds/{row.pk}/")
    press(visitor, "下达订单")
    visitor.page.get_by_role("button", name="下达", exact=True).click()
    visitor.sees("订单已生成")
    visitor.go(f"/rounds/{row.pk}/orders/")
    visitor.fits()
    with visitor.page.expect_download() as waiting:
        visitor.page.get_by_role("link", name=re.compile("下载全部订单")).click()
    archive = zipfile.ZipFile(io.BytesIO(waiting.value.path().read_bytes()))
    suppliers = set(Order.objects.values_list("supplier__code", flat=True))
    assert {name.split("-")[0] for name in archive.namelist()} == suppliers
    bought = 0
    for name in archive.namelist():
        if name.endswith(".xlsx"):
            bought += openpyxl.load_workbook(io.BytesIO(archive.read(name)))["平台导入"].max_row - 1
    assert bought == sum(order.lines.count() for order in Order.objects.all())
    expect(visitor.page.get_by_text("已发送").first).to_be_visible()
