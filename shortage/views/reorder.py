"""Reorder point, safety stock and target of every item of an institution, beside the hand rule."""

from django.core.paginator import Paginator
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from config.access import Permission
from formulary.views.guards import requires
from shortage import queries
from shortage.queries import reorder
from shortage.stock_forms import ReorderFilter
from shortage.views import shown

PER_PAGE = 50


@requires(Permission.SEE_STOCK)
def reorder_list(request):
    places = request.scope.institutions
    form = ReorderFilter(request.GET or None, institutions=places)
    wanted = form.wanted()
    code = wanted.pop("institution", "")
    place = next((one for one in places if one.code == code), places[0] if places else None)
    run = queries.latest_run(request.scope.alliance)
    context = {
        "form": form,
        "place": place,
        "run": run,
        "crumbs": [("库存总览", reverse("stock_list")), ("补货线", None)],
    }
    if run and place:
        page = Paginator(reorder.reorder_rows(run, place, **wanted), PER_PAGE).get_page(request.GET.get("page"))
        norm = reorder.norms(request.scope.alliance, run.as_of)[place.level]
        context |= {"page": page, "norm": norm, "lines": [_line(row, norm) for row in page]}
    if request.htmx and not request.htmx.history_restore_request:
        return render(request, "shortage/_reorder_rows.html", context)
    context["late"] = next(
        (
            feed
            for feed in queries.feed_states(request.scope.alliance, timezone.localdate())
            if feed.institution == place
        ),
        None,
    )
    return render(request, "shortage/reorder_list.html", context)


def _line(row, norm):
    found = reorder.line(row, norm, None if row.stock is None else row.position)
    return {
        "row": row,
        "use": reorder.daily_use(row),
        "how": shown.use_words(row),
        "hand": found.hand,
        "order": found.order,
        "word": reorder.STATES[row.state],
    }
