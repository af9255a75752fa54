"""A member's own pages, made for a phone: attend, declare, vote, check a receipt."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from config.access import Permission
from formulary.actions import attendance, ballots, declarations
from formulary.meeting_forms import BallotForm, DeclarationForm, ReceiptForm
from formulary.models import AgendaItem, Attendance, MeetingState
from formulary.queries import ballots as queries
from formulary.queries.desk import desk
from formulary.queries.meetings import meetings_of
from formulary.queries.minutes import conditions_words
from formulary.rules.meeting_life import MeetingRefused
from formulary.rules.voting import Choice, VoteRefused
from formulary.views.guards import requires

HOME = "我的会议"
S = AgendaItem.State


@requires(Permission.VOTE)
def ballot_list(request):
    rows = list(meetings_of(request.user, request.scope.alliance)[:30])
    live = [row for row in rows if row.state in (MeetingState.NOTIFIED, MeetingState.IN_SESSION)]
    context = {
        "live": sorted(live, key=lambda row: row.starts_at),
        "past": [row for row in rows if row not in live],
        "declarations": queries.waiting_declarations(request.user).count(),
        "ballots": queries.waiting_ballots(request.user),
    }
    return render(request, "formulary/ballot_list.html", context)


@requires(Permission.VOTE)
def ballot_meeting(request, pk):
    return _page(request, _attendance(request, pk))


@requires(Permission.VOTE)
def ballot_live(request, pk):
    """The polled head; the whole page is asked for again when a vote opens or ends."""
    mine = _attendance(request, pk)
    context = _head(mine)
    response = render(request, "formulary/_ballot_head.html", context)
    if request.GET.get("stamp") != context["stamp"]:
        response["HX-Refresh"] = "true"
    return response


@requires(Permission.VOTE)
@require_POST
def ballot_attend(request, pk, verb):
    mine = _attendance(request, pk)
    if verb not in attendance.MOVES:
        raise Http404("没有这种操作")
    return _told(request, pk, lambda given: attendance.mark(mine, verb, **given))


@requires(Permission.VOTE)
@require_POST
def ballot_declare(request, pk):
    item = _item(request, pk)
    form = DeclarationForm(request.POST)
    form.is_valid()
    mine = _attendance(request, item.meeting_id)
    return _told(
        request, item.meeting_id, lambda given: declarations.declare(item, mine.seat, **form.cleaned_data, **given)
    )


@requires(Permission.VOTE)
@require_POST
def ballot_declare_none(request, pk):
    mine = _attendance(request, pk)
    items = mine.meeting.items.select_related("adjustment__presentation", "meeting__body", "meeting__alliance")
    return _told(request, pk, lambda given: declarations.declare_none(items, mine.seat, **given))


@requires(Permission.VOTE)
@require_POST
@never_cache
def ballot_cast(request, pk):
    """The receipt is in this answer and nowhere else: no session, no redirect, no cache keeps it."""
    item = _item(request, pk)
    mine = _attendance(request, item.meeting_id)
    form = BallotForm(request.POST, auto_id=f"ballot_{item.pk}_%s")
    if not form.is_valid():
        return _page(request, mine, bound={item.pk: form}, status=422)
    try:
        receipt = ballots.cast(item, **form.cleaned_data, by=request.user, now=timezone.now())
    except (VoteRefused, MeetingRefused) as refused:
        form.add_error(None, str(refused))
        return _page(request, mine, bound={item.pk: form}, refused=str(refused), status=409)
    context = {"item": item, "receipt": receipt, "crumbs": _crumbs(mine.meeting, "已投票")}
    return render(request, "formulary/ballot_cast.html", context)


@requires(Permission.VOTE)
@never_cache
def ballot_receipt(request):
    form = ReceiptForm(request.POST or None)
    found, asked = None, form.is_bound and form.is_valid()
    if asked:
        found = queries.find_receipt(request.scope.alliance, form.cleaned_data["receipt"])
    context = {
        "form": form,
        "asked": asked,
        "found": found,
        "choice": Choice(found.ballot["choice"]).label if found and found.ballot else "",
        "crumbs": [(HOME, reverse("ballot_list")), ("核对回执", None)],
    }
    return render(request, "formulary/ballot_receipt.html", context, status=422 if form.errors else 200)


def _page(request, mine, *, bound=None, refused="", status=200):
    head = _head(mine)
    seen = [_seen(row, mine, bound or {}) for row in head["desk"].rows]
    context = {
        **head,
        "topics": sorted(seen, key=lambda one: not one["votes_now"]),
        "undeclared": sum(one["declares"] and not one["own"] and not one["declared"] for one in seen),
        "refused": refused,
        "crumbs": _crumbs(mine.meeting, None),
    }
    return render(request, "formulary/ballot_meeting.html", context, status=status)


def _seen(row, mine, bound):
    """One topic as this member meets it."""
    item, votes = row.item, mine.seat.votes
    said = next((one for one in item.declarations.all() if one.seat_id == mine.seat_id), None)
    voted = any(mark.seat_id == mine.seat_id and mark.round == item.round for mark in item.marks.all())
    open_now = item.state == S.VOTING and votes and mine.state == Attendance.State.PRESENT
    may_cast = open_now and not voted and said is not None and not said.recused
    return {
        "row": row,
        "item": item,
        "conditions": conditions_words(item.conditions),
        "said": said,
        "declared": said is not None,
        "declares": votes and item.balloted and item.state != S.DECIDED and not voted and mine.is_live,
        "own": item.adjustment is not None and item.adjustment.applicant_id == mine.seat.person_id,
        "voted": voted and item.state == S.VOTING,
        "votes_now": open_now and not voted,
        "form": bound.get(item.pk) or BallotForm(auto_id=f"ballot_{item.pk}_%s") if may_cast else None,
    }


def _head(mine):
    shown = desk(mine.meeting)
    stamp = ".".join(f"{row.item.pk}-{row.item.state}-{row.item.round}" for row in shown.rows)
    return {
        "mine": mine,
        "meeting": mine.meeting,
        "desk": shown,
        "stamp": f"{mine.meeting.state}.{mine.state}.{stamp}",
        "live": mine.is_live,
    }


def _attendance(request, pk):
    rows = Attendance.objects.select_related("meeting__body", "meeting__alliance", "seat__person")
    rows = rows.exclude(meeting__state=MeetingState.PLANNED)
    mine = get_object_or_404(rows, meeting=pk, seat__person=request.user, meeting__alliance=request.scope.alliance)
    mine.is_live = mine.meeting.state in (MeetingState.NOTIFIED, MeetingState.IN_SESSION)
    return mine


def _item(request, pk):
    rows = AgendaItem.objects.select_related("meeting__body", "meeting__alliance", "adjustment__presentation")
    return get_object_or_404(rows, pk=pk, meeting__alliance=request.scope.alliance)


def _told(request, pk, act) -> HttpResponse:
    try:
        act({"by": request.user, "now": timezone.now()})
    except (VoteRefused, MeetingRefused) as refused:
        messages.error(request, str(refused))
    return redirect("ballot_meeting", pk)


def _crumbs(meeting, words):
    crumbs = [(HOME, reverse("ballot_list")), (meeting.number, reverse("ballot_meeting", args=[meeting.pk]))]
    return [*crumbs, (words, None)] if words else [crumbs[0], (meeting.number, None)]
