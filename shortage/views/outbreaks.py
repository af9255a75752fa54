"""暴发期: list, declare (preview first), what it changed, prolong, end."""

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from config.access import Permission, can
from formulary.views.guards import requires
from shortage.actions import outbreaks as actions
from shortage.outbreak_forms import EndForm, OutbreakForm, ProlongForm
from shortage.queries import outbreaks, watch_settings

MOST_SHOWN = 200


@requires(Permission.SEE_ALERTS)
def outbreak_list(request):
    today = timezone.localdate()
    context = {
        "rows": list(outbreaks.outbreaks(request.scope.alliance)),
        "today": today,
        "may_declare": can(request.user, Permission.SET_THRESHOLDS),
    }
    return render(request, "shortage/outbreak_list.html", context)


@requires(Permission.SET_THRESHOLDS)
def outbreak_new(request):
    """The first submission shows which items are meant; `sure` keeps them."""
    alliance = request.scope.alliance
    form = OutbreakForm(request.POST or None, alliance=alliance)
    meant = []
    if request.method == "POST" and form.is_valid():
        meant = form.cleaned_data["presentations"]
        if "sure" in request.POST and (made := _declare(request, form)):
            messages.success(request, f"已启动：{made.name}。下一次每日监测起按最近 {made.window_days} 天计算需求")
            return redirect("outbreak_detail", made.pk)
    context = {"form": form, "meant": meant, "crumbs": _crumbs("启动")}
    return render(request, "shortage/outbreak_new.html", context, status=422 if form.errors else 200)


def _declare(request, form):
    given = {name: form.cleaned_data[name] for name in ("name", "presentations", "ends_on", "window_days", "reason")}
    places = list(form.cleaned_data["institutions"])
    try:
        return actions.declare(
            request.scope.alliance, **given, institutions=places, by=request.user, now=timezone.now()
        )
    except actions.OutbreakRefused as refused:
        form.add_error(refused.field or None, str(refused))
        return None


@requires(Permission.SEE_ALERTS)
def outbreak_detail(request, pk):
    row = _row(request, pk)
    today = timezone.localdate()
    as_of, changed = outbreaks.changed(row, request.scope.institution_ids)
    _, _, habits = watch_settings(row.alliance, today)
    context = {
        "row": row,
        "as_of": as_of,
        "changed": changed[:MOST_SHOWN],
        "total": len(changed),
        "live": row.on(today) and row.ended_at is None,
        "may_change": can(request.user, Permission.SET_THRESHOLDS),
        "prolong_form": ProlongForm(initial={"ends_on": row.ends_on}),
        "end_form": EndForm(),
        "longest": habits.outbreak_days,
        "crumbs": _crumbs(row.name),
    }
    return render(request, "shortage/outbreak_detail.html", context)


@requires(Permission.SET_THRESHOLDS)
@require_POST
def outbreak_prolong(request, pk):
    return _change(
        request,
        pk,
        ProlongForm(request.POST),
        lambda row, given: actions.prolong(row, given["ends_on"], by=request.user, now=timezone.now()),
        "已调整结束日期",
    )


@requires(Permission.SET_THRESHOLDS)
@require_POST
def outbreak_end(request, pk):
    return _change(
        request,
        pk,
        EndForm(request.POST),
        lambda row, given: actions.end(row, given["note"], by=request.user, now=timezone.now()),
        "已结束，下一次每日监测起恢复平时的算法",
    )


def _change(request, pk, form, act, done):
    row = _row(request, pk)
    if not form.is_valid():
        messages.error(request, "；".join(text for errors in form.errors.values() for text in errors))
        return redirect("outbreak_detail", pk)
    try:
        act(row, form.cleaned_data)
        messages.success(request, done)
    except actions.OutbreakRefused as refused:
        messages.error(request, str(refused))
    return redirect("outbreak_detail", pk)


def _row(request, pk):
    return get_object_or_404(outbreaks.outbreaks(request.scope.alliance), pk=pk)


def _crumbs(last):
    return [("暴发期", reverse("outbreak_list")), (last, None)]
