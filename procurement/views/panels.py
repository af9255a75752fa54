"""What procurement shows on the first page: the newest finished plan, price cases that are late."""

from django.urls import reverse
from django.utils import timezone

from config.templatetags.figures import wan
from procurement import queries
from procurement.queries.price_cases import summary
from procurement.views.plan_overview import figures, split


def latest_plan(scope):
    plan = queries.latest_plan(scope)
    if plan is None:
        return {"plan": None}
    own = figures(plan, scope)
    spend, unit = split(wan(own["spend"]))
    met = [f"需求满足 {own['covered']}"] if own["covered"] else []
    kpi = {
        "label": "最近采购计划" if scope.whole_alliance else "本机构最近计划",
        "value": spend,
        "unit": unit,
        "note": "，".join([*met, f"未满足 {own['unmet']} 条"]),
        "url": reverse("plan_detail", args=[plan.pk]),
        "icon": "shopping-cart",
    }
    return {"plan": plan, "figures": own, "kpis": [kpi], "whole": scope.whole_alliance, "url": kpi["url"]}


def price_cases(scope):
    if not scope.whole_alliance:
        return {"hidden": True}
    found = summary(scope, today=timezone.localdate())
    return found | {"hidden": not found["overdue"], "url": f"{reverse('pricecase_list')}?state=overdue"}
