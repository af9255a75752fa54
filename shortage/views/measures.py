"""Measures on an alert: start one, write down its outcome; the list of what is under way; the 直报 form."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_GET, require_POST

from config.access import Permission
from formulary.queries import scope_of
from formulary.views.guards import requires
from shortage import exports, queries
from shortage.actions import measures as actions
from shortage.actions import relief, reports
from shortage.models import Alert, DirectReport, Disposition
from shortage.rules.lifecycle import MoveRefused
from shortage.rules.report_form import FIELDS, ReportIncomplete
from shortage.rules.transfers import TransferRefused
from shortage.transfer_forms import FinishForm, MeasureForm, ReportForm
from shortage.views.transfers import DOCX

PER_PAGE = 30
REFUSALS = (MoveRefused, TransferRefused, relief.MeasureRefused)


@requires(Permission.HANDLE_ALERTS)
@require_POST
def measure_start(request, pk):
    """One click on an option of the alert page."""
    alert = _alert(pk, request.scope)
    form = MeasureForm(request.POST)
    if not form.is_valid():
        messages.error(request, "提交的内容不完整，请刷新页面后再试")
        return redirect("alert_detail", pk)
    try:
        made = _start(alert, form.cleaned_data, by=request.user, now=timezone.now())
        messages.success(request, f"已发起：{made}")
    except REFUSALS as refused:
        messages.error(request, str(refused))
    return redirect("alert_detail", pk)


def _start(alert, given, *, by, now):
    if given["kind"] == "transfer":
        where, units = given["institution"], given["quantity"]
        return actions.ask_neighbour(alert, where, quantity=units, way=given["way"], by=by, now=now)
    if given["kind"] == "release":
        return actions.release_reserve(alert, given["institution"], quantity=given["quantity"], by=by, now=now)
    if given["kind"] == "order":
        return actions.suggest_order(alert, given["supplier"], quantity=given["quantity"], by=by, now=now)
    if given["kind"] == "substitute":
        return actions.suggest_substitute(alert, given["presentation"], by=by, now=now)
    return actions.call_meeting(alert, by=by, now=now)


@requires(Permission.HANDLE_ALERTS)
@require_POST
def measure_finish(request, pk):
    measure = get_object_or_404(Disposition, pk=pk, alert__institution__in=request.scope.institution_ids)
    form = FinishForm(request.POST)
    try:
        if not form.is_valid():
            raise relief.MeasureRefused("请写明结果，并选择是否奏效")
        relief.finish(measure, **form.cleaned_data, by=request.user, now=timezone.now())
        messages.success(request, "已登记结果")
    except REFUSALS as refused:
        messages.error(request, str(refused))
    return redirect("alert_detail", measure.alert_id)


@requires(Permission.SEE_ALERTS)
def measure_list(request):
    """What is under way in reach: purchase suggestions, 会商, substitutes, reports, transfers."""
    kind = request.GET.get("kind", "")
    state = "over" if request.GET.get("state") == "over" else "started"
    rows = queries.measures(request.scope, kind=kind if kind in Disposition.Kind.values else "", state=state)
    counts = queries.measure_counts(request.scope)
    url = reverse("measure_list")
    tabs = [{"label": "全部", "url": url, "count": sum(counts.values()), "active": not kind}]
    tabs += [
        {"label": label, "url": f"{url}?kind={code}", "count": counts[code], "active": code == kind}
        for code, label in Disposition.Kind.choices
    ]
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    context = {"page": page, "tabs": tabs, "kind": kind, "state": state, "today": timezone.localdate()}
    return render(request, "shortage/measure_list.html", context)


@requires(Permission.HANDLE_ALERTS)
@require_POST
def report_start(request, pk):
    try:
        report = reports.draft(_alert(pk, request.scope), by=request.user, now=timezone.now())
        return redirect("report_detail", report.pk)
    except REFUSALS as refused:
        messages.error(request, str(refused))
    return redirect("alert_detail", pk)


@requires(Permission.SEE_ALERTS, post=Permission.HANDLE_ALERTS)
def report_detail(request, pk):
    """The form; POST saves, or with `send` marks it as handed in."""
    report = _report(pk, request.scope)
    form = ReportForm(request.POST or None, values=report.values)
    if request.method == "POST" and form.is_valid():
        try:
            reports.correct(report, form.cleaned_data, by=request.user, now=timezone.now())
            if "send" in request.POST:
                reports.send(report, by=request.user, now=timezone.now())
            messages.success(request, "已标记为上报" if "send" in request.POST else "草稿已保存")
            return redirect("report_detail", pk)
        except (reports.ReportClosed, ReportIncomplete) as refused:
            form.add_error(None, str(refused))
    mine = scope_of(request.user, Permission.HANDLE_ALERTS)
    context = {
        "report": report,
        "form": form,
        "facts": [(field.label, report.values.get(field.name, "")) for field in FIELDS],
        "may_edit": report.state == "draft" and mine and report.alert.institution_id in mine.institution_ids,
        "crumbs": [("预警", reverse("alert_list")), (str(report.alert.presentation), reverse("alert_detail", args=[report.alert_id])), ("短缺直报", None)],
    }  # fmt: skip
    return render(request, "shortage/report_detail.html", context, status=422 if form.errors else 200)


@requires(Permission.SEE_ALERTS)
@require_GET
def report_paper(request, pk):
    report = _report(pk, request.scope)
    response = HttpResponse(exports.report_form(report), content_type=DOCX)
    name = f"短缺直报 {report.alert.presentation.name} {timezone.localdate(report.made_at)}.docx"
    response.headers["Content-Disposition"] = content_disposition_header(True, name)
    return response


def _alert(pk, scope):
    rows = Alert.objects.select_related("institution__alliance", "presentation__medicine", "handler")
    return get_object_or_404(rows, pk=pk, institution__in=scope.institution_ids)


def _report(pk, scope):
    rows = DirectReport.objects.select_related("alert__institution", "alert__presentation", "made_by", "sent_by")
    return get_object_or_404(rows, pk=pk, alert__institution__in=scope.institution_ids)
