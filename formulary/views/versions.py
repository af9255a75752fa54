"""Versions of the formulary: the one in force, all of them, one of them, what changed, one drug through all."""

from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone

from config.access import Permission, can
from formulary import queries, version_files
from formulary.forms import EntryFilter
from formulary.models import FormularyVersion, Presentation
from formulary.queries import version_lines
from formulary.queries.allowed import temporary_applications
from formulary.version_forms import ChangeFilter
from formulary.views.downloads import workbook
from formulary.views.guards import requires

HOME = "目录版本"


@requires(Permission.SEE_FORMULARY)
def version_current(request):
    today = timezone.localdate()
    version = queries.version_in_force(request.scope.alliance, today)
    if version is None:
        return render(request, "formulary/version_current.html", {"version": None})
    context = _entries(request, version, today)
    if request.htmx:
        return render(request, "formulary/_version_rows.html", context)
    context["temporary"] = temporary_applications(request.scope.alliance, today)
    context["may_read_applications"] = can(request.user, Permission.SEE_GOVERNANCE)
    return render(request, "formulary/version_current.html", context | {"counts": queries.entry_counts(version)})


@requires(Permission.SEE_FORMULARY)
def version_list(request):
    rows = version_lines.version_rows(request.scope.alliance, timezone.localdate())
    may_publish = can(request.user, Permission.PUBLISH_FORMULARY)
    rows = [row for row in rows if may_publish or row.version.is_published]
    return render(
        request,
        "formulary/version_list.html",
        {"rows": rows, "may_publish": may_publish, "may_inspect": can(request.user, Permission.SEE_HISTORY)},
    )


@requires(Permission.SEE_FORMULARY)
def version_detail(request, number):
    version = version_of(request, number)
    today = timezone.localdate()
    in_force = queries.version_in_force(request.scope.alliance, today)
    on = today if in_force == version else version.effective_from
    context = _entries(request, version, on)
    if request.htmx:
        return render(request, "formulary/_version_rows.html", context)
    context |= {
        "counts": queries.entry_counts(version),
        "in_force": in_force == version,
        "on": on,
        "sealed": version_lines.seal_holds(version),
        "may_inspect": can(request.user, Permission.SEE_HISTORY),
        "tabs": tabs(version, "version_detail"),
        "crumbs": crumbs(version),
    }
    return render(request, "formulary/version_detail.html", context)


@requires(Permission.SEE_FORMULARY)
def version_changes(request, number):
    version = version_of(request, number)
    form, base = _change_filter(request, version)
    rows = version_lines.differences(base, version, **_wanted(form))
    context = {
        "version": version,
        "base": base,
        "form": form,
        "page": Paginator(rows, 50).get_page(request.GET.get("page")),
        "query": request.GET.urlencode(),
        "tabs": tabs(version, "version_changes"),
        "crumbs": crumbs(version, "变化"),
    }
    return render(request, "formulary/_change_rows.html" if request.htmx else "formulary/version_changes.html", context)


@requires(Permission.SEE_FORMULARY)
def version_changes_file(request, number):
    version = version_of(request, number)
    form, base = _change_filter(request, version)
    rows = version_lines.differences(base, version, **_wanted(form))
    name = f"目录变化-第{base.number if base else 0}版至第{version.number}版.xlsx"
    return workbook(name, version_files.changes_sheets(base, version, rows))


@requires(Permission.SEE_FORMULARY)
def drug_versions(request, code):
    drug = get_object_or_404(Presentation, code=code)
    context = {
        "drug": drug,
        "rows": version_lines.drug_history(request.scope.alliance, drug),
        "crumbs": [
            ("药品与状态", reverse("drug_list")),
            (drug.code, reverse("drug_detail", args=[drug.code])),
            ("历次版本", None),
        ],
    }
    return render(request, "formulary/drug_versions.html", context)


def version_of(request, number) -> FormularyVersion:
    """A published version of the alliance; drafts have their own page."""
    rows = version_lines.published(request.scope.alliance).select_related("based_on", "published_by", "alliance")
    return get_object_or_404(rows, number=number)


def tabs(version, active):
    """The pages of one version, as far as the person may open them."""
    known = [
        ("version_detail", "目录品规", None),
        ("version_changes", "变化", version.changes.count() if version.based_on_id else None),
        ("version_notices", "通知与阅知", version.notices.filter(read_at=None).count()),
        ("version_run_down", "调出品规消化", version.run_downs.filter(confirmed_at=None).count()),
    ]
    return [
        {"label": label, "url": reverse(name, args=[version.number]), "count": count or None, "active": name == active}
        for name, label, count in known
    ]


def crumbs(version, last=None):
    here = (f"第 {version.number} 版", reverse("version_detail", args=[version.number]) if last else None)
    return [(HOME, reverse("version_list")), here, *([(last, None)] if last else [])]


def _entries(request, version, on):
    form = EntryFilter(request.GET or None, classes=queries.therapeutic_classes(version))
    page = Paginator(queries.entries(version, **form.wanted()), 50).get_page(request.GET.get("page"))
    drugs = [entry.presentation for entry in page]
    statuses = queries.drug_statuses(drugs, on, region=request.scope.alliance.province)
    for entry in page:
        entry.status = statuses[entry.presentation_id]
    return {"version": version, "form": form, "page": page}


def _change_filter(request, version):
    others = [row for row in version_lines.published(request.scope.alliance) if row.pk != version.pk]
    form = ChangeFilter(request.GET or None, versions=others, classes=queries.therapeutic_classes(version))
    since = form.wanted().get("since")
    base = next((row for row in others if row.number == since), None) if since else version.based_on
    if since and base is None:
        raise Http404("没有这一版")
    return form, base


def _wanted(form):
    return {name: value for name, value in form.wanted().items() if name != "since"}
