"""Policy lists in the administration: editions and entries to look at, and import with a preview of whole cells.

Reading, comparing and writing are `actions.import_reference`; django-import-export gives the page, the preview and the confirmation.
"""

import datetime as dt
from io import BytesIO

import tablib
from django import forms
from django.contrib import admin
from django.utils import timezone
from django.utils.html import format_html
from import_export.formats.base_formats import Format
from import_export.results import Error, Result, RowResult
from unfold.widgets import UnfoldAdminDateWidget, UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from config.admin_site import HouseAdmin, HouseImportAdmin, HouseResource
from config.admin_site import ImportForm as HouseImportForm
from formulary.actions.reference import ReferenceRefused, import_reference
from formulary.models import ListEdition, ListEntry, ListKind, NameMatch
from formulary.rules.list_changes import Change
from formulary.rules.tables import DataRefused, read_tables

PREVIEW_ROWS = 500


class AnyTable(Format):
    """xlsx, xls or CSV in UTF-8 or GB18030, told apart by what is in the file."""

    CONTENT_TYPE = "application/octet-stream"

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
        tables = [table for table in read_tables(raw).values() if table.columns]
        table = max(tables, key=len)
        dataset = tablib.Dataset(headers=list(table.columns))
        for row in zip(*table.columns.values(), strict=True):
            dataset.append(row)
        return dataset


class ListImportFields(forms.Form):
    """What the file cannot say of itself."""

    kind = forms.ChoiceField(label="目录", choices=ListKind.choices, widget=UnfoldAdminSelectWidget)
    edition = forms.CharField(
        label="版本", max_length=60, widget=UnfoldAdminTextInputWidget, help_text="集采文件按批次分版本，此处只作标注"
    )
    valid_from = forms.DateField(label="生效日", widget=UnfoldAdminDateWidget)
    valid_to = forms.DateField(label="失效日", required=False, widget=UnfoldAdminDateWidget)
    document = forms.CharField(label="文号", max_length=120, required=False, widget=UnfoldAdminTextInputWidget)


class ListImportForm(ListImportFields, HouseImportForm):
    pass
