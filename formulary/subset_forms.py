"""Forms of the pages of 机构目录."""

from django import forms

from formulary.forms import SEARCH, FilterForm

STATES = [("", "全部"), ("kept", "本机构目录"), ("out", "未纳入"), ("asked", "有建议")]


class SubsetFilter(FilterForm):
    q = forms.CharField(label="药品", required=False, widget=SEARCH)
    state = forms.ChoiceField(label="状态", required=False, choices=STATES)
    therapeutic_class = forms.ChoiceField(label="治疗类别", required=False)

    def __init__(self, *args, classes, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["therapeutic_class"].choices = [("", "全部类别"), *((name, name) for name in classes)]


class SubsetChange(forms.Form):
    """Ticked 品规 and what is to be done with them."""

    do = forms.ChoiceField(choices=[(name, name) for name in ("add", "drop", "accept", "refuse")])
    pick = forms.MultipleChoiceField(error_messages={"required": "请先勾选品规"})
    reason = forms.CharField(max_length=200, required=False)

    def __init__(self, data, *args, **kwargs):
        super().__init__(data, *args, **kwargs)
        given = data.getlist("pick") if hasattr(data, "getlist") else []
        self.fields["pick"].choices = [(value, value) for value in given if value.isdecimal() and len(value) < 18]

    def clean_pick(self):
        return [int(value) for value in self.cleaned_data["pick"]]


class SubsetFile(forms.Form):
    file = forms.FileField(
        label="机构目录文件",
        help_text="xlsx、xls 或 CSV；列：药品编码，多家机构时另加机构编码。文件是机构的完整目录：没有列出的将移出",
        widget=forms.FileInput(attrs={"accept": ".xlsx,.xls,.csv,.txt"}),
        error_messages={"required": "请选择文件", "empty": "文件是空的"},
    )
