"""The administration of master data: only administrators enter, and the access table is what is asked.

`HouseAdmin` is the base of every model page here; `HouseImportAdmin` adds import and export with a preview that
compares whole cells: a character diff draws 20mg×7片 → 27mg×180丸 as one unreadable number.
"""

from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.views.decorators.cache import never_cache
from import_export import fields, resources, widgets
from import_export.admin import ImportExportModelAdmin
from import_export.resources import Diff
from unfold.admin import ModelAdmin
from unfold.contrib.import_export.forms import ExportForm, ImportForm
from unfold.sites import UnfoldAdminSite

from config.access import Permission, can
from formulary.actions import master_data


class YaohengAdminSite(UnfoldAdminSite):
    site_title = site_header = "药衡 系统管理"
    index_title = "主数据与账号"

    def has_permission(self, request):
        user = request.user
        return user.is_active and user.is_authenticated and can(user, Permission.ADMINISTER)

    @method_decorator(never_cache)
    @login_not_required
    def login(self, request, extra_context=None):
        """One way to sign in for the whole house; who has signed in without the role is told so."""
        if self.has_permission(request):
            return redirect("admin:index")
        if request.user.is_authenticated:
            raise PermissionDenied("系统管理只对系统管理员开放")
        return redirect_to_login(request.GET.get("next") or reverse("admin:index"))


class HouseAdmin(ModelAdmin):
    """May be seen and changed by administrators; `frozen = True` pages can only be looked at.

    What is saved here is written to the chained history like every other deed, with the values before and after.
    """

    frozen = False
    list_per_page = 50

    def _allowed(self, request):
        return can(request.user, Permission.ADMINISTER)

    def has_module_permission(self, request):
        return self._allowed(request)

    def has_view_permission(self, request, obj=None):
        return self._allowed(request)

    def has_add_permission(self, request):
        return self._allowed(request) and not self.frozen

    def has_change_permission(self, request, obj=None):
        return self._allowed(request) and not self.frozen

    def has_delete_permission(self, request, obj=None):
        return False

    def save_model(self, request, obj, form, change):
        master_data.save(obj, new=not change, changes=_changes(form), by=request.user, now=timezone.now())

    def save_formset(self, request, form, formset, change):
        formset.save()
        rows = [*((row, True) for row in formset.new_objects), *((row, False) for row, _ in formset.changed_objects)]
        forms = {each.instance: each for each in formset.forms}
        for row, new in rows:
            master_data.note(row, new=new, changes=_changes(forms[row]), by=request.user, now=timezone.now())


def _changes(form):
    """{column: (before, after)} of what a form changed; never a password, not even its hash."""
    return {
        str(form.fields[name].label or name): (_word(form.initial.get(name)), _word(form.cleaned_data.get(name)))
        for name in form.changed_data
        if name in form.fields and "password" not in name
    }


def _word(value):
    if value is None:
        return ""
    return "、".join(map(str, value)) if isinstance(value, list | tuple | QuerySet) else str(value)


class CellDiff(Diff):
    """Old cell struck through, new cell beside it."""

    def as_html(self):
        return [
            new if old == new or self.new else format_html("<del>{}</del> → <ins>{}</ins>", old, new)
            for old, new in zip(self.left, self.right, strict=True)
        ]


class ChineseNumber(widgets.DecimalWidget):
    def clean(self, value, row=None, **kwargs):
        try:
            return super().clean(value, row, **kwargs)
        except (ArithmeticError, ValueError) as error:
            raise ValueError(f"值“{value}”有误，应为数字") from error


class HouseResource(resources.ModelResource):
    """Declare columns with `column("字段", "中文列名")`, so people see Chinese headers."""

    def get_diff_class(self):
        return CellDiff

    def after_import(self, dataset, result, **kwargs):
        if not kwargs.get("dry_run") and not result.has_errors():
            counts = {"新增": result.totals["new"], "更改": result.totals["update"], "不变": result.totals["skip"]}
            kind = self._meta.model._meta.verbose_name
            master_data.note_import(kind, counts, by=kwargs["user"], now=timezone.now())


def column(attribute, header, widget=None):
    return fields.Field(attribute=attribute, column_name=header, widget=widget or widgets.CharWidget())


class HouseImportAdmin(ImportExportModelAdmin, HouseAdmin):
    import_form_class = ImportForm
    export_form_class = ExportForm

    def has_import_permission(self, request):
        return self.has_add_permission(request)

    def has_export_permission(self, request):
        return self._allowed(request)
