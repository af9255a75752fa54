"""What people type about a meeting: its plan, its topics, conditions, minutes, a declaration, a vote."""

from django import forms

from formulary.models import Level, Meeting, Restriction
from formulary.rules.voting import Choice

WORDS = forms.Textarea(attrs={"rows": 3})
MOMENT = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")


class MeetingForm(forms.Form):
    body = forms.ModelChoiceField(label="召集机构", queryset=None, empty_label="请选择")
    title = forms.CharField(label="名称", max_length=120, help_text="如：2026 年第四季度例会")
    occasion = forms.ChoiceField(label="性质", choices=Meeting.Occasion.choices)
    starts_at = forms.DateTimeField(label="开会时间", widget=MOMENT)
    place = forms.CharField(label="地点", max_length=120)

    def __init__(self, *args, bodies, **kwargs):
        super().__init__(*args, **kwargs)
        if bodies is None:
            del self.fields["body"]
        else:
            self.fields["body"].queryset = bodies


class TopicForm(forms.Form):
    title = forms.CharField(label="议题", max_length=200)
    balloted = forms.BooleanField(label="需要表决", required=False, initial=True)


class ReasonForm(forms.Form):
    reason = forms.CharField(label="说明", max_length=500, widget=WORDS)


class ConditionsForm(forms.Form):
    lowest_level = forms.ChoiceField(label="最低使用级别", required=False, choices=[("", "按申请"), *Level.choices])
    restriction = forms.ChoiceField(
        label="限制",
        required=False,
        choices=[("", "按申请"), *(one for one in Restriction.choices if one[0] != Restriction.NONE)],
    )
    review_months = forms.IntegerField(label="几个月后复评", required=False, min_value=1, max_value=60)


class ItemMinutesForm(forms.Form):
    discussion = forms.CharField(
        label="讨论要点", required=False, max_length=4000, widget=forms.Textarea(attrs={"rows": 5})
    )
    owner = forms.CharField(label="责任人", required=False, max_length=60)
    due = forms.DateField(
        label="完成期限", required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )


class SummaryForm(forms.Form):
    text = forms.CharField(label="其他事项", required=False, max_length=4000, widget=WORDS)


class DeclarationForm(forms.Form):
    """`recused` comes from the button that was pressed."""

    recused = forms.BooleanField(required=False)
    reason = forms.CharField(label="事由", required=False, max_length=200)


class BallotForm(forms.Form):
    choice = forms.ChoiceField(
        label="您的意见",
        choices=[(choice.value, choice.label) for choice in Choice],
        widget=forms.RadioSelect,
        error_messages={"required": "请选择同意、反对或弃权"},
    )
    opinion = forms.CharField(
        label="书面意见",
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3, "placeholder": "反对须写明意见；同意、弃权可不写"}),
    )

    def clean(self):
        given = super().clean()
        if given.get("choice") == Choice.AGAINST and not given.get("opinion", "").strip():
            self.add_error("opinion", "投反对票须写明意见")
        return given


class ReceiptForm(forms.Form):
    receipt = forms.CharField(
        label="回执号", max_length=60, widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"})
    )
