"""The central store: what lies there and who needs it; a new delivery run."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from config.access import Permission, can
from formulary.models import Institution
from formulary.queries import scope_of
from formulary.views.guards import requires
from shortage.actions import central as actions
from shortage.actions import runs as run_actions
from shortage.central_forms import CentralFilter, RunFilter, RunForm, StoreForm
from shortage.queries import central as asked
from shortage.queries import runs as run_queries
from shortage.rules.runs import OPEN, TONES
from shortage.rules.transfers import TransferRefused

PER_PAGE = 40


@requires(Permission.SEE_TRANSFERS)
def central_stock(request):
    return _page(request)


def _page(request, run_form=None):
    scope = request.scope
    store = asked.store_of(scope.alliance)
    context = {"store": store, "may_set": can(request.user, Permission.RUN_PLANS)}
    if store is None:
        context["store_form"] = StoreForm(members=_members(scope.alliance))
        return render(request, "shortage/central_stock.html", context)
    form = CentralFilter(request.GET or None)
    rows = asked.central_stock(store, timezone.localdate(), **form.wanted())
    context |= {"form": form, "page": Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))}
    if request.htmx and not request.htmx.history_restore_request:
        return render(request, "shortage/_central_rows.html", context)
    runs = list(run_queries.runs(scope, state="open")[:8])
    for run in runs:
        run.tone = TONES[run.state]
    context |= {
        "runs": runs,
        "kpis": _kpis(rows, runs),
        "may_plan": may_plan(request.user, store),
        "run_form": run_form or RunForm(members=_members(scope.alliance, store), initial=_today()),
        "store_form": StoreForm(members=_members(scope.alliance), initial={"institution": store.institution_id}),
        "open_runs": any(run.state in OPEN for run in runs),
    }
    status = 422 if run_form is not None else 200
    return render(request, "shortage/central_stock.html", context, status=status)


def _today():
    return {"on": timezone.localdate()}


def _kpis(rows, runs):
    short = sum(row.level != "" for row in rows)
    return [
        ("在库品规", len(rows), "个", "boxes", "", "中心药房现有库存的品规"),
        ("有机构需要", sum(bool(row.wanted) for row in rows), "个", "hand", "", "至少一家机构降到补货点"),
        ("不够分配", short, "个", "triangle-alert", "orange" if short else "", "可分配数量小于各机构需要之和"),
        ("进行中的配送", len(runs), "张", "truck", "", "拟定、待签字和配送中的配送单"),
    ]


def may_plan(person, store):
    scope = scope_of(person, Permission.PLAN_TRANSFERS)
    return scope is not None and asked.reaches(scope, store)


def _members(alliance, store=None):
    rows = Institution.objects.filter(alliance=alliance, active=True)
    return rows.exclude(pk=store.institution_id) if store else rows


@requires(Permission.SEE_TRANSFERS, post=Permission.RUN_PLANS)
@require_POST
def central_mark(request):
    form = StoreForm(request.POST, members=_members(request.scope.alliance))
    if not form.is_valid():
        messages.error(request, "请选择中心药房所在的机构")
        return redirect("central_stock")
    try:
        store = actions.mark(form.cleaned_data["institution"], by=request.user, now=timezone.now())
        messages.success(request, f"已设定：{store}")
    except TransferRefused as refused:
        messages.error(request, str(refused))
    return redirect("central_stock")


@requires(Permission.SEE_TRANSFERS, post=Permission.PLAN_TRANSFERS)
@require_POST
def central_plan(request):
    store = asked.store_of(request.scope.alliance)
    form = RunForm(request.POST, members=_members(request.scope.alliance, store))
    if not form.is_valid() or store is None:
        return _page(request, form) if store else redirect("central_stock")
    try:
        run = run_actions.open_run(**form.wanted(), by=request.user, now=timezone.now())
    except TransferRefused as refused:
        form.add_error(None, str(refused))
        return _page(request, form)
    return redirect("central_run", run.pk)


@requires(Permission.SEE_TRANSFERS)
def central_runs(request):
    form = RunFilter(request.GET or {"state": "open"})
    page = Paginator(run_queries.runs(request.scope, **form.wanted()), PER_PAGE).get_page(request.GET.get("page"))
    for run in page:
        run.tone = TONES[run.state]
    context = {"form": form, "page": page, "crumbs": [("中心药房", "/central/"), ("配送单", None)]}
    partial = request.htmx and not request.htmx.history_restore_request
    return render(request, f"shortage/{'_run_rows' if partial else 'run_list'}.html", context)
