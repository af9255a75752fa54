"""One delivery run: who gets what and why, its papers, and what people do with it."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_GET, require_POST

from config.access import Permission
from formulary.models import Institution
from formulary.views.guards import requires
from shortage.actions import runs as actions
from shortage.central_forms import AddForm, ChangeForm
from shortage.models import Allocation
from shortage.queries import central, runs
from shortage.rules import runs as rules
from shortage.rules.runs import MOVES, Step
from shortage.rules.transfers import TransferRefused
from shortage.run_files import run_document, run_workbook
from shortage.transfer_forms import ReasonForm
from shortage.views.central import may_plan
from shortage.views.transfer_shown import at_words, reach
from shortage.views.transfers import DOCX

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@requires(Permission.SEE_TRANSFERS)
def central_run(request, pk):
    return _detail(request, _run(pk, request.scope))


def _detail(request, run, *, add=None, change=None, line=None, status=200):
    store = central.store_of(run.alliance)
    rows, legs = list(runs.allocations(run, request.scope)), list(runs.legs(run, request.scope))
    plans = store is not None and may_plan(request.user, store)
    line = line or _asked_line(request, rows)
    draft = run.state == rules.DRAFT
    context = {
        "run": run,
        "tone": rules.TONES[run.state],
        "rows": rows,
        "served": runs.served(rows),
        "legs": legs,
        "steps": _steps(run, legs),
        "may": _moves(request.user, run, plans),
        "may_edit": draft and plans,
        "line": line if draft and plans else None,
        "change_form": change or ChangeForm(initial={"packs": line.packs} if line else None),
        "cancel_form": ReasonForm(),
        "crumbs": [("中心药房", reverse("central_stock")), ("配送单", reverse("central_runs")), (run.number, None)],
    }
    if context["may_edit"]:
        context["add_form"] = add or _add_form(None, run, store)
    return render(request, "shortage/run_detail.html", context, status=status)


def _asked_line(request, rows):
    wanted = request.GET.get("line", "")
    return next((row for row in rows if str(row.pk) == wanted), None)


def _add_form(data, run, store):
    members = Institution.objects.filter(alliance=run.alliance, active=True).exclude(pk=run.centre_id)
    lots = central.free_lots(store, timezone.localdate(), without=run.pk).values()
    products = {lot.product for held in lots for lot in held if lot.product}
    return AddForm(data, members=members, products=products)


def _moves(person, run, plans):
    """The steps this person can take now, in the order they are offered."""
    signs = run.centre_id in reach(person, Permission.SIGN_TRANSFERS)
    moves = run.centre_id in reach(person, Permission.MOVE_TRANSFERS)
    may = {
        Step.PROPOSE: plans,
        Step.CONFIRM: signs,
        Step.LOAD: moves,
        Step.CANCEL: plans if run.state == rules.DRAFT else signs,
    }
    return {step.value for step, allowed in may.items() if allowed and run.state in MOVES[step].before}


def _steps(run, legs):
    """The way of a run for components/steps.html."""
    signed = sum(leg.receiver_by_id is not None for leg in legs)
    arrived = sum(leg.state == "closed" for leg in legs)
    way = [
        ("拟定分配", run.planned_at, run.planned_by),
        ("中心药房签字", run.confirmed_at, run.confirmed_by),
        ("接收机构签字", run.loaded_at, f"{signed}/{len(legs)} 家" if legs else ""),
        ("装车发出", run.loaded_at, run.loaded_by),
        (
            "各机构收货",
            run.closed_at if run.state == rules.CLOSED else None,
            f"{arrived}/{len(legs)} 家" if legs else "",
        ),
    ]
    rows, current = [], run.state != rules.CANCELLED
    for label, at, who in way:
        state = "done" if at else "current" if current else "todo"
        current = current and bool(at)
        rows.append({"label": label, "note": str(who or ""), "when": at_words(at), "state": state})
    if run.state == rules.CANCELLED:
        rows = [row for row in rows if row["state"] == "done"]
        rows.append({"label": "已取消", "note": run.outcome, "when": at_words(run.closed_at), "state": "refused"})
    return rows


@requires(Permission.SEE_TRANSFERS, post=Permission.PLAN_TRANSFERS)
@require_POST
def central_run_change(request, pk, line):
    """Other packs for one line, with a reason."""
    run = _run(pk, request.scope)
    row = get_object_or_404(
        Allocation.objects.select_related("institution", "presentation", "product"), pk=line, run=run
    )
    form = ChangeForm(request.POST)
    if form.is_valid():
        good = row.product or row.presentation
        act = lambda **who: actions.change(run, row.institution, good, **form.cleaned_data, **who)  # noqa: E731
        if _tried(form, act, request):
            messages.success(request, f"{row.institution.short_name} {row.presentation} 已调整")
            return redirect("central_run", pk)
    return _detail(request, run, change=form, line=row, status=422)


@requires(Permission.SEE_TRANSFERS, post=Permission.PLAN_TRANSFERS)
@require_POST
def central_run_add(request, pk):
    run = _run(pk, request.scope)
    store = central.store_of(run.alliance)
    if store is None:
        raise Http404("还没有设定中心药房")
    form = _add_form(request.POST, run, store)
    if form.is_valid():
        given = form.cleaned_data
        act = lambda **who: actions.change(  # noqa: E731
            run, given["institution"], given["product"], given["packs"], given["reason"], **who
        )
        if _tried(form, act, request):
            messages.success(request, "已加入本单")
            return redirect("central_run", pk)
    return _detail(request, run, add=form, status=422)


def _tried(form, act, request):
    try:
        act(by=request.user, now=timezone.now())
    except TransferRefused as refused:
        form.add_error(None, str(refused))
        return False
    return True


@requires(Permission.SEE_TRANSFERS, post=Permission.PLAN_TRANSFERS)
@require_POST
def central_run_act(request, pk, step):
    run = _run(pk, request.scope)
    acts = {
        Step.PROPOSE: actions.propose,
        Step.CONFIRM: actions.confirm,
        Step.LOAD: actions.load,
        Step.CANCEL: lambda run, **who: actions.cancel(run, request.POST.get("reason", ""), **who),
    }
    if step not in acts:
        raise Http404("没有这一步")
    try:
        acts[Step(step)](run, by=request.user, now=timezone.now())
        messages.success(request, f"{run.number} 已{MOVES[Step(step)].label}")
    except TransferRefused as refused:
        messages.error(request, str(refused))
    return redirect("central_run", pk)


@requires(Permission.SEE_TRANSFERS)
@require_GET
def central_run_file(request, pk, ending):
    run = _run(pk, request.scope)
    legs = [leg for leg in runs.legs(run, request.scope) if leg.state not in ("refused", "cancelled")]
    made = {"xlsx": (run_workbook, XLSX, "拣货单"), "docx": (run_document, DOCX, "配送交接单")}.get(ending)
    if made is None or not legs:
        raise Http404("没有这个文件；确认分配后才有拣货单和交接单")
    write, kind, name = made
    response = HttpResponse(write(run, legs), content_type=kind)
    response.headers["Content-Disposition"] = content_disposition_header(True, f"{name} {run.number}.{ending}")
    return response


def _run(pk, scope):
    run = runs.run_of_scope(scope, pk)
    if run is None:
        raise Http404("没有这张配送单，或您无权查看")
    return run
