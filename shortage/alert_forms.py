"""Filters of the alert list and what people say when they handle an alert."""

from django import forms

from shortage.models import AlertLevel
from shortage.rules.lifecycle import OUTCOMES

STATES = [("live", "未解除"), ("open", "待处置"), ("acting", "处置中"), ("closed", "已解除"), ("all", "全部")]
SEARCH = forms.TextInput(attrs={"type": "search", "placeholder": "药品名称、规格、编码或拼音首字母", "data-search": ""})


class AlertFilter(forms.Form):
    """`wanted()` gives the arguments of `queries.alerts`; what is blank or wrong is left out."""

    words = forms.CharField(label="药品", required=False, max_length=60, widget=SEARCH)
    level = forms.ChoiceField(label="等级", required=False, choices=[("", "全部等级"), *AlertLevel.choices])
    state = forms.ChoiceField(label="状态", required=False, choices=STATES)
    institution = forms.TypedChoiceField(label="机构", required=False, coerce=int, empty_value=None)

    def __init__(self, data, *, institutions):
        super().__init__(data)
        choices = [("", "全部机构"), *((row.pk, row.short_name or row.name) for row in institutions)]
        self.fields["institution"].choices = choices
        if len(institutions) < 2:
            del self.fields["institution"]

    def wanted(self):
        if not self.is_bound:
            return {}
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value}


class NoteForm(forms.Form):
    text = forms.CharField(label="处置记录", max_length=300, widget=forms.Textarea(attrs={"rows": 2}))


class CloseForm(forms.Form):
    outcome = forms.ChoiceField(label="处置结果", choices=[("", "请选择"), *((word, word) for word in OUTCOMES)])
    text = forms.CharField(label="补充说明", required=False, max_length=200, widget=forms.Textarea(attrs={"rows": 2}))


class ReopenForm(forms.Form):
    text = forms.CharField(label="重新打开的原因", max_length=300, widget=forms.Textarea(attrs={"rows": 2}))
