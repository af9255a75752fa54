"""Meetings: the list, the plan, and the desk from which the secretary runs one."""

from urllib.parse import quote

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from config.access import Permission, can
from formulary.actions import meetings as actions
from formulary.meeting_forms import MeetingForm, ReasonForm, SummaryForm, TopicForm
from formulary.models import Meeting, MeetingState
from formulary.queries import meetings as queries
from formulary.queries.desk import desk
from formulary.queries.minutes import notice_of
from formulary.queries.seals import verify_meeting
from formulary.rules import meeting_docx, meeting_life
from formulary.rules.meeting_life import MeetingRefused, Verb
from formulary.views.guards import requires

HOME = "会议"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
TONES = {"planned": "gray", "notified": "blue", "in_session": "orange", "closed": "teal", "signed": "green"}
STEPS = (
    MeetingState.PLANNED, MeetingState.NOTIFIED, MeetingState.IN_SESSION, MeetingState.CLOSED, MeetingState.SIGNED,
)  # fmt: skip
ACTS = {"notify": actions.notify, "open": actions.open_meeting, "close": actions.close}


@requires(Permission.SEE_GOVERNANCE)
def meeting_list(request):
    page = Paginator(queries.meetings(request.scope.alliance), 20).get_page(request.GET.get("page"))
    for meeting in page:
        meeting.tone = TONES.get(meeting.state, "gray")
    context = {"page": page, "may_run": can(request.user, Permission.RUN_MEETINGS)}
    return render(request, "formulary/meeting_list.html", context)


@requires(Permission.RUN_MEETINGS)
def meeting_new(request):
    bodies = queries.bodies(request.scope.alliance)
    form = MeetingForm(request.POST or None, bodies=bodies, initial={"body": bodies.filter(kind="committee").first()})
    if request.method == "POST" and form.is_valid():
        try:
            meeting = actions.plan(**form.cleaned_data, by=request.user, now=timezone.now())
        except MeetingRefused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, f"已建立会议 {meeting.number}，请列入议题")
            return redirect("meeting_detail", meeting.pk)
    crumbs = [(HOME, reverse("meeting_list")), ("筹备会议", None)]
    context = {"form": form, "crumbs": crumbs, "bodies": bodies}
    return render(request, "formulary/meeting_new.html", context, status=422 if form.errors else 200)


@requires(Permission.RUN_MEETINGS)
def meeting_edit(request, pk):
    meeting = meeting_of(request, pk)
    given = {name: getattr(meeting, name) for name in actions.PLANNED_FIELDS}
    form = MeetingForm(request.POST or None, bodies=None, initial=given)
    if request.method == "POST" and form.is_valid():
        try:
            actions.edit(meeting, form.cleaned_data, by=request.user, now=timezone.now())
        except MeetingRefused as refused:
            form.add_error(None, str(refused))
        else:
            return redirect("meeting_detail", pk)
    context = {"form": form, "meeting": meeting, "crumbs": crumbs_of(meeting, "修改")}
    return render(request, "formulary/meeting_new.html", context, status=422 if form.errors else 200)


@requires(Permission.SEE_GOVERNANCE)
def meeting_detail(request, pk):
    meeting = meeting_of(request, pk)
    may_run = can(request.user, Permission.RUN_MEETINGS)
    possible = meeting_life.possible(meeting.state)
    shown = _desk_context(request, meeting)
    context = {
        **shown,
        "applications": any(row.item.adjustment_id for row in shown["desk"].rows),
        "steps": _steps(meeting),
        "topic_form": TopicForm(),
        "cancel_form": ReasonForm(auto_id="cancel_%s"),
        "summary_form": SummaryForm(initial={"text": meeting.minutes.get("summary", "")}, auto_id="summary_%s"),
        "waiting": queries.may_be_discussed(meeting) if may_run and Verb.ARRANGE in possible else [],
        "may_sign": Verb.SIGN in possible and queries.may_sign(meeting, request.user),
        "paper": meeting.papers.filter(kind="minutes").first(),
        "crumbs": [(HOME, reverse("meeting_list")), (meeting.number, None)],
    }
    return render(request, "formulary/meeting_detail.html", context)


@requires(Permission.SEE_GOVERNANCE)
def meeting_desk(request, pk):
    """The polled part; nothing (204) while nothing changed, the whole page when the meeting moved on."""
    meeting = meeting_of(request, pk)
    context = _desk_context(request, meeting)
    if request.GET.get("stamp") == context["desk"].stamp:
        return HttpResponse(status=204)
    response = render(request, "formulary/_meeting_desk.html", context)
    if request.GET.get("state") != meeting.state:
        response["HX-Refresh"] = "true"
    return response


@requires(Permission.RUN_MEETINGS)
@require_POST
def meeting_act(request, pk, verb):
    meeting = meeting_of(request, pk)
    try:
        if verb == "cancel":
            actions.cancel(meeting, request.POST.get("reason", ""), by=request.user, now=timezone.now())
        elif verb in ACTS:
            ACTS[verb](meeting, by=request.user, now=timezone.now())
        else:
            raise Http404("没有这种操作")
    except MeetingRefused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, f"会议{meeting.get_state_display()}")
    return redirect("meeting_detail", pk)


@requires(Permission.SEE_GOVERNANCE)
def meeting_notice(request, pk):
    meeting = meeting_of(request, pk)
    return docx_answer(meeting_docx.notice(notice_of(meeting)), f"会议通知 {meeting.number} {meeting.title}.docx")


@requires(Permission.SEE_GOVERNANCE)
def meeting_verify(request, pk):
    meeting = meeting_of(request, pk)
    checked = verify_meeting(meeting)
    faults = [one for one in checked if one.fault]
    context = {"meeting": meeting, "checked": checked, "faults": faults, "crumbs": crumbs_of(meeting, "核验封存")}
    return render(request, "formulary/meeting_verify.html", context)


def meeting_of(request, pk):
    rows = Meeting.objects.select_related("body", "alliance", "signed_by")
    return get_object_or_404(rows, pk=pk, alliance=request.scope.alliance)


def crumbs_of(meeting, words):
    return [
        (HOME, reverse("meeting_list")),
        (meeting.number, reverse("meeting_detail", args=[meeting.pk])),
        (words, None),
    ]


def docx_answer(content, name):
    response = HttpResponse(content, content_type=DOCX)
    response["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name)}"
    return response


def _desk_context(request, meeting):
    possible = meeting_life.possible(meeting.state) if can(request.user, Permission.RUN_MEETINGS) else frozenset()
    return {
        "meeting": meeting,
        "desk": desk(meeting),
        "may": {verb.value: True for verb in possible},
        "live": meeting.state in (MeetingState.NOTIFIED, MeetingState.IN_SESSION),
        "in_session": meeting.state == MeetingState.IN_SESSION,
    }


def _steps(meeting):
    if meeting.state == MeetingState.CANCELLED:
        return [{"label": "已取消", "state": "refused"}]
    at = STEPS.index(meeting.state)
    over = meeting.state == MeetingState.SIGNED
    states = ["done" if k < at or over else "current" if k == at else "todo" for k in range(len(STEPS))]
    return [{"label": one.label, "state": state} for one, state in zip(STEPS, states, strict=True)]
