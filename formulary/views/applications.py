"""调整申请: the list, choosing a drug, the form with what is known of it, one application with what can be done."""

from io import BytesIO

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import FileResponse, Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from config.access import Permission, can
from formulary.actions import applications as actions
from formulary.actions import emergency
from formulary.application_forms import ApplicationFilter, ApplicationForm, FileForm, NoteForm
from formulary.models import Presentation
from formulary.queries import applications as queries
from formulary.queries.dossier import drug_facts
from formulary.queries.rule_check import change_findings, lines_of
from formulary.queries.versions import version_in_force
from formulary.rules.adjustment_life import Kind, MoveRefused, State, Verb
from formulary.rules.application import ApplicationFaults
from formulary.rules.attachments import FileRefused
from formulary.rules.findings.payment import refusal_warning
from formulary.rules.who import NotAllowed
from formulary.views import applications_shown as shown
from formulary.views.guards import requires

HOME = "调整申请"
ACTS = {
    Verb.SUBMIT: actions.submit,
    Verb.WITHDRAW: actions.withdraw,
    Verb.ACCEPT: actions.accept,
    Verb.RETURN: actions.send_back,
    Verb.REFUSE: actions.refuse,
    Verb.APPROVE: emergency.approve,
    Verb.RATIFY: emergency.ratify,
    Verb.LAPSE: emergency.end_early,
}
WITH_EXCEPTIONS = (Verb.ACCEPT, Verb.APPROVE)


@requires(Permission.SEE_GOVERNANCE)
def adjustment_list(request):
    sites = request.scope.alliance.institutions.filter(active=True)
    form = ApplicationFilter(request.GET or None, institutions=sites)
    page = Paginator(queries.applications(request.scope, **form.wanted()), 30).get_page(request.GET.get("page"))
    shown.mark(page.object_list)
    context = {"form": form, "page": page, "may_propose": can(request.user, Permission.PROPOSE)}
    if request.htmx and not request.htmx.history_restore_request:
        return render(request, "formulary/_adjustment_rows.html", context)
    return render(request, "formulary/adjustment_list.html", context)


@requires(Permission.PROPOSE)
def adjustment_write(request, kind, code):
    """The form of a new application for one 品规, with everything known of it beside the fields."""
    if kind not in set(Kind):
        raise Http404("没有这种申请")
    drug, today = get_object_or_404(Presentation, code=code), timezone.localdate()
    form = _form(request, kind, drug, request.POST or None, initial=_initial(request, kind, drug))
    if request.method == "POST" and form.is_valid():
        made = _allowed(
            lambda: actions.create(
                request.scope.alliance, kind=kind, presentation=drug, by=request.user, now=timezone.now(),
                **form.cleaned_data,
            )
        )  # fmt: skip
        return _saved(request, made)
    return _write_page(request, Kind(kind), drug, form, drug_facts(request.scope.alliance, drug, today))


@requires(Permission.PROPOSE)
def adjustment_edit(request, pk):
    row = _row(request, pk)
    on = timezone.localdate()
    _allowed(lambda: queries.own_of(row, request.user, on))
    if row.state not in (State.DRAFT, State.RETURNED) or row.presentation is None:
        messages.error(request, f"申请现为“{State(row.state).label}”，不能修改")
        return redirect("adjustment_detail", row.pk)
    initial = {name: getattr(row, name) for name in actions.FIELDS} | {"institution": row.institution_id}
    form = _form(request, row.kind, row.presentation, request.POST or None, initial=initial, own=row.institution)
    if request.method == "POST" and form.is_valid():
        given = {name: value for name, value in form.cleaned_data.items() if name != "institution"}
        actions.edit(row, by=request.user, now=timezone.now(), **given)
        return _saved(request, row)
    facts = drug_facts(row.alliance, row.presentation, on)
    return _write_page(request, Kind(row.kind), row.presentation, form, facts, row)


