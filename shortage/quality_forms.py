"""The filter of doubts, and what a person says of one."""

from django import forms

from formulary.forms import SEARCH, FilterForm
from shortage.models import DataFinding
from shortage.rules.stock_rows import LARGEST

STATES = [("open", "待核对"), ("decided", "已处理"), ("all", "全部")]


class FindingFilter(FilterForm):
    words = forms.CharField(label="药品", required=False, widget=SEARCH)
    kind = forms.ChoiceField(label="问题", required=False, choices=[("", "全部问题"), *DataFinding.Kind.choices])
    state = forms.ChoiceField(label="状态", required=False, choices=STATES)
    institution = forms.ChoiceField(label="机构", required=False)

    def __init__(self, *args, institutions, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["institution"].choices = [("", "全部机构"), *((x.code, x.short_name) for x in institutions)]
        if len(institutions) < 2:
            del self.fields["institution"]


class AcceptForm(forms.Form):
    note = forms.CharField(
        label="为什么属实",
        max_length=200,
        widget=forms.TextInput(attrs={"placeholder": "如：批量领药、当日停诊"}),
        error_messages={"required": "请写明为什么属实，如“批量领药”"},
    )


class CorrectForm(forms.Form):
    quantity = forms.IntegerField(
        label="正确的数量（最小单位）",
        min_value=0,
        max_value=LARGEST,
        error_messages={
            "required": "请填写正确的数量，应为不小于 0 的整数",
            "invalid": "应为整数",
            "min_value": "应不小于 0",
        },
    )
    note = forms.CharField(label="说明", required=False, max_length=200)


class WithdrawForm(forms.Form):
    note = forms.CharField(label="说明", required=False, max_length=200)
