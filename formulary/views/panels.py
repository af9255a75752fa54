"""What the formulary shows on the first page."""

from django.urls import reverse
from django.utils import timezone

from formulary import queries
from formulary.actions.minutes import may_sign
from formulary.models import Adjustment
from formulary.queries import ballots as ballot_queries
from formulary.queries import meetings as meeting_queries
from formulary.queries import scoring as scoring_queries
from formulary.queries.applications import waiting_application_count
from formulary.queries.notices import unconfirmed_run_downs, unread
from formulary.queries.publicity import open_objection_count
from formulary.queries.reviews import due_reviews
from formulary.rules.adjustment_life import State


def formulary(scope):
    version = queries.version_in_force(scope.alliance, timezone.localdate())
    if version is None:
        return {"version": None}
    counts = queries.entry_counts(version)
    kpi = {
        "label": "在用目录品规",
        "value": counts["total"],
        "unit": "个",
        "note": f"第 {version.number} 版，{version.effective_from} 起",
        "url": reverse("version_current"),
        "icon": "book-open-check",
    }
    return {"version": version, "counts": counts, "kpis": [kpi], "hidden": True}


def matches(_scope):
    waiting = queries.pending_match_count()
    kpi = {
        "label": "名称匹配待审",
        "value": waiting,
        "unit": "条",
        "note": "政策目录中尚未对应到品种的名称",
        "url": reverse("match_list"),
        "icon": "git-compare",
        "tone": "orange" if waiting else "",
    }
    return {"waiting": waiting, "kpis": [kpi], "hidden": True}


def suggestions(scope):
    """What the system found that should move the list, by trigger."""
    found = queries.open_by_trigger(scope)
    url = reverse("suggestion_list")
    rows = [{"label": t.label, "count": count, "url": f"{url}?trigger={t}"} for t, count in found]
    return {"rows": rows, "total": sum(count for _, count in found), "url": url}


def reviews(scope):
    """Entries whose trial is over or whose review day has come."""
    due = due_reviews(scope, timezone.localdate())
    return {"due": due[:5], "total": len(due), "hidden": not due}


def history(scope):
    return {"events": queries.events(scope)[:6]}


def administration(_scope):
    """What an administrator does most, one click away."""
    links = [
        ("账号", "新增人员、停用、重设密码", "admin:formulary_person_changelist", "users"),
        ("任职", "谁在哪个机构担任什么角色，何时起止", "admin:formulary_membership_changelist", "key-round"),
        ("供货报价", "价格、集采状态与起止日", "admin:procurement_offer_changelist", "shopping-cart"),
        ("政策目录导入", "基药、医保、集采与短缺清单，先预览后写入", "admin:formulary_listentry_import", "upload"),
        ("产品导入", "品规的企业、包装与医保编码", "admin:formulary_product_import", "package"),
        ("规则值", "阈值、比例与提前量，按日期生效", "admin:formulary_rulevalue_changelist", "sliders-horizontal"),
    ]
    return {"links": [{"label": a, "note": b, "url": reverse(c), "icon": d} for a, b, c, d in links]}


def version_notices(scope):
    """Versions that nobody of the person's institutions has confirmed to have read; no panel when there are none."""
    rows = list(unread(scope.institution_ids)[:6])
    return {"rows": rows, "hidden": not rows}


def member_tasks(scope, person):
    """What waits for a member: ballots first, then declarations, then sheets."""
    voting = ballot_queries.waiting_ballots(person)
    tasks = [
        (f"投票：{item.title}", str(item.meeting), reverse("ballot_meeting", args=[item.meeting_id]), "vote")
        for item in voting
    ]
    declarations = ballot_queries.waiting_declarations(person).exclude(state="voting").count()
    if declarations:
        tasks.append((f"{declarations} 个议题待声明利益关系", "表决前须全部声明", reverse("ballot_list"), "scale"))
    sheets = scoring_queries.waiting_sheets(person, scope.alliance)
    if sheets:
        tasks.append((f"{sheets} 份评分待提交", "候选药品与对照药品分别打分", reverse("score_list"), "clipboard-list"))
    tasks += [
        (f"签发纪要：{row.title}", row.number, reverse("meeting_detail", args=[row.pk]), "pen-line")
        for row in meeting_queries.meetings(scope.alliance).filter(state="closed", attendances__seat__person=person)
        if may_sign(row, person)
    ]
    return _tasks(tasks)


def office_tasks(scope, person):
    """What waits for the secretary on the way from an application to a version."""
    listed, shown = reverse("adjustment_list"), reverse("publicity_list")
    mine = Adjustment.objects.filter(alliance=scope.alliance)
    counted = (
        (waiting_application_count(person), "件申请待形式审查或补充", "核对资料与规则", listed, "file-check"),
        (mine.filter(state=State.SCORING, scoring=None).count(), "件申请待发起评分", "选定评分表与对照药品", reverse("score_list"), "clipboard-list"),
        (open_objection_count(person), "条异议待答复", "公示期满前逐条答复", shown, "message-square"),
        (mine.filter(state=State.PASSED).count(), "件已通过的申请待公示", "表决后发布公示", shown, "megaphone"),
        (mine.filter(state=State.CLEARED, changes=None).count(), "件申请待编入新版本", "公示期满、无未决异议", reverse("version_draft"), "layers"),
    )  # fmt: skip
    return _tasks(
        [(f"{count} {label}", note, url, icon) for count, label, note, url, icon in counted if count], "办公室待办"
    )


def place_tasks(scope):
    """What a version asks of an institution after its notice: what becomes of the stock that left the list."""
    tasks = [
        (
            f"{count} 项调出品规消化待确认",
            f"第 {number} 版",
            reverse("version_run_down", args=[number]),
            "package-minus",
        )
        for number, count in unconfirmed_run_downs(scope.institution_ids)
    ]
    return _tasks(tasks, "本机构待办")


def _tasks(tasks, title="我的待办"):
    rows = [{"label": a, "note": b, "url": c, "icon": d} for a, b, c, d in tasks]
    return {"tasks": rows, "title": title, "hidden": not rows}


def meetings(scope):
    """The next meetings and the topics being voted on: everybody who reads governance sees them."""
    coming = meeting_queries.meetings(scope.alliance).filter(state__in=("notified", "in_session")).order_by("starts_at")
    rows = list(coming[:4])
    return {"rows": rows, "hidden": not rows}
