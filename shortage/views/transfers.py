"""Transfers: the list, one transfer with its lots and signatures, what people do with it, the lending ledger."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_GET, require_POST

from config.access import Permission, can
from formulary.models import Institution
from formulary.queries import scope_of
from formulary.views.guards import requires
from shortage import exports, queries
from shortage.actions import loans, trips
from shortage.actions import transfers as actions
from shortage.models import Transfer
from shortage.queries.transfers import to_approve
from shortage.rules.transfers import MOVES, Step, TransferRefused
from shortage.transfer_forms import LineForm, NewTransferForm, ReasonForm, SettleForm, TransferFilter
from shortage.views.transfer_shown import moves_for, reach, steps_of

PER_PAGE = 30
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


@requires(Permission.SEE_TRANSFERS)
def transfer_list(request):
    form = TransferFilter(request.GET or {"state": "live"})
    rows = queries.transfers(request.scope, **form.wanted())
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    context = {"form": form, "page": page}
    if request.htmx and not request.htmx.history_restore_request:
        return render(request, "shortage/_transfer_rows.html", context)
    mine = scope_of(request.user, Permission.SIGN_TRANSFERS)
    context["waiting"] = (
        queries.transfers(mine).filter(queries.waiting_for(mine)) if mine and not mine.whole_alliance else []
    )
    context["may_plan"] = can(request.user, Permission.PLAN_TRANSFERS)
    return render(request, "shortage/transfer_list.html", context)


@requires(Permission.PLAN_TRANSFERS)
def transfer_new(request):
    members = Institution.objects.filter(alliance=request.scope.alliance, active=True)
    initial = {
        name: request.GET.get(name, "") for name in ("presentation", "donor", "receiver", "quantity", "kind", "reason")
    }
    form = NewTransferForm(request.POST or None, institutions=members, initial=initial)
    if form.is_valid():
        given = form.cleaned_data
        try:
            order = actions.plan(
                given["donor"], given["receiver"], {given["presentation"].pk: given["quantity"]}, reason=given["reason"],
                kind=given["kind"], knowingly=given["knowingly"], by=request.user, now=timezone.now(),
            )  # fmt: skip
            return redirect("transfer_detail", order.pk)
        except TransferRefused as refused:
            form.add_error(None, str(refused))
    crumbs = [("调剂", reverse("transfer_list")), ("新建", None)]
    status = 422 if form.errors else 200
    return render(request, "shortage/transfer_new.html", {"form": form, "crumbs": crumbs}, status=status)


@requires(Permission.SEE_TRANSFERS)
def transfer_detail(request, pk):
    return _detail(request, _transfer(pk, request.scope))


def _detail(request, order, bound=None, status=200):
    lines = list(order.lines.select_related("presentation", "product"))
    moves = moves_for(request.user, order)
    forms = {
        Step.DISPATCH: lambda: LineForm(None, lines=lines, most=lambda line: line.quantity),
        Step.RECEIVE: lambda: LineForm(None, lines=lines, most=lambda line: line.missing),
        Step.REFUSE: ReasonForm,
        Step.CANCEL: ReasonForm,
        Step.SETTLE: SettleForm,
    }
    shown = [
        {"step": step, "label": MOVES[step].label, "form": (bound or {}).get(step) or forms.get(step, lambda: None)()}
        for step in moves
        if step is not Step.SIGN
    ]
    context = {
        "order": order,
        "lines": lines,
        "alerts": queries.alerts_of(order, request.scope),
        "approves": order in to_approve(request.user),
        "refusal": ReasonForm(),
        "steps": steps_of(order),
        "may_sign": Step.SIGN in moves,
        "forms": shown,
        "owes": loans.owes(order),
        "may_return": order.receiver_id in reach(request.user, Permission.PLAN_TRANSFERS),
        "may_convert": order.donor_id in reach(request.user, Permission.MOVE_TRANSFERS),
        "effect": queries.transfer_effect(order, timezone.localdate())
        if order.state in ("planned", "approved")
        else [],
        "crumbs": [("调剂", reverse("transfer_list")), (order.number, None)],
    }
    return render(request, "shortage/transfer_detail.html", context, status=status)


@requires(Permission.SEE_TRANSFERS, post=Permission.SIGN_TRANSFERS)
@require_POST
def transfer_act(request, pk, step):
    """One of the moves of `rules.transfers.MOVES`; who may make it is asked by the action."""
    order = _transfer(pk, request.scope)
    if step not in MOVES or step == Step.PLAN:
        raise Http404("没有这种操作")
    form = _form(step, request.POST, list(order.lines.select_related("presentation")))
    if form is not None and not form.is_valid():
        return _detail(request, order, {Step(step): form}, status=422)
    now, by = timezone.now(), request.user
    try:
        if step == Step.DISPATCH:
            trips.dispatch(order, sent=form.wanted(), by=by, now=now)
        elif step == Step.RECEIVE:
            trips.receive(order, received=form.wanted(), note=form.cleaned_data["note"], by=by, now=now)
        else:
            getattr(trips if step == Step.SETTLE else actions, step)(
                order, **(form.cleaned_data if form else {}), by=by, now=now
            )
        messages.success(request, f"{order.number} 已{MOVES[Step(step)].label}")
    except TransferRefused as refused:
        messages.error(request, str(refused))
    return redirect("transfer_detail", pk)


def _form(step, data, lines):
    if step == Step.DISPATCH:
        return LineForm(data, lines=lines, most=lambda line: line.quantity)
    if step == Step.RECEIVE:
        return LineForm(data, lines=lines, most=lambda line: line.missing)
    return {Step.REFUSE: ReasonForm, Step.CANCEL: ReasonForm, Step.SETTLE: SettleForm}.get(step, lambda _data: None)(
        data
    )


@requires(Permission.SEE_TRANSFERS, post=Permission.PLAN_TRANSFERS)
@require_POST
def transfer_return(request, pk):
    """Draws up the return of all that a loan still owes."""
    loan = _transfer(pk, request.scope)
    try:
        owed = {drug: units for drug, units in loans.owes(loan).items() if units}
        back = loans.give_back(loan, owed, by=request.user, now=timezone.now())
        messages.success(request, f"已拟定归还单 {back.number}")
        return redirect("transfer_detail", back.pk)
    except TransferRefused as refused:
        messages.error(request, str(refused))
    return redirect("transfer_detail", pk)


@requires(Permission.SEE_TRANSFERS, post=Permission.MOVE_TRANSFERS)
@require_POST
def transfer_convert(request, pk):
    loan = _transfer(pk, request.scope)
    try:
        loans.convert(loan, by=request.user, now=timezone.now())
        messages.success(request, f"{loan.number} 已改为划转，不再归还")
    except TransferRefused as refused:
        messages.error(request, str(refused))
    return redirect("transfer_detail", pk)


@requires(Permission.SEE_TRANSFERS)
@require_GET
def transfer_paper(request, pk):
    """The note that travels with the goods: lots to pick, places for the signatures."""
    order = _transfer(pk, request.scope)
    response = HttpResponse(exports.transfer_note(order), content_type=DOCX)
    response.headers["Content-Disposition"] = content_disposition_header(True, f"调剂单 {order.number}.docx")
    return response


@requires(Permission.SEE_TRANSFERS)
def transfer_ledger(request):
    """What is lent and not yet given back."""
    everything = request.GET.get("all") == "1"
    found = queries.debts(request.scope, timezone.localdate(), open_only=not everything)
    context = {
        "debts": found,
        "balances": queries.balances(found),
        "everything": everything,
        "crumbs": [("调剂", reverse("transfer_list")), ("借还台账", None)],
    }
    return render(request, "shortage/transfer_ledger.html", context)


def _transfer(pk, scope) -> Transfer:
    return get_object_or_404(
        queries.transfers(scope).select_related(
            "alliance", "alert__presentation", "loan", "dispatched_by", "received_by"
        ),
        pk=pk,
    )
