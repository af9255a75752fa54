"""Forms of the 缺药登记 pages, made for a thumb."""

from django import forms

from formulary.forms import FilterForm
from formulary.models import Institution
from formulary.rules.request_life import State


class RequestFilter(FilterForm):
    q = forms.CharField(
        label="药品", required=False, widget=forms.SearchInput(attrs={"placeholder": "名称、编码或拼音首字母"})
    )
    state = forms.ChoiceField(
        label="状态",
        required=False,
        choices=[
            ("", "全部状态"), ("open", "未结"), ("late", "逾期未答复"), *((state.value, state.label) for state in State),
        ],
    )  # fmt: skip
    institution = forms.TypedChoiceField(label="机构", required=False, coerce=int, empty_value=None)

    def __init__(self, *args, institutions, **kwargs):
        super().__init__(*args, **kwargs)
        rows = [(row.pk, row.short_name or row.name) for row in institutions]
        self.fields["institution"].choices = [("", "全部机构"), *rows]
        if len(rows) < 2:
            del self.fields["institution"]


class RequestForm(forms.Form):
    institution = forms.ModelChoiceField(label="机构", queryset=Institution.objects.none(), empty_label=None)
    code = forms.CharField(required=False, widget=forms.HiddenInput())
    name = forms.CharField(label="所缺药品", max_length=120)
    strength = forms.CharField(label="规格", max_length=80, required=False)
    quantity = forms.IntegerField(label="数量", min_value=1, max_value=10**7)
    unit = forms.CharField(label="单位", max_length=10, help_text="片、粒、支、盒")
    contact = forms.CharField(
        label="联系方式", max_length=40, required=False, help_text="到药后通知用，结案即清除；不要写姓名和病情"
    )
    note = forms.CharField(label="说明", max_length=200, required=False, widget=forms.Textarea(attrs={"rows": 2}))

    def __init__(self, *args, places, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["institution"].queryset = Institution.objects.filter(pk__in=[place.pk for place in places])
        if len(places) == 1:
            self.fields["institution"].widget = forms.HiddenInput()
            self.fields["institution"].initial = places[0].pk
