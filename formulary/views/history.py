"""What was done, by whom; the chain is verified on request."""

from django.core.paginator import Paginator
from django.shortcuts import render

from config.access import Permission
from formulary import queries
from formulary.forms import HistoryFilter
from formulary.views.guards import requires


@requires(Permission.SEE_HISTORY)
def history_list(request):
    form = HistoryFilter(request.GET or None, verbs=queries.verbs(request.scope))
    rows = queries.events(request.scope, **form.wanted())
    page = Paginator(rows, 50).get_page(request.GET.get("page"))
    template = "formulary/_history_rows.html" if request.htmx else "formulary/history_list.html"
    return render(request, template, {"form": form, "page": page})


@requires(Permission.SEE_HISTORY)
def history_verify(request):
    checked = list(queries.verify_history(request.scope.alliance.code))
    return render(request, "formulary/history_verify.html", {"checked": checked})
