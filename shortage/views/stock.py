"""Stock overview, one item's story, and whose data has arrived."""

from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone

from config.access import Permission, can
from formulary.views.guards import requires
from shortage import queries
from shortage.models import Feed, Forecast, Risk, StockPosition
from shortage.queries import quality, reorder
from shortage.queries import stock_list as items
from shortage.queries.dossier import supplier_names
from shortage.stock_forms import StockFilter
from shortage.views import shown

PER_PAGE = 50


@requires(Permission.SEE_STOCK)
def stock_list(request):
    today = timezone.localdate()
    form = StockFilter(request.GET or None, institutions=request.scope.institutions)
    overview = items.StockOverview(request.scope, today)
    page = Paginator(overview.rows(**form.wanted()), PER_PAGE).get_page(request.GET.get("page"))
    for row in page:
        row.word, row.tone = items.STATES[row.state]
        row.expires_in = (row.nearest_expiry - today).days if row.nearest_expiry else None
    context = {"form": form, "page": page, "one_place": len(request.scope.institution_ids) == 1, "soon": items.SOON}
    if request.htmx and not request.htmx.history_restore_request:
        return render(request, "shortage/_stock_rows.html", context)
    context["tabs"] = _tabs(overview.counts, request.GET.get("state", ""))
    context["may_import"] = can(request.user, Permission.IMPORT_STOCK)
    context["late"] = "、".join(feed.institution.short_name for feed in overview.late)
    return render(request, "shortage/stock_list.html", context)


def _tabs(counts, chosen):
    url = reverse("stock_list")
    tabs = [{"label": "全部", "url": url, "count": sum(counts.values()), "active": not chosen}]
    for code, (label, _tone) in items.STATES.items():
        if counts[code] or code in ("out", "low"):
            tabs.append({"label": label, "url": f"{url}?state={code}", "count": counts[code], "active": chosen == code})
    return tabs


@requires(Permission.SEE_STOCK)
def stock_detail(request, institution, presentation):
    rows = StockPosition.objects.select_related("institution__alliance", "presentation__medicine")
    item = get_object_or_404(
        rows,
        institution_id=institution,
        presentation_id=presentation,
        institution__in=request.scope.institution_ids,
    )
    today = timezone.localdate()
    mine = {"institution_id": institution, "presentation_id": presentation}
    late = next(x for x in queries.feed_states(request.scope.alliance, today) if x.institution.pk == institution)
    forecast, risk = (model.objects.filter(**mine).order_by("-as_of").first() for model in (Forecast, Risk))
    context = {
        "item": item,
        "holding": _holding(item, forecast, risk),
        "late": late if late.late else None,
        "doubts": quality.findings_of(institution, presentation),
        "may_enter": can(request.user, Permission.IMPORT_STOCK),
        "charts": items.item_curve(item.institution, presentation, max(item.date, late.use or item.date)),
        "lots": [(lot, (lot.expiry - today).days if lot.expiry else None) for lot in items.item_lots(item)],
        "receipts": items.item_receipts(item)[:10],
        "sources": items.item_sources(item),
        "forecast": forecast,
        "risk": risk,
        "alert": items.item_alert(item),
        "crumbs": [("库存总览", reverse("stock_list")), (str(item.presentation), None)],
    }
    return render(request, "shortage/stock_detail.html", context)


def _holding(item, forecast, risk):
    """Both rules beside each other and how the computed one came about; None before the first pass."""
    if forecast is None:
        return None
    place = item.institution
    norm = reorder.norms(place.alliance, forecast.as_of)[place.level]
    known = risk is not None and risk.as_of == forecast.as_of
    found = reorder.line(forecast, norm, risk.stock + risk.coming if known else None)
    names = supplier_names(place.alliance_id, item.presentation_id)
    return {
        "line": found,
        "risk": risk if known else None,
        "working": shown.working(forecast, item.presentation.unit, names),
        "rows": [
            ("补货点", forecast.reorder_point, found.hand.reorder_point),
            ("安全库存", forecast.safety_stock, found.hand.safety_stock),
            ("补足目标", forecast.order_up_to, found.hand.order_up_to),
        ],
    }


@requires(Permission.SEE_STOCK)
def stock_feeds(request):
    """Which institutions' data has arrived, the late ones first."""
    arrived = items.received(request.scope.institution_ids)
    today = timezone.localdate()
    rows = [
        {
            "feed": state,
            "stock": arrived.get((state.institution.pk, Feed.Kind.STOCK)),
            "use": arrived.get((state.institution.pk, Feed.Kind.CONSUMPTION)),
        }
        for state in queries.feed_states(request.scope.alliance, today)
        if state.institution.pk in request.scope.institution_ids
    ]
    context = {
        "rows": rows,
        "late": sum(row["feed"].late for row in rows),
        "today": today,
        "crumbs": [("库存总览", reverse("stock_list")), ("数据到达", None)],
    }
    return render(request, "shortage/stock_feeds.html", context)
