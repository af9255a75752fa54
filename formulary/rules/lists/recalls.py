"""药品召回通知 as a table: one recalled product a row, as far as the notice says (maker, strength, batches, class of recall).

药品召回管理办法 (国家药监局公告2022年第92号): 一级 harms severely and is answered within a day, 二级 within three, 三级 within seven.
"""

from __future__ import annotations

from formulary.rules.lists.entries import Entry, Layout, Rows, item_of, natural_key
from formulary.rules.tables import Fault, Table

LAYOUT = Layout(
    "药品召回通知",
    required={"name": ("药品名称", "药品通用名", "通用名", "产品名称", "名称")},
    optional={
        "number": ("序号", "编号"),
        "form": ("剂型",),
        "strength": ("规格", "规格型号"),
        "company": ("生产企业", "上市许可持有人", "企业名称", "召回单位"),
        "batch": ("批号", "产品批号", "召回批号"),
        "level": ("召回级别", "召回等级", "级别"),
        "reason": ("召回原因", "原因"),
    },
)
LEVELS = ("一级", "二级", "三级")


def read(table: Table, faults: list[Fault]) -> list[Entry]:
    """Faults: no name; a 召回级别 that is none of the three."""
    rows = Rows(table, LAYOUT)
    entries = []
    for index in range(len(rows)):
        name, form, strength, company, batch = (
            rows.get(index, field) for field in ("name", "form", "strength", "company", "batch")
        )
        if not name:
            faults.append(Fault(table.name, table.rows[index], rows.column("name"), "", "不能为空"))
            continue
        level = rows.get(index, "level")
        if level and not level.startswith(LEVELS):
            faults.append(
                Fault(table.name, table.rows[index], rows.column("level"), level, f"应为 {'、'.join(LEVELS)} 之一")
            )
            continue
        entries.append(
            Entry(
                key=natural_key(name, form, strength, company, batch),
                row=table.rows[index],
                name=name,
                attributes=rows.attributes(index),
                number=rows.get(index, "number"),
                form=form,
                strength=strength,
                company=company,
                category=level,
                items=(item_of(name, form, strengths=(strength,) if strength else ()),),
            )
        )
    return entries
