"""Forms of the committee's pages."""

from django import forms

from formulary.models import BodyKind, Institution, Office, Person

DAY = {"type": "date"}


def day(label, **more):
    return forms.DateField(label=label, widget=forms.DateInput(attrs=DAY), **more)


class BodyForm(forms.Form):
    kind = forms.ChoiceField(label="类型", choices=[("", "请选择"), *BodyKind.choices])
    name = forms.CharField(label="名称", max_length=80)
    duties = forms.CharField(label="职责", max_length=300, required=False, widget=forms.Textarea(attrs={"rows": 2}))
    document = forms.CharField(label="成立文号", max_length=120, required=False)
    founded_on = day("成立日")


class SeatForm(forms.Form):
    person = forms.ModelChoiceField(label="人员", queryset=Person.objects.none(), empty_label="请选择")
    office = forms.ChoiceField(label="职务", choices=[("", "请选择"), *Office.choices])
    institution = forms.ModelChoiceField(
        label="代表机构", queryset=Institution.objects.none(), required=False, empty_label="不代表机构"
    )
    specialty = forms.CharField(label="专业", max_length=60, required=False)
    valid_from = day("任期起")
    valid_to = day("任期止", required=False)

    def __init__(self, *args, alliance, **kwargs):
        super().__init__(*args, **kwargs)
        people = Person.objects.filter(memberships__alliance=alliance, is_active=True).distinct()
        self.fields["person"].queryset = people.order_by("name", "username")
        self.fields["institution"].queryset = alliance.institutions.filter(active=True)


class EndSeatForm(forms.Form):
    on = day("离任日")
    reason = forms.CharField(label="离任原因", max_length=200)


class ExpertForm(forms.Form):
    name = forms.CharField(label="姓名", max_length=40)
    title = forms.CharField(label="职称", max_length=40)
    unit = forms.CharField(label="单位", max_length=80)
    specialty = forms.CharField(label="专业", max_length=60)


class DrawForm(forms.Form):
    """One text per expert besides: why the expert is left out; empty means in the draw."""

    purpose = forms.CharField(label="用途", max_length=120, help_text="如 2026 年第四季度新申请品规评分")
    wanted = forms.IntegerField(label="抽取人数", min_value=1, max_value=99, initial=3)
    specialty = forms.ChoiceField(label="专业", required=False)

    def __init__(self, *args, experts, **kwargs):
        super().__init__(*args, **kwargs)
        names = sorted({expert.specialty for expert in experts})
        self.fields["specialty"].choices = [("", "全部专业"), *((name, name) for name in names)]
        for expert in experts:
            field = forms.CharField(label=str(expert), required=False, max_length=120)
            field.widget.attrs["placeholder"] = "有利益关系时写明，即不参加抽取"
            self.fields[f"conflict_{expert.pk}"] = field

    def conflicts(self):
        given = {
            int(name.removeprefix("conflict_")): text
            for name, text in self.cleaned_data.items()
            if name.startswith("conflict_")
        }
        return {pk: text for pk, text in given.items() if text}

    def asked(self):
        return [self[name] for name in ("purpose", "wanted", "specialty")]

    def reasons(self):
        return [self[name] for name in self.fields if name.startswith("conflict_")]


class RuleForm(forms.Form):
    value = forms.CharField(label="新的值", max_length=40)
    valid_from = day("生效日", help_text="不早于今天；此前的会议仍按原来的值")
    document = forms.CharField(label="文号或会议决议", max_length=120)
    confirmed_by = forms.CharField(label="确认人", max_length=60)
    note = forms.CharField(label="说明", max_length=200, required=False)
