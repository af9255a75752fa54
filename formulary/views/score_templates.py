"""评分表: its versions, one as people read it, as a file for Excel, and a new version from a file."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone

from config.access import Permission, can
from formulary.actions import scoring as actions
from formulary.queries import scoring as queries
from formulary.rules import scorecard
from formulary.rules.scorecard import ScoreRefused
from formulary.rules.scorecard_file import read_template, write_template
from formulary.rules.tables import DataRefused
from formulary.score_forms import TemplateFileForm
from formulary.views.guards import requires

HOME = "评分表"


@requires(Permission.SEE_GOVERNANCE)
def score_template_list(request):
    rows = queries.templates(request.scope.alliance)
    context = {"rows": rows, "may_edit": can(request.user, Permission.CHECK_PROPOSALS)}
    return render(request, "formulary/score_template_list.html", context | {"crumbs": _crumbs(None)})


@requires(Permission.SEE_GOVERNANCE)
def score_template_detail(request, pk):
    row = _row(request, pk)
    context = {
        "row": row,
        "template": scorecard.from_data(row.content),
        "may_edit": can(request.user, Permission.CHECK_PROPOSALS),
        "crumbs": _crumbs(str(row)),
    }
    return render(request, "formulary/score_template_detail.html", context)


@requires(Permission.SEE_GOVERNANCE)
def score_template_file(request, pk):
    row = _row(request, pk)
    answer = HttpResponse(write_template(scorecard.from_data(row.content)), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="scorecard-{row.form}-{row.number}.csv"'
    return answer


@requires(Permission.CHECK_PROPOSALS)
def score_template_new(request):
    form = TemplateFileForm(request.POST or None, request.FILES or None)
    faults = []
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            template = read_template(given["file"].read(), name=given["file"].name)
            row = actions.publish_template(
                request.scope.alliance, given["form"], template,
                title=given["title"], source=given["source"], by=request.user, now=timezone.now(),
            )  # fmt: skip
        except DataRefused as refused:
            faults = refused.faults
        except ScoreRefused as refused:
            form.add_error("file", str(refused))
        else:
            messages.success(request, f"已建立 {row}，以后发起的评分使用此版")
            return redirect("score_template_detail", row.pk)
    context = {"form": form, "faults": faults, "crumbs": _crumbs("新建版本")}
    return render(request, "formulary/score_template_new.html", context, status=422 if faults or form.errors else 200)


def _row(request, pk):
    return get_object_or_404(queries.templates(request.scope.alliance), pk=pk)


def _crumbs(words):
    crumbs = [("评分", reverse("score_list")), (HOME, reverse("score_template_list") if words else None)]
    return [*crumbs, (words, None)] if words else crumbs
