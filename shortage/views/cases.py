"""短缺专案: the list with what asks for a file, one file with its timeline, what people write into it, the paper."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from config.access import Permission, can
from formulary.views.downloads import download
from formulary.views.guards import requires
from shortage import case_papers
from shortage.actions import cases as actions
from shortage.actions.grading_matrix import MatrixRefused, set_matrix
from shortage.case_forms import (
    CaseFilter,
    CaseForm,
    CloseCaseForm,
    ExpectForm,
    GradeForm,
    MatrixForm,
    NoteForm,
    OwnerForm,
    matrix_initial,
)
from shortage.queries import cases as asked
from shortage.queries.lists import shortage_lists
from shortage.queries.options import grading_matrix
from shortage.rules.case_life import GRADES, CaseRefused

PER_PAGE = 30
VERBS = {
    "note": ("记录", NoteForm), "expect": ("更新预计恢复", ExpectForm), "classify": ("分级", GradeForm),
    "hand_over": ("移交责任人", OwnerForm), "close": ("结案", CloseCaseForm), "reopen": ("重新打开", NoteForm),
}  # fmt: skip


@requires(Permission.SEE_ALERTS)
def case_list(request):
    form = CaseFilter(request.GET or {"state": "open"})
    page = Paginator(asked.cases(request.scope, **form.wanted()), PER_PAGE).get_page(request.GET.get("page"))
    for case in page:
        case.file = asked.CaseFile(case, request.scope)
        case.tone = GRADES.get(case.grade, "gray")
    context = {"form": form, "page": page, "today": timezone.localdate()}
    if request.htmx and not request.htmx.history_restore_request:
        return render(request, "shortage/_case_rows.html", context)
    context["may_manage"] = can(request.user, Permission.MANAGE_SHORTAGE)
    context["asking"] = asked.asking(request.scope, timezone.localdate())[:20] if context["may_manage"] else []
    return render(request, "shortage/case_list.html", context)


@requires(Permission.MANAGE_SHORTAGE)
def case_new(request):
    initial = {name: request.GET.get(name, "") for name in ("drug", "source", "reason")}
    form = CaseForm(request.POST or None, initial=initial)
    if form.is_valid():
        given = form.cleaned_data
        drug = given["drug"].medicine if given["whole"] else given["drug"]
        try:
            case = actions.open_case(
                request.scope.alliance, drug, source=given["source"], reason=given["reason"], by=request.user,
                now=timezone.now(),
            )  # fmt: skip
            return redirect("case_detail", case.pk)
        except CaseRefused as refused:
            form.add_error(None, str(refused))
    context = {"form": form, "crumbs": [("短缺专案", reverse("case_list")), ("立案", None)]}
    return render(request, "shortage/case_new.html", context, status=422 if form.errors else 200)


@requires(Permission.SEE_ALERTS)
def case_detail(request, pk):
    return _detail(request, _case(pk, request.scope))


def _detail(request, case, bound=None, status=200):
    file = asked.CaseFile(case, request.scope)
    today = timezone.localdate()
    verbs = (["reopen"] if case.closed_at else [*VERBS][:-1]) if can(request.user, Permission.MANAGE_SHORTAGE) else []
    listed = shortage_lists(file.drugs, today, region=request.scope.alliance.province)
    context = {
        "case": case,
        "file": file,
        "tone": GRADES.get(case.grade, "gray"),
        "said": file.said[-1] if file.said else None,
        "listed": list({one.edition_id: one for lists in listed.values() for one in lists}.values()),
        "matrix": grading_matrix(request.scope.alliance, today),
        "forms": [
            {"verb": verb, "label": VERBS[verb][0], "form": (bound or {}).get(verb) or _form(verb, None, case)}
            for verb in verbs
        ],
        "today": today,
        "crumbs": [("短缺专案", reverse("case_list")), (case.number, None)],
    }
    return render(request, "shortage/case_detail.html", context, status=status)


@requires(Permission.MANAGE_SHORTAGE)
@require_POST
def case_act(request, pk, verb):
    """One of VERBS; a refusal is told on the same page."""
    case = _case(pk, request.scope)
    if verb not in VERBS:
        raise Http404("没有这种操作")
    form = _form(verb, request.POST, case)
    if not form.is_valid():
        return _detail(request, case, {verb: form}, status=422)
    try:
        getattr(actions, verb)(case, **form.cleaned_data, by=request.user, now=timezone.now())
        messages.success(request, f"已{VERBS[verb][0]}")
    except CaseRefused as refused:
        messages.error(request, str(refused))
    return redirect("case_detail", pk)


@requires(Permission.SEE_ALERTS)
@require_GET
def case_paper(request, pk):
    """For the bureau: what is short since when, where, what was done, when supply returns."""
    case = _case(pk, request.scope)
    content = case_papers.case_report(asked.CaseFile(case, request.scope), timezone.localdate())
    return download(f"短缺专案报告 {case.number}.docx", content)


@requires(Permission.SEE_ALERTS, post=Permission.SET_THRESHOLDS)
def case_matrix(request):
    """The 分级表: whoever sees alerts reads it, who sets thresholds changes it from today on."""
    today = timezone.localdate()
    rows = MatrixForm(request.POST or None, initial=matrix_initial(grading_matrix(request.scope.alliance, today)))
    document, fault = request.POST.get("document", ""), ""
    if request.method == "POST" and rows.is_valid():
        kept = [row for row in (form.row() for form in rows) if row]
        try:
            set_matrix(request.scope.alliance, kept, document, by=request.user, now=timezone.now())
            messages.success(request, "分级表已更新，自今日起用")
            return redirect("case_matrix")
        except MatrixRefused as refused:
            fault = str(refused)
    context = {"rows": rows, "document": document, "fault": fault, "may_set": can(request.user, Permission.SET_THRESHOLDS),
               "crumbs": [("短缺专案", reverse("case_list")), ("分级表", None)]}  # fmt: skip
    return render(
        request, "shortage/case_matrix.html", context, status=422 if fault or request.method == "POST" else 200
    )


def _form(verb, data, case):
    kind = VERBS[verb][1]
    return kind(data, alliance=case.alliance) if kind is OwnerForm else kind(data)


def _case(pk, scope):
    return get_object_or_404(asked.cases(scope, state="all").select_related("alliance", "opened_by"), pk=pk)
