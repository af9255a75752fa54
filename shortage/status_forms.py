"""Forms of the weekly status."""

from django import forms

from formulary.forms import SEARCH
from shortage.rules.status_round import SUPPLY
from shortage.transfer_forms import drug_of_words

STATES = list(SUPPLY.items())


class StatusForm(forms.Form):
    """A state and words per line, named s<pk> and n<pk>."""

    note = forms.CharField(label="总体说明", max_length=200, required=False)

    def __init__(self, data=None, *, report, lines):
        super().__init__(data, initial={"note": report.note})
        self.lines = lines
        for line in lines:
            self.fields[f"s{line.pk}"] = forms.TypedChoiceField(
                label=str(line.presentation), choices=STATES, coerce=int, initial=line.supply
            )
            self.fields[f"n{line.pk}"] = forms.CharField(
                label=f"{line.presentation} 说明", max_length=200, required=False, initial=line.note
            )

    @property
    def rows(self):
        return [(line, self[f"s{line.pk}"], self[f"n{line.pk}"]) for line in self.lines]

    def said(self):
        given = self.cleaned_data
        return {line.pk: (given[f"s{line.pk}"], given[f"n{line.pk}"]) for line in self.lines}


class StatusLineForm(forms.Form):
    drug = forms.CharField(label="药品", max_length=60, help_text="编码，或名称与规格", widget=SEARCH)
    supply = forms.TypedChoiceField(label="供应状态", choices=STATES[1:], coerce=int, initial=3)
    note = forms.CharField(label="说明", max_length=200, required=False)

    def clean_drug(self):
        return drug_of_words(self.cleaned_data["drug"])


class AnswerForm(forms.Form):
    text = forms.CharField(label="答复", max_length=200)
