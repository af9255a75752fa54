"""Policy lists in the administration: editions and entries to look at, and import with a preview of whole cells.

Reading, comparing and writing are `actions.import_reference`; django-import-export gives the page, the preview and the confirmation.
"""

import tablib
from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from import_export.formats.base_formats import Format
from import_export.forms import ConfirmImportForm
from import_export.results import Result, RowResult
from unfold.contrib.import_export.forms import ImportForm
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from config.access import Permission, can
from config.admin_site import HouseAdmin, HouseImportAdmin, HouseResource, column
from formulary.actions.reference import ReferenceRefused, import_reference
from formulary.models import ListEdition, ListEntry, ListKind, NameMatch
from formulary.rules.list_changes import Change
from formulary.rules.tables import DataRefused, read_tables

PREVIEW_ROWS = 500
HEADERS = ["行", "药品名称", "剂型", "内容"]


class AnyTable(Format):
    """xlsx, xls or CSV in UTF-8 or GB18030, told apart by what is in the file; the file itself travels with the table."""

    def __init__(self, encoding=None):
        self.encoding = encoding

    def get_title(self):
        return "表格（xlsx、xls、CSV，自动识别）"

    def is_binary(self):
        return True

    def can_import(self):
        return True

    def get_extension(self):
        return "csv"

    def get_read_mode(self):
        return "rb"

    def create_dataset(self, in_stream):
        raw = in_stream if isinstance(in_stream, bytes) else in_stream.read()
        table = max(read_tables(raw).values(), key=len)
        dataset = tablib.Dataset(*zip(*table.columns.values(), strict=True), headers=list(table.columns))
        dataset.raw = raw
        return dataset


class ListImportForm(ImportForm):
    """The file, and what it cannot say of itself."""

    kind = forms.ChoiceField(label="目录", choices=ListKind.choices, widget=UnfoldAdminSelectWidget)
    edition = forms.CharField(
        label="版本", max_length=60, widget=UnfoldAdminTextInputWidget, help_text="集采文件按批次分版本，此处只作标注"
    )
    valid_from = forms.DateField(label="生效日", widget=UnfoldAdminTextInputWidget(attrs={"type": "date"}))
    valid_to = forms.DateField(
        label="失效日", required=False, widget=UnfoldAdminTextInputWidget(attrs={"type": "date"})
    )
    document = forms.CharField(label="文号", max_length=120, required=False, widget=UnfoldAdminTextInputWidget)


class ListConfirmForm(ConfirmImportForm):
    kind = forms.ChoiceField(choices=ListKind.choices, widget=forms.HiddenInput)
    edition = forms.CharField(max_length=60, widget=forms.HiddenInput)
    valid_from = forms.DateField(widget=forms.HiddenInput)
    valid_to = forms.DateField(required=False, widget=forms.HiddenInput)
    document = forms.CharField(max_length=120, required=False, widget=forms.HiddenInput)


WANTED = ("kind", "edition", "valid_from", "valid_to", "document")


class ListEntryResource(HouseResource):
    """What an export of entries holds."""

    name = column("name", "药品名称")
    form = column("form", "剂型")
    strength = column("strength", "规格")
    category = column("category", "类别")
    tender = column("tender", "批次")
    region = column("region", "地区")
    company = column("company", "企业")
    price = column("price", "价格（元/最小单位）")

    class Meta:
        model = ListEntry
        fields = ["name", "form", "strength", "category", "tender", "region", "company", "price"]


