"""短缺药品清单: names, often without a form: then every form of the substance is meant. A row without 地区 is national."""

from __future__ import annotations

from formulary.rules.lists.entries import Entry, Layout, Rows, item_of, natural_key
from formulary.rules.tables import Fault, Table

LAYOUT = Layout(
    "短缺药品清单",
    required={"name": ("药品名称", "通用名", "药品通用名", "名称")},
    optional={
        "number": ("序号", "编号"),
        "form": ("剂型",),
        "strength": ("规格",),
        "class": ("类别", "清单类别"),
        "region": ("地区", "省份", "发布地区"),
    },
)


def read(table: Table, faults: list[Fault]) -> list[Entry]:
    rows = Rows(table, LAYOUT)
    entries = []
    for index in range(len(rows)):
        name, form, strength = (rows.get(index, field) for field in ("name", "form", "strength"))
        if not name:
            faults.append(Fault(table.name, table.rows[index], rows.column("name"), "", "不能为空"))
            continue
        entries.append(
            Entry(
                key=natural_key(name, form, strength),
                row=table.rows[index],
                name=name,
                attributes=rows.attributes(index),
                number=rows.get(index, "number"),
                form=form,
                strength=strength,
                category=rows.get(index, "class"),
                region=rows.get(index, "region"),
                items=(item_of(name, form, strengths=(strength,) if strength else ()),),
            )
        )
    return entries
