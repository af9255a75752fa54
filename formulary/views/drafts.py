"""The draft of the next version: what goes in, what stands in the way, publish."""

from django.contrib import messages
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from config.access import Permission
from formulary.actions import versions
from formulary.actions.adjustments import MoveRefused
from formulary.queries import version_checks, version_lines
from formulary.queries.drafts import cleared_for
from formulary.rules.versions import VersionRefused
from formulary.version_forms import Amendment, DraftDetails, NewCorrection, NewDraft, next_month
from formulary.views.guards import requires
from formulary.views.versions import HOME

REFUSALS = (VersionRefused, MoveRefused)
CRUMBS = "起草新版本"


@requires(Permission.PUBLISH_FORMULARY)
def version_draft(request):
    draft = version_lines.draft_of(request.scope.alliance)
    crumbs = [(HOME, reverse("version_list")), (CRUMBS, None)]
    if draft is None:
        return render(request, "formulary/version_begin.html", _begin(request) | {"crumbs": crumbs})
    context = {
        "version": draft,
        "details": DraftDetails(initial=vars(draft)),
        "amendment": Amendment(),
        "may_amend": draft.is_correction or bool(draft.imported_from),
        "applications": cleared_for(draft),
        "rows": version_lines.differences(draft.based_on, draft),
        "checked": version_checks.obstacles(draft),
        "size": draft.entries.count(),
        "crumbs": crumbs,
    }
    return render(request, "formulary/version_draft.html", context)


@requires(Permission.PUBLISH_FORMULARY)
@require_POST
def version_draft_begin(request):
    form = NewDraft(request.POST)
    if not form.is_valid():
        return render(request, "formulary/version_begin.html", _begin(request, new=form), status=422)
    given = {"effective_from": form.cleaned_data["effective_from"], **_who(request)}
    return _tried(request, lambda: versions.draft_next(request.scope.alliance, **given), "已起草")


@requires(Permission.PUBLISH_FORMULARY)
@require_POST
def version_draft_correct(request):
    form = NewCorrection(request.POST, versions=version_lines.published(request.scope.alliance))
    if not form.is_valid():
        return render(request, "formulary/version_begin.html", _begin(request, correction=form), status=422)
    given = form.cleaned_data
    asked = {"wrong": given["wrong"], "effective_from": given["effective_from"], **_who(request)}
    return _tried(request, lambda: versions.draft_correction(given["base"], **asked), "已起草更正版，请逐条改正")


@requires(Permission.PUBLISH_FORMULARY)
@require_POST
def version_draft_take(request):
    chosen = {int(pk) for pk in request.POST.getlist("pick") if pk.isdecimal()}
    return _on_draft(request, lambda draft: versions.take(draft, chosen, **_who(request)), "已更新编入的申请")


@requires(Permission.PUBLISH_FORMULARY)
@require_POST
def version_draft_describe(request):
    form = DraftDetails(request.POST)
    if not form.is_valid():
        return _complained(request, form)
    return _on_draft(request, lambda draft: versions.describe(draft, **form.cleaned_data, **_who(request)), "已保存")


@requires(Permission.PUBLISH_FORMULARY)
@require_POST
def version_draft_amend(request):
    form = Amendment(request.POST)
    if not form.is_valid():
        return _complained(request, form)
    drug, reason = form.cleaned_data["code"], form.cleaned_data["reason"]
    who = _who(request)
    return _on_draft(
        request, lambda draft: versions.amend(draft, drug.pk, form.line(), reason=reason, **who), f"已改正 {drug}"
    )


@requires(Permission.PUBLISH_FORMULARY)
@require_POST
def version_draft_except(request):
    key, reason = request.POST.get("key", ""), request.POST.get("reason", "")
    return _on_draft(request, lambda draft: versions.except_finding(draft, key, reason, **_who(request)), "例外已记录")


@requires(Permission.PUBLISH_FORMULARY)
@require_POST
def version_draft_discard(request):
    return _on_draft(request, lambda draft: versions.discard(draft, **_who(request)), "草案已放弃，申请仍在待发布")


@requires(Permission.PUBLISH_FORMULARY)
@require_POST
def version_draft_publish(request):
    draft = version_lines.draft_of(request.scope.alliance)
    if draft is None:
        messages.warning(request, "没有草案")
        return redirect("version_draft")
    done = f"第 {draft.number} 版已发布，{draft.effective_from} 起生效；通知已发到各机构"
    try:
        versions.publish(draft, **_who(request))
    except REFUSALS as refused:
        messages.error(request, str(refused))
        return redirect("version_draft")
    messages.success(request, done)
    return redirect("version_detail", draft.number)


def _begin(request, new=None, correction=None):
    rows = version_lines.published(request.scope.alliance)
    waiting = list(cleared_for(None, request.scope.alliance))
    return {
        "new": new or NewDraft(initial={"effective_from": next_month()}),
        "correction": correction
        or NewCorrection(versions=rows, initial={"effective_from": timezone.localdate(), "base": rows.first()}),
        "waiting": waiting,
        "has_versions": rows.exists(),
    }


def _who(request):
    return {"by": request.user, "now": timezone.now()}


def _on_draft(request, act, done):
    draft = version_lines.draft_of(request.scope.alliance)
    if draft is None:
        messages.warning(request, "没有草案，可能已由他人发布或放弃")
        return redirect("version_draft")
    return _tried(request, lambda: act(draft), done)


def _tried(request, act, done):
    try:
        act()
    except REFUSALS as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, done)
    return redirect("version_draft")


def _complained(request, form):
    for name, faults in form.errors.items():
        label = form.fields[name].label if name in form.fields else ""
        messages.error(request, f"{label}：{'；'.join(faults)}")
    return redirect("version_draft")
