"""Prices and suppliers: what must be looked at, one product's history, listed prices, savings, scorecards."""

import datetime as dt

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from config.access import Permission, can
from formulary.models import Product
from formulary.rules.tables import DataRefused
from formulary.views.guards import requires
from procurement.actions import prices as actions
from procurement.exports import _written
from procurement.forms import SEARCH, Choice, FilterForm
from procurement.price_files import savings_sheets
from procurement.queries import prices as asked
from procurement.queries import suppliers
from procurement.rules import prices as rules
from procurement.rules.workbook import write_workbook
from procurement.tender_forms import TableForm
from procurement.views.orders import find as find_order
from procurement.views.rounds import download

PER_PAGE = 50


class PriceFilter(FilterForm):
    words = forms.CharField(label="药品", required=False, widget=SEARCH)
    flag = Choice("提示", "全部", list(rules.WORDS.items()))


@requires(Permission.SEE_PLANS)
def price_list(request):
    today, alliance = timezone.localdate(), request.scope.alliance
    form = PriceFilter(request.GET)
    rows = asked.price_rows(alliance, today=today, **form.wanted())
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    context = {"form": form, "page": page}
    if request.htmx and not request.htmx.history_restore_request:
        return render(request, "procurement/_price_rows.html", context)
    context |= {
        "flagged": sum(bool(row.flags) for row in rows),
        "platform": asked.platform(request.scope, since=dt.date(today.year, 1, 1)),
        "may_run": can(request.user, Permission.RUN_PLANS),
        "file_form": TableForm(),
    }
    return render(request, "procurement/price_list.html", context)


@requires(Permission.SEE_PLANS)
def price_detail(request, pk):
    product = get_object_or_404(Product.objects.select_related("presentation"), pk=pk)
    offers = list(asked.history(request.scope.alliance, product))
    for offer in offers:
        offer.unit = rules.unit_price(offer.price, product.pack_size)
    context = {
        "product": product,
        "offers": offers,
        "listed": product.listed_prices.all(),
        "crumbs": [("价格", reverse("price_list")), (str(product.presentation), None)],
    }
    return render(request, "procurement/price_detail.html", context)


@requires(Permission.RUN_PLANS)
@require_POST
def price_import(request):
    form = TableForm(request.POST, request.FILES)
    if not form.is_valid():
        messages.error(request, "请选择挂网价表")
        return redirect("price_list")
    file = form.cleaned_data["file"]
    try:
        count = actions.import_listed(file.read(), file.name, by=request.user, now=timezone.now())
    except DataRefused as refused:
        context = {"faults": refused.faults, "name": file.name}
        return render(request, "procurement/price_file_faults.html", context, status=422)
    except actions.PriceRefused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, f"已导入 {count} 条挂网价，价格标识按新值计算")
    return redirect("price_list")


@requires(Permission.SEE_PLANS)
def price_savings(request):
    """节约报告: since the start of the year."""
    today = timezone.localdate()
    found = asked.savings(request.scope.alliance, since=dt.date(today.year, 1, 1), today=today)
    sheets = savings_sheets(found)
    return download(_written(lambda path: write_workbook(path, sheets)), f"采购节约报告-{today}.xlsx")


@requires(Permission.RUN_PLANS)
@require_POST
def order_outside(request, pk):
    try:
        actions.file_outside(
            find_order(request, pk), request.POST.get("filing", ""), by=request.user, now=timezone.now()
        )
    except actions.PriceRefused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, "已登记为平台外采购")
    return redirect("order_detail", pk)


@requires(Permission.SEE_PLANS)
def supplier_list(request):
    cards = suppliers.scorecards(request.scope, today=timezone.localdate())
    return render(request, "procurement/supplier_list.html", {"cards": cards})
