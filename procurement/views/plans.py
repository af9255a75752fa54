"""Purchase plans: the list, a new one, one while it is solved and when it is ready, files to take away."""

import datetime as dt

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import content_disposition_header

from config.access import Permission, can
from formulary.views.guards import requires
from procurement import queries
from procurement.actions import plans
from procurement.exports import export
from procurement.forms import PlanFilter, PlanForm
from procurement.models import PlanState
from procurement.views import plan_tabs

TYPES = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "json": "application/json",
}


@requires(Permission.SEE_PLANS)
def plan_list(request):
    form = PlanFilter(request.GET)
    page = Paginator(queries.plans(request.scope, **form.wanted()), 20).get_page(request.GET.get("page"))
    context = {"form": form, "page": page, "may_run": can(request.user, Permission.RUN_PLANS)}
    plan_tabs.add_own_figures(page, request.scope)
    return render(request, "procurement/_plan_rows.html" if request.htmx else "procurement/plan_list.html", context)


@requires(Permission.RUN_PLANS)
def plan_new(request):
    alliance, now = request.scope.alliance, timezone.now()
    form = PlanForm(request.POST or None, initial=_initial(alliance))
    if request.method == "POST" and form.is_valid():
        try:
            data = form.cleaned_data
            plan = plans.create_plan(alliance, data["title"], form.period(), form.settings(), by=request.user, now=now)
        except plans.PlanRefused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, "计划已提交求解，完成后会自动显示结果")
            return redirect("plan_detail", plan.pk)
    period = queries.default_period(alliance, today=timezone.localdate())
    ready = queries.readiness(alliance, today=timezone.localdate(), period=period)
    crumbs = [("采购计划", reverse("plan_list")), ("新建", None)]
    return render(request, "procurement/plan_new.html", {"form": form, "ready": ready, "crumbs": crumbs})


def _initial(alliance):
    start, end = queries.default_period(alliance, today=timezone.localdate())
    settings = queries.default_settings(alliance, on=start - dt.timedelta(days=1))
    return {
        "title": f"{start:%Y年%-m月%-d日}起 {(end - start).days + 1} 天采购计划",
        "start": start,
        "end": end,
        "nonwinning_ratio": settings.nonwinning_ratio,
        "group_limit": settings.group_limit,
        "time_limit": settings.time_limit,
        "gap": settings.gap,
    }


@requires(Permission.SEE_PLANS)
def plan_detail(request, pk, tab="overview"):
    plan = find(request, pk)
    if plan.standing == PlanState.READY:
        return tab_page(request, plan, tab)
    if plan_tabs.find(request.scope, tab) is None:
        raise Http404("没有这一页")
    if plan.standing == PlanState.FAILED:
        return render(request, "procurement/plan_failed.html", _frame(request, plan))
    return render(request, "procurement/plan_solving.html", _frame(request, plan) | plan_tabs.progress(plan))


def tab_page(request, plan, tab, more=None, status=200):
    """One tab of a finished plan; `more` replaces parts of its context (a form with its faults)."""
    shown = plan_tabs.find(request.scope, tab)
    if shown is None:
        raise Http404("没有这一页")
    context = _frame(request, plan) | shown.context(request, plan) | (more or {})
    if tab in plan_tabs.FILTERED and request.htmx and not request.htmx.history_restore_request:
        return render(request, shown.rows, context)
    context |= plan_tabs.frame(request, plan, shown)
    return render(request, "procurement/plan_detail.html", context, status=status)


def _frame(request, plan):
    return {
        "plan": plan,
        "crumbs": [("采购计划", reverse("plan_list")), (plan.title, None)],
        "may_run": can(request.user, Permission.RUN_PLANS),
        "whole": request.scope.whole_alliance,
    }


@requires(Permission.SEE_PLANS)
def plan_progress(request, pk):
    """The live part of a plan that is being solved; reloads the page when it is over."""
    plan = find(request, pk)
    may_run = can(request.user, Permission.RUN_PLANS)
    response = render(
        request, "procurement/_plan_progress.html", {"plan": plan, "may_run": may_run, **plan_tabs.progress(plan)}
    )
    if plan.standing in (PlanState.READY, PlanState.FAILED):
        response["HX-Refresh"] = "true"
    return response


@requires(Permission.RUN_PLANS)
def plan_stop(request, pk):
    plan = find(request, pk)
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    try:
        plans.stop(plan, by=request.user, now=timezone.now())
    except plans.PlanRefused as refused:
        messages.warning(request, str(refused))
    else:
        messages.info(request, "已请求停止，将保留当前最好的计划")
    return redirect("plan_detail", pk)


@requires(Permission.RUN_PLANS)
def plan_again(request, pk):
    plan = find(request, pk)
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    try:
        again = plans.replan(plan, by=request.user, now=timezone.now())
    except plans.PlanRefused as refused:
        messages.error(request, str(refused))
        return redirect("plan_detail", pk)
    messages.success(request, "已按最新数据重新编制，原计划保留不变")
    return redirect("plan_detail", again.pk)


@requires(Permission.SEE_PLANS)
def plan_download(request, pk, kind, ending):
    plan = find(request, pk)
    found = export(plan, kind, ending, request.scope) if plan.state == PlanState.READY else None
    if found is None:
        raise Http404("没有这个文件")
    name, content = found
    response = HttpResponse(content, content_type=TYPES[ending])
    response.headers["Content-Disposition"] = content_disposition_header(True, name)
    return response


def find(request, pk):
    plan = queries.plan_of_scope(request.scope, pk)
    if plan is None:
        raise Http404("没有这个计划，或您无权查看")
    return plan
