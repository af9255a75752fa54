"""基药考核: four shares by institution and quarter, the rows behind them, the cheapest way to the target, 衔接."""

import datetime as dt
from urllib.parse import quote

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone

from config.access import Permission, can
from formulary import assessment_tables as tables
from formulary.actions.assessments import import_prescriptions
from formulary.assessment_forms import DrugRowFilter, PrescriptionFile
from formulary.queries import assessments as asked
from formulary.rules.assessment import FORMULAS, Ratio, quarter_name
from formulary.rules.tables import DataRefused
from formulary.rules.workbook import workbook_bytes
from formulary.views.guards import requires

HOME = "基药考核"
KINDS = {
    "essential": lambda row: row.essential and row.counts,
    "other": lambda row: not row.essential and row.counts,
    "out": lambda row: not row.counts,
}


@requires(Permission.SEE_GOVERNANCE)
def assessment_list(request):
    run = _run(request)
    if run is None:
        return render(request, "formulary/assessment_list.html", {"run": None})
    context = {
        "run": run,
        "places": asked.places(request.scope, run),
        "ratios": [(ratio, FORMULAS[ratio]) for ratio in Ratio],
        "tabs": _tabs(request, run, "assessment_list"),
        "may_import": can(request.user, Permission.IMPORT_STOCK) or can(request.user, Permission.CHECK_PROPOSALS),
    }
    return render(request, "formulary/assessment_list.html", context)


@requires(Permission.SEE_GOVERNANCE)
def assessment_detail(request, code):
    run, site = _run(request), _site(request, code)
    if run is None:
        return redirect("assessment_list")
    form = DrugRowFilter(request.GET)
    rows = asked.drug_rows(run, site)
    wanted = form.wanted()
    shown = [row for row in rows if _fits(row, wanted.get("words", ""), wanted.get("kind", ""))]
    page = Paginator(shown, 50).get_page(request.GET.get("page"))
    context = {"run": run, "site": site, "form": form, "page": page}
    if request.htmx:
        return render(request, "formulary/_assessment_rows.html", context)
    place = next(place for place in asked.places(request.scope, run) if place.institution == site)
    plans = [found for cell in place.cells if (found := asked.plan(run, site, cell, rows))]
    context |= {
        "place": place,
        "plans": [tables.shown_plan(found) for found in plans],
        "tabs": _tabs(request, run, "assessment_detail", code),
        "crumbs": [(HOME, f"{reverse('assessment_list')}?quarter={run.quarter}"), (site.short_name, None)],
    }
    return render(request, "formulary/assessment_detail.html", context)


@requires(Permission.SEE_GOVERNANCE)
def assessment_export(request):
    """The page as it is seen: shares with targets, of every institution in reach."""
    run = _run(request)
    if run is None:
        return redirect("assessment_list")
    return _workbook(tables.shares(asked.places(request.scope, run), run), f"基药考核 {quarter_name(run.quarter)}.xlsx")


@requires(Permission.SEE_GOVERNANCE)
def assessment_detail_export(request, code):
    """The rows behind one institution's shares, as filtered."""
    run, site = _run(request), _site(request, code)
    if run is None:
        return redirect("assessment_list")
    wanted = DrugRowFilter(request.GET).wanted()
    rows = asked.drug_rows(run, site)
    shown = [row for row in rows if _fits(row, wanted.get("words", ""), wanted.get("kind", ""))]
    return _workbook(tables.drug_table(shown, run), f"基药考核明细 {site.short_name} {quarter_name(run.quarter)}.xlsx")


@requires(Permission.SEE_GOVERNANCE, post=Permission.SEE_GOVERNANCE)
def prescription_import(request):
    """处方 counts of a quarter; who reports stock may report them for the own institution."""
    form = PrescriptionFile(request.POST or None, request.FILES or None)
    context = {"form": form, "crumbs": [(HOME, reverse("assessment_list")), ("导入处方数", None)]}
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        try:
            count = import_prescriptions(
                request.scope.alliance,
                file.read(),
                name=file.name,
                reach=sorted(request.scope.institution_ids),
                by=request.user,
                now=timezone.now(),
            )
        except DataRefused as refused:
            return render(request, "formulary/prescription_import.html", context | {"error": refused}, status=422)
        messages.success(request, f"已导入 {count} 行处方数。")
        return redirect("assessment_list")
    return render(request, "formulary/prescription_import.html", context, status=422 if form.errors else 200)


@requires(Permission.SEE_GOVERNANCE)
def cohesion(request):
    run = _run(request)
    if run is None:
        return render(request, "formulary/cohesion.html", {"run": None})
    found = asked.cohesion(request.scope, run)
    context = {
        "run": run,
        "found": found,
        "rows": tables.cohesion_rows(found),
        "matrix": tables.matrix(found),
        "tabs": _tabs(request, run, "cohesion"),
    }
    if request.GET.get("format") == "xlsx":
        return _workbook(tables.cohesion_sheets(found), f"目录衔接 {quarter_name(run.quarter)}.xlsx")
    return render(request, "formulary/cohesion.html", context)


def _run(request):
    """The quarter asked for, else the latest computed."""
    runs = request.computed = asked.runs(request.scope)
    try:
        wanted = dt.date.fromisoformat(request.GET.get("quarter", ""))
    except ValueError:
        wanted = None
    return next((run for run in runs if run.quarter == wanted), runs[0] if runs else None)


def _site(request, code):
    sites = request.scope.alliance.institutions.filter(pk__in=request.scope.institution_ids).select_related("alliance")
    return get_object_or_404(sites, code=code)


def _tabs(request, run, name, *args):
    url = reverse(name, args=args)
    return [
        {
            "label": quarter_name(one.quarter),
            "url": f"{url}?quarter={one.quarter}",
            "count": None,
            "active": one.pk == run.pk,
        }
        for one in request.computed[: asked.TREND]
    ]


def _fits(row, words, kind):
    drug = row.presentation
    text = f"{drug.name} {drug.strength} {drug.code}".lower()
    named = all(word.lower() in text or drug.pinyin.lower().startswith(word.lower()) for word in words.split())
    return named and (kind not in KINDS or KINDS[kind](row))


def _workbook(sheets, name):
    answer = HttpResponse(
        workbook_bytes(sheets), content_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    )
    answer["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name)}"
    return answer
