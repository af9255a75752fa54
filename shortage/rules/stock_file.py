"""What the sheets of a stock file are: 库存, 消耗, 到货 or 在途, and which of their columns are meant."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path

from formulary.rules.tables import DataRefused, Fault, Table, read_tables


class Kind(StrEnum):
    STOCK = "stock"
    CONSUMPTION = "consumption"
    RECEIPTS = "receipts"
    ORDERS = "orders"

    @property
    def label(self) -> str:
        return {"stock": "库存", "consumption": "消耗", "receipts": "到货", "orders": "在途"}[self.value]


# The promised name first, then what hospital systems call the same column.
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "机构编码": ("机构代码", "医疗机构编码", "医疗机构代码"),
    "药品编码": ("药品代码", "品规编码"),
    "产品编码": ("产品代码",),
    "医保编码": ("国家医保编码", "国家医保代码", "医保药品代码", "医保代码", "国家药品代码"),
    "批号": ("生产批号", "产品批号"),
    "有效期": ("有效期至", "失效日期", "效期"),
    "数量": (
        "库存数量",
        "库存数",
        "期末库存",
        "消耗数量",
        "消耗量",
        "用量",
        "出库数量",
        "到货数量",
        "入库数量",
        "订货数量",
        "在途数量",
        "采购数量",
    ),
    "单位": ("计量单位", "包装单位"),
    "日期": (
        "库存日期",
        "盘点日期",
        "消耗日期",
        "出库日期",
        "到货日期",
        "入库日期",
        "业务日期",
        "下单日期",
        "订货日期",
        "采购日期",
    ),
    "供应商编码": ("供应商代码",),
    "供应商名称": ("供应商", "配送企业"),
    "订单号": ("订单编号", "采购单号"),
    "预计到货日": ("预计到货日期", "预计到货", "承诺到货日", "交货日期"),
}
CODE_COLUMNS = ("药品编码", "产品编码", "医保编码")
HEADERS = frozenset(COLUMNS) | {name for names in COLUMNS.values() for name in names}
_NAMED = (
    (Kind.ORDERS, ("在途", "订单", "订货", "order")),
    (Kind.RECEIPTS, ("到货", "入库", "receipt")),
    (Kind.CONSUMPTION, ("消耗", "用量", "出库", "consumption", "usage")),
    (Kind.STOCK, ("库存", "盘点", "结存", "stock", "inventory")),
)


def read_stock_file(source: Path | bytes, *, name: str = "") -> list[tuple[Kind, Table]]:
    """The sheets that hold facts, columns under their promised names. Sheets without them (notes) are passed over.

    Raises DataRefused when the file cannot be read, or holds no such sheet, or no row at all.
    """
    label = name or (source.name if isinstance(source, Path) else "文件")
    sheets: list[tuple[Kind, Table]] = []
    for table in read_tables(source, name=label, headers=HEADERS).values():
        renamed = _under_promised_names(table)
        kind = kind_of(renamed, label)
        if kind is not None:
            sheets.append((kind, renamed))
    if not sheets:
        expected = "没有找到库存或消耗数据：工作表（或 CSV 文件）应有 机构编码、药品编码（或产品编码、医保编码）、日期、数量 列"
        raise DataRefused([Fault("", None, "", "", expected)], source=label)
    if not any(len(table) for _, table in sheets):
        raise DataRefused([Fault(sheets[0][1].name, None, "", "", "只有表头，没有数据行")], source=label)
    return [(kind, table) for kind, table in sheets if len(table)]


def kind_of(table: Table, file_name: str = "") -> Kind | None:
    """By the sheet's name, else by its columns (批号 or 有效期 are only kept of stock), else by the file's name.

    A sheet named for a kind is read even when columns are missing, so that the missing ones are reported.
    """
    columns = set(table.columns)
    looks_right = "数量" in columns and ("机构编码" in columns or bool(columns & set(CODE_COLUMNS)))
    by_name = _named(table.name)
    if by_name is not None and columns & set(COLUMNS):
        return by_name
    if not looks_right:
        return None
    by_file = _named(Path(file_name).stem)
    if by_file is not None:
        return by_file
    if "预计到货日" in columns:
        return Kind.ORDERS
    if columns & {"订单号", "供应商编码"}:
        return Kind.RECEIPTS
    return Kind.STOCK if columns & {"批号", "有效期", "单位"} else Kind.CONSUMPTION


def _named(title: str) -> Kind | None:
    folded = title.casefold()
    found = [kind for kind, words in _NAMED if any(word in folded for word in words)]
    return found[0] if len(found) == 1 else None


def _under_promised_names(table: Table) -> Table:
    columns = dict(table.columns)
    for promised, others in COLUMNS.items():
        if promised not in columns:
            found = next((name for name in others if name in columns), None)
            if found is not None:
                columns[promised] = columns.pop(found)
    return Table(table.name, columns, table.rows)
