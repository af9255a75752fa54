"""What the formulary shows on the first page."""

from django.urls import reverse
from django.utils import timezone

from formulary import queries


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
