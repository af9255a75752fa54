"""Forms of what-if: a pin, a scenario, a new study, the filters of a comparison."""

from decimal import Decimal

from django import forms

from procurement.forms import SEARCH, Choice, FilterForm
from procurement.optimiser.case import COUNTED, WAYS
from procurement.optimiser.world import CLASSES
from procurement.rules import scenarios as rules
from procurement.rules.plan_diff import KINDS
from procurement.rules.scenarios import Change

PERCENT = {"min_value": Decimal(rules.LEAST_PERCENT), "max_value": Decimal(rules.MOST_PERCENT), "max_digits": 5}
SECONDS = [(5, "5 秒（粗看）"), (20, "20 秒"), (60, "1 分钟"), (120, "2 分钟"), (300, "5 分钟")]


class PinForm(forms.Form):
    """One 固定; the action says what cannot hold."""

    institution = forms.ChoiceField(label="机构", required=False)
    product = forms.CharField(
        label="产品",
        widget=forms.TextInput(
            attrs={"list": "pin-products", "autocomplete": "off", "placeholder": "输入药名或编码，从列表选"}
        ),
        help_text="同一产品由不同供应商报价的，分别列出。",
    )
    way = forms.ChoiceField(label="方式", choices=[(word, word) for word in WAYS])
    quantity = forms.IntegerField(
        label="数量（最小单位）",
        required=False,
        min_value=0,
        help_text=f"{'、'.join(COUNTED)}时填写，按片、支等最小单位；恰好须为整包。",
    )
    reason = forms.CharField(label="原因", max_length=200, widget=forms.Textarea(attrs={"rows": 2}))

    def __init__(self, *args, sites, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["institution"].choices = [("", "全医共体合计"), *sites]


class StudyForm(forms.Form):
    """What every study asks: how long each solve may take; a curve also asks its step."""

    seconds = forms.TypedChoiceField(
        label="每个情景的求解时限", coerce=int, choices=SECONDS, help_text="到时给出当时最好的方案，并写明差距。"
    )
    step = forms.TypedChoiceField(
        label="预算间隔",
        coerce=int,
        required=False,
        empty_value=10,
        choices=[(10, "每 10%，共 5 点"), (5, "每 5%，共 9 点")],
    )

    def __init__(self, *args, seconds=20, **kwargs):
        super().__init__(*args, **kwargs)
        if seconds not in dict(SECONDS):
            self.fields["seconds"].choices = sorted([*SECONDS, (seconds, f"{seconds} 秒")])
        self.fields["seconds"].initial = seconds


class ScenarioForm(forms.Form):
    """A named scenario: whatever is filled in changes, all at once."""

    name = forms.CharField(
        label="情景名称", max_length=60, widget=forms.TextInput(attrs={"placeholder": "如：预算减一成"})
    )
    budget = forms.DecimalField(label="预算变化（%）", required=False, decimal_places=1, **PERCENT)
    price = forms.DecimalField(label="价格变化（%）", required=False, decimal_places=1, **PERCENT)
    price_of = forms.ChoiceField(label="价格针对", required=False)
    supplier = forms.ChoiceField(label="断供的供应商", required=False)
    demand = forms.DecimalField(label="需求变化（%）", required=False, decimal_places=1, **PERCENT)
    demand_of = forms.ChoiceField(label="需求针对", required=False)
    months = forms.IntegerField(
        label="备货周期（月）",
        required=False,
        min_value=1,
        max_value=rules.MOST_MONTHS,
        help_text="需求、预算、约定量按周期放大；库存、安全库存、供应上限与冷藏容量不变。",
    )

    def __init__(self, *args, suppliers, drugs, **kwargs):
        super().__init__(*args, **kwargs)
        named_drugs = [(f"{rules.BY_DRUG}:{code}", name) for code, name in drugs]
        named_firms = [(f"{rules.BY_SUPPLIER}:{code}", name) for code, name in suppliers]
        classes = [(f"{rules.BY_CLASS}:{name}", name) for name in CLASSES]
        self.fields["price_of"].choices = [("", "全部产品"), ("供应商", named_firms), ("药品", named_drugs)]
        self.fields["supplier"].choices = [("", "无"), *suppliers]
        self.fields["demand_of"].choices = [("", "全部药品"), ("类别", classes), ("药品", named_drugs)]

    def changes(self):
        data = self.cleaned_data
        found = [] if data["budget"] is None else [Change(rules.BUDGET, data["budget"])]
        for kind in (rules.PRICE, rules.DEMAND):
            if data[kind] is not None:
                of, _, code = data[f"{kind}_of"].partition(":")
                found.append(Change(kind, data[kind], of, code))
        if data["supplier"]:
            found.append(Change(rules.SUPPLIER, code=data["supplier"]))
        if data["months"]:
            found.append(Change(rules.COVER, months=data["months"]))
        return found


class DifferenceFilter(FilterForm):
    other = forms.ChoiceField(label="对照")
    words = forms.CharField(label="药品", required=False, widget=SEARCH)
    kind = Choice("变化", "全部变化", [(word, word) for word in KINDS])
    institution = Choice("机构", "全部机构")

    def __init__(self, data=None, *, others, sites, **kwargs):
        super().__init__(data, choices={"institution": sites}, **kwargs)
        self.fields["other"].choices = others
