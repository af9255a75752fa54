"""The buyer argues with the optimiser: two scenarios side by side, a product pinned, solved again, the difference seen."""

import datetime as dt
import threading

import pytest
from django.db import connection
from django.utils import timezone
from playwright.sync_api import expect

from fixtures import tables
from formulary.actions import jobs
from formulary.models import Alliance, Job
from procurement.actions import plans
from procurement.actions.demo import load_demo
from procurement.models import Plan, Study
from procurement.rules.plan_settings import PlanSettings
from shortage.actions.watch import watch
from tests.journeys.contrast import hard_to_read

PASSWORD = "Yaoheng-demo-2026"


@pytest.fixture
def plan(transactional_db):
    """A finished plan of two institutions of the demonstration county with a dozen drugs of several suppliers."""
    whole = tables.load()
    offered = {ware.drug for ware in whole.wares}
    drugs = tuple(drug for drug in whole.drugs if drug.code in offered)[:12]
    wares = tuple(ware for ware in whole.wares if ware.drug in {drug.code for drug in drugs})
    files = tables.Files(whole.sites[:2], drugs, wares, whole.firms, whole.troubles)
    yesterday = timezone.localdate() - dt.timedelta(days=1)
    list(load_demo(as_of=yesterday, by=None, now=timezone.now(), files=files))
    alliance = Alliance.objects.get()
    watch(alliance, yesterday, by=None, now=timezone.now())
    period = (yesterday + dt.timedelta(days=1), yesterday + dt.timedelta(days=30))
    made = plans.create_plan(
        alliance, "十二月采购计划", period, PlanSettings(time_limit=5), by=None, now=timezone.now()
    )
    solve_what_waits()
    return Plan.objects.get(pk=made.pk)


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


def add(visitor, name, **fields):
    visitor.page.get_by_label("情景名称").fill(name)
    for label, value in fields.items():
        visitor.page.get_by_label(label).first.fill(value)
    press(visitor, "添加情景")
    visitor.sees("已添加情景")


@pytest.mark.parametrize("visitor", [(1440, 900)], indirect=True, ids=["desktop"])
def test_scenarios_are_compared_and_a_product_is_pinned_and_solved_around(plan, visitor):
    visitor.sign_in("caigou", PASSWORD)
    visitor.menu_line("采购计划").click()
    visitor.page.get_by_role("link", name="十二月采购计划").click()
    visitor.page.get_by_role("link", name="情景测算").last.click()
    press(visitor, "新建情景测算")
    add(visitor, "预算减半", **{"预算变化": "-50"})
    add(visitor, "需求增两成", **{"需求变化": "20"})
    press(visitor, "求解 2 个情景")
    visitor.sees("排队等待求解")
    solve_what_waits()
    visitor.go(f"/studies/{Study.objects.get().pk}/")
    visitor.sees("并列比较")
    expect(visitor.page.get_by_role("columnheader", name="预算减半")).to_be_visible()
    expect(visitor.page.get_by_role("columnheader", name="需求增两成")).to_be_visible()
    visitor.fits()
    assert hard_to_read(visitor.page) == []
    visitor.go(f"/plans/{plan.pk}/lines/")
    visitor.page.get_by_role("link", name="固定", exact=True).nth(1).click()
    visitor.page.get_by_label("方式").select_option("禁止")
    visitor.page.get_by_label("原因").fill("近期质量投诉")
    press(visitor, "固定")
    visitor.sees("已固定")
    visitor.fits()
    assert hard_to_read(visitor.page) == []
    press(visitor, "按固定重新求解")
    visitor.sees("已按固定重新求解")
    solve_what_waits()
    again = Plan.objects.get(based_on=plan)
    visitor.go(f"/plans/{again.pk}/compare/")
    visitor.sees("十二月采购计划（2）")
    visitor.sees("固定禁止（近期质量投诉）")
    visitor.fits()
    assert hard_to_read(visitor.page) == []
    assert Plan.objects.get(pk=plan.pk).lines.count() == plan.lines.count()
