"""Forms of the tender pages."""

from decimal import Decimal

from django import forms

from procurement.forms import Choice, FilterForm

SHARE = {"min_value": Decimal(0), "max_value": Decimal(1), "max_digits": 5, "decimal_places": 4}


class ProgressFilter(FilterForm):
    institution = Choice("机构", "全部机构")
    level = Choice(
        "提示",
        "全部",
        [("red", "红色：落后严重"), ("yellow", "黄色：落后"), ("idle", "久未采购中选"), ("others", "非中选占比过高")],
    )


class TransferForm(forms.Form):
    giver = forms.IntegerField()
    taker = forms.IntegerField()
    quantity = forms.IntegerField(label="数量（最小单位）", min_value=1)
    why = forms.CharField(label="理由", max_length=200)


class TransferAnswerForm(forms.Form):
    side = forms.ChoiceField(choices=[("giver", "调出方"), ("taker", "调入方")])
    agreed = forms.TypedChoiceField(coerce=lambda value: value == "yes", choices=[("yes", "同意"), ("no", "不同意")])
    words = forms.CharField(required=False, max_length=200)


class SurplusForm(forms.Form):
    """Each input with where it comes from; both are kept with the result."""

    fund_share = forms.DecimalField(label="基金支付比例", **SHARE)
    fund_source = forms.CharField(label="依据", max_length=120, required=False)
    insured_share = forms.DecimalField(label="参保使用比例", **SHARE)
    insured_source = forms.CharField(label="依据", max_length=120, required=False)
    ratio = forms.DecimalField(label="留用比例", help_text="不超过 0.5", **SHARE)
    ratio_source = forms.CharField(label="依据", max_length=120, required=False)
    factor = forms.DecimalField(label="考核系数", **SHARE)
    factor_source = forms.CharField(label="依据", max_length=120, required=False)


class TableForm(forms.Form):
    file = forms.FileField(label="表格", widget=forms.ClearableFileInput(attrs={"accept": ".xlsx,.xls,.csv"}))
