"""What the formulary shows on the first page."""

from django.urls import reverse
from django.utils import timezone

from formulary import queries
from formulary.queries import meetings as meeting_queries
from formulary.queries.notices import unread
from formulary.queries.reviews import due_reviews


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


def meetings(scope):
    """The next meetings and the topics being voted on: everybody who reads governance sees them."""
    coming = meeting_queries.meetings(scope.alliance).filter(state__in=("notified", "in_session")).order_by("starts_at")
    rows = list(coming[:4])
    return {"rows": rows, "hidden": not rows}
