"""Forms of the reserve: filter, one line, goods in and out, the file."""

from django import forms

from formulary.forms import SEARCH, FilterForm
from shortage.models import ReserveItem
from shortage.rules.reserve import STATES
from shortage.rules.reserve_file import MOST_MONTHS, Row
from shortage.transfer_forms import drug_of_words

WHOLE = {"inputmode": "numeric"}


class ReserveFilter(FilterForm):
    words = forms.CharField(label="药品", required=False, widget=SEARCH)
    state = forms.ChoiceField(
        label="状态", required=False, choices=[("", "全部"), *((code, word) for code, (word, _) in STATES.items())]
    )
    reason = forms.ChoiceField(label="理由", required=False, choices=[("", "全部理由"), *ReserveItem.Reason.choices])
    institution = forms.TypedChoiceField(label="储备机构", required=False, coerce=int, empty_value=None)

    def __init__(self, data, *, institutions):
        super().__init__(data)
        choices = [("", "全部机构"), *((row.pk, row.short_name or row.name) for row in institutions)]
        self.fields["institution"].choices = choices


class ReserveLineForm(forms.Form):
    """A line of the list; drug and place cannot be changed on a line that stands."""

    presentation = forms.CharField(label="药品", max_length=60, help_text="编码，或名称与规格", widget=SEARCH)
    institution = forms.ModelChoiceField(label="储备机构", queryset=None, empty_label="请选择")
    covers = forms.ChoiceField(
        label="保障范围", choices=ReserveItem.Covers.choices, help_text="按月数计目标时，用量取此范围"
    )
    reason = forms.ChoiceField(label="储备理由", choices=ReserveItem.Reason.choices)
    document = forms.CharField(label="文号", max_length=120, required=False, help_text="列入依据；没有的写“待确认”")
    target_months = forms.DecimalField(
        label="目标月数", required=False, min_value=0.1, max_value=MOST_MONTHS, decimal_places=1,
        help_text="与目标数量只填一项；都不填按级别规则值",
    )  # fmt: skip
    target_units = forms.IntegerField(
        label="目标数量（最小单位）", required=False, min_value=1, max_value=100_000_000,
        widget=forms.NumberInput(attrs=WHOLE),
    )  # fmt: skip
    note = forms.CharField(label="备注", max_length=200, required=False)

    def __init__(self, data=None, *, institutions, item=None):
        initial = None
        if item is not None:
            names = ("covers", "reason", "document", "target_months", "target_units", "note")
            initial = {name: getattr(item, name) for name in names}
        super().__init__(data, initial=initial)
        self.item = item
        self.fields["institution"].queryset = institutions
        self.fields["institution"].label_from_instance = lambda row: row.name
        if item is not None:
            del self.fields["presentation"], self.fields["institution"]

    def clean_presentation(self):
        return drug_of_words(self.cleaned_data["presentation"])

    def clean(self):
        given = super().clean()
        if given.get("target_months") is not None and given.get("target_units") is not None:
            self.add_error("target_units", "目标月数与目标数量只填一项")
        return given

    def row(self):
        """What the action takes."""
        given, item = self.cleaned_data, self.item
        months = given["target_months"]
        return Row(
            item.institution_id if item else given["institution"].pk,
            item.presentation_id if item else given["presentation"].pk,
            given["reason"],
            given["document"].strip(),
            given["covers"],
            None if months is None else float(months),
            given["target_units"],
            given["note"].strip(),
        )


class UnitsForm(forms.Form):
    units = forms.IntegerField(
        label="数量（最小单位）", min_value=1, max_value=100_000_000, widget=forms.NumberInput(attrs=WHOLE)
    )


class LotForm(UnitsForm):
    """Which lot of the reserve, how much of it, and why."""

    batch = forms.CharField(max_length=40, required=False, widget=forms.HiddenInput)
    product = forms.IntegerField(widget=forms.HiddenInput)
    why = forms.CharField(label="原因", max_length=200, required=False)


class ReserveFile(forms.Form):
    file = forms.FileField(
        label="储备文件",
        help_text="xlsx、xls 或 CSV。工作表“储备目录”列出要新增或修改的行，没有列出的不变；“储备库存”是所列药品的盘点结果",
        widget=forms.FileInput(attrs={"accept": ".xlsx,.xls,.csv,.txt"}),
        error_messages={"required": "请选择文件", "empty": "文件是空的"},
    )
