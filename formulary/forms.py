"""Filter forms: what a blank or unknown choice means is decided here, once."""

from django import forms

from formulary.models import JobState, Level, ListKind, Medicine, NameMatch, Restriction

SEARCH = forms.SearchInput(attrs={"placeholder": "名称、规格、编码或拼音首字母"})

JOB_KINDS = {
    "plan": "采购计划求解",
    "watch": "每日监测",
    "balance": "调剂建议",
    "deliver": "发送通知",
    "replay": "预警回放",
    "backtest": "预测回测",
    "list_import": "导入政策目录",
    "stock_import": "导入库存与用量",
    "suggestions": "查找调整线索",
}


class FilterForm(forms.Form):
    """A form over GET; `wanted()` gives the query's keyword arguments, leaving out what is blank or wrong."""

    def wanted(self):
        if not self.is_bound:
            return {}
        self.is_valid()
        names = {"q": "words"}  # the address says q, as search boxes everywhere do
        given = {name: value for name, value in self.cleaned_data.items() if value not in (None, "")}
        return {names.get(name, name): value for name, value in given.items()}


class HistoryFilter(FilterForm):
    q = forms.CharField(label="人员或对象", required=False, widget=forms.SearchInput())
    verb = forms.ChoiceField(label="动作", required=False)
    since = forms.DateField(label="自", required=False, widget=forms.DateInput(attrs={"type": "date"}))

    def __init__(self, *args, verbs, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["verb"].choices = [("", "全部动作"), *((verb, verb) for verb in verbs)]


class JobFilter(FilterForm):
    words = forms.CharField(label="名称", required=False, widget=forms.TextInput(attrs={"type": "search"}))
    kind = forms.ChoiceField(label="类型", required=False)
    state = forms.ChoiceField(label="状态", required=False, choices=[("", "全部状态"), *JobState.choices])

    def __init__(self, *args, kinds, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["kind"].choices = [("", "全部类型"), *((kind, JOB_KINDS.get(kind, kind)) for kind in kinds)]


class EntryFilter(FilterForm):
    q = forms.CharField(label="药品", required=False, widget=SEARCH)
    level = forms.ChoiceField(label="机构级别可用", required=False, choices=[("", "全部级别"), *Level.choices])
    restriction = forms.ChoiceField(label="限制", required=False, choices=[("", "不限"), *Restriction.choices])
    therapeutic_class = forms.ChoiceField(label="治疗类别", required=False)

    def __init__(self, *args, classes, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["therapeutic_class"].choices = [("", "全部类别"), *((name, name) for name in classes)]


class DrugFilter(FilterForm):
    q = forms.CharField(label="药品", required=False, widget=SEARCH)
    therapeutic_class = forms.ChoiceField(label="治疗类别", required=False)
    mark = forms.ChoiceField(
        label="标记",
        required=False,
        choices=[("", "不限"), ("emergency", "短缺急救"), ("chronic", "慢病用药"), ("cold", "冷藏")],
    )
    place = forms.ChoiceField(
        label="统一目录", required=False, choices=[("", "不限"), ("in", "目录内"), ("out", "目录外")]
    )

    def __init__(self, *args, classes, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["therapeutic_class"].choices = [("", "全部类别"), *((name, name) for name in classes)]


class MatchFilter(FilterForm):
    q = forms.CharField(label="名称", required=False, widget=forms.SearchInput())
    kind = forms.ChoiceField(label="目录", required=False, choices=[("", "全部目录"), *ListKind.choices])
    state = forms.ChoiceField(label="状态", required=False, choices=[("", "全部"), *NameMatch.State.choices])


class MatchDecision(forms.Form):
    """One answer: the number of a 品种, "new" or "ignored"; each is a button of the page."""

    answer = forms.CharField(label="结论")
    note = forms.CharField(label="说明", required=False, max_length=200)

    def clean_answer(self):
        answer = self.cleaned_data["answer"]
        if answer in (NameMatch.State.NEW, NameMatch.State.IGNORED):
            return answer, None
        medicine = Medicine.objects.filter(pk=answer).first() if answer.isdecimal() and len(answer) < 18 else None
        if medicine is None:
            raise forms.ValidationError("没有这个品种，请从列出的品种中选择")
        return NameMatch.State.SAME, medicine
