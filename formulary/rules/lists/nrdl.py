"""国家医保药品目录: 甲/乙 belongs to a name and its form; the negotiated section is 国谈 with its agreement's end.

★ rows repeat a number under another form and are rows like any other. One cell may hold several names ("A；B").
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import replace

from formulary.rules.cells import Reader
from formulary.rules.lists.entries import Entry, Item, Layout, Rows, natural_key
from formulary.rules.lists.sections import PIECES, part_of
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
)
PIECES_LAYOUT = Layout(
    "国家医保药品目录 中药饮片部分",
    required={"name": ("饮片名称", "中药饮片名称", "中药饮片")},
    optional={"number": ("序号", "编号"), "remark": ("备注", "限定支付范围")},
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
    part, negotiated = part_of(section), "谈判" in section
    return Entry(
        key=natural_key(part, rows.get(index, "code"), rows.get(index, "number"), name, form),
        row=rows.table.rows[index],
        name=name,
        attributes=rows.attributes(index),
        number=rows.get(index, "number"),
        form=form,
        category="国谈" if negotiated else letter,
        section=part,
        valid_to=ends,
        items=_items(name, form, chinese="中成药" in section),
    )


def read_pieces(table: Table, faults: list[Fault]) -> list[Entry]:
    """饮片 are listed by name alone: kept row by row, no 品种 of western drugs or 中成药 is meant."""
    rows, reader = Rows(table, PIECES_LAYOUT), Reader(table, faults)
    reader.text(rows.column("name"), required=True)
    return [_piece(rows, index) for index in range(len(rows)) if rows.get(index, "name")]


def _piece(rows: Rows, index: int) -> Entry:
    name = rows.get(index, "name")
    return Entry(
        key=natural_key(PIECES, name),
        row=rows.table.rows[index],
        name=name,
        attributes=rows.attributes(index),
        number=rows.get(index, "number"),
        category=PIECES,
        section=PIECES,
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
