"""Topics of a meeting: put on, ordered, voted, recorded."""

from django.contrib import messages
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from config.access import Permission, can
from formulary.actions import agenda, attendance, ballots
from formulary.actions import minutes as minutes_actions
from formulary.meeting_forms import ConditionsForm, ItemMinutesForm, ReasonForm, TopicForm
from formulary.models import Adjustment, AgendaItem, Attendance
from formulary.queries.desk import desk
from formulary.queries.minutes import conditions_words
from formulary.rules import meeting_life, voting
from formulary.rules.adjustment_life import MoveRefused
from formulary.rules.meeting_life import MeetingRefused, Verb
from formulary.rules.voting import VoteRefused
from formulary.views.guards import requires
from formulary.views.meetings import crumbs_of, meeting_of

REFUSALS = (MeetingRefused, VoteRefused, MoveRefused)
SIMPLE = {
    "open": (ballots.open_vote, "已开始表决，请委员在手机上投票"),
    "count": (ballots.close_vote, ""),
    "up": (agenda.move_up, ""),
    "remove": (agenda.remove, "已移出议程"),
}
WITH_WORDS = {"defer": ballots.defer, "note": ballots.note}


@requires(Permission.RUN_MEETINGS)
@require_POST
def agenda_add(request, pk):
    """An application by its number, or another topic by its words."""
    meeting = meeting_of(request, pk)
    given = {"by": request.user, "now": timezone.now()}
    try:
        if "adjustment" in request.POST:
            key = request.POST["adjustment"]
            wanted = get_object_or_404(Adjustment, pk=key if key.isdecimal() else 0, alliance=request.scope.alliance)
            agenda.add_application(meeting, wanted, **given)
        else:
            form = TopicForm(request.POST)
            form.is_valid()
            title = form.cleaned_data.get("title", "")
            agenda.add_topic(meeting, title, balloted=bool(form.cleaned_data["balloted"]), **given)
    except REFUSALS as refused:
        messages.error(request, str(refused))
    return redirect("meeting_detail", pk)


@requires(Permission.SEE_GOVERNANCE)
def agenda_item(request, pk):
    return _page(request, item_of(request, pk))


@requires(Permission.RUN_MEETINGS)
@require_POST
def agenda_act(request, pk, verb):
    """open, count, up, remove, defer, note; a refusal is told in words on the page it came from."""
    item = item_of(request, pk)
    given = {"by": request.user, "now": timezone.now()}
    try:
        if verb in WITH_WORDS:
            WITH_WORDS[verb](item, request.POST.get("reason", ""), **given)
        elif verb in SIMPLE:
            SIMPLE[verb][0](item, **given)
        else:
            raise Http404("没有这种操作")
    except REFUSALS as refused:
        messages.error(request, str(refused))
    else:
        _tell(request, item, verb)
    return redirect("meeting_detail", item.meeting_id)


@requires(Permission.RUN_MEETINGS)
@require_POST
def agenda_conditions(request, pk):
    item = item_of(request, pk)
    form = ConditionsForm(request.POST, auto_id="conditions_%s")
    if form.is_valid():
        try:
            agenda.set_conditions(item, form.cleaned_data, by=request.user, now=timezone.now())
        except REFUSALS as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, "通过条件已写入议题，将与议题一并表决")
            return redirect("meeting_topic", pk)
    return _page(request, item, conditions_form=form, status=422)


@requires(Permission.RUN_MEETINGS)
@require_POST
def agenda_minutes(request, pk):
    item = item_of(request, pk)
    form = ItemMinutesForm(request.POST, auto_id="minutes_%s")
    if form.is_valid():
        try:
            minutes_actions.write_item(item, **form.cleaned_data, by=request.user, now=timezone.now())
        except REFUSALS as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, "已写入纪要")
            return redirect("meeting_topic", pk)
    return _page(request, item, minutes_form=form, status=422)


@requires(Permission.RUN_MEETINGS)
@require_POST
def attendance_mark(request, pk, verb):
    rows = Attendance.objects.select_related("meeting", "seat__person")
    row = get_object_or_404(rows, pk=pk, meeting__alliance=request.scope.alliance)
    if verb not in attendance.MOVES:
        raise Http404("没有这种操作")
    try:
        attendance.mark(row, verb, by=request.user, now=timezone.now())
    except MeetingRefused as refused:
        messages.error(request, str(refused))
    return redirect("meeting_detail", row.meeting_id)


def item_of(request, pk):
    rows = AgendaItem.objects.select_related("meeting__body", "meeting__alliance", "adjustment__presentation")
    return get_object_or_404(rows, pk=pk, meeting__alliance=request.scope.alliance)


def _page(request, item, *, conditions_form=None, minutes_form=None, status=200):
    meeting = item.meeting
    may = meeting_life.possible(meeting.state) if can(request.user, Permission.RUN_MEETINGS) else frozenset()
    pending = item.state == AgendaItem.State.PENDING
    said = meeting.minutes.get("items", {}).get(str(item.pk), {})
    boxes = [box for box in item.boxes.order_by("round") if box.seal]
    context = {
        "item": item,
        "meeting": meeting,
        "row": next(row for row in desk(meeting).rows if row.item.pk == item.pk),
        "conditions": conditions_words(item.conditions),
        "declarations": item.declarations.select_related("seat__person", "by"),
        "opinions": [one for box in boxes for one in voting.opinions(box.ballots)],
        "may_vote": Verb.VOTE in may and pending,
        "reason_form": ReasonForm(auto_id="reason_%s"),
        "conditions_form": conditions_form
        or (
            ConditionsForm(initial=item.conditions, auto_id="conditions_%s")
            if Verb.ARRANGE in may and pending
            else None
        ),
        "minutes_form": minutes_form
        or (ItemMinutesForm(initial=said, auto_id="minutes_%s") if Verb.WRITE in may else None),
        "said": said,
        "crumbs": crumbs_of(meeting, f"议题 {item.position}"),
    }
    return render(request, "formulary/meeting_topic.html", context, status=status)


def _tell(request, item, verb):
    """What became of the topic, in its own words."""
    if verb in SIMPLE and SIMPLE[verb][1]:
        messages.success(request, SIMPLE[verb][1])
    elif item.state == AgendaItem.State.DECIDED:
        messages.success(request, f"{item.title}：{item.get_outcome_display()}。{item.tally['words']}")
    elif verb == "count":
        messages.warning(request, f"{item.title}：{item.tally['rounds'][-1]['words']}")
