"""Forms of the publicity pages."""

from django import forms

from formulary.models import Institution, Objection


class Announcement(forms.Form):
    title = forms.CharField(label="公示标题", max_length=120)
    contact = forms.CharField(label="联系方式", max_length=120, help_text="科室、电话；公开显示")


class ObjectionForm(forms.Form):
    adjustment = forms.ModelChoiceField(queryset=None, label="对哪一项", empty_label="请选择")
    institution = forms.ModelChoiceField(queryset=None, label="以哪个机构的名义", empty_label=None)
    text = forms.CharField(label="异议内容", max_length=4000, widget=forms.Textarea(attrs={"rows": 3}))

    def __init__(self, *args, shown, institutions, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["adjustment"].queryset = shown
        self.fields["institution"].queryset = Institution.objects.filter(pk__in=institutions)


class Answer(forms.Form):
    outcome = forms.ChoiceField(
        label="处理结果",
        choices=Objection.Outcome.choices,
        widget=forms.RadioSelect,
        initial=Objection.Outcome.DISMISSED,
    )
    text = forms.CharField(label="答复", max_length=4000, widget=forms.Textarea(attrs={"rows": 3}))
