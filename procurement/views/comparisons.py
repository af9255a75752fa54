"""A comparison of two plans as a workbook."""

from django.http import Http404

from config.access import Permission
from formulary.views.guards import requires
from procurement.queries import comparisons
from procurement.rules.plan_diff import KINDS
from procurement.rules.workbook import Share
from procurement.study_files import workbook
from procurement.views.plan_compare import named
from procurement.views.plans import find
from procurement.views.rounds import download


@requires(Permission.SEE_PLANS)
def plan_compare_file(request, pk):
    plan = find(request, pk)
    found = comparisons.compare(plan, request.GET.get("other", ""), request.scope)
    if found is None:
        raise Http404("没有可比较的计划")
    header = ("变化", "机构", "药品", "规格", "生产企业", "供应商", "原数量", "现数量", "单位", "金额差（元）", "原因")
    keys = ("kind", "site", "drug", "strength", "maker", "firm", "before", "after", "unit", "money", "why")
    before, after = found.totals.before, found.totals.after
    sums = [
        ("从", found.before.title, before),
        ("到", found.after.title, after),
        ("差", "", after - before),
        ("变化幅度", "", Share((after - before) / before) if before else None),
        *((kind, f"{found.totals.counts[kind]} 条", found.totals.money[kind]) for kind in KINDS),
        ("不变", f"{found.totals.same} 条", None),
    ]
    rows = [tuple(row[key] for key in keys) for row in named(found)]
    return download(workbook({"汇总": (("项目", "说明", "金额（元）"), sums), "差异": (header, rows)}), "计划比较.xlsx")
