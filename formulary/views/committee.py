"""The committee: its bodies and seats, what is wrong with them, its rules, the pool of experts and the draws."""

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from config.access import Permission, can
from formulary.actions import committee as actions
from formulary.actions.committee import CommitteeRefused
from formulary.committee_forms import BodyForm, DrawForm, EndSeatForm, ExpertForm, RuleForm, SeatForm
from formulary.models import Body, Expert, ExpertDraw, Seat
from formulary.queries import committee as queries
from formulary.queries.charter import seats_on
from formulary.rules.charter import LABELS
from formulary.views.guards import requires

HOME = "药事委员会"


@requires(Permission.SEE_GOVERNANCE)
def committee_index(request):
    bodies = list(queries.bodies(request.scope.alliance))
    return _body_page(request, bodies[0], bodies) if bodies else _empty(request)


@requires(Permission.SEE_GOVERNANCE)
def committee_body(request, pk):
    body = _body(request, pk)
    return _body_page(request, body, list(queries.bodies(request.scope.alliance)))


@requires(Permission.MANAGE_COMMITTEE)
def committee_found(request):
    form = BodyForm(request.POST or None, initial={"founded_on": timezone.localdate()})
    made = _done(request, form, actions.found_body, request.scope.alliance)
    if made:
        messages.success(request, f"已设立 {made}")
        return redirect("committee_body", made.pk)
    return _form_page(request, form, "设立委员会或工作组")


@requires(Permission.MANAGE_COMMITTEE)
def committee_appoint(request, pk):
    body = _body(request, pk)
    form = SeatForm(request.POST or None, alliance=body.alliance, initial={"valid_from": timezone.localdate()})
    if _done(request, form, actions.appoint, body):
        messages.success(request, f"已任命 {form.cleaned_data['person']}")
        return redirect("committee_body", body.pk)
    return _form_page(request, form, f"任命：{body}", back=reverse("committee_body", args=[body.pk]))


@requires(Permission.MANAGE_COMMITTEE)
def committee_end(request, pk):
    seat = get_object_or_404(
        Seat.objects.select_related("body", "person"), pk=pk, body__alliance=request.scope.alliance
    )
    form = EndSeatForm(request.POST or None, initial={"on": timezone.localdate()})
    if _done(request, form, actions.end_seat, seat):
        messages.success(request, f"{seat.person} 已离任")
        return redirect("committee_body", seat.body_id)
    return _form_page(request, form, f"离任：{seat}", back=reverse("committee_body", args=[seat.body_id]))


@requires(Permission.SEE_GOVERNANCE)
def committee_charter(request):
    alliance = request.scope.alliance
    context = {
        "rows": queries.charter_rows(alliance, timezone.localdate()),
        "may_manage": can(request.user, Permission.MANAGE_COMMITTEE),
        "crumbs": [(HOME, reverse("committee_index")), ("议事规则", None)],
    }
    return render(request, "formulary/committee_charter.html", context)


@requires(Permission.MANAGE_COMMITTEE)
def committee_rule(request, field):
    label = LABELS.get(field, "")
    form = RuleForm(request.POST or None, initial={"valid_from": timezone.localdate()})
    if _done(request, form, actions.change_rule, request.scope.alliance, field=field, text_from="value"):
        messages.success(request, f"已登记“{label}”的新值")
        return redirect("committee_charter")
    rows = queries.charter_history(request.scope.alliance, field)
    now = next(
        (r for r in queries.charter_rows(request.scope.alliance, timezone.localdate()) if r.field == field), None
    )
    context = {"history": rows, "now": now}
    return _form_page(
        request, form, f"修改：{label or '没有这条议事规则'}", back=reverse("committee_charter"), **context
    )


@requires(Permission.SEE_GOVERNANCE, post=Permission.MANAGE_COMMITTEE)
def committee_experts(request):
    alliance = request.scope.alliance
    form = ExpertForm(request.POST or None)
    if _done(request, form, actions.add_expert, alliance):
        messages.success(request, f"{form.cleaned_data['name']} 已入库")
        return redirect("committee_experts")
    context = {
        "experts": queries.experts(alliance),
        "draws": queries.expert_draws(alliance)[:20],
        "form": form,
        "may_manage": can(request.user, Permission.MANAGE_COMMITTEE),
        "crumbs": [(HOME, reverse("committee_index")), ("专家库", None)],
    }
    return render(request, "formulary/committee_experts.html", context, status=422 if form.errors else 200)


