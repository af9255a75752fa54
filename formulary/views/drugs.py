"""Drugs with what the policy lists say of them, and where each word comes from."""

from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, render
from django.utils import timezone

from config.access import Permission, can
from formulary import queries
from formulary.forms import DrugFilter
from formulary.models import Presentation
from formulary.queries.allowed import temporary_applications
from formulary.views.guards import requires


@requires(Permission.SEE_DRUGS)
def drug_list(request):
    today, alliance = timezone.localdate(), request.scope.alliance
    form = DrugFilter(request.GET or None, classes=queries.drug_classes())
    page = Paginator(queries.drugs(alliance, today, **form.wanted()), 50).get_page(request.GET.get("page"))
    statuses = queries.drug_statuses(page.object_list, today, region=alliance.province)
    for drug in page:
        drug.status = statuses[drug.pk]
    template = "formulary/_drug_rows.html" if request.htmx else "formulary/drug_list.html"
    return render(request, template, {"form": form, "page": page, "today": today})


@requires(Permission.SEE_DRUGS)
def drug_detail(request, code):
    today, alliance = timezone.localdate(), request.scope.alliance
    drug = get_object_or_404(Presentation.objects.select_related("medicine"), code=code)
    related = list(queries.same_group(drug))
    statuses = queries.drug_statuses([drug, *related], today, region=alliance.province)
    for other in related:
        other.status = statuses[other.pk]
    sources = list(queries.source_entries(drug, today, region=alliance.province))
    context = {
        "drug": drug,
        "status": statuses[drug.pk],
        "sources": sources,
        "priced": any(link.entry.company or link.entry.price for link in sources),
        "entry": queries.entry_in_force(alliance, drug, today),
        "temporary": [row for row in temporary_applications(alliance, today) if row.presentation_id == drug.pk],
        "products": drug.products.filter(active=True),
        "related": related,
        "today": today,
        "see_stock": can(request.user, Permission.SEE_STOCK),
        "see_alerts": can(request.user, Permission.SEE_ALERTS),
    }
    return render(request, "formulary/drug_detail.html", context)
