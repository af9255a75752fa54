"""What the system found that should move the list: look, accept, set aside."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from config.access import Permission, can
from formulary import queries
from formulary.actions import jobs
from formulary.actions.suggestions import SuggestionRefused, accept, dismiss
from formulary.models import Job, Suggestion
from formulary.suggestion_forms import Dismissal, SuggestionFilter
from formulary.views.guards import requires

State = Suggestion.State
TABS = (State.OPEN, State.ACCEPTED, State.DISMISSED, State.GONE)


@requires(Permission.SEE_GOVERNANCE)
def suggestion_list(request):
    form = SuggestionFilter(request.GET or {"state": State.OPEN})
    wanted = {"state": State.OPEN} | form.wanted()
    page = Paginator(queries.suggestions(request.scope, **wanted), 50).get_page(request.GET.get("page"))
    may_decide = can(request.user, Permission.CHECK_PROPOSALS)
    context = {"form": form, "page": page, "may_decide": may_decide, "state": wanted["state"]}
    if request.htmx:
        return render(request, "formulary/_suggestion_rows.html", context)
    context |= {
        "tabs": _tabs(request.scope, wanted["state"]),
        "triggers": _triggers(request.scope, wanted.get("trigger", "")),
        "job": _job(request),
    }
    return render(request, "formulary/suggestion_list.html", context)


@requires(Permission.SEE_GOVERNANCE)
def suggestion_detail(request, pk):
    one = get_object_or_404(queries.suggestions(request.scope, state=""), pk=pk)
    context = {
        "one": one,
        "may_decide": can(request.user, Permission.CHECK_PROPOSALS) and one.state == State.OPEN,
        "form": Dismissal(None),
        "adjustment_url": adjustment_url(one.adjustment) if one.adjustment else "",
        "crumbs": [("调整线索", reverse("suggestion_list")), (one.get_trigger_display(), None)],
    }
    return render(request, "formulary/suggestion_detail.html", context)


@requires(Permission.CHECK_PROPOSALS)
@require_POST
def suggestion_accept(request, pk):
    one = get_object_or_404(queries.suggestions(request.scope, state=""), pk=pk)
    try:
        drafted = accept(one, by=request.user, now=timezone.now())
    except SuggestionRefused as refused:
        messages.error(request, str(refused))
        return redirect("suggestion_detail", pk)
    if drafted is None:
        messages.success(request, "已记为处理完毕，此条无需调整申请。")
        return redirect("suggestion_list")
    messages.success(
        request, f"已起草申请 {drafted.number}（{drafted.get_kind_display()}），理由已填好，请补充后提交。"
    )
    return redirect(adjustment_url(drafted) or reverse("suggestion_detail", args=[pk]))


@requires(Permission.CHECK_PROPOSALS)
@require_POST
def suggestion_dismiss(request):
    form = Dismissal(request.POST)
    if not form.is_valid():
        messages.error(request, "；".join(error for errors in form.errors.values() for error in errors))
        return redirect(_back(request))
    try:
        rows = dismiss(
            request.scope.alliance,
            [int(pk) for pk in form.cleaned_data["pick"]],
            reason=form.cleaned_data["reason"],
            by=request.user,
            now=timezone.now(),
        )
        messages.success(request, f"已记录 {len(rows)} 条不采纳，理由随线索保存。")
    except SuggestionRefused as refused:
        messages.error(request, str(refused))
    return redirect("suggestion_list")


@requires(Permission.CHECK_PROPOSALS)
@require_POST
def suggestion_scan(request):
    """Starts the scan as a job, or leads to the one that is under way."""
    alliance = request.scope.alliance
    running = Job.objects.filter(kind="suggestions", alliance=alliance, finished_at__isnull=True).first()
    job = running or jobs.start(
        "suggestions", title="查找调整线索", alliance=alliance, params={}, by=request.user, now=timezone.now()
    )
    return redirect(f"{reverse('suggestion_list')}?job={job.pk}")


@requires(Permission.CHECK_PROPOSALS)
def suggestion_scan_state(request, pk):
    job = get_object_or_404(Job, pk=pk, kind="suggestions", alliance=request.scope.alliance)
    return render(request, "components/job.html", _shown(job))


def adjustment_url(adjustment):
    """The page of an application."""
    try:
        return reverse("adjustment_detail", args=[adjustment.pk])
    except NoReverseMatch:
        return ""


def _back(request):
    """Where a refused dismissal came from: the page of the one finding, else the list."""
    given = request.POST.get("pick", "")
    alone = request.POST.get("back") == "detail" and given.isdecimal() and len(given) < 18
    return reverse("suggestion_detail", args=[given]) if alone else reverse("suggestion_list")


def _job(request):
    asked = request.GET.get("job", "")
    if not asked.isdecimal() or not can(request.user, Permission.CHECK_PROPOSALS):
        return None
    job = Job.objects.filter(pk=asked, kind="suggestions", alliance=request.scope.alliance).first()
    return _shown(job) if job else None


def _shown(job):
    result = {"result_url": reverse("suggestion_list"), "result_label": "查看线索"}
    return {"job": job, "poll_url": reverse("suggestion_scan_state", args=[job.pk]), **result}


def _tabs(scope, current):
    counts = queries.suggestion_states(scope)
    url = reverse("suggestion_list")
    return [
        {"label": state.label, "url": f"{url}?state={state}", "count": counts.get(state, 0), "active": state == current}
        for state in TABS
    ]


def _triggers(scope, current):
    url = reverse("suggestion_list")
    return [
        {"label": trigger.label, "url": f"{url}?trigger={trigger}", "count": count, "active": trigger == current}
        for trigger, count in queries.open_by_trigger(scope)
    ]
