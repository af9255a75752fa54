"""The first page after signing in: each role sees the panels its permissions open.

Imports no app: a panel names a callable (scope) -> context and a template, as the menu's counters do.
"""

from dataclasses import dataclass

from django.shortcuts import render
from django.utils.module_loading import import_string

from config.access import Permission
from formulary.queries import scope_of
from formulary.views.guards import requires


@dataclass(frozen=True)
class Panel:
    """`provider(scope)` returns the context of `template`; with "kpis" in it they join the row of figures.

    personal: the provider is asked `(scope, person)`, for what waits for this person alone.
    """

    permission: Permission
    provider: str
    template: str
    personal: bool = False


P = Permission
PANELS: tuple[Panel, ...] = (
    Panel(P.SEE_GOVERNANCE, "formulary.views.tasks.tasks", "formulary/_home_tasks.html", personal=True),
    Panel(P.SEE_GOVERNANCE, "formulary.views.panels.meetings", "formulary/_home_meetings.html"),
    Panel(P.SEE_STOCK, "shortage.views.panels.feeds", "shortage/_home_feeds.html"),
    Panel(P.SEE_ALERTS, "shortage.views.panels.alerts", "shortage/_home_alerts.html"),
    Panel(P.SEE_PLANS, "procurement.views.panels.latest_plan", "procurement/_home_plan.html"),
    Panel(P.SEE_PLANS, "procurement.views.panels.price_cases", "procurement/_home_price_cases.html"),
    Panel(P.DECIDE_MATCHES, "formulary.views.panels.matches", "formulary/_home_matches.html"),
    Panel(P.CONFIRM_NOTICES, "formulary.views.panels.version_notices", "formulary/_home_notices.html"),
    Panel(P.SEE_FORMULARY, "formulary.views.panels.formulary", "formulary/_home_formulary.html"),
    Panel(P.CHECK_PROPOSALS, "formulary.views.panels.suggestions", "formulary/_home_suggestions.html"),
    Panel(P.CHECK_PROPOSALS, "formulary.views.panels.reviews", "formulary/_home_reviews.html"),
    Panel(P.ADMINISTER, "formulary.views.panels.administration", "formulary/_home_administration.html"),
    Panel(P.SEE_HISTORY, "formulary.views.panels.history", "formulary/_home_history.html"),
)


@requires(Permission.SEE_HOME)
def home(request):
    drawn = []
    for panel in PANELS:
        scope = scope_of(request.user, panel.permission)
        if scope is not None:
            asked = (scope, request.user) if panel.personal else (scope,)
            drawn.append((panel.template, import_string(panel.provider)(*asked)))
    kpis = [kpi for _template, context in drawn for kpi in context.get("kpis", ())]
    panels = [{"template": template, "data": context} for template, context in drawn if not context.get("hidden")]
    return render(request, "home.html", {"kpis": kpis, "panels": panels})


@requires(Permission.SEE_HOME)
def help_page(request):
    return render(request, "formulary/help.html")
