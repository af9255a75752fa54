"""Forms of price cases."""

from django import forms

from formulary.models import Person, Product
from procurement.forms import SEARCH, Choice, FilterForm
from procurement.round_forms import DAY
from procurement.rules.price_cases import FALSE, KIND_NAMES, OUTCOMES, STATE_NAMES

AREA = forms.Textarea(attrs={"rows": 2})


class CaseFilter(FilterForm):
    words = forms.CharField(label="药品、供应商或编号", required=False, widget=SEARCH)
    state = forms.ChoiceField(
        label="状态",
        required=False,
        choices=[("open", "未办结"), ("overdue", "已逾期"), ("", "全部"), *STATE_NAMES.items()],
    )
    kind = Choice("类别", "全部类别", list(KIND_NAMES.items()))

    def wanted(self):
        """An open choice of the state means all of them, not the default."""
        given = super().wanted()
        return {"state": ""} | given if self.is_bound else {"state": "open"}


class TakeForm(forms.Form):
    owner = forms.ModelChoiceField(label="责任人", queryset=None, empty_label="请选择")
    due_on = forms.DateField(label="办结期限", **DAY)

    def __init__(self, data=None, *, case, **kwargs):
        initial = {"owner": case.owner_id, "due_on": case.due_on}
        super().__init__(data, initial=initial, **kwargs)
        people = Person.objects.filter(memberships__alliance=case.alliance, is_active=True).distinct()
        self.fields["owner"].queryset = people.order_by("username")


class TalkForm(forms.Form):
    on = forms.DateField(label="日期", **DAY)
    contact = forms.CharField(label="对方单位与联系人", max_length=120)
    words = forms.CharField(label="对方说明", max_length=500, widget=AREA)
    price = forms.DecimalField(
        label="对方报价（元/包装，可不填）", required=False, min_value=0, max_digits=12, decimal_places=2
    )


class DecideForm(forms.Form):
    outcome = forms.ChoiceField(
        label="处理方式", choices=[("", "请选择"), *((key, name) for key, name in OUTCOMES.items() if key != FALSE)]
    )
    words = forms.CharField(label="处理意见", max_length=300, widget=AREA)
    replacement = forms.ModelChoiceField(
        label="改用产品", queryset=None, required=False, empty_label="（仅“改用其他产品”时选）"
    )

    def __init__(self, data=None, *, case, **kwargs):
        super().__init__(data, **kwargs)
        drug = case.product.presentation_id if case.product else 0
        same = Product.objects.filter(presentation=drug, active=True).exclude(pk=case.product_id)
        self.fields["replacement"].queryset = same.select_related("presentation").order_by("code")


class DismissForm(forms.Form):
    words = forms.CharField(label="为什么是误报", max_length=300, widget=AREA)


class CorrectForm(forms.Form):
    words = forms.CharField(label="落实情况", max_length=300, widget=AREA)
    filing = forms.CharField(label="备案号或上报文号（备案、上报时必填）", max_length=60, required=False)
