"""An existing 目录 in three steps: choose the file, say which column is which, make the draft."""

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from config.access import Permission
from formulary.actions import formulary_imports as actions
from formulary.import_forms import FormularyFile, Mapping
from formulary.models import FormularyImport
from formulary.rules.formulary_file import FIELDS
from formulary.rules.tables import Fault
from formulary.rules.versions import VersionRefused
from formulary.version_forms import next_month
from formulary.views.guards import requires
from formulary.views.versions import HOME

CRUMB = "导入现有目录"


@requires(Permission.PUBLISH_FORMULARY)
def version_import(request):
    alliance = request.scope.alliance
    initial = {"title": f"{alliance}统一用药目录", "effective_from": next_month()}
    form = FormularyFile(request.POST, request.FILES) if request.method == "POST" else FormularyFile(initial=initial)
    if request.method == "POST" and form.is_valid():
        given = {name: value for name, value in form.cleaned_data.items() if name != "file"}
        file = form.cleaned_data["file"]
        try:
            upload = actions.receive(
                file.read(), file.name, alliance=alliance, **given, by=request.user, now=timezone.now()
            )
            return redirect("version_import_detail", upload.pk)
        except VersionRefused as refused:
            form.add_error("file", str(refused))
    context = {"form": form, "crumbs": [(HOME, reverse("version_list")), (CRUMB, None)]}
    return render(request, "formulary/version_import.html", context, status=422 if form.errors else 200)


@requires(Permission.PUBLISH_FORMULARY)
def version_import_detail(request, pk):
    upload = _upload(request, pk)
    sheets = actions.columns_of(upload)
    form = _mapping(upload, sheets, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        given = {name: form.cleaned_data[name] for name in ("sheet", "default_level")}
        try:
            actions.remap(upload, mapping=form.mapping(), **given)
        except VersionRefused as refused:
            messages.warning(request, str(refused))
        return redirect("version_import_detail", pk)
    context = {
        "upload": upload,
        "form": form if sheets else None,
        "faults": [Fault(*parts) for parts in upload.effect["faults"]],
        "crumbs": [(HOME, reverse("version_list")), (CRUMB, reverse("version_import")), (upload.name, None)],
    }
    return render(request, "formulary/version_import_detail.html", context)


@requires(Permission.PUBLISH_FORMULARY)
@require_POST
def version_import_accept(request, pk):
    try:
        actions.accept(_upload(request, pk), by=request.user, now=timezone.now())
    except VersionRefused as refused:
        messages.error(request, str(refused))
        return redirect("version_import_detail", pk)
    messages.success(request, "已生成草案；未对应的名称已送名称匹配待审")
    return redirect("version_draft")


def _upload(request, pk):
    return get_object_or_404(FormularyImport.objects.filter(alliance=request.scope.alliance), pk=pk)


def _mapping(upload, sheets, data):
    columns = sheets.get(data.get("sheet") if data else upload.sheet, [])
    initial = {"sheet": upload.sheet, "default_level": upload.default_level}
    initial |= {f"column_{name}": upload.mapping.get(name, "") for name in FIELDS}
    return Mapping(data, sheets=list(sheets), columns=columns, initial=initial)
