"""The alert list, one alert with its curve and numbers, and what people do about it."""

import json

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from config.access import Permission, can
from formulary.queries import scope_of
from formulary.views.guards import requires
from shortage import queries
from shortage.actions import alerts as actions
from shortage.alert_forms import AlertFilter, CloseForm, NoteForm, ReopenForm
from shortage.models import Alert
from shortage.queries.cases import case_of
from shortage.queries.lists import shortage_lists
from shortage.rules import lifecycle
from shortage.rules.lifecycle import MoveRefused, Verb
from shortage.transfer_forms import FinishForm
from shortage.views import watching
from shortage.views.shown import LEVEL_WORDS, steps_of, working_of

PER_PAGE = 30
FORMS = {Verb.NOTE: NoteForm, Verb.CLOSE: CloseForm, Verb.REOPEN: ReopenForm}


@requires(Permission.SEE_ALERTS)
def alert_list(request):
    form = AlertFilter(request.GET or None, institutions=request.scope.institutions)
    page = Paginator(queries.alerts(request.scope, **form.wanted()), PER_PAGE).get_page(request.GET.get("page"))
    context = {"form": form, "page": page, "mine": _mine(request), "one_place": len(request.scope.institution_ids) == 1}
    if request.htmx and not request.htmx.history_restore_request:
        return render(request, "shortage/_alert_rows.html", context)
    counts = queries.level_counts(request.scope)
    context["levels"] = [{"code": code, "count": counts[code], **LEVEL_WORDS[code]} for code in LEVEL_WORDS]
    return render(request, "shortage/alert_list.html", context | watching.state(request))


@requires(Permission.SEE_ALERTS)
def alert_detail(request, pk):
    return _detail(request, _alert(pk, request.scope))


@requires(Permission.HANDLE_ALERTS)
@require_POST
def alert_act(request, pk, verb):
    """One of the moves of `lifecycle.BY_PEOPLE`; a refusal is told on the same page."""
    alert = _alert(pk, request.scope)
    if verb not in lifecycle.BY_PEOPLE:
        raise Http404("没有这种处置")
    form = FORMS[verb](request.POST) if verb in FORMS else None
    if form is not None and not form.is_valid():
        return _detail(request, alert, {verb: form}, status=422)
    try:
        alert = getattr(actions, verb)(
            alert, **(form.cleaned_data if form else {}), by=request.user, now=timezone.now()
        )
    except MoveRefused as refused:
        return _answer(request, alert, str(refused), "error")
    return _answer(request, alert, f"已{lifecycle.MOVES[Verb(verb)].label}", "success")


def _answer(request, alert, text, level):
    """A row for htmx, else back to the alert; with the message either way."""
    if not request.htmx:
        messages.add_message(request, messages.ERROR if level == "error" else messages.SUCCESS, text)
        return redirect("alert_detail", alert.pk)
    alert = _alert(alert.pk, request.scope)
    one_place = len(request.scope.institution_ids) == 1
    response = render(
        request, "shortage/_alert_row.html", {"alert": alert, "mine": _mine(request), "one_place": one_place}
    )
    response["HX-Trigger"] = json.dumps({"toast": {"text": text, "level": level}})
    return response


def _detail(request, alert, bound=None, status=200) -> HttpResponse:
    case = queries.dossier(alert)
    may = alert.institution_id in _mine(request)
    verbs = lifecycle.possible(alert.state) if may else []
    forms = {verb: (bound or {}).get(verb) or FORMS[verb]() for verb in verbs if verb in FORMS}
    steps = steps_of(case)
    context = {
        "alert": alert,
        "case": case,
        "curve": case.curve(),
        "steps": steps,
        "working": working_of(case),
        "may_take": Verb.TAKE_ON in verbs,
        "forms": [{"verb": verb, "label": lifecycle.MOVES[verb].label, "form": form} for verb, form in forms.items()],
        "advice": lifecycle.ADVICE[alert.level],
        "deadline": watching.deadline(alert, steps),
        "late": watching.late_words(alert, request.scope),
        "crumbs": [("预警", reverse("alert_list")), (str(alert.presentation), None)],
        "choices": queries.choices(alert, timezone.localdate()) if alert.state != "closed" else None,
        "measures": alert.dispositions.select_related("by", "transfer"),
        "may_act": may,
        "finish": FinishForm(),
        "reports": alert.reports.all(),
        "file": case_of(request.scope, alert.presentation),
        "may_open_case": can(request.user, Permission.MANAGE_SHORTAGE),
        "listed": _listed(alert),
    }
    return render(request, "shortage/alert_detail.html", context, status=status)


def _listed(alert):
    """Official and other shortage lists in force that name the drug."""
    drug = alert.presentation
    return shortage_lists([drug], timezone.localdate(), region=alert.institution.alliance.province).get(drug.pk, [])


def _alert(pk, scope):
    rows = Alert.objects.select_related("institution__alliance", "presentation__medicine", "handler")
    return get_object_or_404(rows, pk=pk, institution__in=scope.institution_ids)


def _mine(request):
    scope = scope_of(request.user, Permission.HANDLE_ALERTS)
    return scope.institution_ids if scope else frozenset()
