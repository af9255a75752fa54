"""The tab that sets a plan beside another one."""

from django.core.paginator import Paginator

from procurement.queries import comparisons
from procurement.rules.plan_diff import KINDS
from procurement.study_forms import DifferenceFilter

PAGE = 50


def compare(request, plan):
    """The tab: from what to what, sums by kind of change, the differences that the filter leaves."""
    others = comparisons.others(plan, request.scope)
    key = request.GET.get("other") or comparisons.usual(plan)
    found = comparisons.compare(plan, key, request.scope)
    if found is None:
        key = comparisons.HAND
        found = comparisons.compare(plan, key, request.scope)
    sites = [(row.code, row.name) for row in found.after.case.institutions]
    form = DifferenceFilter({"other": key} | request.GET.dict(), others=others, sites=sites)
    rows = wanted(form, named(found))
    return {
        "form": form,
        "found": found,
        "other": key,
        "kinds": [(kind, found.totals.counts[kind], found.totals.money[kind]) for kind in KINDS],
        "page": Paginator(rows, PAGE).get_page(request.GET.get("page")),
    }


def named(found):
    """Differences as rows for people."""
    products = {row.code: row for side in (found.before, found.after) for row in side.case.products}
    drugs = {row.code: row for side in (found.before, found.after) for row in side.case.drugs}
    sites = {row.code: row.name for side in (found.before, found.after) for row in side.case.institutions}
    firms = {row.code: row.name or row.code for side in (found.before, found.after) for row in side.case.suppliers}
    return [
        {
            "kind": each.kind,
            "site_code": each.institution,
            "site": sites.get(each.institution, each.institution),
            "drug": drugs[products[each.product].drug].name,
            "strength": drugs[products[each.product].drug].strength,
            "unit": drugs[products[each.product].drug].unit,
            "code": each.product,
            "maker": products[each.product].maker,
            "firm": firms[products[each.product].supplier],
            "before": each.before.quantity if each.before else None,
            "after": each.after.quantity if each.after else None,
            "money": each.money,
            "why": each.why,
        }
        for each in found.found
    ]


def wanted(form, rows):
    data = form.wanted()
    words = data.get("words", "").split()
    return [
        row
        for row in rows
        if data.get("kind") in (None, row["kind"])
        and data.get("institution") in (None, row["site_code"])
        and all(word in f"{row['drug']}{row['strength']}{row['code']}{row['maker']}" for word in words)
    ]
