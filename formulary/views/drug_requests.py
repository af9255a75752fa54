"""缺药登记: registering from the counter, what waits, the same drug over all institutions."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from config.access import Permission, can
from formulary import queries
from formulary.actions import drug_requests as actions
from formulary.application_forms import NoteForm
from formulary.models import Presentation
from formulary.queries import drug_requests as rows
from formulary.request_forms import RequestFilter, RequestForm
from formulary.rules.contacts import masked
from formulary.rules.request_life import MOVES, RequestRefused, State, Verb
from formulary.rules.who import NotAllowed
from formulary.views.guards import requires

HOME = "缺药登记"
TONES = {
    State.REGISTERED: "orange", State.PURCHASING: "blue", State.DELIVERED: "green", State.COLLECTED: "gray",
    State.NO_SHOW: "red", State.CANCELLED: "gray",
}  # fmt: skip
BUTTONS = {
    Verb.ANSWER: "答复", Verb.PURCHASE: "安排采购", Verb.DELIVER: "药已到", Verb.COLLECT: "已取药",
    Verb.NO_SHOW: "未来取药", Verb.CANCEL: "取消登记",
}  # fmt: skip


@requires(Permission.SEE_GOVERNANCE)
def request_list(request):
    today = timezone.localdate()
    form = RequestFilter(request.GET or None, institutions=request.scope.institutions)
    found = rows.drug_requests(request.scope, today, **form.wanted())
    page = Paginator(found, 30).get_page(request.GET.get("page"))
    for row in page:
        row.late, row.tone = rows.is_late(row, today), TONES[State(row.state)]
    context = {"form": form, "page": page, "one_place": len(request.scope.institution_ids) == 1}
    if request.htmx and not request.htmx.history_restore_request:
        return render(request, "formulary/_request_rows.html", context)
    context |= {
        "figures": rows.request_figures(request.scope, today),
        "may_request": can(request.user, Permission.REQUEST_DRUGS),
        "rules": rows.request_rules(request.scope.alliance, today),
    }
    return render(request, "formulary/request_list.html", context)


@requires(Permission.REQUEST_DRUGS)
def request_new(request):
    """Step one is a search; what is found fills the form, what is not can be written."""
    chosen = Presentation.objects.filter(code=request.GET.get("code", "")).first()
    form = RequestForm(request.POST or None, places=request.scope.institutions, initial=_filled(chosen))
    if request.method == "POST" and form.is_valid():
        return _registered(request, form)
    words = request.GET.get("q", "").strip()
    found = queries.drugs(request.scope.alliance, timezone.localdate(), words=words)[:12] if words else []
    context = {
        "form": form,
        "words": words,
        "found": found,
        "chosen": chosen,
        "crumbs": [(HOME, reverse("request_list")), ("登记", None)],
    }
    return render(request, "formulary/request_new.html", context, status=422 if form.errors else 200)


@requires(Permission.SEE_GOVERNANCE)
def request_detail(request, pk):
    return _detail(request, _row(request, pk))


@requires(Permission.SEE_GOVERNANCE)
@require_POST
def request_act(request, pk, verb):
    row = _row(request, pk)
    if verb not in BUTTONS:
        raise Http404("没有这种办理")
    form = NoteForm(request.POST)
    note = form.cleaned_data["note"] if form.is_valid() else ""
    try:
        actions.act(row, Verb(verb), by=request.user, now=timezone.now(), note=note)
    except NotAllowed as refused:
        raise PermissionDenied(str(refused)) from refused
    except RequestRefused as refused:
        return _detail(request, row, refused=str(refused), status=422)
    messages.success(request, f"{row}：已{Verb(verb).label}")
    return redirect("request_detail", row.pk)


@requires(Permission.SEE_GOVERNANCE)
def request_summary(request):
    """The same missing drug over all institutions that the person sees."""
    scope = request.scope
    ids = None if scope.whole_alliance else scope.institution_ids
    found = rows.gathered(scope.alliance, institutions=ids)
    drugs = Presentation.objects.in_bulk([one.presentation for one in found if one.presentation])
    context = {
        "groups": [{"one": one, "drug": drugs.get(one.presentation)} for one in found],
        "may_draft": scope.whole_alliance and can(request.user, Permission.PROPOSE),
        "crumbs": [(HOME, reverse("request_list")), ("按药品汇总", None)],
    }
    return render(request, "formulary/request_summary.html", context)


@requires(Permission.PROPOSE)
@require_POST
def request_draft(request):
    """One click: a draft application out of all registrations of a drug."""
    drug = Presentation.objects.filter(code=request.POST.get("code", "")).first()
    if drug is None:
        messages.error(request, "请先为这一药品选定或新建品规，再起草申请")
        return redirect("request_summary")
    try:
        made = actions.draft_application(
            request.scope.alliance, request.POST.get("key", ""), presentation=drug, by=request.user, now=timezone.now()
        )
    except NotAllowed as refused:
        raise PermissionDenied(str(refused)) from refused
    except RequestRefused as refused:
        messages.error(request, str(refused))
        return redirect("request_summary")
    messages.success(request, f"已起草 {made.number}，请补充后提交")
    return redirect("adjustment_edit", made.pk)


def _row(request, pk):
    return get_object_or_404(
        rows.drug_requests(request.scope, timezone.localdate()).select_related("alliance", "adjustment"), pk=pk
    )


def _detail(request, row, *, refused="", status=200):
    today = timezone.localdate()
    see = rows.at_place(request.user, row) or rows.is_centre(request.user, row.alliance)
    forms = [
        {"verb": verb, "label": BUTTONS[verb], "words": MOVES[verb].words,
         "form": NoteForm(label="说明" if MOVES[verb].words else "说明（可不填）", auto_id=f"id_{verb}_%s")}
        for verb in rows.request_verbs(row, request.user)
    ]  # fmt: skip
    context = {
        "row": row,
        "tone": TONES[State(row.state)],
        "late": rows.is_late(row, today),
        "contact": row.contact if rows.at_place(request.user, row) else masked(row.contact) if see else "",
        "see_contact": see,
        "steps": rows.request_steps(row)[::-1],
        "forms": forms,
        "refused": refused,
        "crumbs": [(HOME, reverse("request_list")), (str(row), None)],
    }
    return render(request, "formulary/request_detail.html", context, status=status)


def _filled(chosen):
    if chosen is None:
        return {}
    return {"code": chosen.code, "name": chosen.name, "strength": chosen.strength, "unit": chosen.unit}


def _registered(request, form):
    given = dict(form.cleaned_data)
    drug = Presentation.objects.filter(code=given.pop("code")).first()
    same = drug is not None and drug.name == given["name"] and drug.strength == given["strength"]
    try:
        row = actions.register(
            request.scope.alliance, presentation=drug if same else None, by=request.user, now=timezone.now(), **given
        )
    except NotAllowed as refused:
        raise PermissionDenied(str(refused)) from refused
    messages.success(request, f"已登记 {row}，应于 {row.due_on} 前答复")
    if row.repeated:
        messages.warning(request, "此联系方式此前多次未来取药，请与对方确认后再安排采购")
    return redirect("request_list")
