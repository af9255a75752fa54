"""The dossier of a version: made, and any dossier checked."""

from django import forms
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from config.access import Permission
from formulary.actions import dossiers
from formulary.views.downloads import download
from formulary.views.guards import requires
from formulary.views.versions import HOME, version_of

LARGEST = 200 * 1024 * 1024


class DossierFile(forms.Form):
    file = forms.FileField(
        label="卷宗文件",
        help_text="本系统导出的 zip",
        widget=forms.FileInput(attrs={"accept": ".zip"}),
        error_messages={"required": "请选择卷宗文件", "empty": "文件是空的"},
    )

    def clean_file(self):
        file = self.cleaned_data["file"]
        if file.size > LARGEST:
            raise forms.ValidationError("文件应不大于 200 MB")
        return file


@requires(Permission.SEE_HISTORY)
@require_POST
def version_dossier(request, number):
    version = version_of(request, number)
    content = dossiers.make_dossier(version, by=request.user, now=timezone.now())
    return download(f"卷宗-第{number}版-{timezone.localdate():%Y%m%d}.zip", content)


@requires(Permission.SEE_HISTORY)
def version_dossier_check(request):
    form = DossierFile(request.POST, request.FILES) if request.method == "POST" else DossierFile()
    verdict = None
    if request.method == "POST" and form.is_valid():
        verdict = dossiers.check_dossier(form.cleaned_data["file"].read())
    context = {
        "form": form,
        "verdict": verdict,
        "facts": _facts(verdict) if verdict else [],
        "crumbs": [(HOME, reverse("version_list")), ("核验卷宗", None)],
    }
    return render(request, "formulary/version_dossier_check.html", context, status=422 if form.errors else 200)


def _facts(verdict):
    words = {
        "alliance_name": "医共体",
        "version": "版本",
        "title": "名称",
        "effective_from": "生效日",
        "made_by": "导出人",
        "made_at": "导出时间",
        "seal": "版本封存哈希",
    }
    known = [(label, verdict.about.get(name, "")) for name, label in words.items() if verdict.about]
    return [*known, ("文件数", verdict.files), ("操作记录", f"{verdict.deeds} 条")]
