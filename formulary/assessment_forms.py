"""Forms of the 基药 assessment pages."""

from django import forms

from formulary.forms import SEARCH, FilterForm


class DrugRowFilter(FilterForm):
    q = forms.CharField(label="药品", required=False, widget=SEARCH)
    kind = forms.ChoiceField(
        label="类别",
        required=False,
        choices=[("", "全部"), ("essential", "基药"), ("other", "非基药"), ("out", "不计入")],
    )
    quarter = forms.CharField(required=False, widget=forms.HiddenInput())


class PrescriptionFile(forms.Form):
    file = forms.FileField(
        label="处方数文件",
        help_text="xlsx、xls 或 CSV；列：机构编码、季度（如 2026Q3）、处方总数、含基药处方数。再次导入同一机构同一季度即取代",
        widget=forms.FileInput(attrs={"accept": ".xlsx,.xls,.csv,.txt"}),
        error_messages={"required": "请选择文件", "empty": "文件是空的"},
    )
