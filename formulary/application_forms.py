"""Forms of the application pages; what is complete is decided by rules.application when it is handed in."""

from django import forms

from formulary.forms import FilterForm
from formulary.models import Institution, Level, Presentation, Restriction
from formulary.queries.applications import OPEN_STATES
from formulary.rules.adjustment_life import OVER, Kind, State
from formulary.rules.application import MUST

DAY = forms.DateInput(attrs={"type": "date"})
SEARCH = forms.SearchInput(attrs={"placeholder": "药品名称、规格、编码、拼音首字母或申请编号"})
TIERS = [(1, "1 首选"), (2, "2 次选"), (3, "3 备选")]


def area(rows=3):
    return forms.Textarea(attrs={"rows": rows})


class ApplicationFilter(FilterForm):
    q = forms.CharField(label="药品或编号", required=False, widget=SEARCH)
    kind = forms.ChoiceField(
        label="类型", required=False, choices=[("", "全部类型"), *((kind.value, kind.label) for kind in Kind)]
    )
    state = forms.ChoiceField(
        label="状态",
        required=False,
        choices=[
            ("", "全部状态"),
            ("open", "未办结"),
            *((state.value, state.label) for state in (*OPEN_STATES, *sorted(OVER, key=list(State).index))),
        ],
    )
    institution = forms.TypedChoiceField(label="申请机构", required=False, coerce=int, empty_value=None)

    def __init__(self, *args, institutions, **kwargs):
        super().__init__(*args, **kwargs)
        rows = [(row.pk, row.short_name or row.name) for row in institutions]
        self.fields["institution"].choices = [("", "全部机构"), *rows]


class DrugSearch(FilterForm):
    """`kind` travels with the words so that the results lead back to the right form."""

    q = forms.CharField(
        label="药品",
        required=False,
        max_length=60,
        widget=forms.SearchInput(attrs={"placeholder": "名称、规格、编码或拼音首字母，如 amxl", "data-search": ""}),
    )


class ApplicationForm(forms.Form):
    """The fields of one kind; those that a kind does not ask are left out."""

    institution = forms.ModelChoiceField(label="申请机构", queryset=Institution.objects.none(), empty_label="请选择")
    drops = forms.ModelChoiceField(
        label="换下的品规（引一退一）", queryset=Presentation.objects.none(), required=False, empty_label="请选择"
    )
    lowest_level = forms.ChoiceField(
        label="最低使用级别", required=False, choices=[("", "请选择"), *Level.choices], help_text="此级别及以上机构可用"
    )
    restriction = forms.ChoiceField(label="使用限制", required=False, choices=Restriction.choices)
    tier = forms.TypedChoiceField(label="遴选层级", required=False, coerce=int, choices=TIERS, empty_value=1)
    department = forms.CharField(label="科室", required=False, max_length=60)
    reason = forms.CharField(
        label="申请理由", required=False, widget=area(4), help_text="写明临床需要、现有药品为何不足；不要写患者身份"
    )
    indication = forms.CharField(label="适应证", required=False, widget=area(2))
    monthly_use = forms.IntegerField(label="预计月用量（最小单位）", required=False, min_value=1, max_value=10**8)
    quantity = forms.IntegerField(label="临时采购数量（最小单位）", required=False, min_value=1, max_value=10**8)
    until = forms.DateField(label="临时使用至", required=False, widget=DAY)
    evaluation = forms.CharField(
        label="1+X 评价编号", required=False, max_length=60, help_text="非基药填写；尚未评价可空着，评分后补"
    )
    interests = forms.CharField(
        label="利益关系声明",
        required=False,
        widget=area(2),
        help_text="与生产、配送企业有无任职、讲课费、科研经费等关系；没有写“无”",
    )
    ASKED = {
        Kind.ADD: "lowest_level restriction tier indication monthly_use evaluation",
        Kind.REMOVE: "",
        Kind.REPLACE: "drops lowest_level restriction tier indication monthly_use evaluation",
        Kind.LEVEL: "lowest_level restriction tier",
        Kind.EMERGENCY: "indication quantity until",
    }
    ALWAYS = ("institution", "department", "reason", "interests")

    def __init__(self, *args, kind, places, at=(), drops=None, unit="", **kwargs):
        """places: for which one may apply; at: where one works oneself, chosen beforehand where it is one."""
        super().__init__(*args, **kwargs)
        asked = {*self.ALWAYS, *self.ASKED[Kind(kind)].split()}
        for name in [name for name in self.fields if name not in asked]:
            del self.fields[name]
        for name in MUST[Kind(kind)]:
            self.fields[name].must = True
        self.fields["institution"].queryset = Institution.objects.filter(pk__in=[place.pk for place in places])
        own = [place for place in places if place.pk in at] or places
        if len(own) == 1:
            self.fields["institution"].initial = own[0].pk
        if "drops" in self.fields and drops is not None:
            self.fields["drops"].queryset = drops
        if Kind(kind) is Kind.EMERGENCY:
            self.fields["indication"].label = "病情或适应证（不写患者身份）"
        for name in ("monthly_use", "quantity"):
            if name in self.fields and unit:
                self.fields[name].label = self.fields[name].label.replace("最小单位", unit)


class PresentationForm(forms.Form):
    name = forms.CharField(label="通用名", max_length=120)
    form = forms.CharField(label="剂型", max_length=40, help_text="药典剂型名，如片剂、注射液")
    strength = forms.CharField(label="规格", max_length=80, help_text="如 0.25g、1ml:1mg")
    unit = forms.CharField(label="最小单位", max_length=10, help_text="片、粒、支、袋、瓶")
    daily_dose = forms.DecimalField(
        label="日用量（最小单位）", min_value=0, max_digits=10, decimal_places=3, help_text="一名患者一日用多少"
    )


class FileForm(forms.Form):
    file = forms.FileField(
        label="附件",
        help_text="说明书、指南、文献、价格材料；pdf、Word、Excel 或图片",
        error_messages={"required": "请选择文件", "empty": "文件是空的"},
    )


class NoteForm(forms.Form):
    """One text; whether it may be empty is the action's to say."""

    note = forms.CharField(label="说明", required=False, max_length=1000, widget=area(3))

    def __init__(self, *args, label="说明", **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["note"].label = label


class DeputyForm(forms.Form):
    deputy = forms.ModelChoiceField(label="代办人", queryset=None, empty_label="请选择")
    valid_from = forms.DateField(label="起始日", widget=DAY)
    valid_to = forms.DateField(label="终止日", widget=DAY)
    reason = forms.CharField(label="事由", max_length=120, help_text="如外出培训、休假")

    def __init__(self, *args, people, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["deputy"].queryset = people
