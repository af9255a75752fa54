"""Stock overview, one item's story, and whose data has arrived."""

from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone

from config.access import Permission, can
from formulary.views.guards import requires
from shortage import queries
from shortage.models import Feed, Forecast, Risk, StockPosition
from shortage.queries import stock_list as items
from shortage.stock_forms import StockFilter

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
    rows = StockPosition.objects.select_related("institution", "presentation__medicine")
    item = get_object_or_404(
        rows,
        institution_id=institution,
        presentation_id=presentation,
        institution__in=request.scope.institution_ids,
    )
    today = timezone.localdate()
    mine = {"institution_id": institution, "presentation_id": presentation}
    late = next(x for x in queries.feed_states(request.scope.alliance, today) if x.institution.pk == institution)
    context = {
        "item": item,
        "late": late if late.late else None,
        "charts": items.item_curve(item.institution, presentation, max(item.date, late.use or item.date)),
        "lots": [(lot, (lot.expiry - today).days if lot.expiry else None) for lot in items.item_lots(item)],
        "receipts": items.item_receipts(item)[:10],
        "sources": items.item_sources(item),
        "forecast": Forecast.objects.filter(**mine).order_by("-as_of").first(),
        "risk": Risk.objects.filter(**mine).order_by("-as_of").first(),
        "alert": items.item_alert(item),
        "crumbs": [("库存总览", reverse("stock_list")), (str(item.presentation), None)],
    }
    return render(request, "shortage/stock_detail.html", context)


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
