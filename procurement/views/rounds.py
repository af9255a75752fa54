"""Purchase rounds: list, new, one round with its tabs, and what moves it on."""

import datetime as dt

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_POST

from config.access import Permission, can
from formulary.views.guards import requires
from procurement import order_files, queries
from procurement.actions import approvals, orders, rounds
from procurement.actions.plans import PlanRefused
from procurement.models import Tender
from procurement.queries import rounds as asked
from procurement.queries.settings import buying_settings
from procurement.round_forms import DecideForm, NoteForm, OptimiseForm, RoundFilter, RoundForm
from procurement.rules import rounds as rules
from procurement.rules.orders import OrderRefused
from procurement.rules.rounds import RoundRefused
from procurement.views import round_tabs

REFUSALS = (RoundRefused, OrderRefused, PlanRefused)


@requires(Permission.SEE_PLANS)
def round_list(request):
    form = RoundFilter(request.GET)
    page = Paginator(asked.rounds(request.scope, **form.wanted()), 20).get_page(request.GET.get("page"))
    for row in page:
        row.tone, row.waiting = rules.TONES[row.state], asked.waiting_for(row)
    context = {"form": form, "page": page, "may_run": can(request.user, Permission.RUN_PLANS)}
    return render(request, "procurement/_round_rows.html" if request.htmx else "procurement/round_list.html", context)


@requires(Permission.RUN_PLANS)
def round_new(request):
    alliance, today = request.scope.alliance, timezone.localdate()
    tenders = Tender.objects.filter(alliance=alliance, end__gte=today)
    form = RoundForm(request.POST or None, initial=_initial(alliance, today), tenders=tenders)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            made = rounds.open_round(
                alliance,
                data["title"],
                (data["start"], data["end"]),
                data["due"],
                tender=data["tender"],
                by=request.user,
                now=timezone.now(),
            )
        except RoundRefused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, "已发起，各机构的报量已按预测预填")
            return redirect("round_detail", made.pk)
    limits = buying_settings(alliance, today).limits()
    context = {"form": form, "limits": limits, "crumbs": [("采购轮次", reverse("round_list")), ("发起", None)]}
    return render(request, "procurement/round_new.html", context, status=422 if form.errors else 200)


def _initial(alliance, today):
    start, end = queries.default_period(alliance, today=today)
    days = int(buying_settings(alliance, today)["round.report_days"])
    return {
        "title": f"{start:%Y年%-m月%-d日}起采购",
        "start": start,
        "end": end,
        "due": min(end, today + dt.timedelta(days=days)),
    }


@requires(Permission.SEE_PLANS)
def round_detail(request, pk, tab="overview"):
    row, shown = find(request, pk), round_tabs.TABS.get(tab)
    if shown is None:
        raise Http404("没有这一页")
    context = {"row": row, "tab": tab, **shown.context(request, row)}
    if shown.rows and request.htmx and not request.htmx.history_restore_request:
        return render(request, shown.rows, context)
    return render(request, "procurement/round_detail.html", context | round_tabs.frame(request, row, shown))


@requires(Permission.RUN_PLANS)
@require_POST
def round_act(request, pk, verb):
    """One move of the buyer; a refusal is told on the round's page."""
    row, form = find(request, pk), NoteForm(request.POST)
    act = ACTS.get(verb)
    if act is None:
        raise Http404("没有这一步")
    note = form.cleaned_data["note"] if form.is_valid() else ""
    try:
        said = act(row, note, request)
    except REFUSALS as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, said)
    return redirect("round_detail", pk)


def _optimise(row, _note, request):
    form = OptimiseForm(request.POST)
    if not form.is_valid():
        raise RoundRefused("总预算应为不小于 0 的金额")
    base = queries.default_settings(row.alliance, on=row.as_of, time_limit=form.cleaned_data["time_limit"])
    settings = type(base).from_json(base.to_json() | {"total_budget": _text(form.cleaned_data["total_budget"])})
    rounds.optimise(row, settings, by=request.user, now=timezone.now())
    return "已按报量提交求解"


def _text(amount):
    return None if amount is None else str(amount)


def _simple(action, said):
    return lambda row, note, request: (action(row, note, by=request.user, now=timezone.now()), said)[1]


ACTS = {
    "gather": _simple(lambda row, note, **who: rounds.gather(row, note=note, **who), "报量已汇总，可以核对并优化"),
    "optimise": _optimise,
    "present": _simple(lambda row, _note, **who: rounds.present(row, **who), "已交各机构确认"),
    "submit": _simple(lambda row, note, **who: rounds.submit(row, note=note, **who), "已送审"),
    "send": _simple(lambda row, _note, **who: orders.send_round(row, **who), "订单已生成，首月订单已下达并列入在途"),
    "close": _simple(lambda row, _note, **who: rounds.close(row, **who), "本轮已关闭"),
    "assess": _simple(
        lambda row, note, **who: rounds.assess(row, asked.round_assessment(row), note=note, **who), "考核已记录"
    ),
    "cancel": _simple(rounds.cancel, "本轮已作废"),
}


@requires(Permission.SEE_PLANS)
@require_POST
def round_decide(request, pk):
    """An approver's word. Who may give it depends on level and deputies, so the action decides."""
    row, form = find(request, pk), DecideForm(request.POST)
    if not form.is_valid():
        messages.error(request, "请选择同意或退回")
        return redirect("round_detail", pk)
    data = form.cleaned_data
    try:
        done = approvals.decide(row, data["agreed"], data["note"], by=request.user, now=timezone.now())
    except RoundRefused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, f"已记录您的意见，本轮{rules.STATE_NAMES[done.state]}")
    return redirect("round_detail", pk)


@requires(Permission.RUN_PLANS)
def round_archive(request, pk):
    row = find(request, pk)
    if not row.orders.exists():
        raise Http404("本轮还没有订单")
    return download(order_files.round_archive(row), f"{order_files.file_name(row.title)}-订单.zip")


def find(request, pk):
    row = asked.round_of_scope(request.scope, pk)
    if row is None:
        raise Http404("没有这一轮采购，或您无权查看")
    return row


TYPES = {
    "zip": "application/zip",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}


def download(content, name):
    response = HttpResponse(content, content_type=TYPES[name.rsplit(".", 1)[1]])
    response.headers["Content-Disposition"] = content_disposition_header(True, name)
    return response