@requires(Permission.SEE_GOVERNANCE)
def adjustment_detail(request, pk):
    return _detail(request, _row(request, pk))


@requires(Permission.SEE_GOVERNANCE)
@require_POST
def adjustment_act(request, pk, verb):
    """One move; the action says who may, a refusal is told on the page with what was written."""
    row = _row(request, pk)
    act = ACTS.get(verb)
    if act is None:
        raise Http404("没有这种办理")
    form = NoteForm(request.POST, label=shown.ASKS[Verb(verb)])
    given = {"note": form.cleaned_data["note"]} if form.is_valid() else {}
    if verb in WITH_EXCEPTIONS:
        given["exceptions"] = _exceptions(request)
    try:
        _allowed(lambda: act(row, by=request.user, now=timezone.now(), **given))
    except ApplicationFaults as faults:
        return _detail(request, row, faults=faults.faults, status=422)
    except MoveRefused as refused:
        return _detail(request, row, {verb: form}, refused=str(refused), status=422)
    messages.success(request, f"{row.number} {shown.done(row, verb)}")
    return redirect("adjustment_detail", row.pk)


@requires(Permission.PROPOSE)
@require_POST
def adjustment_attach(request, pk):
    row = _row(request, pk)
    form = FileForm(request.POST, request.FILES)
    if form.is_valid():
        file = form.cleaned_data["file"]
        try:
            _allowed(lambda: actions.attach(row, file.name, file.read(), by=request.user, now=timezone.now()))
            messages.success(request, f"已上传 {file.name}")
        except FileRefused as refused:
            messages.error(request, str(refused))
    else:
        messages.error(request, "请选择文件")
    return redirect("adjustment_detail", row.pk)


@requires(Permission.SEE_GOVERNANCE)
def adjustment_file(request, pk, file):
    kept = get_object_or_404(_row(request, pk).files, pk=file)
    with kept.file.open("rb") as file:
        content = BytesIO(file.read())
    return FileResponse(content, as_attachment=True, filename=kept.name)


def _row(request, pk):
    rows = queries.applications(request.scope).select_related("alliance", "presentation__medicine")
    return get_object_or_404(rows, pk=pk)


def _detail(request, row, bound=None, *, faults=(), refused="", status=200):
    on = timezone.localdate()
    steps = queries.steps(row)
    verbs = queries.verbs_for(row, request.user, on)
    live = row.state in (State.DRAFT, State.SUBMITTED, State.RETURNED, State.SCORING, State.READY)
    findings, _facts = change_findings(row, on) if live else ([], None)
    stored = next((step.findings for step in reversed(steps) if step.findings), [])
    exceptions = list(row.exceptions.select_related("by"))
    unsettled = [one for one in findings if one.hard and one.code not in {e.code for e in exceptions}]
    facts = row.facts or (drug_facts(row.alliance, row.presentation, on) if row.presentation else {})
    context = {
        "row": row,
        "tone": shown.tone(row.state),
        "steps": steps[::-1],
        "way": shown.way_of(row, steps),
        "asked": shown.asked_for(row),
        "texts": shown.texts_of(row),
        "elsewhere": shown.elsewhere(row),
        "facts": facts,
        "frozen": bool(row.facts),
        "findings": findings if live else stored,
        "checked_on": on if live else None,
        "exceptions": exceptions,
        "forms": _forms(verbs, bound or {}, unsettled, _exceptions(request)),
        "may_edit": Verb.EDIT in verbs,
        "missing": queries.application_faults(row, on) if Verb.SUBMIT in verbs else [],
        "files": row.files.select_related("by"),
        "file_form": FileForm() if Verb.EDIT in verbs else None,
        "faults": faults,
        "refused": refused,
        "warning": _warning(facts, row) if Verb.REFUSE in verbs else "",
        "crumbs": [(HOME, reverse("adjustment_list")), (row.number, None)],
    }
    return render(request, "formulary/adjustment_detail.html", context, status=status)