class ListImportResource(HouseResource):
    """Hands the whole file to the action and shows what it answers; refused files become rows of faults."""

    name = column("name", "文件中的全部列，原样保留")

    class Meta:
        model = ListEntry
        fields = ["name"]

    def import_data(self, dataset, dry_run=False, *, wanted, user, file_name=None, **_options):
        result = Result()
        result.diff_headers = HEADERS
        kind, dates = wanted["kind"], {key: wanted[key] for key in WANTED[1:]}
        try:
            answer = import_reference(
                kind, dataset.raw, **dates, by=user, now=timezone.now(), dry_run=dry_run, name=file_name or ""
            )
        except DataRefused as refused:
            for fault in refused.faults:
                result.append_invalid_row(fault.row or "—", {}, ValidationError(str(fault)))
            return result
        except ReferenceRefused as refused:
            result.append_invalid_row("—", {}, ValidationError(str(refused)))
            return result
        for row in answer.previews[:PREVIEW_ROWS]:
            result.append_row_result(_shown(row))
        result.totals[RowResult.IMPORT_TYPE_NEW] = answer.new
        result.totals[RowResult.IMPORT_TYPE_UPDATE] = answer.changed
        result.totals[RowResult.IMPORT_TYPE_SKIP] = answer.unchanged
        result.total_rows = answer.new + answer.changed + answer.unchanged
        return result


def _shown(preview):
    row = RowResult()
    new = preview.change is Change.NEW
    row.import_type = RowResult.IMPORT_TYPE_NEW if new else RowResult.IMPORT_TYPE_UPDATE
    cells = (
        format_html("{}：{}", name, after)
        if new
        else format_html("{}：<del>{}</del> → <ins>{}</ins>", name, before, after)
        for name, (before, after) in preview.cells.items()
        if after or before
    )
    row.diff = [preview.row, preview.name, preview.form, format_html_join("；", "{}", ((cell,) for cell in cells))]
    return row


@admin.register(ListEntry)
class ListEntryAdmin(HouseImportAdmin):
    frozen = True
    resource_classes = [ListEntryResource]
    import_form_class = ListImportForm
    confirm_form_class = ListConfirmForm
    skip_admin_log = True
    list_display = ["name", "form", "category", "edition", "tender", "region", "company", "price", "valid_to", "row"]
    list_filter = ["edition__kind", "category"]
    search_fields = ["name", "number", "key"]
    list_select_related = ["edition"]
    show_full_result_count = False

    def has_import_permission(self, request):
        return can(request.user, Permission.ADMINISTER)

    def get_queryset(self, request):
        return super().get_queryset(request).filter(superseded_at__isnull=True)

    def get_import_resource_classes(self, request):
        return [ListImportResource]

    def get_import_formats(self):
        return [AnyTable]

    def get_import_data_kwargs(self, *, form, **kwargs):
        return {"wanted": {key: form.cleaned_data[key] for key in WANTED}}

    def get_confirm_form_initial(self, request, import_form):
        initial = super().get_confirm_form_initial(request, import_form)
        return initial | ({key: import_form.cleaned_data[key] for key in WANTED} if import_form else {})

    def add_data_read_fail_error_to_form(self, form, e):
        if isinstance(e, DataRefused):
            form.add_error("import_file", str(e))
        else:
            super().add_data_read_fail_error_to_form(form, e)

    def add_success_message(self, result, request):
        counts = result.totals
        self.message_user(
            request,
            f"导入完成：新增 {counts[RowResult.IMPORT_TYPE_NEW]}，变更 {counts[RowResult.IMPORT_TYPE_UPDATE]}，"
            f"不变 {counts[RowResult.IMPORT_TYPE_SKIP]}。不能确定的名称在“名称匹配待审”。",
        )


@admin.register(ListEdition)
class ListEditionAdmin(HouseAdmin):
    frozen = True
    list_display = ["kind", "edition", "valid_from", "valid_to", "document", "official", "source_name", "imported_at"]
    list_filter = ["kind", "official"]
    search_fields = ["edition", "document"]


@admin.register(NameMatch)
class NameMatchAdmin(HouseAdmin):
    frozen = True
    list_display = ["name", "form", "kind", "state", "medicine", "entries", "decided_by", "decided_at"]
    list_filter = ["state", "kind"]
    search_fields = ["name"]
    list_select_related = ["medicine", "decided_by"]
