"""The web shell: which menu a person sees, what its counters say, who is signed in.

Imports no app: counters are named by dotted path and found when a page is drawn.
"""

import logging
from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import SimpleLazyObject
from django.utils.module_loading import import_string

from config.access import ROLES, Permission, Role, can

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Item:
    """One line of the menu. `counter` names a callable (person) -> int; 0 shows no badge."""

    label: str
    icon: str
    url_name: str
    permission: Permission | None
    counter: str = ""


@dataclass(frozen=True)
class Group:
    label: str
    items: tuple[Item, ...]


P = Permission
ROOMY = 14
"""A menu of so many lines is shown whole; a longer one opens the group in use, and what its reader opened."""
BELL = Item("通知", "bell", "notice_list", P.SEE_ALERTS, "shortage.queries.unread_notice_count")
NAVIGATION: tuple[Group, ...] = (
    Group(
        "工作台",
        (
            Item("我的工作台", "layout-dashboard", "home", P.SEE_HOME),
            Item("任务", "list-checks", "job_list", P.SEE_JOBS),
        ),
    ),
    Group(
        "目录",
        (
            Item("药品与状态", "pill", "drug_list", P.SEE_DRUGS),
            Item("政策目录", "library", "list_index", P.SEE_DRUGS),
            Item(
                "目录版本",
                "book-copy",
                "version_list",
                P.SEE_FORMULARY,
                "formulary.queries.notices.unread_notices_of",
            ),
            Item("在用目录", "book-open-check", "version_current", P.SEE_FORMULARY),
            Item(
                "机构目录",
                "building-2",
                "subset_list",
                P.SEE_FORMULARY,
                "formulary.queries.subsets.open_proposal_count",
            ),
            Item(
                "复评", "calendar-clock", "review_list", P.SEE_GOVERNANCE, "formulary.queries.reviews.due_review_count"
            ),
            Item("基药考核", "chart-no-axes-column", "assessment_list", P.SEE_GOVERNANCE),
            Item(
                "公示",
                "megaphone",
                "publicity_list",
                P.SEE_GOVERNANCE,
                "formulary.queries.publicity.open_objection_count",
            ),
            Item(
                "调整线索",
                "lightbulb",
                "suggestion_list",
                P.SEE_GOVERNANCE,
                "formulary.queries.open_suggestion_count",
            ),
            Item(
                "名称匹配待审",
                "git-compare",
                "match_list",
                P.DECIDE_MATCHES,
                "formulary.queries.pending_match_count",
            ),
        ),
    ),
    Group(
        "药事会",
        (
            Item(
                "调整申请",
                "file-pen-line",
                "adjustment_list",
                P.SEE_GOVERNANCE,
                "formulary.queries.applications.waiting_application_count",
            ),
            Item("评分", "clipboard-list", "score_list", P.SEE_GOVERNANCE, "formulary.queries.scoring.waiting_count"),
            Item("会议", "gavel", "meeting_list", P.SEE_GOVERNANCE),
            Item("我的会议", "vote", "ballot_list", P.VOTE, "formulary.queries.ballots.waiting_count"),
            Item("药事委员会", "users-round", "committee_index", P.SEE_GOVERNANCE),
        ),
    ),
    Group(
        "短缺",
        (
            Item("预警", "bell-ring", "alert_list", P.SEE_ALERTS, "shortage.queries.open_alert_count"),
            Item("处置措施", "clipboard-check", "measure_list", P.SEE_ALERTS),
            Item("短缺专案", "folder-open", "case_list", P.SEE_ALERTS),
            Item(
                "短缺周报", "calendar-check", "status_list", P.SEE_ALERTS, "shortage.queries.status.status_duty_count"
            ),
            Item(
                "缺药登记",
                "clipboard-list",
                "request_list",
                P.SEE_GOVERNANCE,
                "formulary.queries.drug_requests.waiting_request_count",
            ),
            Item("暴发期", "activity", "outbreak_list", P.SEE_ALERTS),
            Item("预警效果", "target", "foresight", P.SEE_ALERTS),
        ),
    ),
    Group(
        "调配",
        (
            Item(
                "调剂", "arrow-left-right", "transfer_list", P.SEE_TRANSFERS, "shortage.queries.waiting_transfer_count"
            ),
            Item("调剂建议", "route", "balance_list", P.SEE_TRANSFERS),
            Item("储备", "archive", "reserve_list", P.SEE_STOCK, "shortage.queries.transfers.release_duty_count"),
            Item(
                "中心药房",
                "warehouse",
                "central_stock",
                P.SEE_TRANSFERS,
                "shortage.queries.runs.waiting_run_count",
            ),
        ),
    ),
    Group(
        "库存",
        (
            Item("库存总览", "boxes", "stock_list", P.SEE_STOCK),
            Item("补货线", "package-check", "stock_reorder", P.SEE_STOCK),
            Item("近效期", "calendar-clock", "expiry_list", P.SEE_STOCK),
            Item(
                "数据核对",
                "clipboard-check",
                "finding_list",
                P.SEE_STOCK,
                "shortage.queries.quality.open_finding_count",
            ),
            Item("导入库存与用量", "upload", "stock_import", P.IMPORT_STOCK),
        ),
    ),
    Group(
        "采购",
        (
            Item("采购轮次", "refresh-cw", "round_list", P.SEE_PLANS, "procurement.queries.round_duty_count"),
            Item("采购计划", "shopping-cart", "plan_list", P.SEE_PLANS),
            Item("情景测算", "flask-conical", "study_list", P.RUN_PLANS),
            Item("采购订单", "truck", "order_list", P.SEE_PLANS),
            Item("带量采购", "handshake", "tender_list", P.SEE_PLANS),
            Item("价格", "tag", "price_list", P.SEE_PLANS),
            Item(
                "价格个案",
                "folder-search",
                "pricecase_list",
                P.SEE_PLANS,
                "procurement.queries.price_cases.case_duty_count",
            ),
            Item("供应商评价", "star", "supplier_list", P.SEE_PLANS),
            Item(
                "采购会商",
                "users",
                "consultation_list",
                P.SEE_PLANS,
                "procurement.queries.consultations.decision_duty_count",
            ),
            Item("货款", "receipt-text", "payable_list", P.SEE_PLANS),
        ),
    ),
    Group(
        "系统",
        (
            Item("操作记录", "history", "history_list", P.SEE_HISTORY),
            Item("帮助", "circle-question-mark", "help", None),
            Item("通知渠道", "megaphone", "channel_list", P.ADMINISTER),
            Item("系统管理", "settings", "admin:index", P.ADMINISTER),
        ),
    ),
)