def _forms(verbs, bound, unsettled, given):
    """One fold per thing that can be done; the first is open, and so is one that was refused, with what was written."""
    found = []
    for verb in [verb for verb in verbs if verb in ACTS]:
        label, tone = shown.CONFIRM[verb]
        asks = {one.code: one for one in unsettled}.values() if verb in WITH_EXCEPTIONS else ()
        found.append(
            {
                "verb": verb,
                "label": label,
                "tone": tone,
                "form": bound.get(verb) or NoteForm(label=shown.ASKS[verb], auto_id=f"id_{verb}_%s"),
                "open": verb in bound or (not found and not bound),
                "exceptions": [{"finding": one, "text": given.get(one.code, "")} for one in asks],
            }
        )
    return found


def _warning(facts, row):
    insured = next((line["value"] for line in facts.get("listed", ()) if line["label"] == "医保"), "")
    return refusal_warning("国谈" if insured.startswith("国谈") else "", str(row.presentation))


def _exceptions(request):
    return {key.removeprefix("exception_"): text for key, text in request.POST.items() if key.startswith("exception_")}


def _form(request, kind, drug, data, *, initial, own=None):
    on = timezone.localdate()
    places = [own] if own else queries.places_for(request.user, request.scope, on)
    at = {row.institution_id for row in request.user.active_memberships}
    drops = None
    if kind == Kind.REPLACE:
        listed = lines_of(version_in_force(request.scope.alliance, on))
        same = Presentation.objects.filter(active=True).exclude(pk=drug.pk)
        near = same.filter(therapeutic_class=drug.therapeutic_class) if drug.therapeutic_class else same
        ids = [pk for pk in near.values_list("pk", flat=True) if pk in listed]
        drops = Presentation.objects.filter(pk__in=ids)
    return ApplicationForm(data, kind=kind, places=places, at=at, drops=drops, unit=drug.unit, initial=initial)


def _initial(request, kind, drug):
    """The line that stands: of the drug itself for a change of level, of the only 品规 of its 品种 for a replacement."""
    on = timezone.localdate()
    lines = lines_of(version_in_force(request.scope.alliance, on))
    if kind == Kind.LEVEL:
        line, given = lines.get(drug.pk), {}
    elif kind == Kind.REPLACE:
        same = Presentation.objects.filter(medicine=drug.medicine_id, active=True).exclude(pk=drug.pk)
        listed = [pk for pk in same.values_list("pk", flat=True) if pk in lines]
        line, given = (lines[listed[0]], {"drops": listed[0]}) if len(listed) == 1 else (None, {})
    else:
        return {}
    if line is None:
        return given
    return given | {
        "lowest_level": line.lowest_level,
        "restriction": line.restriction,
        "tier": getattr(line, "tier", 1),
    }


def _saved(request, row):
    if "submit" not in request.POST:
        messages.success(request, f"{row.number} 已保存，提交前可再修改")
        return redirect("adjustment_detail", row.pk)
    try:
        _allowed(lambda: actions.submit(row, by=request.user, now=timezone.now()))
        messages.success(request, f"{row.number} {shown.done(row, Verb.SUBMIT)}")
    except (ApplicationFaults, MoveRefused) as refused:
        messages.error(request, f"已保存为草稿，尚未提交：{refused}")
    return redirect("adjustment_detail", row.pk)


def _write_page(request, kind, drug, form, facts, row=None):
    context = {
        "kind": kind,
        "drug": drug,
        "form": form,
        "facts": facts,
        "row": row,
        "crumbs": [(HOME, reverse("adjustment_list")), (row.number if row else f"新建：{kind.label}", None)],
    }
    return render(request, "formulary/adjustment_write.html", context, status=422 if form.errors else 200)


def _allowed(act):
    """What the action forbids is a 403 of the page."""
    try:
        return act()
    except NotAllowed as refused:
        raise PermissionDenied(str(refused)) from refused
