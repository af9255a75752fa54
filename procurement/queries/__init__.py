"""What pages and commands may ask of procurement; one file per noun, all names here."""

from procurement.queries.duties import round_duties, round_duty_count
from procurement.queries.lines import LineGroup, grouped, line_choices, lines, unmet, unmet_choices
from procurement.queries.plans import Totals, latest_plan, plan_of_scope, plans, totals, totals_of
from procurement.queries.readiness import Readiness, default_period, default_settings, readiness

__all__ = [
    "LineGroup",
    "Readiness",
    "Totals",
    "default_period",
    "default_settings",
    "grouped",
    "latest_plan",
    "line_choices",
    "lines",
    "plan_of_scope",
    "plans",
    "readiness",
    "round_duties",
    "round_duty_count",
    "totals",
    "totals_of",
    "unmet",
    "unmet_choices",
]
