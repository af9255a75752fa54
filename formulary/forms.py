"""Filter forms: what a blank or unknown choice means is decided here, once."""

from django import forms

from formulary.models import Level, Restriction

SEARCH = forms.TextInput(attrs={"type": "search", "placeholder": "名称、规格、编码或拼音首字母", "data-search": ""})


class FilterForm(forms.Form):
    """A form over GET; `wanted()` gives the query's keyword arguments, leaving out what is blank or wrong."""

    def wanted(self):
        if not self.is_bound:
            return {}
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value not in (None, "")}


class HistoryFilter(FilterForm):
    words = forms.CharField(label="人员或对象", required=False, widget=forms.TextInput(attrs={"type": "search"}))
    verb = forms.ChoiceField(label="动作", required=False)
    since = forms.DateField(label="自", required=False, widget=forms.DateInput(attrs={"type": "date"}))

    def __init__(self, *args, verbs, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["verb"].choices = [("", "全部动作"), *((verb, verb) for verb in verbs)]


class EntryFilter(FilterForm):
    words = forms.CharField(label="药品", required=False, widget=SEARCH)
    level = forms.ChoiceField(label="机构级别可用", required=False, choices=[("", "全部级别"), *Level.choices])
    restriction = forms.ChoiceField(label="限制", required=False, choices=[("", "不限"), *Restriction.choices])
    therapeutic_class = forms.ChoiceField(label="治疗类别", required=False)

    def __init__(self, *args, classes, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["therapeutic_class"].choices = [("", "全部类别"), *((name, name) for name in classes)]
