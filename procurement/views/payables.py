"""What must be paid and what is overdue; and who stands in for an approver."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Sum
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from config.access import Permission, can
from formulary.views.guards import requires
from procurement.actions import deliveries
from procurement.exports import _written
from procurement.models import Payable, Supplier
from procurement.queries import orders as asked
from procurement.round_forms import PayableFilter, PayForm
from procurement.rules.orders import OrderRefused
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
