"""Choosing the drug of an application: 品规 that are known, 品种 that only the policy lists name, and a new 品规 of one."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone

from config.access import Permission
from formulary import queries
from formulary.actions.presentations import PresentationRefused, register
from formulary.application_forms import DrugSearch, PresentationForm
from formulary.models import Medicine
from formulary.queries.applications import listed_medicines
from formulary.rules.adjustment_life import Kind
from formulary.rules.who import NotAllowed
from formulary.views.applications import HOME
from formulary.views.guards import requires

NOTES = {
    Kind.ADD: "把目录外的品规调入统一目录",
    Kind.REMOVE: "把目录内的品规调出",
    Kind.REPLACE: "引一退一：调入一个，同时换下一个",
    Kind.LEVEL: "改变目录内品规的最低使用级别或限制",
    Kind.EMERGENCY: "目录外或本级别不能用的品规，经主任批准短期使用",
}
IN_LIST = (Kind.REMOVE, Kind.LEVEL)


@requires(Permission.PROPOSE)
def adjustment_new(request, kind=Kind.ADD):
    if kind not in set(Kind):
        raise Http404("没有这种申请")
    kind, today, alliance = Kind(kind), timezone.localdate(), request.scope.alliance
    form = DrugSearch(request.GET or None)
    place = {"place": "in"} if kind in IN_LIST else {"place": "out"} if kind in (Kind.ADD, Kind.REPLACE) else {}
    wanted = form.wanted()
    page = Paginator(queries.drugs(alliance, today, **place, **wanted), 15).get_page(request.GET.get("page"))
    statuses = queries.drug_statuses(page.object_list, today, region=alliance.province)
    for drug in page:
        drug.status = statuses[drug.pk]
    context = {
        "kind": kind,
        "form": form,
        "page": page,
        "words": wanted.get("words", ""),
        "medicines": listed_medicines(wanted.get("words", "")) if kind not in IN_LIST else [],
        "note": NOTES[kind],
    }
    if request.htmx and not request.htmx.history_restore_request:
        return render(request, "formulary/_adjustment_drugs.html", context)
    context["tabs"] = [
        {"label": one.label, "url": reverse("adjustment_new", args=[one]), "active": one is kind} for one in Kind
    ]
    context["crumbs"] = [(HOME, reverse("adjustment_list")), ("新建申请", None)]
    return render(request, "formulary/adjustment_new.html", context)


@requires(Permission.PROPOSE)
def adjustment_presentation(request, kind, medicine):
    """A new 品规 of a 品种 that a list names; then on to its application."""
    if kind not in set(Kind):
        raise Http404("没有这种申请")
    chosen = get_object_or_404(Medicine, pk=medicine)
    form = PresentationForm(request.POST or None, initial={"name": chosen.name})
    if request.method == "POST" and form.is_valid():
        made = _made(request, chosen, form)
        if made is not None:
            messages.success(request, f"已建立品规 {made}（{made.code}），请继续填写申请")
            return redirect("adjustment_write", kind, made.code)
    context = {
        "medicine": chosen,
        "form": form,
        "kind": Kind(kind),
        "siblings": chosen.presentations.order_by("strength"),
        "sources": queries.listed_entries({chosen.pk}, timezone.localdate()).get(chosen.pk, []),
        "crumbs": [(HOME, reverse("adjustment_list")), ("新建品规", None)],
    }
    return render(request, "formulary/adjustment_presentation.html", context, status=422 if form.errors else 200)


def _made(request, medicine, form):
    try:
        return register(request.scope.alliance, medicine, by=request.user, now=timezone.now(), **form.cleaned_data)
    except PresentationRefused as refused:
        form.add_error(None, str(refused))
    except NotAllowed as refused:
        raise PermissionDenied(str(refused)) from refused
    return None
