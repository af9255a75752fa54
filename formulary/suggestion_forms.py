"""Forms of the suggestion pages."""

from django import forms

from formulary.forms import SEARCH, FilterForm
from formulary.models import Suggestion
from formulary.models.adjustment import KIND_CHOICES
from formulary.models.suggestion import TRIGGER_CHOICES


class SuggestionFilter(FilterForm):
    q = forms.CharField(label="药品", required=False, widget=SEARCH)
    trigger = forms.ChoiceField(label="来由", required=False, choices=[("", "全部来由"), *TRIGGER_CHOICES])
    wants = forms.ChoiceField(label="建议", required=False, choices=[("", "全部建议"), *KIND_CHOICES])
    state = forms.ChoiceField(required=False, choices=Suggestion.State.choices, widget=forms.HiddenInput())


class Dismissal(forms.Form):
    """Which findings are set aside, and why."""

    pick = forms.MultipleChoiceField(
        label="线索", required=False, error_messages={"invalid_choice": "所选线索已变化，请刷新后再试"}
    )
    reason = forms.CharField(
        label="不采纳的理由",
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3, "placeholder": "如：已另有安排、临床确需保留、数据有误"}),
        error_messages={"required": "请写明不采纳的理由"},
    )

    def __init__(self, data, *args, **kwargs):
        super().__init__(data, *args, **kwargs)
        given = data.getlist("pick") if hasattr(data, "getlist") else []
        self.fields["pick"].choices = [(value, value) for value in given if value.isdecimal() and len(value) < 18]
