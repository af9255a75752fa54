"""The form of a review."""

from django import forms

from formulary.models import EntryReview


class ReviewForm(forms.Form):
    verdict = forms.ChoiceField(label="结论", choices=EntryReview.Verdict.choices, widget=forms.RadioSelect)
    harm = forms.CharField(
        label="不良反应与用药问题",
        widget=forms.Textarea(
            attrs={"rows": 3, "placeholder": "试用期内收到的不良反应报告、处方点评问题；没有请写“无”"}
        ),
        error_messages={"required": "请写明不良反应与用药问题，没有也请写“无”"},
    )
    note = forms.CharField(label="说明", required=False, max_length=300, widget=forms.Textarea(attrs={"rows": 2}))
    next_on = forms.DateField(
        label="下次复评日",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text="只在保留时填；不填即不再复评",
    )
