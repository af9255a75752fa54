"""Forms of the policy-list pages."""

from django import forms

from formulary.forms import FilterForm
from formulary.models import ListKind

MATCHES = [("", "不限"), ("linked", "已对应品种"), ("waiting", "待审"), ("none", "不对应品种")]
DAY = {"type": "date"}


class EntryFilter(FilterForm):
    q = forms.CharField(
        label="条目", required=False, widget=forms.SearchInput(attrs={"placeholder": "名称、编号、企业或地区"})
    )
    section = forms.ChoiceField(label="部分", required=False)
    match = forms.ChoiceField(label="对应", required=False, choices=MATCHES)

    def __init__(self, *args, sections, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["section"].choices = [("", "全部部分"), *((part, part) for part in sections if part)]
        if len(sections) < 2:
            del self.fields["section"]


class ListFileForm(forms.Form):
    """The file, and what it cannot say of itself."""

    file = forms.FileField(
        label="目录文件",
        help_text="xlsx、xls 或 CSV（UTF-8、GB18030），不大于 20 MB；列的次序不限，多出的列照样保存",
        widget=forms.FileInput(attrs={"accept": ".xlsx,.xls,.csv,.txt"}),
        error_messages={"required": "请选择文件", "empty": "文件是空的"},
    )
    kind = forms.ChoiceField(label="目录种类", choices=[("", "请选择"), *ListKind.choices])
    edition = forms.CharField(
        label="版本", max_length=60, help_text="如 2025年；更正或增补请写原版本的名称。集采按文件中的批次分版本"
    )
    valid_from = forms.DateField(label="生效日", widget=forms.DateInput(attrs=DAY))
    valid_to = forms.DateField(
        label="失效日", required=False, widget=forms.DateInput(attrs=DAY), help_text="未定可空着，后一版生效时自动取代"
    )
    document = forms.CharField(
        label="文号", max_length=120, required=False, help_text="短缺、监控、召回没有文号的，按非官方标注"
    )

    def clean(self):
        data = super().clean()
        if data.get("valid_from") and data.get("valid_to") and data["valid_to"] < data["valid_from"]:
            self.add_error("valid_to", "失效日不能早于生效日")
        return data

    def given(self):
        """What import_reference wants to know besides the file."""
        return {name: value for name, value in self.cleaned_data.items() if name != "file"}
