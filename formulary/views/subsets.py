"""机构目录: each institution's part of the unified list."""

from urllib.parse import quote

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from config.access import Permission
from formulary import queries
from formulary.actions import subsets as actions
from formulary.models import Presentation
from formulary.queries import subsets as asked
from formulary.queries.allowed import allowed
from formulary.rules import subsets as rules
from formulary.rules.tables import DataRefused
from formulary.rules.workbook import workbook_bytes
from formulary.subset_forms import SubsetChange, SubsetFile, SubsetFilter
from formulary.views.guards import requires

HOME = "机构目录"


@requires(Permission.SEE_FORMULARY)
def subset_list(request):
    rows = asked.subset_counts(request.scope, timezone.localdate())
    return render(request, "formulary/subset_list.html", {"rows": rows})


@requires(Permission.SEE_FORMULARY)
def subset_detail(request, code):
    site, today = _site(request.scope, code), timezone.localdate()
    version = queries.version_in_force(site.alliance, today)
    classes = queries.therapeutic_classes(version) if version else []
    form = SubsetFilter(request.GET or None, classes=classes)
    lines = asked.subset_lines(site, today, **form.wanted())
    page = Paginator(lines, 50).get_page(request.GET.get("page"))
    statuses = queries.drug_statuses([line.presentation for line in page], today, region=site.alliance.province)
    for line in page:
        line.status = statuses[line.presentation_id]
    context = {"site": site, "form": form, "page": page, "version": version} | _may(request.user, site)
    if request.htmx:
        return render(request, "formulary/_subset_rows.html", context)
    count = next(row for row in asked.subset_counts(request.scope, today) if row.institution == site)
    crumbs = [(HOME, reverse("subset_list")), (site.short_name, None)]
    context |= {"count": count, "outside": asked.outside_lines(site, today), "crumbs": crumbs}
    return render(request, "formulary/subset_detail.html", context)


@requires(Permission.PROPOSE)
@require_POST
def subset_change(request, code):
    """Ticked lines: who decides changes the list, who does not proposes."""
    site = _site(request.scope, code)
    form = SubsetChange(request.POST)
    if not form.is_valid():
        messages.error(request, "；".join(error for errors in form.errors.values() for error in errors))
        return redirect("subset_detail", code)
    try:
        messages.success(request, _done(request.user, site, **form.cleaned_data))
    except actions.SubsetRefused as refused:
        messages.error(request, str(refused))
    return redirect("subset_detail", code)


@requires(Permission.DECIDE_SUBSETS)
def subset_import(request, code):
    """Choose a file, see what it would do, confirm: the confirmed lists are checked once more and written together."""
    site = _site(request.scope, code)
    form = SubsetFile(request.POST or None, request.FILES or None)
    context = {"site": site, "form": form, "crumbs": _crumbs(site)}
    if request.method == "POST" and "confirm" in request.POST:
        return _confirmed(request, site)
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        try:
            wanted = _read(request.scope, site, file.read(), file.name)
        except DataRefused as refused:
            return render(request, "formulary/subset_import.html", context | {"error": refused}, status=422)
        context |= {"preview": _preview(request.scope, wanted), "name": file.name}
    return render(request, "formulary/subset_import.html", context, status=422 if form.errors else 200)


