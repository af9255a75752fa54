"""影响测算: what one application, a set, an agenda or the draft would do."""

from django.http import Http404
from django.shortcuts import get_object_or_404, render
from django.utils import timezone

from config.access import Permission
from formulary.models import Adjustment, Meeting
from formulary.queries import consequences as queries
from formulary.queries.version_lines import draft_of
from formulary.rules.consequences import Figure
from formulary.rules.workbook import Share
from formulary.views.downloads import workbook
from formulary.views.guards import requires


@requires(Permission.SEE_GOVERNANCE)
def consequences(request):
    """?adjustment=1&adjustment=2, ?meeting=1 or ?draft=1; &file=xlsx for the workbook."""
    title, found = _asked(request)
    if request.GET.get("file"):
        return workbook(f"影响测算-{title}.xlsx", _sheets(title, found))
    query = request.GET.copy()
    query["file"] = "xlsx"
    context = {"title": title, "sheet": found, "file_query": query.urlencode(), "crumbs": [("影响测算", None)]}
    return render(request, "formulary/consequences.html", context)


def _asked(request):
    alliance, today = request.scope.alliance, timezone.localdate()
    mine = Adjustment.objects.filter(alliance=alliance).exclude(presentation=None)
    if request.GET.get("draft"):
        draft = draft_of(alliance)
        if draft is None:
            raise Http404("没有草案")
        return f"草案第 {draft.number} 版", queries.of_draft(draft, today)
    if request.GET.get("meeting", "").isdecimal():
        meeting = get_object_or_404(Meeting, alliance=alliance, pk=request.GET["meeting"])
        rows = mine.filter(agenda_items__meeting=meeting).distinct()
        return f"会议 {meeting.number} 议程", queries.of_applications(alliance, rows, today)
    chosen = [pk for pk in request.GET.getlist("adjustment") if pk.isdecimal()]
    rows = list(mine.filter(pk__in=chosen)) if chosen else []
    title = (
        f"申请 {'、'.join(row.number for row in rows[:3])}{' 等' if len(rows) > 3 else ''}" if rows else "请选择申请"
    )
    return title, queries.of_applications(alliance, rows, today)


def _sheets(title, found):
    rows = [
        (one.label, _cell(one, one.before), _cell(one, one.after), _cell(one, one.change), _target(one), one.how)
        for one in found.figures
    ]
    sheets = {"影响测算": (("项目", "之前", "之后", "变化", "目标", "算法"), rows)}
    for one in found.figures:
        if one.rows:
            sheets[one.label.replace("×", "与")[:31]] = (one.header, one.rows)
    facts = [("对象", title), ("测算日", found.on.isoformat())]
    facts += [("未能计入", words) for words in found.left_out]
    return sheets | {"说明": (("项目", "内容"), facts)}


def _cell(one: Figure, value):
    return Share(float(value)) if one.unit == "share" and value is not None else value


def _target(one: Figure):
    return Share(one.target) if one.target is not None else ""
