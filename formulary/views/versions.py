"""The formulary in force: what may be used, at which level, under which restriction."""

from django.core.paginator import Paginator
from django.shortcuts import render
from django.utils import timezone

from config.access import Permission
from formulary import queries
from formulary.forms import EntryFilter
from formulary.views.guards import requires


@requires(Permission.SEE_FORMULARY)
def version_current(request):
    today = timezone.localdate()
    version = queries.version_in_force(request.scope.alliance, today)
    if version is None:
        return render(request, "formulary/version_current.html", {"version": None})
    form = EntryFilter(request.GET or None, classes=queries.therapeutic_classes(version))
    page = Paginator(queries.entries(version, **form.wanted()), 50).get_page(request.GET.get("page"))
    statuses = queries.drug_statuses(
        [entry.presentation for entry in page], today, region=request.scope.alliance.province
    )
    for entry in page:
        entry.status = statuses[entry.presentation_id]
    context = {"version": version, "form": form, "page": page}
    if request.htmx:
        return render(request, "formulary/_version_rows.html", context)
    return render(request, "formulary/version_current.html", context | {"counts": queries.entry_counts(version)})
