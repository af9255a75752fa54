"""固定: set from a plan's page, withdrawn with words, and the plan solved again around them."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from config.access import Permission
from formulary.rules.tables import DataRefused
from formulary.views.guards import requires
from procurement.actions import pins, plans
from procurement.actions.pins import PinRefused
from procurement.models import PlanState
from procurement.queries.studies import pin_of_scope
from procurement.views import plan_pins
from procurement.views.plans import find, tab_page


@requires(Permission.RUN_PLANS)
@require_POST
def plan_pin(request, pk):
    plan = find(request, pk)
    if plan.state != PlanState.READY:
        raise Http404("计划还没有生成")
    form = plan_pins.form_of(plan, request.POST)
    if form.is_valid():
        data = form.cleaned_data
        kept = {key: data[key] for key in ("institution", "reason")}
        try:
            pins.pin(plan, data["product"], data["way"], data["quantity"], **kept, by=request.user, now=timezone.now())
        except PinRefused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, "已固定；按固定重新求解后生效，本计划保持不变")
            return redirect("plan_tab", pk, "pins")
    return tab_page(request, plan, "pins", {"form": form}, status=422)


@requires(Permission.RUN_PLANS)
@require_POST
def pin_withdraw(request, pk):
    row = pin_of_scope(request.scope, pk)
    if row is None:
        raise Http404("没有这条固定，或您无权办理")
    if not request.scope.whole_alliance:
        raise PermissionDenied("只有医共体采购员可以撤回固定")
    try:
        pins.withdraw(row, request.POST.get("why", ""), by=request.user, now=timezone.now())
    except PinRefused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, "已撤回，下次求解不再受其约束")
    return redirect("plan_tab", request.POST.get("plan") or row.plan_id, "pins")


@requires(Permission.RUN_PLANS)
@require_POST
def plan_resolve(request, pk):
    plan = find(request, pk)
    try:
        again = plans.solve_again(plan, by=request.user, now=timezone.now())
    except plans.PlanRefused as refused:
        messages.error(request, str(refused))
    except DataRefused as refused:
        messages.error(request, "；".join(fault.expected for fault in refused.faults))
    else:
        messages.success(request, "已按固定重新求解，算例不变，原计划保留")
        return redirect("plan_detail", again.pk)
    return redirect("plan_tab", pk, "pins")
