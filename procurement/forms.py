"""Forms of the plan pages: filters over GET, and what a person sets for a new plan."""

from decimal import Decimal

from django import forms

from procurement.models import PlanState
from procurement.rules.plan_settings import PlanSettings

SEARCH = forms.TextInput(attrs={"type": "search", "placeholder": "名称、规格、编码或拼音首字母"})
SECONDS = [(30, "30 秒（试算）"), (120, "2 分钟"), (300, "5 分钟"), (600, "10 分钟"), (1800, "30 分钟")]
GAPS = [("0.001", "0.1%（建议）"), ("0.005", "0.5%"), ("0.01", "1%（更快）")]


class FilterForm(forms.Form):
    """A form over GET; `wanted()` gives the query's keyword arguments, leaving out what is blank or wrong."""

    def __init__(self, data=None, *, choices=None, **kwargs):
        super().__init__(data or None, **kwargs)
        for name, options in (choices or {}).items():
            self.fields[name].choices = [("", self.fields[name].empty), *options]

    def wanted(self):
        if not self.is_bound:
            return {}
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value not in (None, "")}


class Choice(forms.ChoiceField):
    """A choice that may stay open; `empty` is what an open choice says."""

    def __init__(self, label, empty, choices=()):
        self.empty = empty
        super().__init__(label=label, required=False, choices=[("", empty), *choices])


class PlanFilter(FilterForm):
    words = forms.CharField(label="名称", required=False, widget=forms.TextInput(attrs={"type": "search"}))
    state = Choice(
        "状态",
        "全部状态",
        [(PlanState.READY, "已生成"), (PlanState.SOLVING, "求解中"), (PlanState.FAILED, "未成功")],
    )


class LineFilter(FilterForm):
    words = forms.CharField(label="药品", required=False, widget=SEARCH)
    institution = Choice("机构", "全部机构")
    supplier = Choice("供应商", "全部供应商")
    need_class = Choice("类别", "全部类别")
    group = Choice("汇总方式", "逐条明细", [("supplier", "按供应商"), ("institution", "按机构"), ("drug", "按药品")])
    drug = forms.CharField(required=False, widget=forms.HiddenInput)


class UnmetFilter(FilterForm):
    words = forms.CharField(label="药品", required=False, widget=SEARCH)
    institution = Choice("机构", "全部机构")
    need_class = Choice("类别", "全部类别")


class PlanForm(forms.Form):
    """A new plan. Every field says what it does; blanks mean "no such rule"."""

    title = forms.CharField(label="计划名称", max_length=120)
    start = forms.DateField(label="起始日", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    end = forms.DateField(
        label="终止日",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text="需求按此周期的预测用量加安全库存计算，预算与约定量按天折算。",
    )
    total_budget = forms.DecimalField(
        label="总预算（元）",
        required=False,
        min_value=Decimal(0),
        max_digits=14,
        decimal_places=2,
        help_text="全医共体本期上限；留空则按预算表，各机构预算始终有效。",
    )
    nonwinning_ratio = forms.DecimalField(
        label="非中选比例",
        min_value=Decimal(0),
        max_digits=6,
        decimal_places=3,
        help_text="同一药品中，非中选采购量 ÷ 中选采购量的上限；1 表示不超过中选量，0 表示只买中选。",
    )
    group_limit = forms.IntegerField(
        label="品规数上限",
        required=False,
        min_value=1,
        help_text="同一通用名与给药途径在全医共体最多采购几个产品（一品两规为 2）；留空不限。",
    )
    time_limit = forms.TypedChoiceField(
        label="求解时限",
        coerce=int,
        choices=SECONDS,
        help_text="到时给出当时最好的计划与已证明的差距；也可随时手动停止。",
    )
    gap = forms.TypedChoiceField(
        label="最优差距",
        coerce=float,
        choices=GAPS,
        help_text="每个目标与理论最优界相差不超过此比例即视为最优，进入下一目标。",
    )

    def period(self):
        return self.cleaned_data["start"], self.cleaned_data["end"]

    def settings(self):
        data = self.cleaned_data
        return PlanSettings(
            time_limit=data["time_limit"],
            gap=data["gap"],
            total_budget=data["total_budget"],
            nonwinning_ratio=data["nonwinning_ratio"],
            group_limit=data["group_limit"],
        )
