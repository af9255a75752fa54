"""Forms of the import of an existing 目录."""

from django import forms

from formulary.models import Level
from formulary.rules.formulary_file import FIELDS
from formulary.version_forms import DAY, ON_OR_AFTER_TODAY


class FormularyFile(forms.Form):
    file = forms.FileField(
        label="目录工作簿",
        help_text="xlsx、xls 或 CSV（UTF-8、GB18030），不大于 20 MB；列名和次序不限，下一步对应",
        widget=forms.FileInput(attrs={"accept": ".xlsx,.xls,.csv,.txt"}),
        error_messages={"required": "请选择文件", "empty": "文件是空的"},
    )
    title = forms.CharField(label="目录名称", max_length=120)
    effective_from = forms.DateField(label="生效日", widget=forms.DateInput(attrs=DAY), help_text=ON_OR_AFTER_TODAY)
    default_level = forms.ChoiceField(label="未写级别的品规", choices=Level.choices, initial=Level.PRIMARY)


class Mapping(forms.Form):
    """Which column is which; made of the file's own columns."""

    sheet = forms.ChoiceField(label="工作表")
    default_level = forms.ChoiceField(label="未写级别的品规", choices=Level.choices)

    def __init__(self, *args, sheets, columns, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["sheet"].choices = [(name, name) for name in sheets]
        for name, label in FIELDS.items():
            choices = [("", "（没有这一列）"), *((column, column) for column in columns)]
            self.fields[f"column_{name}"] = forms.ChoiceField(label=label, required=False, choices=choices)

    def mapping(self):
        return {name: self.cleaned_data[f"column_{name}"] for name in FIELDS}
