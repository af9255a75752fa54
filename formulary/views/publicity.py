"""公示: what waits, what runs, objections and their answers; and the page that everybody may read."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from config.access import Permission, can
from formulary.actions import publicity as actions
from formulary.actions.adjustments import MoveRefused
from formulary.models import Objection, Publicity
from formulary.publicity_forms import Announcement, Answer, ObjectionForm
from formulary.queries import publicity as queries
from formulary.queries.charter import charter
from formulary.queries.reach import scope_of
from formulary.rules import working_days
from formulary.rules.adjustment_life import State
from formulary.rules.publicity import PublicityRefused, Standing
from formulary.views.guards import public, requires

HOME = "公示"
REFUSALS = (PublicityRefused, MoveRefused)


@requires(Permission.SEE_GOVERNANCE)
def publicity_list(request):
    alliance, today = request.scope.alliance, timezone.localdate()
    may_publish = can(request.user, Permission.PUBLISH_FORMULARY)
    page = Paginator(queries.publicities(alliance), 20).get_page(request.GET.get("page"))
    for row in page:
        row.standing = Standing.of(row.closes_on, row.ended_at is not None, row.open_objections, today)
    days = charter(alliance, today).publicity_days
    context = {
        "page": page,
        "waiting": queries.waiting_for_publicity(alliance),
        "may_publish": may_publish,
        "form": Announcement(initial={"title": f"{alliance}用药目录调整结果公示"}),
        "period": working_days.after(today, days),
    }
    return render(request, "formulary/publicity_list.html", context)


@requires(Permission.PUBLISH_FORMULARY)
@require_POST
def publicity_announce(request):
    form = Announcement(request.POST)
    chosen = {int(pk) for pk in request.POST.getlist("pick") if pk.isdecimal()}
    rows = [row for row in queries.waiting_for_publicity(request.scope.alliance) if row.pk in chosen]
    if not form.is_valid():
        messages.error(request, "请填写公示标题和联系方式")
        return redirect("publicity_list")
    try:
        shown = actions.announce(request.scope.alliance, rows, **form.cleaned_data, **_who(request))
    except REFUSALS as refused:
        messages.error(request, str(refused))
        return redirect("publicity_list")
    messages.success(request, f"已公示，至 {shown.closes_on} 止")
    return redirect("publicity_detail", shown.pk)


@requires(Permission.SEE_GOVERNANCE)
def publicity_detail(request, pk):
    shown = _shown(request, pk)
    return render(request, "formulary/publicity_detail.html", _detail(request, shown))


@requires(Permission.OBJECT)
@require_POST
def publicity_object(request, pk):
    shown = _shown(request, pk)
    form = _objection_form(request, shown, request.POST)
    if not form.is_valid():
        return render(request, "formulary/publicity_detail.html", _detail(request, shown, objection=form), status=422)
    try:
        actions.object_to(shown, **form.cleaned_data, **_who(request))
    except REFUSALS as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, "异议已提出，公示结束前会得到答复")
    return redirect("publicity_detail", pk)


@requires(Permission.PUBLISH_FORMULARY)
@require_POST
def publicity_answer(request, pk):
    rows = Objection.objects.filter(publicity__alliance=request.scope.alliance)
    objection = get_object_or_404(rows.select_related("publicity"), pk=pk)
    form = Answer(request.POST)
    if not form.is_valid():
        messages.error(request, "请选择处理结果并写明答复")
        return redirect("publicity_detail", objection.publicity_id)
    try:
        actions.answer(objection, **form.cleaned_data, **_who(request))
    except REFUSALS as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, "已答复")
    return redirect("publicity_detail", objection.publicity_id)


@requires(Permission.PUBLISH_FORMULARY)
@require_POST
def publicity_end(request, pk):
    try:
        actions.end(_shown(request, pk), **_who(request))
    except REFUSALS as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, "公示已结束，无异议的申请进入待发布")
    return redirect("publicity_detail", pk)


@public
def publicity_public(request, slug):
    """Without sign-in: counts of votes, never names of persons."""
    shown = get_object_or_404(Publicity.objects.select_related("alliance"), slug=slug)
    items = queries.shown_items(shown)
    said = [row for item in items for row in item.said]
    context = {
        "shown": shown,
        "items": items,
        "objections": len(said),
        "answered": sum(row.answered_at is not None for row in said),
        "standing": queries.standing(shown, timezone.localdate()),
        "period": working_days.between(shown.opens_on, shown.closes_on),
    }
    return render(request, "formulary/publicity_public.html", context)


def _shown(request, pk):
    rows = Publicity.objects.filter(alliance=request.scope.alliance).select_related("alliance", "announced_by")
    return get_object_or_404(rows, pk=pk)


def _detail(request, shown, objection=None):
    today = timezone.localdate()
    standing = queries.standing(shown, today)
    may_object = can(request.user, Permission.OBJECT) and standing is Standing.OPEN
    items = queries.shown_items(shown)
    return {
        "shown": shown,
        "items": items,
        "any_said": any(item.said for item in items),
        "standing": standing,
        "period": working_days.between(shown.opens_on, shown.closes_on),
        "objection": (objection or _objection_form(request, shown)) if may_object else None,
        "may_publish": can(request.user, Permission.PUBLISH_FORMULARY),
        "answer": Answer(),
        "public_url": request.build_absolute_uri(reverse("publicity_public", args=[shown.slug])),
        "crumbs": [(HOME, reverse("publicity_list")), (shown.number, None)],
    }


def _objection_form(request, shown, data=None):
    scope = scope_of(request.user, Permission.OBJECT)
    shown_now = shown.adjustments.filter(state=State.PUBLICITY).select_related("presentation")
    return ObjectionForm(data, shown=shown_now, institutions=scope.institution_ids if scope else ())


def _who(request):
    return {"by": request.user, "now": timezone.now()}
