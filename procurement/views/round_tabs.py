"""The tabs of a round: what each shows, and the frame around them."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from django.core.paginator import Paginator
from django.urls import reverse
from django.utils import timezone

from config.access import Permission, can
from formulary.queries import scope_of
from procurement.models import Dispute
from procurement.queries import approvals, orders
from procurement.queries import rounds as asked
from procurement.round_forms import AnswerForm, DecideForm, DisputeForm, LineFilter, NoteForm, OptimiseForm
from procurement.rules import orders as order_rules
from procurement.rules import rounds as rules
from procurement.rules.edits import broken_rules
from procurement.views.plan_names import Names

PER_PAGE = 50
AUDITED = frozenset({rules.CONFIRMING, rules.APPROVING, rules.LOCKED})


@dataclass(frozen=True)
class Tab:
    label: str
    body: str
    context: Callable
    rows: str = ""


def overview(request, row):
    today = timezone.localdate()
    own = own_reports(request, row)
    context = {
        "board": asked.board(row, request.scope, today=today),
        "totals": asked.line_totals(row, request.scope),
        "steps": [{"label": label, "state": state} for label, state in rules.road(row.state)],
        "history": row.steps.select_related("by", "institution").order_by("-at", "-pk")[:25],
        "waiting": asked.waiting_for(row),
        "own": own,
        "note_form": NoteForm(),
        "optimise_form": OptimiseForm(initial={"time_limit": 120}),
        "open_disputes": asked.disputes(row, request.scope).filter(state=Dispute.State.OPEN).count(),
        "approvals": row.approvals.select_related("by", "instead_of"),
    }
    if row.state in AUDITED:
        context["audit"] = audited(row, request.scope)
    if row.state == rules.APPROVING:
        step = approvals.awaited(row, today)
        mine = approvals.principals_of(request.user, row.alliance, step.role, today) if step else []
        context |= {"step": step, "principals": mine, "decide_form": DecideForm()}
    if row.state == rules.CLOSED:
        context["figures"] = asked.round_assessment(row)
    return context


def audited(row, scope):
    """The audit of the changed lines in names; None where nothing was changed, or for one institution alone."""
    if not scope.whole_alliance or not row.audit.get("changed") or row.plan is None:
        return None
    names = Names(row.plan)
    broken = [check | {"worst": names.in_words(check["worst"])} for check in broken_rules(row.audit)]
    before, after = Decimal(row.audit["spend_before"]), Decimal(row.audit["spend_after"])
    return {
        "changed": row.audit["changed"],
        "checked": len([check for check in row.audit["checks"] if check["checked"]]),
        "broken": broken,
        "worse": [goal | {"more": goal["after"] - goal["before"]} for goal in row.audit["worse"]],
        "before": before,
        "after": after,
        "more": after - before,
    }


def own_reports(request, row):
    """Reports that this person may fill in or confirm."""
    scope = scope_of(request.user, Permission.REPORT_NEED)
    if scope is None or len(scope.institution_ids) > 3:
        return []
    return list(row.reports.filter(institution__in=scope.institution_ids).select_related("institution"))


def needs(request, row):
    return {"board": asked.board(row, request.scope, today=timezone.localdate())}


def check(request, row):
    if not request.scope.whole_alliance:
        return {"page": None}
    words = request.GET.get("words", "")
    page = Paginator(asked.check_rows(row, words=words), PER_PAGE).get_page(request.GET.get("page"))
    told = Paginator(asked.explained_lines(row), PER_PAGE).get_page(request.GET.get("told"))
    for line in told:
        line.words = asked.asked_words(line)
    return {"page": page, "told": told}


def lines(request, row):
    places = [
        (x.institution.code, x.institution.short_name)
        for x in asked.board(row, request.scope, today=timezone.localdate()).reports
    ]
    form = LineFilter(request.GET, choices={"institution": places})
    found = asked.round_lines(row, request.scope, **form.wanted())
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    mine = {report.institution_id for report in own_reports(request, row)} if row.state == rules.CONFIRMING else set()
    latest = {
        case.line_id: case for case in asked.disputes(row, request.scope).filter(line__in=list(page)).order_by("pk")
    }
    for line in page:
        line.case = latest.get(line.pk)
        line.mine = line.institution_id in mine
    return {
        "audit": audited(row, request.scope) if row.state in AUDITED else None,
        "form": form,
        "page": page,
        "totals": asked.line_totals(row, request.scope),
        "dispute_form": DisputeForm(),
        "answer_form": AnswerForm(),
        "may_answer": can(request.user, Permission.RUN_PLANS) and row.state == rules.CONFIRMING,
    }


def order_tab(request, row):
    found = list(orders.orders(request.scope, round=row.pk).order_by("month", "number"))
    filled = orders.filled([order.pk for order in found], request.scope)
    for order in found:
        order.filled, order.tone = filled.get(order.pk), order_rules.TONES[order.state]
    return {"orders": found}


TABS = {
    "overview": Tab("进度", "procurement/_round_overview.html", overview),
    "needs": Tab("报量", "procurement/_round_needs.html", needs),
    "check": Tab("汇总核对", "procurement/_round_check.html", check),
    "lines": Tab("采购行与异议", "procurement/_round_lines.html", lines, "procurement/_round_lines_rows.html"),
    "orders": Tab("订单", "procurement/_round_orders.html", order_tab),
}


def frame(request, row, shown):
    whole = request.scope.whole_alliance
    keys = [key for key in TABS if whole or key != "check"]
    counts = {
        "lines": row.lines.filter(institution__in=request.scope.institution_ids).count() or None,
        "orders": orders.orders(request.scope, round=row.pk).count() or None,
    }
    return {
        "body": shown.body,
        "tabs": [
            {
                "label": TABS[key].label,
                "url": reverse("round_tab", args=[row.pk, key])
                if key != "overview"
                else reverse("round_detail", args=[row.pk]),
                "count": counts.get(key),
                "active": TABS[key] is shown,
            }
            for key in keys
        ],
        "crumbs": [("采购轮次", reverse("round_list")), (row.title, None)],
        "may_run": can(request.user, Permission.RUN_PLANS),
        "possible": rules.possible(row.state),
        "tone": rules.TONES[row.state],
        "whole": whole,
    }
