"""How good the warnings were: calibration, monthly back-test, replay."""

from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from config.access import Permission
from formulary.views.guards import requires
from shortage.queries import foresight

PAGES = (("foresight", "概率校准"),)


def tabs(active):
    return [{"label": label, "url": reverse(name), "active": name == active} for name, label in PAGES]


@requires(Permission.SEE_ALERTS)
def calibration(request):
    """Told against seen, for one of the three horizons."""
    asked = request.GET.get("days", "14")
    days = int(asked) if asked in map(str, foresight.HORIZONS) else 14
    found = foresight.judged(request.scope.alliance, days, timezone.localdate())
    url = reverse("foresight")
    context = {
        "tabs": tabs("foresight"),
        "horizons": [
            {"label": f"{one} 天内", "url": f"{url}?days={one}", "active": one == days} for one in foresight.HORIZONS
        ],
        "found": found,
        "chart": found.chart(),
        "map_chart": found.map_chart(),
        "bars": [row | {"gap": f"{(row['seen'] - row['told']) * 100:+.1f} 个百分点"} for row in found.bars()],
        "facts": facts_of(found),
    }
    return render(request, "shortage/foresight_calibration.html", context)


def facts_of(found):
    """What the calibration of tonight rests on."""
    nights = {"watch": "每日监测", "replay": "历史回放"}
    told = "，".join(f"{nights[source]} {count} 夜" for source, count in sorted(found.nights.items(), reverse=True))
    learned = found.learned
    return [
        ("依据的夜数", told or "无"),
        ("折合独立例数", f"{learned.get('independent', 0):,.0f}（相邻几夜看的是同一段时间，只算一次）"),
        ("折合独立断货", f"{learned.get('events', 0):,.0f} 次，至少 {found.least_events} 次才校准"),
        ("今天是否校准", "是" if found.trusted else f"否：{found.why_not}"),
    ]
