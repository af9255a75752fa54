"""Small forms for one row at a time; the rules are those of the files."""

from django import forms

from shortage.rules.stock_file import Kind

DATE = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
FIELDS = {
    Kind.STOCK: ("batch", "expiry"),
    Kind.CONSUMPTION: (),
    Kind.RECEIPTS: ("batch", "expiry", "supplier", "order"),
    Kind.ORDERS: ("order", "due", "supplier", "supplier_name"),
}
DATES = {Kind.STOCK: "盘存日期", Kind.CONSUMPTION: "用药日期", Kind.RECEIPTS: "到货日期", Kind.ORDERS: "下单日期"}
COLUMNS = {
    "institution": "机构编码", "drug": "药品编码", "quantity": "数量", "unit": "单位", "date": "日期", "batch": "批号",
    "expiry": "有效期", "supplier": "供应商编码", "supplier_name": "供应商名称", "order": "订单号", "due": "预计到货日",
}  # fmt: skip


class EntryForm(forms.Form):
    """`values()` gives the row by the column names of the files; `refuse(faults)` puts faults at their fields."""

    institution = forms.ChoiceField(label="机构")
    drug = forms.CharField(label="药品编码", help_text="品规编码或产品编码；可从库存档案页点“手工录入”自动带出")
    quantity = forms.CharField(label="数量", widget=forms.TextInput(attrs={"inputmode": "numeric"}))
    unit = forms.CharField(label="单位", required=False, help_text="空＝最小单位；也可写 盒(28片)")
    date = forms.CharField(label="日期", widget=DATE)
    batch = forms.CharField(label="批号", required=False)
    expiry = forms.CharField(label="有效期", required=False, help_text="2027-05-31 或 2027-05")
    order = forms.CharField(label="订单号", required=False)
    due = forms.CharField(label="预计到货日", required=False, widget=DATE, help_text="未约定可空")
    supplier = forms.CharField(label="供应商编码", required=False)
    supplier_name = forms.CharField(label="供应商名称", required=False)

    def __init__(self, *args, kind, institutions, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["institution"].choices = [(x.code, x.short_name) for x in institutions]
        self.fields["date"].label = DATES[kind]
        optional = ("batch", "expiry", "order", "due", "supplier", "supplier_name")
        for name in optional:
            if name not in FIELDS[kind]:
                del self.fields[name]

    def values(self):
        return {COLUMNS[name]: str(value).strip() for name, value in self.cleaned_data.items() if value}

    def refuse(self, faults):
        fields = {column: name for name, column in COLUMNS.items()} | {"产品编码": "drug", "医保编码": "drug"}
        for fault in faults:
            name = fields.get(fault.column)
            words = f"值“{fault.value}”有误：{fault.expected}" if fault.value else fault.expected
            self.add_error(name if name in self.fields else None, words)
