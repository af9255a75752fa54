"""What must be paid and what is overdue; and who stands in for an approver."""

import datetime as dt

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Sum
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from config.access import Permission, can
from formulary.models import Person
from formulary.views.guards import requires
from procurement.actions import approvals, deliveries
from procurement.exports import _written
from procurement.models import ApprovalDeputy, Payable, Supplier
from procurement.queries import approvals as standing
from procurement.queries import orders as asked
from procurement.round_forms import DeputyForm, PayableFilter, PayForm
from procurement.rules.orders import OrderRefused
from procurement.rules.rounds import RoundRefused
from procurement.rules.workbook import write_workbook
from procurement.views.rounds import download

PER_PAGE = 40
HEADER = ("供应商", "订单号", "机构", "验收日", "应付日", "逾期天数", "金额", "付款日", "凭证号")


@requires(Permission.SEE_PLANS)
def payable_list(request):
    today, scope = timezone.localdate(), request.scope
    shops = Supplier.objects.filter(alliance=scope.alliance).values_list("code", "name")
    places = [(place.code, place.short_name) for place in scope.institutions]
    form = PayableFilter(request.GET, choices={"supplier": list(shops), "institution": places})
    found = asked.payables(scope, today=today, **form.wanted())
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    for row in page:
        row.late_days = max(0, ((row.paid_on or today) - row.due_on).days)
    context = {
        "form": form,
        "page": page,
        "may_run": can(request.user, Permission.RUN_PLANS),
        "amount": found.order_by().aggregate(total=Sum("amount"))["total"],
        "today": today,
    }
    if request.htmx and not request.htmx.history_restore_request:
        return render(request, "procurement/_payable_rows.html", context)
    rows = asked.arrears(scope, today=today)
    context |= {"arrears": rows, "overdue": sum(row.overdue for row in rows), "open": sum(row.open for row in rows)}
    return render(request, "procurement/payable_list.html", context)


@requires(Permission.RUN_PLANS)
@require_POST
def payable_pay(request, pk):
    row = get_object_or_404(Payable, pk=pk, delivery__order__alliance=request.scope.alliance)
    form = PayForm(request.POST)
    if not form.is_valid():
        messages.error(request, "请填写付款日")
        return redirect("payable_list")
    data = form.cleaned_data
    try:
        deliveries.pay(row, data["paid_on"], data["voucher"], by=request.user, now=timezone.now())
    except OrderRefused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, "已登记付款")
    return redirect("payable_list")


@requires(Permission.SEE_PLANS)
def payable_file(request):
    """欠款表: all open bills within reach, overdue first."""
    today = timezone.localdate()
    rows = [
        (
            row.delivery.order.supplier.name, row.delivery.order.number, row.delivery.institution.name, row.accepted_on,
            row.due_on, max(0, (today - row.due_on).days), row.amount, row.paid_on, row.voucher,
        )
        for row in asked.payables(request.scope, today=today, state="open")
    ]  # fmt: skip
    return download(_written(lambda path: write_workbook(path, {"未付货款": (HEADER, rows)})), f"未付货款-{today}.xlsx")


@requires(Permission.APPROVE_PLANS)
def deputy_list(request):
    today = timezone.localdate()
    people = Person.objects.filter(memberships__alliance=request.scope.alliance, is_active=True).exclude(
        pk=request.user.pk
    )
    initial = {"start": today, "end": today + dt.timedelta(days=7)}
    form = DeputyForm(request.POST or None, people=people.distinct(), initial=initial)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            approvals.appoint(
                data["deputy"], (data["start"], data["end"]), data["reason"], by=request.user, now=timezone.now()
            )
        except RoundRefused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, "已授权代理")
            return redirect("purchase_deputy_list")
    rows = standing.deputies(request.scope.alliance, request.user)
    for row in rows:
        row.in_force = row.ended_at is None and row.valid_from <= today <= row.valid_to
        row.may_end = row.ended_at is None and row.valid_to >= today and row.principal_id == request.user.pk
    return render(
        request, "procurement/deputy_list.html", {"form": form, "rows": rows}, status=422 if form.errors else 200
    )


@requires(Permission.APPROVE_PLANS)
@require_POST
def deputy_end(request, pk):
    row = get_object_or_404(ApprovalDeputy, pk=pk, alliance=request.scope.alliance)
    try:
        approvals.end_deputy(row, by=request.user, now=timezone.now())
    except RoundRefused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, "已撤回授权")
    return redirect("purchase_deputy_list")
