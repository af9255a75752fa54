"""短缺周报: rounds and ranking, one round over the alliance, an institution's own report, answers."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from config.access import Permission, can
from formulary.models import Presentation
from formulary.queries import scope_of
from formulary.views.downloads import workbook
from formulary.views.guards import requires
from shortage.actions import status as actions
from shortage.models import StatusLine, StatusReport
from shortage.queries import status as asked
from shortage.rules.status_round import StatusRefused
from shortage.status_forms import AnswerForm, StatusForm, StatusLineForm

PER_PAGE = 20
HOME = "短缺周报"


@requires(Permission.SEE_ALERTS)
def status_list(request):
    now = timezone.now()
    page = Paginator(asked.status_rounds(request.scope), PER_PAGE).get_page(request.GET.get("page"))
    mine = scope_of(request.user, Permission.HANDLE_ALERTS)
    newest = page.object_list[0] if page.object_list else None
    own = newest.reports.filter(institution__in=mine.institution_ids) if mine and newest else []
    context = {
        "page": page,
        "ranking": asked.status_ranking(request.scope, now),
        "rules": asked.status_settings(request.scope.alliance, timezone.localdate(now)),
        "own": [one for one in own if one.confirmed_at is None],
        "may_open": can(request.user, Permission.MANAGE_SHORTAGE),
        "now": now,
    }
    return render(request, "shortage/status_list.html", context)


@requires(Permission.MANAGE_SHORTAGE)
@require_POST
def status_start(request):
    try:
        row = actions.open_round(request.scope.alliance, by=request.user, now=timezone.now())
        messages.success(request, f"已发起{row}，{timezone.localtime(row.due_at):%m-%d %H:%M} 前确认")
        return redirect("status_detail", row.pk)
    except StatusRefused as refused:
        messages.error(request, str(refused))
    return redirect("status_list")


@requires(Permission.SEE_ALERTS)
def status_detail(request, pk):
    """The alliance's picture of a week: by drug with the answers, by institution."""
    row = _round(pk, request.scope)
    mine = scope_of(request.user, Permission.HANDLE_ALERTS)
    context = {
        "row": row,
        "missing": row.asked - row.confirmed,
        "reports": asked.status_reports(request.scope, row),
        "page": Paginator(asked.by_drug(row), PER_PAGE).get_page(request.GET.get("page")),
        "mine": mine.institution_ids if mine else frozenset(),
        "may_answer": can(request.user, Permission.MANAGE_SHORTAGE),
        "now": timezone.now(),
        "today": timezone.localdate(),
        "crumbs": [(HOME, reverse("status_list")), (str(row), None)],
    }
    return render(request, "shortage/status_detail.html", context)


@requires(Permission.SEE_ALERTS, post=Permission.HANDLE_ALERTS)
def status_report(request, pk):
    """An institution's report; POST confirms it."""
    report = _report(pk, request.scope)
    lines = list(report.lines.select_related("presentation", "alert", "answered_by"))
    form = StatusForm(request.POST or None, report=report, lines=lines)
    if request.method == "POST" and form.is_valid():
        try:
            actions.confirm(report, form.said(), form.cleaned_data["note"], by=request.user, now=timezone.now())
            messages.success(request, "已确认本周短缺状态")
            return redirect("status_report", pk)
        except StatusRefused as refused:
            form.add_error(None, str(refused))
    return _shown(request, report, form, StatusLineForm(), 422 if form.errors else 200)


def _shown(request, report, form, adding, status):
    mine = scope_of(request.user, Permission.HANDLE_ALERTS)
    over = report.confirmed_at is not None and timezone.now() > report.round.due_at
    context = {
        "report": report,
        "form": form,
        "adding": adding,
        "may_edit": bool(mine and report.institution_id in mine.institution_ids and not over),
        "crumbs": [(HOME, reverse("status_list")), (str(report.round), reverse("status_detail", args=[report.round_id])),
                   (report.institution.short_name, None)],
    }  # fmt: skip
    return render(request, "shortage/status_report.html", context, status=status)


@requires(Permission.HANDLE_ALERTS)
@require_POST
def status_add(request, pk):
    report = _report(pk, request.scope)
    adding = StatusLineForm(request.POST)
    if adding.is_valid():
        try:
            actions.add_line(report, *adding.cleaned_data.values(), by=request.user, now=timezone.now())
            messages.success(request, "已补充一种药品")
            return redirect("status_report", pk)
        except StatusRefused as refused:
            adding.add_error(None, str(refused))
    lines = list(report.lines.select_related("presentation", "alert", "answered_by"))
    return _shown(request, report, StatusForm(report=report, lines=lines), adding, 422)


@requires(Permission.MANAGE_SHORTAGE)
@require_POST
def status_answer(request, pk, presentation):
    """One answer to every institution that is short of the drug and waits."""
    row, form = _round(pk, request.scope), AnswerForm(request.POST)
    drug = get_object_or_404(Presentation, pk=presentation)
    try:
        text = form.cleaned_data["text"] if form.is_valid() else ""
        told = actions.answer(row, drug, text, by=request.user, now=timezone.now())
        messages.success(request, f"{drug}：已答复 {told} 家机构")
    except StatusRefused as refused:
        messages.error(request, str(refused))
    return redirect(f"{reverse('status_detail', args=[pk])}?page={request.POST.get('page', 1)}")


@requires(Permission.SEE_ALERTS)
def status_export(request, pk):
    """The week as a workbook: every confirmed line, the institutions, the ranking."""
    row = _round(pk, request.scope)
    rows = StatusLine.objects.filter(report__round=row, report__institution__in=request.scope.institution_ids)
    lines = [
        (
            one.report.institution.code, one.report.institution.name, one.presentation.code, one.presentation.name,
            one.presentation.strength, one.supply, one.get_supply_display(), one.stock, one.week_use,
            None if one.days is None else round(one.days, 1), one.note, one.answer,
        )
        for one in rows.filter(report__confirmed_at__isnull=False).select_related("report__institution", "presentation")
    ]  # fmt: skip
    places = [
        (one.institution.code, one.institution.name, "已确认" if one.confirmed_at else "未确认",
         timezone.localtime(one.confirmed_at).replace(tzinfo=None) if one.confirmed_at else None, one.short, one.note)
        for one in asked.status_reports(request.scope, row)
    ]  # fmt: skip
    ranks = [
        (rank.place, place.name, rank.asked, rank.filed, rank.on_time, rank.completeness, rank.punctuality)
        for place, rank in asked.status_ranking(request.scope, timezone.now())
    ]
    head = (
        "机构编码",
        "机构名称",
        "药品编码",
        "通用名",
        "规格",
        "状态码",
        "供应状态",
        "当日库存",
        "本周用量",
        "可用天数",
        "说明",
        "答复",
    )
    sheets = {
        "短缺状态": (head, lines),
        "机构": (("机构编码", "机构名称", "确认", "确认时间", "短缺品规", "说明"), places),
        "排名": (("名次", "机构", "应报", "已报", "按时", "完整率", "及时率"), ranks),
    }
    return workbook(f"{row}.xlsx", sheets)


def _round(pk, scope):
    return get_object_or_404(asked.status_rounds(scope).select_related("alliance"), pk=pk)


def _report(pk, scope):
    rows = StatusReport.objects.select_related("round__alliance", "institution", "confirmed_by")
    return get_object_or_404(rows, pk=pk, round__alliance=scope.alliance, institution__in=scope.institution_ids)
