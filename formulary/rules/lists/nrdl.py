"""国家医保药品目录: 甲/乙 belongs to a name and its form; the negotiated section is 国谈 with its agreement's end.

★ rows repeat a number under another form and are rows like any other. One cell may hold several names ("A；B").
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import replace

from formulary.rules.lists.entries import Entry, Item, Layout, Rows, natural_key
from formulary.rules.names import DrugName, expand_names, parse_name
from formulary.rules.tables import Fault, Table, clean

LAYOUT = Layout(
    "国家医保药品目录",
    required={
        "section": ("部分", "目录部分", "药品分部"),
        "class": ("甲乙类", "医保类别", "甲乙分类"),
        "name": ("药品名称", "名称", "通用名"),
    },
    optional={
        "number": ("编号", "序号"),
        "form": ("剂型",),
        "code": ("药品分类代码", "分类代码"),
        "period": ("协议有效期",),
        "payment": ("医保支付标准", "支付标准"),
        "remark": ("备注限定支付范围", "备注", "限定支付范围"),
    },
    hint=lambda headers: "饮片目录不按品种管理，不在此导入" if "饮片名称" in headers else "",
)
# Rows that name a class of drugs, not a drug: kept, but there is no 品种 to match.
_CLASS_ROW = re.compile(r"(用药|类药物|OTC制剂)$")
_PERIOD_END = re.compile(r"(\d{4})年(\d{1,2})月(\d{1,2})日$")


def read(table: Table, faults: list[Fault]) -> list[Entry]:
    rows = Rows(table, LAYOUT)
    return [entry for index in range(len(rows)) if (entry := _entry(rows, index, faults)) is not None]


def _entry(rows: Rows, index: int, faults: list[Fault]) -> Entry | None:
    def fault(field: str, value: str, expected: str) -> None:
        faults.append(Fault(rows.table.name, rows.table.rows[index], rows.column(field), value, expected))

    section, name = rows.get(index, "section"), rows.get(index, "name")
    letter, form = clean(rows.get(index, "class")).removesuffix("类"), rows.get(index, "form")
    before = len(faults)
    if not name:
        fault("name", "", "不能为空")
    if letter not in ("甲", "乙"):
        fault("class", letter, "应为 甲 或 乙")
    period, ends = rows.get(index, "period"), None
    if period:
        ends = period_end(period)
        if ends is None:
            fault("period", period, "应为“2024年1月1日至2025年12月31日”的形式")
    if len(faults) > before:
        return None
    negotiated = "谈判" in section
    return Entry(
        key=natural_key(section, rows.get(index, "code"), rows.get(index, "number"), name, form),
        row=rows.table.rows[index],
        name=name,
        attributes=rows.attributes(index),
        number=rows.get(index, "number"),
        form=form,
        category="国谈" if negotiated else letter,
        valid_to=ends,
        items=_items(name, form, chinese="中成药" in section),
    )


def period_end(period: str) -> dt.date | None:
    """The last day of "2024年1月1日至2025年12月31日"; None when it cannot be read."""
    found = _PERIOD_END.search(clean(period).replace(" ", ""))
    try:
        return dt.date(*(int(part) for part in found.groups())) if found else None
    except ValueError:
        return None


def _items(name: str, form: str, *, chinese: bool) -> tuple[Item, ...]:
    if not form and _CLASS_ROW.search(name):
        return ()
    names = [parse_name(each, form, chinese_medicine=chinese) for each in expand_names(name, chinese_medicine=chinese)]
    medicines: dict[tuple[str, str, str], list[DrugName]] = {}
    for each in names:
        medicines.setdefault((each.full, each.qualifier, each.form_group), []).append(each)
    return tuple(Item(_together(spellings), (), form or spellings[0].form) for spellings in medicines.values())


def _together(spellings: list[DrugName]) -> DrugName:
    """非洛地平；非洛地平Ⅱ are spellings of one 品种: the name keeps them all."""
    return replace(spellings[0], raw="；".join(each.raw for each in spellings)) if len(spellings) > 1 else spellings[0]
