"""国家组织药品集中采购 中选结果: winner and price per 品种, strength and province. The tender is the row's 批次."""

from __future__ import annotations

from decimal import Decimal

from formulary.rules.cells import Reader
from formulary.rules.lists.entries import Entry, Layout, Rows, item_of, natural_key
from formulary.rules.lists.vbp_bids import exact
from formulary.rules.tables import Fault, Table

LAYOUT = Layout(
    "集采中选结果",
    required={
        "tender": ("批次", "集采批次"),
        "name": ("品种", "药品名称", "通用名"),
        "strength": ("规格",),
        "region": ("省份", "地区", "供应省份", "供应地区"),
        "company": ("中选企业全称", "中选企业", "生产企业全称", "生产企业"),
        "price": ("中选价_元每最小单位", "中选价", "中选价(元)", "中选价(元/最小单位)", "中选价格", "中选价格(元)"),
    },
    optional={
        "role": ("供应类型", "主备供", "主供备供", "供应状态"),
        "short": ("中选企业简称",),
        "form": ("剂型",),
        "won": ("是否中选", "是否中标"),
    },
    hint=lambda headers: (
        "此文件是约定采购量，请用 vbp_volumes 导入" if any("约定采购量" in header for header in headers) else ""
    ),
)
_ROLES = {"主供": "主供", "备供": "备供", "备选": "备供", "第一备供": "备供", "第二备供": "备供", "": "中选"}


def read(table: Table, faults: list[Fault]) -> list[Entry]:
    rows, reader = Rows(table, LAYOUT), Reader(table, faults)
    for field in ("tender", "name", "strength", "region", "company"):
        reader.text(rows.column(field), required=True)
    prices = reader.money(rows.column("price"), required=True)
    return [_entry(rows, index, price) for index, price in enumerate(prices)]


def _entry(rows: Rows, index: int, price: Decimal | None) -> Entry:
    tender, name, strength, region, company = (
        rows.get(index, field) for field in ("tender", "name", "strength", "region", "company")
    )
    role = "非中选" if rows.get(index, "won") == "否" else rows.get(index, "role")
    return Entry(
        key=natural_key(tender, name, strength, region, company),
        row=rows.table.rows[index],
        name=name,
        attributes=rows.attributes(index),
        form=rows.get(index, "form"),
        strength=strength,
        category=_ROLES.get(role, role),
        tender=tender,
        region=region,
        company=company,
        price=exact(price),
        items=(item_of(name, rows.get(index, "form"), strengths=(strength,)),),
    )
