"""JSON rows of the HTTP API as a table of text: from there the rules of the files apply to them.

Keys are English (NAMES) or the Chinese column names of the files; a row is numbered as it stands in the array, from 1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from formulary.rules.tables import Fault, Table, as_text, clean
from shortage.rules.stock_file import COLUMNS, Kind

NAMES: Mapping[str, str] = {
    "institution": "机构编码",
    "drug": "药品编码",
    "product": "产品编码",
    "nhsa_code": "医保编码",
    "batch": "批号",
    "expiry": "有效期",
    "quantity": "数量",
    "unit": "单位",
    "date": "日期",
    "supplier": "供应商编码",
    "supplier_name": "供应商名称",
    "order": "订单号",
    "due": "预计到货日",
}
_CODES = ("institution", "drug", "product", "nhsa_code")
FIELDS: Mapping[Kind, tuple[str, ...]] = {
    Kind.STOCK: (*_CODES, "batch", "expiry", "quantity", "unit", "date"),
    Kind.CONSUMPTION: (*_CODES, "quantity", "unit", "date"),
    Kind.RECEIPTS: (*_CODES, "batch", "expiry", "quantity", "unit", "date", "supplier", "order"),
    Kind.ORDERS: (*_CODES, "quantity", "unit", "date", "supplier", "supplier_name", "order", "due"),
}
_ALIASES = {
    **NAMES,
    **{column: column for column in COLUMNS},
    **{other: column for column, others in COLUMNS.items() for other in others},
}


def table_of(kind: Kind, rows: Sequence[object], *, institution: str) -> tuple[Table, list[Fault]]:
    """The rows as columns of text; a blank 机构编码 is the sender's own. Faults name rows that are no plain objects."""
    allowed = {NAMES[field] for field in FIELDS[kind]}
    columns: dict[str, list[str]] = {name: [""] * len(rows) for name in allowed}
    faults: list[Fault] = []
    for at, row in enumerate(rows):
        if not isinstance(row, Mapping):
            faults.append(Fault("", at + 1, "", "", "应为 JSON 对象"))
            continue
        for key, value in row.items():
            column = _ALIASES.get(key) or _ALIASES.get(clean(str(key)))
            if column not in allowed:
                faults.append(Fault("", at + 1, str(key), "", "没有此字段，应为 " + "、".join(FIELDS[kind])))
            elif isinstance(value, dict | list):
                faults.append(Fault("", at + 1, str(key), "", "应为文字或数，不能是数组或对象"))
            else:
                columns[column][at] = as_text(value)
    own = columns["机构编码"]
    columns["机构编码"] = [code or institution for code in own]
    return Table("", columns, list(range(1, len(rows) + 1))), faults


def reason(fault: Fault) -> str:
    """The fault as the reason of one row's rejection."""
    column = f"{fault.column}：" if fault.column else ""
    value = f"值“{fault.value}”有误，" if fault.value else ""
    return f"{column}{value}{fault.expected}"