@requires(Permission.SEE_FORMULARY)
def subset_export(request, code):
    site, today = _site(request.scope, code), timezone.localdate()
    form = SubsetFilter(request.GET or None, classes=[])
    wanted = {name: value for name, value in form.wanted().items() if name != "therapeutic_class"}
    rows = [
        (site.code, line.presentation.code, line.presentation.name, line.presentation.form, line.presentation.strength,
         "是" if line.kept else "否", line.lowest_level, line.get_restriction_display())
        for line in asked.subset_lines(site, today, **({"state": "kept"} | wanted))
    ]  # fmt: skip
    head = ("机构编码", "药品编码", "通用名", "剂型", "规格", "本机构目录", "最低使用级别", "限制")
    answer = HttpResponse(
        workbook_bytes({"机构目录": (head, rows)}),
        content_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    )
    answer["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(f'机构目录 {site.short_name}.xlsx')}"
    return answer


def _site(scope, code):
    sites = scope.alliance.institutions.filter(pk__in=scope.institution_ids).select_related("alliance")
    return get_object_or_404(sites, code=code)


def _may(person, site):
    """Which buttons the page shows."""
    deciding, proposing = (queries.scope_of(person, p) for p in (Permission.DECIDE_SUBSETS, Permission.PROPOSE))
    return {
        "may_decide": bool(deciding and site.pk in deciding.institution_ids),
        "may_propose": bool(proposing and site.pk in proposing.institution_ids),
    }


def _done(person, site, *, do, pick, reason):
    """Does it and says what was done."""
    now, may = timezone.now(), _may(person, site)["may_decide"]
    if do in ("accept", "refuse"):
        if not may:
            raise actions.SubsetRefused("只有机构负责人或委员会秘书可以审核建议")
        count = actions.decide(site, pick, accept=do == "accept", by=person, now=now)
        return f"已{'同意' if do == 'accept' else '不同意'} {count} 条建议。"
    if may:
        done = actions.change(site, **{do: pick}, by=person, now=now, note=reason)
        return f"纳入 {len(done.add)} 个、移出 {len(done.drop)} 个品规。"
    count = actions.propose(site, pick, verb=do, reason=reason, by=person, now=now)
    return f"已提出 {count} 条建议，待机构负责人审核。" if count else "所选品规已是如此，或已有待审核的建议。"


def _crumbs(site):
    return [
        (HOME, reverse("subset_list")),
        (site.short_name, reverse("subset_detail", args=[site.code])),
        ("导入", None),
    ]


def _read(scope, site, content, name):
    sites = scope.alliance.institutions.filter(active=True)
    opened = allowed(scope.alliance, timezone.localdate())
    reach = {one.pk: opened.lines_open_to(one) for one in sites if one.pk in scope.institution_ids}
    return rules.read(
        content,
        name=name,
        own=site.pk,
        institutions={one.code: one.pk for one in sites},
        drugs=dict(Presentation.objects.order_by().values_list("code", "pk")),
        allowed=reach,
    )


def _preview(scope, wanted):
    """For each institution of the file: the difference, in drugs."""
    kept = asked.kept_on(scope.alliance, timezone.localdate())
    sites = {site.pk: site for site in scope.institutions}
    found = []
    for one in wanted:
        change = rules.difference(one.presentations, kept.get(one.institution, ()))
        drugs = Presentation.objects.in_bulk([*change.add, *change.drop])
        found.append(
            {
                "site": sites[one.institution],
                "add": [drugs[pk] for pk in change.add],
                "drop": [drugs[pk] for pk in change.drop],
                "keep": change.keep,
                "ids": ",".join(str(pk) for pk in one.presentations),
            }
        )
    return found


def _confirmed(request, site):
    """The lists of the preview, each `site:ids`; anything but numbers is refused."""
    try:
        lists = [one.split(":") for one in request.POST.getlist("list")]
        wanted = {int(place): [int(pk) for pk in ids.split(",") if pk] for place, ids in lists}
    except ValueError:
        messages.error(request, "确认的内容不完整，请重新上传文件")
        return redirect("subset_import", site.code)
    try:
        add, drop = actions.replace(
            [(one, wanted[one.pk]) for one in request.scope.institutions if one.pk in wanted],
            by=request.user,
            now=timezone.now(),
        )
        messages.success(request, f"已按文件更新：纳入 {add} 个、移出 {drop} 个品规。")
    except actions.SubsetRefused as refused:
        messages.error(request, str(refused))
    return redirect("subset_detail", site.code)
