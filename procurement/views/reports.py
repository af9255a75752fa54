"""报量 of one institution: the table, its file, submitting, confirming, disputing."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from config.access import Permission, can
from formulary.queries import scope_of
from formulary.rules.tables import DataRefused
from formulary.views.guards import requires
from procurement import need_files
from procurement.actions import reports, rounds
from procurement.models import Dispute, PurchaseRound, RoundLine
from procurement.order_files import file_name
from procurement.queries import rounds as asked
from procurement.round_forms import NEED_REASONS, AnswerForm, DisputeForm, FileForm, NoteForm, ReportFilter, need_values
from procurement.rules import rounds as rules
from procurement.rules.edits import broken_in_words
from procurement.rules.rounds import RoundRefused
from procurement.views.rounds import download

PER_PAGE = 60


@requires(Permission.SEE_PLANS, post=Permission.REPORT_NEED)
def round_report(request, pk, institution):
    """The institution's lines; a POST saves the quantities and reasons of one page."""
    report, typed, faults = find(request, pk, institution), {}, {}
    if request.method == "POST":
        typed, faults = need_values(request.POST)
        try:
            changed = reports.save_lines(report, typed, by=request.user, now=timezone.now()) if not faults else 0
        except RoundRefused as refused:
            messages.error(request, str(refused))
            return redirect(request.get_full_path())
        if not faults:
            messages.success(request, f"已保存，改动 {changed} 行")
            if "submit" in request.POST:
                return _submit(request, report)
            return redirect(request.get_full_path())
    return _page(request, report, typed, faults)


def _page(request, report, typed, faults, file_faults=None):
    form = ReportFilter(request.GET)
    page = Paginator(asked.need_lines(report, **form.wanted()), PER_PAGE).get_page(request.GET.get("page"))
    for line in page:
        line.quantity, line.reason = typed.get(line.pk, (line.quantity, line.reason))
        line.fault, line.words = faults.get(line.pk, ""), asked.asked_words(line)
        if line.fault:
            line.quantity = request.POST.get(f"q_{line.pk}", "")
    row = report.round
    context = {
        "report": report,
        "row": row,
        "form": form,
        "page": page,
        "reasons": NEED_REASONS,
        "editable": report.is_open and row.state == rules.REPORTING and _may_report(request, report),
        "may_return": can(request.user, Permission.RUN_PLANS)
        and not report.is_open
        and row.state in rules.OPEN - {rules.APPROVING},
        "note_form": NoteForm(),
        "file_form": FileForm(),
        "file_faults": file_faults,
        "faults": faults,
        "limits": row.limits,
        "crumbs": [
            ("采购轮次", reverse("round_list")),
            (row.title, reverse("round_tab", args=[row.pk, "needs"])),
            (report.institution.short_name, None),
        ],
    }
    if request.htmx and not request.htmx.history_restore_request:
        return render(request, "procurement/_report_rows.html", context)
    return render(request, "procurement/round_report.html", context, status=422 if faults or file_faults else 200)


@requires(Permission.REPORT_NEED)
@require_POST
def round_report_submit(request, pk, institution):
    return _submit(request, find(request, pk, institution))


def _submit(request, report):
    try:
        reports.submit(report, by=request.user, now=timezone.now())
    except RoundRefused as refused:
        messages.error(request, str(refused))
        return redirect(reverse("round_report", args=[report.round_id, report.institution_id]) + "?show=bare")
    messages.success(request, "已上报")
    return redirect("round_detail", report.round_id)


@requires(Permission.REPORT_NEED)
@require_POST
def round_report_confirm(request, pk, institution):
    try:
        reports.confirm(find(request, pk, institution), by=request.user, now=timezone.now())
    except RoundRefused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, "已确认本机构的采购行")
    return redirect("round_detail", pk)


@requires(Permission.RUN_PLANS)
@require_POST
def round_report_return(request, pk, institution):
    form = NoteForm(request.POST)
    note = form.cleaned_data["note"] if form.is_valid() else ""
    try:
        rounds.send_back(find(request, pk, institution), note, by=request.user, now=timezone.now())
    except RoundRefused as refused:
        messages.error(request, str(refused))
        return redirect("round_report", pk, institution)
    messages.success(request, "已退回，机构可修改后重新上报")
    return redirect("round_detail", pk)


@requires(Permission.SEE_PLANS, post=Permission.REPORT_NEED)
def round_report_file(request, pk, institution):
    """GET: the report as a workbook. POST: the filled workbook back; every fault at once, nothing half written."""
    report = find(request, pk, institution)
    if request.method != "POST":
        name = f"报量-{report.institution.short_name}-{report.round.title}"
        return download(need_files.report_workbook(report), f"{file_name(name)}.xlsx")
    form = FileForm(request.POST, request.FILES)
    if not form.is_valid():
        messages.error(request, "请选择要上传的报量表")
        return redirect("round_report", pk, institution)
    try:
        file = form.cleaned_data["file"]
        given = need_files.read_report(report, file.read(), file.name)
        changed = reports.save_lines(report, given, by=request.user, now=timezone.now())
    except DataRefused as refused:
        return _page(request, report, {}, {}, refused.faults)
    except RoundRefused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, f"已读入 {len(given)} 行，改动 {changed} 行")
    return redirect("round_report", pk, institution)


@requires(Permission.REPORT_NEED)
@require_POST
def round_dispute(request, pk, line):
    found = get_object_or_404(RoundLine, pk=line, round=pk, institution__in=request.scope.institution_ids)
    form = DisputeForm(request.POST)
    if not form.is_valid():
        messages.error(request, "请填写希望的包数（整数）和理由")
        return _back_to_lines(pk)
    data = form.cleaned_data
    return _told(
        request,
        pk,
        lambda **who: reports.dispute(found, data["wanted"], data["reason"], **who),
        "已提出异议，等待采购员答复",
    )


@requires(Permission.REPORT_NEED)
@require_POST
def round_dispute_withdraw(request, pk, case):
    reach = {"line__round": pk, "line__institution__in": request.scope.institution_ids}
    found = get_object_or_404(Dispute, pk=case, **reach)
    return _told(request, pk, lambda **who: reports.withdraw(found, **who), "已撤回异议")


@requires(Permission.RUN_PLANS)
@require_POST
def round_dispute_answer(request, pk, case):
    found = get_object_or_404(Dispute, pk=case, line__round=pk, line__round__alliance=request.scope.alliance)
    form = AnswerForm(request.POST)
    if not form.is_valid():
        messages.error(request, "请选择采纳或不采纳")
        return _back_to_lines(pk)
    data = form.cleaned_data
    back = _told(request, pk, lambda **who: reports.answer(found, data["accepted"], data["words"], **who), "已答复异议")
    broken = (
        broken_in_words(PurchaseRound.objects.values_list("audit", flat=True).get(pk=pk)) if data["accepted"] else ""
    )
    if broken:
        messages.warning(request, f"修改后的采购行不符合规则：{broken}。审批人同意时须写明理由")
    return back


def _told(request, pk, act, said):
    try:
        act(by=request.user, now=timezone.now())
    except RoundRefused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, said)
    return _back_to_lines(pk)


def _back_to_lines(pk):
    return redirect("round_tab", pk, "lines")


def _may_report(request, report):
    scope = scope_of(request.user, Permission.REPORT_NEED)
    return scope is not None and report.institution_id in scope.institution_ids


def find(request, pk, institution):
    report = asked.report_of_scope(request.scope, pk, institution)
    if report is None:
        raise Http404("没有这家机构的报量，或您无权查看")
    return report
