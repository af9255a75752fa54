"""What-if: the list, one study while it is solved and when it is done, its scenarios, its workbook."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from config.access import Permission, can
from formulary.views.guards import requires
from procurement.actions import studies as actions
from procurement.actions.studies import StudyRefused
from procurement.models import StudyKind, Trial
from procurement.plan_store import case_of
from procurement.queries import studies as asked
from procurement.study_files import study_workbook
from procurement.study_forms import StudyForm
from procurement.views import study_page
from procurement.views.plans import find as find_plan
from procurement.views.rounds import download


@requires(Permission.SEE_PLANS)
def study_list(request):
    page = Paginator(asked.studies(request.scope), 20).get_page(request.GET.get("page"))
    context = {"page": page, "whole": request.scope.whole_alliance, "may_run": can(request.user, Permission.RUN_PLANS)}
    return render(request, "procurement/study_list.html", context)


@requires(Permission.RUN_PLANS)
@require_POST
def study_new(request, pk, kind):
    plan = find_plan(request, pk)
    if kind not in StudyKind.values:
        raise Http404("没有这种测算")
    form = StudyForm(request.POST, seconds=study_page.default_seconds(plan))
    try:
        if not form.is_valid():
            raise StudyRefused("；".join(each for errors in form.errors.values() for each in errors))
        step = form.cleaned_data["step"]
        made = actions.ask(plan, kind, form.cleaned_data["seconds"], step=step, by=request.user, now=timezone.now())
    except StudyRefused as refused:
        messages.error(request, str(refused))
        return redirect("plan_tab", pk, "studies")
    return redirect("study_detail", made.pk)


@requires(Permission.SEE_PLANS)
def study_detail(request, pk):
    return _page(request, find(request, pk))


def _page(request, study, form=None):
    crumbs = [("情景测算", reverse("study_list")), (study.title, None)]
    context = study_page.context(request, study, form) | {"crumbs": crumbs}
    return render(request, "procurement/study_detail.html", context, status=422 if form else 200)


@requires(Permission.SEE_PLANS)
def study_progress(request, pk):
    """The live part; reloads the page when the job is over or another scenario is done."""
    study = find(request, pk)
    response = render(request, "procurement/_study_live.html", study_page.live(request, study))
    if not study.running:
        response["HX-Refresh"] = "true"
    return response


@requires(Permission.RUN_PLANS)
@require_POST
def study_add(request, pk):
    study = find(request, pk)
    form = study_page.scenario_form(study, request.POST)
    if form.is_valid():
        try:
            actions.add(study, form.cleaned_data["name"], form.changes(), by=request.user, now=timezone.now())
        except StudyRefused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, "已添加情景，可继续添加，然后点“开始求解”")
            return redirect("study_detail", pk)
    return _page(request, study, form)


@requires(Permission.RUN_PLANS)
@require_POST
def study_act(request, pk, verb):
    study = find(request, pk)
    acts = {"solve": (actions.solve, "已开始求解"), "stop": (actions.stop, "已请求停止，已求解的情景保留")}
    if verb not in acts:
        raise Http404("没有这一步")
    act, said = acts[verb]
    return _told(request, pk, lambda: act(study, by=request.user, now=timezone.now()), said)


@requires(Permission.RUN_PLANS)
@require_POST
def study_remove(request, pk, trial):
    row = get_object_or_404(Trial, pk=trial, study=find(request, pk))
    return _told(request, pk, lambda: actions.remove(row, by=request.user), "已删除未求解的情景")


def _told(request, pk, act, said):
    try:
        act()
    except StudyRefused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, said)
    return redirect("study_detail", pk)


@requires(Permission.SEE_PLANS)
def study_file(request, pk):
    study = find(request, pk)
    case = case_of(study.plan)
    return download(study_workbook(study, case), f"测算-{study.get_kind_display()}-{study.pk}.xlsx")


def find(request, pk):
    study = asked.study_of_scope(request.scope, pk)
    if study is None:
        raise Http404("没有这次测算，或您无权查看")
    return study
