"""Orders: list, one order with its files, sending, stopping; and receiving the goods."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from config.access import Permission, can
from formulary.models import Institution
from formulary.queries import scope_of
from formulary.rules.tables import DataRefused
from formulary.views.guards import requires
from procurement import order_files
from procurement.actions import deliveries, orders
from procurement.models import Delivery, Supplier
from procurement.queries import orders as asked
from procurement.queries.settings import buying_settings
from procurement.round_forms import REASON_CHOICES, NoteForm, OrderFilter, ReceiveForm, came_values
from procurement.rules import orders as rules
from procurement.rules.orders import OrderRefused
from procurement.views.rounds import download

PER_PAGE = 40


@requires(Permission.SEE_PLANS)
def order_list(request):
    shops = Supplier.objects.filter(alliance=request.scope.alliance).values_list("code", "name")
    form = OrderFilter(request.GET, choices={"supplier": list(shops)})
    page = Paginator(asked.orders(request.scope, **form.wanted()), PER_PAGE).get_page(request.GET.get("page"))
    _dress(page, request.scope)
    context = {"form": form, "page": page, "today": timezone.localdate()}
    return render(request, "procurement/_order_rows.html" if request.htmx else "procurement/order_list.html", context)


def _dress(rows, scope):
    filled = asked.filled([order.pk for order in rows], scope)
    for order in rows:
        order.filled, order.tone = filled.get(order.pk), rules.TONES[order.state]


@requires(Permission.SEE_PLANS)
def order_detail(request, pk):
    order = find(request, pk)
    lines = list(asked.order_lines(order, request.scope))
    context = {
        "order": order,
        "tone": rules.TONES[order.state],
        "lines": lines,
        "filled": asked.filled([order.pk], request.scope).get(order.pk),
        "deliveries": asked.deliveries(order, request.scope),
        "places": _places(request, order, lines),
        "may_run": can(request.user, Permission.RUN_PLANS),
        "possible": {verb for verb, move in rules.MOVES.items() if order.state in move.before},
        "late": order.state in rules.LIVE and order.due_on < timezone.localdate(),
        "note_form": NoteForm(),
        "crumbs": [("采购订单", reverse("order_list")), (order.number, None)],
    }
    return render(request, "procurement/order_detail.html", context)


def _places(request, order, lines):
    """Institutions with goods still to come at which this person may sign."""
    scope = scope_of(request.user, Permission.RECEIVE_GOODS)
    if scope is None or order.state not in rules.LIVE:
        return []
    waiting = {line.institution for line in lines if line.open_packs}
    return sorted((place for place in waiting if place.pk in scope.institution_ids), key=lambda place: place.code)


@requires(Permission.RUN_PLANS)
@require_POST
def order_act(request, pk, verb):
    order, form = find(request, pk), NoteForm(request.POST)
    note = form.cleaned_data["note"] if form.is_valid() else ""
    acts = {
        "send": lambda **who: orders.send(order, **who),
        "short": lambda **who: orders.stop_rest(order, note, **who),
        "cancel": lambda **who: orders.cancel(order, note, **who),
    }
    if verb not in acts:
        raise Http404("没有这一步")
    try:
        acts[verb](by=request.user, now=timezone.now())
    except OrderRefused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, f"已{rules.MOVES[rules.Verb(verb)].label}")
    return redirect("order_detail", pk)


@requires(Permission.SEE_PLANS)
def order_file(request, pk, ending):
    order = find(request, pk)
    make = {"xlsx": order_files.order_workbook, "docx": order_files.order_document}.get(ending)
    if make is None:
        raise Http404("没有这个文件")
    return download(
        make([order], request.scope.institution_ids),
        f"{order.number}-{order_files.file_name(order.supplier.name)}.{ending}",
    )


@requires(Permission.RECEIVE_GOODS)
def order_receive(request, pk, institution):
    """The door: two batches per line at most on one sheet; more come as a second delivery."""
    order = find(request, pk)
    place = get_object_or_404(Institution, pk=institution, pk__in=request.scope.institution_ids)
    lines = [
        line for line in asked.order_lines(order, request.scope) if line.institution_id == place.pk and line.open_packs
    ]
    form, faults, refused_faults = (
        ReceiveForm(request.POST or None, initial={"arrived_on": timezone.localdate()}),
        {},
        [],
    )
    if request.method == "POST":
        came, faults = came_values(request.POST, [line.pk for line in lines])
        if form.is_valid() and not faults:
            try:
                made = deliveries.receive(
                    order, place, form.cleaned_data["arrived_on"], came,
                    slip=form.cleaned_data["slip"], by=request.user, now=timezone.now(),
                )  # fmt: skip
            except OrderRefused as refused:
                form.add_error(None, str(refused))
            except DataRefused as refused:
                refused_faults = refused.faults
            else:
                messages.success(request, f"已验收，金额 {made.amount:,} 元，已列入库存与应付款")
                return redirect("order_detail", pk)
    context = {
        "order": order,
        "place": place,
        "form": form,
        "rows": [_row(line, request.POST, faults) for line in lines],
        "reasons": REASON_CHOICES,
        "faults": refused_faults,
        "min_days": buying_settings(order.alliance, timezone.localdate())["receipt.min_life_days"],
        "crumbs": [
            ("采购订单", reverse("order_list")),
            (order.number, reverse("order_detail", args=[pk])),
            ("收货验收", None),
        ],
    }
    return render(
        request,
        "procurement/order_receive.html",
        context,
        status=422 if form.errors or faults or refused_faults else 200,
    )


def _row(line, post, faults):
    names = ("came", "refused", "batch", "expiry", "reason", "note")
    batches = [(part, {name: post.get(f"{name}_{part}_{line.pk}", "") for name in names}) for part in ("a", "b")]
    return {"line": line, "batches": batches, "fault": faults.get(line.pk, "")}


@requires(Permission.SEE_PLANS)
def delivery_report(request, pk):
    """差异报告 of one delivery."""
    made = get_object_or_404(
        Delivery.objects.select_related("order__supplier", "order__alliance", "institution", "received_by"),
        pk=pk,
        order__alliance=request.scope.alliance,
        institution__in=request.scope.institution_ids,
    )
    return download(
        order_files.discrepancy_document(made), f"差异报告-{made.order.number}-{made.institution.short_name}.docx"
    )


def find(request, pk):
    order = asked.order_of_scope(request.scope, pk)
    if order is None:
        raise Http404("没有这张订单，或您无权查看")
    return order
