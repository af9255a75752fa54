"""Forms of the central store: filters, which institution it is, a new run, a changed allocation."""

from django import forms

from formulary.forms import SEARCH, FilterForm
from formulary.models import Product
from shortage.rules.runs import STATE_NAMES
from shortage.transfer_forms import AREA

DAY = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class CentralFilter(FilterForm):
    words = forms.CharField(label="药品", required=False, widget=SEARCH)
    show = forms.ChoiceField(
        label="范围",
        required=False,
        choices=[("", "全部库存"), ("wanted", "有机构需要"), ("short", "不够分配"), ("free", "可以分配")],
    )


class RunFilter(FilterForm):
    state = forms.ChoiceField(
        label="状态", required=False, choices=[("open", "进行中"), ("", "全部"), *STATE_NAMES.items()]
    )


class StoreForm(forms.Form):
    institution = forms.ModelChoiceField(
        label="中心药房所在机构",
        queryset=None,
        empty_label="请选择",
        help_text="可以是单独登记的中心药房，也可以是牵头医院；医院自己要用的（补足目标以内）不会分出去。",
    )

    def __init__(self, data=None, *, members, **kwargs):
        super().__init__(data, **kwargs)
        self.fields["institution"].queryset = members


class RunForm(forms.Form):
    """A new run: everything that these institutions need is proposed."""

    on = forms.DateField(label="配送日", widget=DAY)
    route = forms.CharField(label="线路", max_length=60, help_text="如：北线、每周二")
    institutions = forms.ModelMultipleChoiceField(
        label="送达机构", queryset=None, widget=forms.CheckboxSelectMultiple, required=False, help_text="不选即全部机构"
    )

    def __init__(self, data=None, *, members, **kwargs):
        super().__init__(data, **kwargs)
        self.fields["institutions"].queryset = members
        self.fields["institutions"].label_from_instance = lambda row: row.short_name or row.name

    def wanted(self):
        given = self.cleaned_data
        chosen = {row.pk for row in given["institutions"]}
        return {"on": given["on"], "route": given["route"], "institutions": chosen or None}


class ChangeForm(forms.Form):
    """Another number of packs for a line that is there."""

    packs = forms.IntegerField(label="分配包数", min_value=0, max_value=100_000)
    reason = forms.CharField(label="原因", max_length=200, widget=AREA)


class AddForm(ChangeForm):
    """A line that the formula did not propose."""

    institution = forms.ModelChoiceField(label="机构", queryset=None, empty_label="请选择")
    product = forms.ModelChoiceField(label="药品", queryset=None, empty_label="请选择")
    field_order = ["institution", "product", "packs", "reason"]

    def __init__(self, data=None, *, members, products, **kwargs):
        super().__init__(data, **kwargs)
        self.fields["institution"].queryset = members
        rows = Product.objects.filter(pk__in=products).select_related("presentation")
        self.fields["product"].queryset = rows.order_by("presentation__name", "code")