@requires(Permission.MANAGE_COMMITTEE)
@require_POST
def committee_retire(request, pk):
    expert = get_object_or_404(Expert, pk=pk, alliance=request.scope.alliance)
    try:
        actions.retire_expert(expert, by=request.user, now=timezone.now())
        messages.success(request, f"{expert.name} 已出库，历次抽取记录仍保留")
    except CommitteeRefused as refused:
        messages.error(request, str(refused))
    return redirect("committee_experts")


@requires(Permission.MANAGE_COMMITTEE)
def committee_draw(request):
    experts = list(queries.experts(request.scope.alliance).filter(active=True))
    form = DrawForm(request.POST or None, experts=experts)
    if request.method == "POST" and form.is_valid():
        given = {name: form.cleaned_data[name] for name in ("wanted", "purpose", "specialty")}
        try:
            made = actions.draw_experts(
                request.scope.alliance, **given, conflicts=form.conflicts(), by=request.user, now=timezone.now()
            )
            return redirect("committee_draw_detail", made.pk)
        except CommitteeRefused as refused:
            form.add_error(None, str(refused))
    crumbs = [(HOME, reverse("committee_index")), ("专家库", reverse("committee_experts")), ("抽取专家", None)]
    context = {"form": form, "crumbs": crumbs}
    return render(request, "formulary/committee_draw.html", context, status=422 if form.errors else 200)


@requires(Permission.SEE_GOVERNANCE)
def committee_draw_detail(request, pk):
    row = get_object_or_404(ExpertDraw.objects.select_related("by"), pk=pk, alliance=request.scope.alliance)
    order = {number: place for place, number in enumerate(row.drawn, start=1)}
    pool = sorted(row.pool, key=lambda one: (order.get(one["expert"], 999), one["name"]))
    context = {
        "row": row,
        "pool": [one | {"place": order.get(one["expert"])} for one in pool],
        "crumbs": [(HOME, reverse("committee_index")), ("专家库", reverse("committee_experts")), ("抽取记录", None)],
    }
    return render(request, "formulary/committee_draw_detail.html", context)


def _body(request, pk):
    return get_object_or_404(Body.objects.select_related("alliance"), pk=pk, alliance=request.scope.alliance)


def _body_page(request, body, bodies):
    today = timezone.localdate()
    context = {
        "body": body,
        "seats": seats_on(body, today),
        "former": queries.former_seats(body, today)[:50],
        "warnings": queries.body_warnings(body, today) if body.dissolved_on is None else [],
        "tabs": [
            {"label": one.get_kind_display(), "url": reverse("committee_body", args=[one.pk]), "active": one == body}
            for one in bodies
        ],
        "may_manage": can(request.user, Permission.MANAGE_COMMITTEE),
        "today": today,
    }
    return render(request, "formulary/committee_index.html", context)


def _empty(request):
    context = {"body": None, "may_manage": can(request.user, Permission.MANAGE_COMMITTEE)}
    return render(request, "formulary/committee_index.html", context)


def _done(request, form, act, subject, *, text_from="", **more):
    """Runs the action with the form's values; a refusal becomes the form's own error. None when nothing was done."""
    if request.method != "POST" or not form.is_valid():
        return None
    given = dict(form.cleaned_data)
    if text_from:
        more["text"] = given.pop(text_from)
    try:
        return act(subject, **more, **given, by=request.user, now=timezone.now())
    except CommitteeRefused as refused:
        form.add_error(None, str(refused))
        return None


def _form_page(request, form, title, *, back="", **more):
    back = back or reverse("committee_index")
    context = {
        "form": form,
        "title": title,
        "back": back,
        "crumbs": [(HOME, reverse("committee_index")), (title, None)],
    }
    return render(request, "formulary/committee_form.html", context | more, status=422 if form.errors else 200)
