"""Forms of transfers and of measures on an alert."""

from django import forms

from formulary.forms import SEARCH, FilterForm
from formulary.models import Presentation
from formulary.queries import matching
from shortage.models import Transfer, TransferState
from shortage.rules.report_form import FIELDS

STATES = [("live", "进行中"), ("", "全部"), *TransferState.choices]
AREA = forms.Textarea(attrs={"rows": 2})


class TransferFilter(FilterForm):
    words = forms.CharField(label="单号或药品", required=False, widget=SEARCH)
    state = forms.ChoiceField(label="状态", required=False, choices=STATES)


class ExpiryFilter(FilterForm):
    words = forms.CharField(label="药品", required=False, widget=SEARCH)
    band = forms.ChoiceField(
        label="效期", required=False, choices=[("red", "红线内"), ("warn", "提醒线内"), ("expired", "已过期")]
    )
    institution = forms.TypedChoiceField(label="机构", required=False, coerce=int, empty_value=None)

    def __init__(self, data, *, institutions):
        super().__init__(data)
        choices = [("", "全部机构"), *((row.pk, row.short_name or row.name) for row in institutions)]
        self.fields["institution"].choices = choices
        if len(institutions) < 2:
            del self.fields["institution"]


class ReasonForm(forms.Form):
    reason = forms.CharField(label="原因", max_length=200, widget=AREA)


class SettleForm(ReasonForm):
    ending = forms.ChoiceField(
        label="差额去向", choices=[("", "请选择"), ("back", "已退回调出机构"), ("lost", "途中损毁，报损")]
    )
    field_order = ["ending", "reason"]


class LineForm(forms.Form):
    """A number per line, named l<pk>; what is blank counts as the most."""

    note = forms.CharField(label="说明", max_length=200, required=False)

    def __init__(self, data, *, lines, most):
        super().__init__(data)
        self.most = {line.pk: most(line) for line in lines}
        for line in lines:
            self.fields[f"l{line.pk}"] = forms.IntegerField(
                label=f"{line.presentation} 批号 {line.batch or '未分批'}",
                min_value=0,
                max_value=self.most[line.pk],
                required=False,
                widget=forms.NumberInput(attrs={"placeholder": self.most[line.pk], "inputmode": "numeric"}),
                error_messages={
                    "invalid": "应为整数",
                    "min_value": "不能小于 0",
                    "max_value": f"不能大于 {self.most[line.pk]}",
                },
            )

        self.order_fields([*(f"l{pk}" for pk in self.most), "note"])

    def wanted(self):
        """Units by line."""
        given = {pk: self.cleaned_data[f"l{pk}"] for pk in self.most}
        return {pk: self.most[pk] if units is None else units for pk, units in given.items()}


class NewTransferForm(forms.Form):
    """One drug from one institution to another; several drugs are added from the page 调剂建议."""

    presentation = forms.CharField(
        label="药品", max_length=60, help_text="编码，或名称与规格，如 氨氯地平 5mg；也可用拼音首字母", widget=SEARCH
    )
    donor = forms.ModelChoiceField(label="调出机构", queryset=None, empty_label="请选择")
    receiver = forms.ModelChoiceField(label="调入机构", queryset=None, empty_label="请选择")
    quantity = forms.IntegerField(label="数量（最小单位）", min_value=1, max_value=10_000_000)
    kind = forms.ChoiceField(
        label="方式",
        choices=[
            (Transfer.Kind.GIVEN, "划转"),
            (Transfer.Kind.LOAN, "借用（记入借还台账）"),
            (Transfer.Kind.RELEASE, "动用储备（从调出机构的储备发出，须批准）"),
        ],
    )
    reason = forms.CharField(label="事由", max_length=200, widget=AREA)
    knowingly = forms.BooleanField(
        label="调出后低于补货点也要调",
        required=False,
        help_text="默认不允许调出机构低于自己的补货点；确需如此时勾选，由调出方签字确认",
    )

    def __init__(self, data=None, *, institutions, initial=None):
        super().__init__(data, initial=initial)
        for name in ("donor", "receiver"):
            self.fields[name].queryset = institutions
            self.fields[name].label_from_instance = lambda row: row.name

    def clean_presentation(self):
        return drug_of_words(self.cleaned_data["presentation"])


def drug_of_words(words):
    """The one drug in use that a code or a name means. Raises ValidationError naming what it may mean."""
    words = words.strip()
    found = list(Presentation.objects.filter(matching(words), active=True).order_by("name", "strength")[:6])
    exact = [drug for drug in found if drug.code.lower() == words.lower()]
    if len(exact) == 1 or len(found) == 1:
        return (exact or found)[0]
    if not found:
        raise forms.ValidationError(f"没有找到“{words}”，应为在用药品的编码或名称")
    told = "、".join(f"{drug}（{drug.code}）" for drug in found[:5])
    raise forms.ValidationError(f"“{words}”不止一个品规，请写编码：{told}{' 等' if len(found) > 5 else ''}")


class MeasureForm(forms.Form):
    """What starts a measure with one click; the rest is asked of the data again."""

    kind = forms.ChoiceField(choices=[(k, k) for k in ("transfer", "release", "substitute", "order", "meeting")])
    institution = forms.IntegerField(required=False)
    presentation = forms.IntegerField(required=False)
    supplier = forms.CharField(required=False, max_length=40)
    quantity = forms.IntegerField(required=False, min_value=1, max_value=10_000_000)
    way = forms.ChoiceField(required=False, choices=[("", ""), *Transfer.Kind.choices[:2]])


class FinishForm(forms.Form):
    outcome = forms.CharField(label="结果", max_length=300, widget=AREA)
    worked = forms.TypedChoiceField(
        label="是否奏效", choices=[("yes", "已解决或缓解"), ("no", "未成")], coerce=lambda value: value == "yes"
    )


class ReportForm(forms.Form):
    """The 直报 form; every field may be left for later, sending asks for them."""

    def __init__(self, data=None, *, values):
        super().__init__(data, initial=values)
        for field in FIELDS:
            if field.choices:
                choices = [("", "请选择"), *((word, word) for word in field.choices)]
                self.fields[field.name] = forms.ChoiceField(label=field.label, choices=choices, required=False)
            else:
                widget = AREA if field.long else None
                self.fields[field.name] = forms.CharField(
                    label=field.label, max_length=500, required=False, widget=widget
                )
