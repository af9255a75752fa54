"""Forms of 暴发期."""

import datetime as dt

from django import forms
from django.utils import timezone

from shortage.models.outbreak import LONGEST_WINDOW, SHORTEST_WINDOW
from shortage.queries import outbreaks

DATE = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
USUAL_WINDOW, USUAL_LENGTH = 7, 30


class OutbreakForm(forms.Form):
    """Items are named in words, one a line; the page shows which items they mean before anything is kept."""

    name = forms.CharField(
        label="名称", max_length=60, widget=forms.TextInput(attrs={"placeholder": "2026 年冬季流感"})
    )
    words = forms.CharField(
        label="药品",
        widget=forms.Textarea(attrs={"rows": 4, "placeholder": "奥司他韦\n布洛芬"}),
        help_text="一行一个：通用名的一部分、品规编码或拼音首字母；只找现行目录内的品规",
    )
    institutions = forms.ModelMultipleChoiceField(
        label="机构", queryset=None, required=False, widget=forms.CheckboxSelectMultiple, help_text="都不选即全医共体"
    )
    ends_on = forms.DateField(label="结束日期", widget=DATE, help_text="到日自动恢复平时的算法，可提前结束或延长")
    window_days = forms.IntegerField(
        label="参考天数",
        min_value=SHORTEST_WINDOW,
        max_value=LONGEST_WINDOW,
        initial=USUAL_WINDOW,
        help_text=f"需求按最近这么多天算，{SHORTEST_WINDOW}–{LONGEST_WINDOW} 天",
    )
    reason = forms.CharField(label="依据", max_length=200, help_text="如疾控通报、门诊量、上级通知的文号")

    def __init__(self, *args, alliance, **kwargs):
        super().__init__(*args, **kwargs)
        self.alliance = alliance
        self.fields["institutions"].queryset = alliance.institutions.filter(active=True)
        self.fields["ends_on"].initial = timezone.localdate() + dt.timedelta(days=USUAL_LENGTH)

    def clean_words(self):
        lines = [line.strip() for line in self.cleaned_data["words"].splitlines() if line.strip()]
        found = outbreaks.named(self.alliance, lines, timezone.localdate())
        if found.unknown:
            raise forms.ValidationError("现行目录中没有：" + "、".join(found.unknown))
        self.cleaned_data["presentations"] = found.presentations
        return self.cleaned_data["words"]


class ProlongForm(forms.Form):
    ends_on = forms.DateField(label="新的结束日期", widget=DATE)


class EndForm(forms.Form):
    note = forms.CharField(label="结束原因", max_length=200)
