"""Scoring: which applications wait, one sheet on a phone, and the results side by side."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from config.access import Permission, can
from formulary.actions import scoring as actions
from formulary.models import Adjustment, Presentation, Scoring
from formulary.queries import scoring as queries
from formulary.queries.charter import charter
from formulary.rules import scorecard
from formulary.rules.adjustment_life import MoveRefused, State
from formulary.rules.scorecard import ScoreRefused
from formulary.score_forms import SheetForm, SkipForm
from formulary.views.applications_shown import mark
from formulary.views.guards import requires

HOME = "评分"
REFUSALS = (ScoreRefused, MoveRefused)


@requires(Permission.SEE_GOVERNANCE)
def score_list(request):
    alliance = request.scope.alliance
    page = Paginator(queries.scorings(alliance), 20).get_page(request.GET.get("page"))
    mark(page.object_list)
    context = {
        "page": page,
        "fewest": charter(alliance, timezone.localdate()).minimum_scorers,
        "waiting": queries.waiting_sheets(request.user, alliance) if can(request.user, Permission.SCORE) else 0,
        "may_run": can(request.user, Permission.CHECK_PROPOSALS),
    }
    return render(request, "formulary/score_list.html", context)


@requires(Permission.SEE_GOVERNANCE)
def score_detail(request, pk):
    adjustment = _adjustment(request, pk)
    scoring = _scoring(adjustment)
    may_run = can(request.user, Permission.CHECK_PROPOSALS)
    context = {
        "adjustment": adjustment,
        "scoring": scoring,
        "may_run": may_run,
        "fewest": charter(request.scope.alliance, timezone.localdate()).minimum_scorers,
        "crumbs": [(HOME, reverse("score_list")), (adjustment.number, None)],
    }
    if scoring is None:
        offered = may_run and adjustment.state == State.SCORING
        context |= {
            "comparators": queries.comparators(adjustment, timezone.localdate())[:40] if offered else [],
            "may_open": offered,
            "template": queries.current_template(request.scope.alliance, queries.form_of(adjustment.presentation)),
            "skip_form": SkipForm() if offered and adjustment.kind in actions.SKIPPING else None,
        }
    else:
        context |= _results(request, scoring)
    return render(request, "formulary/score_detail.html", context)


@requires(Permission.CHECK_PROPOSALS)
@require_POST
def score_act(request, pk, verb):
    """open, finish, skip."""
    adjustment = _adjustment(request, pk)
    given = {"by": request.user, "now": timezone.now()}
    try:
        if verb == "open":
            picked = [key for key in request.POST.getlist("beside") if key.isdecimal() and len(key) < 18]
            actions.open_scoring(adjustment, list(Presentation.objects.filter(pk__in=picked)), **given)
            messages.success(request, "已发起评分，委员可在“评分”中打分")
        elif verb == "finish":
            actions.finish_scoring(get_object_or_404(Scoring, adjustment=adjustment), **given)
            messages.success(request, "评分完成，申请待上会")
        elif verb == "skip":
            actions.skip_scoring(adjustment, request.POST.get("reason", ""), **given)
            messages.success(request, "已记录不评分的理由，申请待上会")
        else:
            raise Http404("没有这种操作")
    except REFUSALS as refused:
        messages.error(request, str(refused))
    return redirect("score_detail", pk)


@requires(Permission.SCORE)
def score_sheet(request, pk, subject):
    """The form of one scorer and subject; with `total` asked for, only the running total."""
    adjustment = _adjustment(request, pk)
    scoring = _scoring(adjustment)
    if scoring is None:
        raise Http404("评分还没有发起")
    drug = get_object_or_404(scoring.subjects, pk=subject)
    template = scorecard.from_data(scoring.template.content)
    sheet = queries.sheet_of(scoring, drug, request.user)
    facts = scoring.facts.get(str(drug.pk), {})
    given = {"facts": facts, "words": queries.words_of(scoring, drug.pk)}
    if request.method == "POST":
        form = SheetForm(template, data=request.POST, **given)
    else:
        form = SheetForm(template, stored=scorecard.read_answers(sheet.answers) if sheet else None, **given)
    context = {
        "adjustment": adjustment, "scoring": scoring, "subject": drug, "form": form, "sheet": sheet,
        "score": scorecard.score(template, form.answers),
        "crumbs": [(HOME, reverse("score_list")), (adjustment.number, reverse("score_detail", args=[pk])), ("打分", None)],
    }  # fmt: skip
    if request.htmx:
        return render(request, "formulary/_score_total.html", context)
    if request.method == "POST" and form.is_valid() and _saved(request, context):
        return redirect("score_detail", pk)
    return render(request, "formulary/score_sheet.html", context, status=422 if request.method == "POST" else 200)


def _saved(request, context):
    submit = "submit" in request.POST
    try:
        actions.save_sheet(
            context["scoring"], context["subject"], context["form"].answers, submit=submit, by=request.user, now=timezone.now()
        )  # fmt: skip
    except ScoreRefused as refused:
        context["refused"] = str(refused)
        return False
    messages.success(request, f"{context['subject']}：评分已{'提交' if submit else '存为草稿，还没有提交'}")
    return True


def _results(request, scoring):
    found = queries.result(scoring)
    mine = {sheet.subject_id: sheet for sheet in scoring.sheets.filter(scorer=request.user)}
    may_score = can(request.user, Permission.SCORE) and scoring.closed_at is None
    own = scoring.adjustment.applicant_id == request.user.pk
    # Colleagues' points are shown once one's own are in, so that nobody scores by them.
    handed_in = all(subject.pk in mine and mine[subject.pk].submitted_at for subject in found.subjects)
    return {
        "found": found,
        "subjects": [
            {"drug": one, "summary": found.summaries[one.pk], "sheet": mine.get(one.pk), "candidate": at == 0}
            for at, one in enumerate(found.subjects)
        ],
        "may_score": may_score and not own,
        "own": may_score and own,
        "hidden": may_score and not own and not handed_in,
        "table": _table(found),
        "bars": _bars(found),
        "swings": _swings(found),
    }


def _table(found):
    """Dimensions × subjects: mean points of the compared items, and the best of each line."""
    rows = []
    for dimension in found.template.dimensions:
        possible = found.comparison.possible.get(dimension.label, 0)
        cells = [found.comparison.subjects.get(one.pk, {}).get(dimension.label) for one in found.subjects]
        best = max((cell for cell in cells if cell is not None), default=None)
        shown = [{"text": "—" if cell is None else queries.shown(cell), "best": cell == best} for cell in cells]
        rows.append({"label": dimension.label, "possible": queries.shown(possible), "cells": shown})
    return rows


def _bars(found):
    labels = [dimension.label for dimension in found.template.dimensions]
    tones = ("teal", "orange", "indigo", "gray", "purple", "green")
    series = [
        {
            "name": str(one),
            "tone": tones[at % len(tones)],
            "values": [round(float(found.comparison.subjects[one.pk][label]), 2) for label in labels],
        }
        for at, one in enumerate(found.subjects)
        if one.pk in found.comparison.subjects
    ]
    return {"labels": labels, "series": series, "unit": "分", "stacked": False, "horizontal": True}


def _swings(found):
    """How many points the candidate's total moves when one weight moves."""
    if found.sensitivity is None:
        return None
    base, alone = found.sensitivity.base, found.sensitivity.alone
    series = [
        {"name": "权重 −20%", "tone": "orange", "values": [round(float(one.lower - base), 2) for one in alone]},
        {"name": "权重 +20%", "tone": "teal", "values": [round(float(one.upper - base), 2) for one in alone]},
    ]
    return {
        "labels": [one.dimension for one in alone],
        "series": series,
        "unit": "分",
        "stacked": False,
        "horizontal": True,
    }


def _adjustment(request, pk):
    rows = Adjustment.objects.select_related("alliance", "presentation__medicine", "institution", "applicant")
    return get_object_or_404(rows, pk=pk, alliance=request.scope.alliance, presentation__isnull=False)


def _scoring(adjustment):
    rows = Scoring.objects.select_related("template", "adjustment__alliance", "opened_by", "closed_by")
    return rows.filter(adjustment=adjustment).first()
