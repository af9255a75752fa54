"""Entering one count, use, receipt or order by hand."""

from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone

from config.access import Permission
from formulary.models import Product
from formulary.rules.tables import DataRefused
from formulary.views.guards import requires
from shortage.actions import hand
from shortage.entry_forms import EntryForm
from shortage.rules.stock_file import Kind


@requires(Permission.IMPORT_STOCK)
def stock_entry(request, kind):
    if kind not in list(Kind):
        raise Http404("没有这种数据")
    kind, today = Kind(kind), timezone.localdate()
    start = {name: request.GET.get(name, "") for name in ("institution", "drug")} | {"date": today.isoformat()}
    form = EntryForm(request.POST or None, initial=start, kind=kind, institutions=request.scope.institutions)
    if request.method == "POST" and form.is_valid():
        try:
            hand.enter(kind, _row(form), scope=request.scope, by=request.user, now=timezone.now(), today=today)
        except DataRefused as refused:
            form.refuse(refused.faults)
        else:
            messages.success(request, f"已录入{kind.label}；如有误，可在导入记录中撤销")
            return redirect(f"{request.path}?institution={form.cleaned_data['institution']}")
    context = {
        "form": form,
        "kind": kind,
        "tabs": [{"label": k.label, "url": reverse("stock_entry", args=[k.value]), "active": k is kind} for k in Kind],
        "crumbs": [("导入库存与用量", reverse("stock_import")), ("手工录入", None)],
    }
    return render(request, "shortage/stock_entry.html", context, status=422 if form.errors else 200)


def _row(form):
    """A product's code in the one field for codes is told apart here."""
    values = form.values()
    code = values.get("药品编码", "")
    if Product.objects.filter(code=code).exists():
        values["产品编码"] = values.pop("药品编码")
    return values
