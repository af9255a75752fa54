"""The minutes: text typed in, a draft at any time, the chair's signature, the signed file."""

from django.contrib import messages
from django.http import FileResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from config.access import Permission
from formulary.actions import minutes as actions
from formulary.queries.minutes import minutes_of
from formulary.rules import meeting_docx
from formulary.rules.meeting_life import MeetingRefused
from formulary.views.guards import requires
from formulary.views.meetings import DOCX, docx_answer, meeting_of


@requires(Permission.SEE_GOVERNANCE)
def minutes_file(request, pk):
    """The signed file as it was signed; before that a draft that says so."""
    meeting = meeting_of(request, pk)
    paper = meeting.papers.filter(kind="minutes").first()
    if paper is not None:
        return FileResponse(paper.file.open("rb"), as_attachment=True, filename=paper.name, content_type=DOCX)
    name = f"会议纪要（草稿） {meeting.number} {meeting.title}.docx"
    return docx_answer(meeting_docx.minutes(minutes_of(meeting)), name)


@requires(Permission.RUN_MEETINGS)
@require_POST
def minutes_summary(request, pk):
    meeting = meeting_of(request, pk)
    try:
        actions.write_summary(meeting, request.POST.get("text", ""), by=request.user, now=timezone.now())
    except MeetingRefused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, "已写入纪要")
    return redirect("meeting_detail", pk)


@requires(Permission.VOTE)
@require_POST
def minutes_sign(request, pk):
    meeting = meeting_of(request, pk)
    try:
        paper = actions.sign(meeting, by=request.user, now=timezone.now())
    except MeetingRefused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, f"纪要已签发并封存，保存至 {paper.keep_until}")
    return redirect("meeting_detail", pk)
