"""国家医保药品代码: X + 22 characters for western drugs, Z + 19 for 中成药; T (饮片) and others are accepted as they come.

X: class 5 (ATC-like), name 4, form 4, spec and pack 4, maker 5. Z: class 5, name 5, spec and pack 4, maker 5.
"""

from __future__ import annotations

import re

from formulary.rules.lists.entries import Entry, Item, Layout, Rows
from formulary.rules.lists.sections import CHINESE, PIECES, WESTERN
from formulary.rules.names import parse_name
from formulary.rules.tables import Fault, Table, clean

LAYOUT = Layout(
    "国家医保药品代码",
    required={
        "code": ("国家医保药品代码", "药品代码", "医保药品代码", "国家药品代码", "医保代码"),
        "name": ("药品通用名", "注册名称", "通用名", "通用名称", "药品名称"),
    },
    optional={
        "form": ("剂型", "注册剂型", "实际剂型"),
        "strength": ("规格", "注册规格", "实际规格"),
        "company": ("生产企业", "药品企业", "企业名称"),
        "kind": ("药品类别",),
    },
)
_WESTERN = re.compile(r"X[A-Z]\d{2}[A-Z]{2}[A-Z]\d{3}[A-Z]\d{3}\d{4}\d{5}")
_CHINESE = re.compile(r"Z[A-Z]\d{2}[A-Z]{2}[A-Z]\d{4}\d{4}\d{5}")
_PARTS = {"X": WESTERN, "Z": CHINESE, "T": PIECES}
_OTHER = re.compile(r"[A-WY][A-Z0-9]{4,29}")


def code_fault(code: str) -> str:
    """What is wrong with a code, in Chinese; "" when its structure is right."""
    if code.startswith("X"):
        return (
            "" if _WESTERN.fullmatch(code) else "西药代码应为 X 开头的 23 位（分类5＋通用名4＋剂型4＋规格包装4＋企业5）"
        )
    if code.startswith("Z"):
        return "" if _CHINESE.fullmatch(code) else "中成药代码应为 Z 开头的 20 位（分类5＋通用名5＋规格包装4＋企业5）"
    return "" if _OTHER.fullmatch(code) else "应为国家医保药品代码（西药 23 位，中成药 20 位）"


def read(table: Table, faults: list[Fault]) -> list[Entry]:
    rows = Rows(table, LAYOUT)
    return [entry for index in range(len(rows)) if (entry := _entry(rows, index, faults)) is not None]


def _entry(rows: Rows, index: int, faults: list[Fault]) -> Entry | None:
    code, name, form = clean(rows.get(index, "code")), rows.get(index, "name"), rows.get(index, "form")
    place = (rows.table.name, rows.table.rows[index])
    wrong = "不能为空" if not code else code_fault(code)
    if wrong:
        faults.append(Fault(*place, rows.column("code"), code, wrong))
    if not name:
        faults.append(Fault(*place, rows.column("name"), "", "不能为空"))
    if wrong or not name:
        return None
    chinese = code.startswith("Z")
    names = [each for each in re.split("[；;]", name) if each.strip()]
    return Entry(
        key=code,
        row=rows.table.rows[index],
        name=name,
        attributes=rows.attributes(index),
        form=form,
        strength=rows.get(index, "strength"),
        company=rows.get(index, "company"),
        category="中成药" if chinese else "西药" if code.startswith("X") else "",
        section=_PARTS.get(code[0], code[0]),
        items=tuple(Item(parse_name(each, "" if chinese else form, chinese_medicine=chinese)) for each in names[:1]),
    )
