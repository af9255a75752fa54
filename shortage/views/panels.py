"""What shortage shows on the first page."""

from django.urls import reverse
from django.utils import timezone

from shortage import queries
from shortage.views.shown import LEVEL_WORDS

SHOWN = 6


def alerts(scope):
    counts = queries.level_counts(scope)
    url = reverse("alert_list")
    kpis = [
        {
            "label": f"{LEVEL_WORDS[level]['label']}预警",
            "value": counts[level],
            "unit": "条",
            "note": LEVEL_WORDS[level]["note"],
            "url": f"{url}?level={level}",
            "tone": level if counts[level] else "",
            "icon": LEVEL_WORDS[level]["icon"],
        }
        for level in ("red", "orange")
    ]
    return {"rows": queries.alerts(scope)[:SHOWN], "total": sum(counts.values()), "kpis": kpis}


def feeds(scope):
    fresh = queries.freshness(scope.alliance, timezone.localdate(), scope.institution_ids)
    return {"fresh": fresh, "hidden": not fresh.late and not fresh.stale}
