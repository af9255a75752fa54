"""Forms of 短缺专案."""

from django import forms
from django.db.models import Q

from config.access import Permission, roles_with
from formulary.forms import SEARCH, FilterForm
from formulary.models import Person
from shortage.models import ShortageCase
from shortage.rules.case_life import GRADES, OUTCOMES
from shortage.rules.substitutes import NOT, PARTLY, REPLACEABLE
from shortage.transfer_forms import AREA, drug_of_words

DAY = {"type": "date"}
STATES = [("open", "未结"), ("closed", "已结"), ("all", "全部")]


class CaseFilter(FilterForm):
    words = forms.CharField(label="药品或编号", required=False, widget=SEARCH)
    state = forms.ChoiceField(label="状态", required=False, choices=STATES)


class CaseForm(forms.Form):
    drug = forms.CharField(label="药品", max_length=60, help_text="编码，或名称与规格，如 肾上腺素 1ml", widget=SEARCH)
    whole = forms.BooleanField(label="涉及这个品种的全部规格", required=False)
    source = forms.ChoiceField(label="来源", choices=ShortageCase.Source.choices)
    reason = forms.CharField(label="起因", max_length=300, widget=AREA)

    def clean_drug(self):
        return drug_of_words(self.cleaned_data["drug"])


class NoteForm(forms.Form):
    text = forms.CharField(label="内容", max_length=500, widget=AREA)


class ExpectForm(forms.Form):
    expected_on = forms.DateField(
        label="预计恢复供应", required=False, widget=forms.DateInput(attrs=DAY), help_text="对方也不清楚的，空着"
    )
    source = forms.CharField(label="消息来源", max_length=120, help_text="如 某企业来函、配送企业电话、监管部门公告")
    text = forms.CharField(label="说明", max_length=500, required=False, widget=AREA)


class OwnerForm(forms.Form):
    owner = forms.ModelChoiceField(label="责任人", queryset=None, empty_label="请选择")

    def __init__(self, data=None, *, alliance):
        super().__init__(data)
        roles = roles_with(Permission.MANAGE_SHORTAGE) | roles_with(Permission.HANDLE_ALERTS)
        serving = Q(memberships__alliance=alliance, memberships__role__in=roles, memberships__valid_to__isnull=True)
        self.fields["owner"].queryset = Person.objects.filter(serving, is_active=True).distinct().order_by("name")


class GradeForm(forms.Form):
    grade = forms.ChoiceField(label="分级", choices=[("", "请选择"), *((code, code) for code in GRADES)])
    why = forms.CharField(label="依据", max_length=400, widget=AREA)


class CloseCaseForm(forms.Form):
    outcome = forms.ChoiceField(label="结果", choices=[("", "请选择"), *OUTCOMES.items()])
    text = forms.CharField(label="结案情况", max_length=400, widget=AREA)


EITHER = [("", "不限"), ("yes", "是"), ("no", "否")]
SWAPS = [(word, word) for word in (NOT, PARTLY, REPLACEABLE)]


class MatrixRow(forms.Form):
    """One row of the 分级表; a row without a grade is left out."""

    grade = forms.ChoiceField(label="级别", required=False, choices=[("", "—"), *((code, code) for code in GRADES)])
    necessary = forms.ChoiceField(label="临床必需", required=False, choices=EITHER)
    swaps = forms.MultipleChoiceField(
        label="可替代性", required=False, choices=SWAPS, widget=forms.CheckboxSelectMultiple
    )
    days = forms.IntegerField(label="库存天数低于", required=False, min_value=1, max_value=365)
    cut_off = forms.ChoiceField(label="断供", required=False, choices=EITHER)
    places = forms.IntegerField(label="机构数不少于", required=False, min_value=1, max_value=999)

    def row(self):
        """The row as the rule value holds it; None when it is left out."""
        given = self.cleaned_data
        if not given.get("grade"):
            return None
        said = {
            "临床必需": given["necessary"] and given["necessary"] == "yes",
            "可替代性": given["swaps"],
            "库存天数低于": given["days"],
            "断供": given["cut_off"] and given["cut_off"] == "yes",
            "机构数不少于": given["places"],
        }
        return {"级别": given["grade"]} | {name: value for name, value in said.items() if value not in ("", None, [])}


def matrix_initial(matrix):
    """The table in force as rows of the form."""
    words = {True: "yes", False: "no"}
    return [
        {
            "grade": row["级别"],
            "necessary": words.get(row.get("临床必需"), ""),
            "swaps": row.get("可替代性", []),
            "days": row.get("库存天数低于"),
            "cut_off": words.get(row.get("断供"), ""),
            "places": row.get("机构数不少于"),
        }
        for row in matrix
    ]


MatrixForm = forms.formset_factory(MatrixRow, extra=2, max_num=20)