def shell(request: HttpRequest) -> dict:
    """Context processor. Lazy, so that fragments which draw no menu pay nothing for it."""
    return {"shell": SimpleLazyObject(lambda: _shell(request))}


def _shell(request: HttpRequest) -> dict:
    person = getattr(request, "user", None)
    if person is None or not person.is_authenticated:
        return {"groups": [], "person": None, "search_url": "", "bell": None}
    names = [item.url_name for group in NAVIGATION for item in group.items]
    active = active_name(getattr(request.resolver_match, "view_name", ""), names)
    groups = [
        {"label": group.label, "links": links} for group in NAVIGATION if (links := _links(group, person, active))
    ]
    short = sum(len(group["links"]) for group in groups) <= ROOMY
    for position, group in enumerate(groups):
        group["open"] = short or position == 0 or any(link["active"] for link in group["links"])
        group["count"] = sum(link["count"] for link in group["links"])
    return {
        "groups": groups,
        "person": _who(person),
        "search_url": _url("drug_list") if can(person, P.SEE_DRUGS) else "",
        "deputy_url": _url("deputy_list") if can(person, P.SEE_GOVERNANCE) else "",
        "bell": next(iter(_links(Group("", (BELL,)), person, "")), None),
    }


def _links(group: Group, person, active: str) -> list[dict]:
    return [
        {
            "label": item.label,
            "icon": item.icon,
            "url": _url(item.url_name),
            "active": item.url_name == active,
            "count": _count(item.counter, person),
        }
        for item in group.items
        if item.permission is None or can(person, item.permission)
    ]


def active_name(view_name: str, names: list[str]) -> str:
    """The menu line a page belongs to: its own, the one it continues (stock_import_detail → stock_import), else the
    first with the same noun (alert_detail → alert_list)."""
    own = [name for name in names if view_name == name or view_name.startswith(f"{name}_")]
    if own:
        return max(own, key=len)
    noun = view_name.split("_")[0]
    return next((name for name in names if noun and name.split("_")[0] == noun), "")


def _url(name: str) -> str:
    """A line whose page is missing is drawn as switched off and logged; tests hold that there is none."""
    try:
        return reverse(name)
    except NoReverseMatch:
        logger.error("menu line %s has no page", name)
        return ""


def _count(path: str, person) -> int:
    if not path:
        return 0
    try:
        counter = import_string(path)
    except ImportError:
        logger.error("menu counter %s does not exist", path)
        return 0
    return counter(person)


def _who(person) -> dict:
    """Name, roles in words, and where: the institution, or the alliance for roles that reach all of it."""
    rows = person.active_memberships
    places = dict.fromkeys(str(row.institution or row.alliance) for row in rows)
    roles = dict.fromkeys(ROLES[Role(row.role)].label for row in rows)
    name = str(person)
    return {"name": name, "initial": name[:1], "roles": "、".join(roles), "places": "、".join(places)}
