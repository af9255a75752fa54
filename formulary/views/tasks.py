"""我的待办 of the first page: what waits for this person alone, most pressing first, each a click away."""

from django.db.models import Count, Q
from django.urls import reverse
from django.utils import timezone

from config.access import Permission, can
from formulary.models import Adjustment, Objection
from formulary.queries import applications, ballots, publicity, scoring
from formulary.queries.charter import charter
from formulary.rules.adjustment_life import Kind, State


def tasks(scope, person):
    """(label, note, address, icon) as rows of the panel; no panel when nothing waits."""
    found = []
    if can(person, Permission.VOTE):
        found += [*_votes(person), *_chair(scope, person), *_member(scope, person)]
    found += _returned(scope, person)
    if can(person, Permission.CHECK_PROPOSALS):
        found += [*_office(scope.alliance), *_shown(scope.alliance)]
    rows = [{"label": a, "note": b, "url": c, "icon": d} for a, b, c, d in found]
    return {"tasks": rows, "hidden": not rows}


def _votes(person):
    for item in ballots.waiting_ballots(person):
        yield f"投票：{item.title}", str(item.meeting), reverse("ballot_meeting", args=[item.meeting_id]), "vote"


def _chair(scope, person):
    for row in applications.waiting_approvals(person, scope.alliance):
        words = f"{row.number}，{row.institution.short_name}"
        yield f"批准临时使用：{row.presentation}", words, reverse("adjustment_detail", args=[row.pk]), "timer"
    for meeting in ballots.waiting_minutes(person):
        yield f"签发纪要：{meeting.title}", "签发后封存", reverse("meeting_detail", args=[meeting.pk]), "signature"


def _member(scope, person):
    declarations = ballots.waiting_declarations(person).exclude(state="voting").count()
    if declarations:
        yield f"{declarations} 个议题待声明利益关系", "表决前须全部声明", reverse("ballot_list"), "scale"
    sheets = scoring.waiting_sheets(person, scope.alliance)
    if sheets:
        yield f"{sheets} 份评分待提交", "候选药品与对照药品分别打分", reverse("score_list"), "clipboard-list"


def _returned(scope, person):
    rows = Adjustment.objects.filter(alliance=scope.alliance, applicant=person, state=State.RETURNED)
    for row in rows.select_related("presentation"):
        yield (
            f"补充申请：{row.presentation}",
            f"{row.number} 已退回",
            reverse("adjustment_detail", args=[row.pk]),
            "reply",
        )


def _office(alliance):
    """The secretary's desk: from the form check to the next version."""
    standing = Adjustment.objects.filter(alliance=alliance).aggregate(
        check=Count("pk", filter=Q(state=State.SUBMITTED) & ~Q(kind=Kind.EMERGENCY)),
        begin=Count("pk", filter=Q(state=State.SCORING, scoring=None)),
        ready=Count("pk", filter=Q(state=State.READY)),
        passed=Count("pk", filter=Q(state=State.PASSED)),
        cleared=Count("pk", filter=Q(state=State.CLEARED)),
    )
    if standing["check"]:
        yield (
            f"{standing['check']} 份申请待形式审查",
            "核对后进入评分",
            f"{reverse('adjustment_list')}?state=submitted",
            "file-check",
        )
    if standing["begin"]:
        yield f"{standing['begin']} 份申请待发起评分", "先选对照药品", reverse("score_list"), "clipboard-list"
    fewest = charter(alliance, timezone.localdate()).minimum_scorers
    full = scoring.scorings(alliance).filter(state=State.SCORING, given__gte=fewest).count()
    if full:
        yield f"{full} 份评分已够份数", "核对缺项后结束评分", reverse("score_list"), "check-check"
    if standing["ready"]:
        yield f"{standing['ready']} 份申请待上会", "列入会议议程", reverse("meeting_list"), "gavel"
    if standing["passed"]:
        yield f"{standing['passed']} 项表决通过，待公示", "发布后起算公示期", reverse("publicity_list"), "megaphone"
    if standing["cleared"]:
        yield f"{standing['cleared']} 项公示期满，待发布", "编入新版目录", reverse("version_draft"), "file-pen-line"


def _shown(alliance):
    today = timezone.localdate()
    asked = Objection.objects.filter(publicity__alliance=alliance, answered_at=None).select_related("publicity")
    for row in asked.select_related("institution"):
        words = f"{row.publicity.number}，公示至 {row.publicity.closes_on}"
        yield (
            f"答复异议：{row.institution.short_name}",
            words,
            reverse("publicity_detail", args=[row.publicity_id]),
            "reply",
        )
    for row in publicity.due_publicities(alliance, today):
        yield f"结束公示：{row.title}", f"{row.number} 已到期", reverse("publicity_detail", args=[row.pk]), "megaphone"
