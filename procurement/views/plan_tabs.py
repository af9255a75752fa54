"""The parts of a plan's page: each tab reads only what it shows, and only within the person's reach."""

from collections.abc import Callable
from dataclasses import dataclass

from django.core.paginator import Paginator
from django.urls import reverse
from django.utils import timezone

from procurement import queries
from procurement.forms import LineFilter, UnmetFilter
from procurement.optimiser.goals import NAMES
from procurement.rules.plan_settings import PlanSettings
from procurement.views import plan_compare, plan_overview, plan_pins, plan_ways, study_page
from procurement.views.plan_names import Names, separated

PAGE = 50


@dataclass(frozen=True)
class Tab:
    """`count` names the figure of `queries.Totals` beside the label; `whole` tabs show all institutions at once."""

    key: str
    label: str
    context: Callable
    count: str = ""
    whole: bool = False

    @property
    def body(self):
        return f"procurement/_plan_{self.key}.html"

    @property
    def rows(self):
        """What a live filter gets back."""
        return f"procurement/_plan_{self.key}_rows.html"


def lines(request, plan):
    form = LineFilter(request.GET, choices=queries.line_choices(plan, request.scope))
    wanted = form.wanted()
    group = wanted.pop("group", "")
    rows = queries.lines(plan, request.scope, **wanted)
    shown = queries.grouped(rows, group) if group else rows
    page = Paginator(shown, PAGE).get_page(request.GET.get("page"))
    if not group:
        for line in page:
            line.reason = separated(line.reason)
        plan_pins.mark_lines(plan, page)
    return {"form": form, "page": page, "group": group, "amount": plan_overview.amount_of(rows)}


def unmet(request, plan):
    form = UnmetFilter(request.GET, choices=queries.unmet_choices(plan, request.scope))
    wanted = form.wanted()
    page = Paginator(queries.unmet(plan, request.scope, **wanted), PAGE).get_page(request.GET.get("page"))
    names = Names(plan)
    for row in page:
        row.reason, row.remedy = names.in_words(row.reason), names.in_words(row.remedy)
    return {"form": form, "page": page}


def agreed(request, plan):
    names = Names(plan)
    mine = {site.code for site in request.scope.institutions}
    rows = [
        row | names.product(row["product"]) | {"site": names.site(row["institution"])}
        for row in plan.commitments
        if request.scope.whole_alliance or row["institution"] in mine
    ]
    rows.sort(key=lambda row: -row["shortfall"] * row["unit_price"])
    return {"page": Paginator(rows, PAGE).get_page(request.GET.get("page"))}


def checks(_request, plan):
    names = Names(plan)
    rows = [check | {"worst": names.in_words(check["worst"])} for check in plan.checks]
    return {"broken": sum(check["broken"] for check in rows), "checks": rows}


def transfers(request, plan):
    names = Names(plan)
    mine = {site.code for site in request.scope.institutions}
    rows = [
        row
        | names.drug(row["drug"])
        | {
            "giver": names.site(row["source"]),
            "taker": names.site(row["target"]),
            "reason": names.in_words(row["reason"]),
        }
        for row in plan.transfers
        if request.scope.whole_alliance or {row["source"], row["target"]} & mine
    ]
    return {"page": Paginator(rows, PAGE).get_page(request.GET.get("page"))}


def case(_request, plan):
    settings = PlanSettings.from_json(plan.settings)
    command = (
        f"python manage.py plan 采购算例.xlsx --out 采购计划.xlsx "
        f"--time-limit {settings.time_limit} --gap {settings.gap:g} --seed {settings.seed}"
    )
    return {"settings": settings, "command": command}


TABS = (
    Tab("overview", "概览", plan_overview.overview),
    Tab("lines", "采购明细", lines, count="lines"),
    Tab("unmet", "未满足", unmet, count="unmet"),
    Tab("ways", "矛盾与出路", plan_ways.ways),
    Tab("agreed", "约定量", agreed),
    Tab("transfers", "调剂建议", transfers),
    Tab("checks", "规则核对", checks, whole=True),
    Tab("pins", "固定", plan_pins.pins),
    Tab("studies", "情景测算", study_page.tab, whole=True),
    Tab("compare", "比较", plan_compare.compare, whole=True),
    Tab("case", "算例与复算", case, whole=True),
)
FILTERED = ("lines", "unmet", "compare")


def _open_to(scope):
    return [tab for tab in TABS if scope.whole_alliance or not tab.whole]


def find(scope, key):
    """The tab of this key, or None where there is none for this person."""
    return next((tab for tab in _open_to(scope) if tab.key == key), None)


def frame(request, plan, tab):
    """Tabs with their counts; only the open one is marked."""
    totals = queries.totals(plan, request.scope)
    counted = {"ways": len(plan_ways.mine(request, plan)) or None}
    tabs = [
        {
            "label": one.label,
            "url": address(plan, one.key),
            "count": getattr(totals, one.count) if one.count else counted.get(one.key),
            "active": one is tab,
        }
        for one in _open_to(request.scope)
    ]
    return {"tabs": tabs, "body": tab.body, "tab": tab.key}


def address(plan, key):
    return reverse("plan_detail", args=[plan.pk]) if key == "overview" else reverse("plan_tab", args=[plan.pk, key])


def progress(plan):
    """The nine goals as far as they are settled, and the seconds since the start."""
    started = plan.job.started_at if plan.job else None
    settled = len(plan.goals)
    return {
        "job": plan.job,
        "settled": plan.goals,
        "open_goals": list(enumerate(NAMES[settled:], start=settled + 1)),
        "elapsed": (timezone.now() - started).total_seconds() if started else None,
        "limit": PlanSettings.from_json(plan.settings).time_limit,
    }


def add_own_figures(page, scope):
    """Puts on each plan of a list what its row shows: own sums for institutions, the summary for the alliance."""
    own = {} if scope.whole_alliance else queries.totals_of([plan.pk for plan in page], scope)
    for plan in page:
        plan.figures = plan_overview.figures(plan, scope, own.get(plan.pk))
