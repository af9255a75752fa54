"""Forms of the version pages: filters of differences, a draft's beginning, its details, one amended line."""

import datetime as dt

from django import forms
from django.utils import timezone

from formulary.forms import SEARCH, FilterForm
from formulary.models import Level, Presentation, Restriction, VersionChange
from formulary.rules.versions import Line

DAY = {"type": "date"}
ON_OR_AFTER_TODAY = "不早于今天，也不早于所依据版本的生效日"


class ChangeFilter(FilterForm):
    since = forms.TypedChoiceField(label="与哪一版比较", required=False, coerce=int, empty_value=None)
    q = forms.CharField(label="药品", required=False, widget=SEARCH)
    kind = forms.ChoiceField(label="变化", required=False, choices=[("", "全部变化"), *VersionChange.Kind.choices])
    level = forms.ChoiceField(label="使用级别", required=False, choices=[("", "全部级别"), *Level.choices])
    therapeutic_class = forms.ChoiceField(label="治疗类别", required=False)

    def __init__(self, *args, versions, classes, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["since"].choices = [("", "前一版本"), *((row.number, f"第 {row.number} 版") for row in versions)]
        self.fields["therapeutic_class"].choices = [("", "全部类别"), *((name, name) for name in classes)]


class NewDraft(forms.Form):
    effective_from = forms.DateField(label="生效日", widget=forms.DateInput(attrs=DAY), help_text=ON_OR_AFTER_TODAY)


class NewCorrection(forms.Form):
    base = forms.ModelChoiceField(queryset=None, label="更正哪一版", empty_label="请选择")
    effective_from = forms.DateField(label="更正生效日", widget=forms.DateInput(attrs=DAY), help_text=ON_OR_AFTER_TODAY)
    wrong = forms.CharField(
        label="错在哪里", widget=forms.Textarea(attrs={"rows": 2}), help_text="写入更正版的说明，随版本公布"
    )

    def __init__(self, *args, versions, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["base"].queryset = versions
        self.fields["base"].label_from_instance = lambda row: f"第 {row.number} 版（{row.effective_from} 起）"


class DraftDetails(forms.Form):
    title = forms.CharField(label="名称", max_length=120)
    effective_from = forms.DateField(label="生效日", widget=forms.DateInput(attrs=DAY), help_text=ON_OR_AFTER_TODAY)
    document = forms.CharField(label="发布文号", max_length=120, required=False)
    note = forms.CharField(label="说明", required=False, widget=forms.Textarea(attrs={"rows": 2}))


class Amendment(forms.Form):
    """One line of a correction or of an imported draft."""

    code = forms.CharField(label="药品编码", max_length=40)
    does = forms.ChoiceField(label="改为", choices=[("set", "列入或修改"), ("remove", "移出目录")])
    lowest_level = forms.ChoiceField(label="最低使用级别", choices=Level.choices, required=False)
    restriction = forms.ChoiceField(label="限制", choices=Restriction.choices, required=False)
    tier = forms.IntegerField(label="遴选层级", min_value=1, max_value=9, initial=1, required=False)
    reason = forms.CharField(label="理由", max_length=300)

    def clean_code(self):
        found = Presentation.objects.filter(code__iexact=self.cleaned_data["code"].strip()).first()
        if found is None:
            raise forms.ValidationError("没有此药品编码，请核对")
        return found

    def line(self):
        """None removes the drug."""
        given = self.cleaned_data
        if given["does"] == "remove":
            return None
        level, restriction = given["lowest_level"] or Level.PRIMARY, given["restriction"] or Restriction.NONE
        return Line(level, restriction, given["tier"] or 1, reason=given["reason"][:200])


def next_month() -> dt.date:
    """The day a new draft proposes: the first of the month after next week."""
    day = timezone.localdate() + dt.timedelta(days=7)
    return (day.replace(day=28) + dt.timedelta(days=4)).replace(day=1)
