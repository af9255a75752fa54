"""Forms of the stock pages."""

from django import forms

from formulary.forms import SEARCH, FilterForm
from shortage.queries import reorder
from shortage.queries.stock_list import STATES

EXPIRY = [("", "不限效期"), ("90", "90 天内到期"), ("180", "180 天内到期"), ("expired", "有过期批号")]


class StockFilter(FilterForm):
    words = forms.CharField(label="药品", required=False, widget=SEARCH)
    institution = forms.ChoiceField(label="机构", required=False)
    state = forms.ChoiceField(
        label="状态", required=False, choices=[("", "全部状态"), *((code, name) for code, (name, _) in STATES.items())]
    )
    expiry = forms.ChoiceField(label="效期", required=False, choices=EXPIRY)

    def __init__(self, *args, institutions, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["institution"].choices = [("", "全部机构"), *((x.code, x.short_name) for x in institutions)]
        if len(institutions) == 1:
            del self.fields["institution"]


class ReorderFilter(FilterForm):
    words = forms.CharField(label="药品", required=False, widget=SEARCH)
    institution = forms.ChoiceField(label="机构", required=False)
    state = forms.ChoiceField(label="状态", required=False, choices=[("", "全部状态"), *reorder.STATES.items()])

    def __init__(self, *args, institutions, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["institution"].choices = [(x.code, x.short_name) for x in institutions]
        if len(institutions) < 2:
            del self.fields["institution"]


class StockFileForm(forms.Form):
    file = forms.FileField(
        label="库存与用量文件",
        help_text="xlsx、xls 或 CSV（UTF-8、GB18030），不大于 20 MB；工作表命名为“库存”“消耗”“到货”“在途”",
        widget=forms.FileInput(attrs={"accept": ".xlsx,.xls,.csv,.txt"}),
        error_messages={"required": "请选择文件", "empty": "文件是空的"},
    )
