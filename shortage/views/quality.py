"""The queue of doubtful facts, one doubt with its days, and what a person decides."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from config.access import Permission
from formulary.queries import scope_of
from formulary.views.guards import requires
from shortage.actions import quality as actions
from shortage.actions.quality import CORRECTABLE, WITHDRAWABLE, DecisionRefused
from shortage.models import DataFinding
from shortage.quality_forms import AcceptForm, CorrectForm, FindingFilter, WithdrawForm
from shortage.queries import quality

PER_PAGE = 30
FORMS = {"accept": AcceptForm, "correct": CorrectForm, "withdraw": WithdrawForm}
LABELS = {"accept": "确认属实", "correct": "更正数量", "withdraw": "撤回数据"}


@requires(Permission.SEE_STOCK)
def finding_list(request):
    form = FindingFilter(request.GET or None, institutions=request.scope.institutions)
    page = Paginator(quality.findings(request.scope, **form.wanted()), PER_PAGE).get_page(request.GET.get("page"))
    context = {"form": form, "page": page, "one_place": len(request.scope.institution_ids) == 1}
    if request.htmx and not request.htmx.history_restore_request:
        return render(request, "shortage/_finding_rows.html", context)
    return render(request, "shortage/finding_list.html", context)


@requires(Permission.SEE_STOCK)
def finding_detail(request, pk):
    return _detail(request, _finding(request, pk))


@requires(Permission.IMPORT_STOCK)
@require_POST
def finding_decide(request, pk, verb):
    row = _finding(request, pk)
    if verb not in FORMS:
        raise Http404("没有这种处理")
    form = FORMS[verb](request.POST)
    if not form.is_valid():
        return _detail(request, row, {verb: form}, status=422)
    try:
        decided = getattr(actions, verb)(row, **form.cleaned_data, by=request.user, now=timezone.now())
    except DecisionRefused as refused:
        messages.error(request, str(refused))
        return redirect("finding_detail", pk)
    messages.success(request, f"{decided.get_state_display()}：下一次每日监测即按此计算")
    return redirect("finding_list")


def _detail(request, row, bound=None, status=200):
    scope = scope_of(request.user, Permission.IMPORT_STOCK)
    may = row.state == DataFinding.State.OPEN and scope is not None and row.institution_id in scope.institution_ids
    verbs = [v for v in FORMS if v == "accept" or row.kind in (CORRECTABLE if v == "correct" else WITHDRAWABLE)]
    context = {
        "row": row,
        "days": quality.around(row),
        "forms": [{"verb": v, "label": LABELS[v], "form": (bound or {}).get(v) or FORMS[v]()} for v in verbs if may],
        "crumbs": [("数据核对", reverse("finding_list")), (str(row.presentation or row.institution), None)],
    }
    return render(request, "shortage/finding_detail.html", context, status=status)


def _finding(request, pk):
    rows = DataFinding.objects.select_related("institution__alliance", "presentation", "intake", "decided_by")
    return get_object_or_404(rows, pk=pk, institution__in=request.scope.institution_ids)
