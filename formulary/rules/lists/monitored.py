"""重点监控合理用药药品目录 (国卫办医政函〔2023〕9号 and its like): names, sometimes with a form. Monitored is not removed."""

from __future__ import annotations

from formulary.rules.lists.entries import Entry, Layout, Rows, item_of, natural_key
from formulary.rules.tables import Fault, Table

LAYOUT = Layout(
    "重点监控药品目录",
    required={"name": ("药品名称", "药品通用名", "通用名", "品种名称", "名称")},
    optional={
        "number": ("序号", "编号"),
        "batch": ("批次", "目录批次", "版本"),
        "form": ("剂型",),
        "strength": ("规格",),
        "class": ("类别", "药品类别", "分类"),
    },
)


def read(table: Table, faults: list[Fault]) -> list[Entry]:
    """One entry a row; without a form every form of the substance is monitored."""
    rows = Rows(table, LAYOUT)
    entries = []
    for index in range(len(rows)):
        name, form, strength, batch = (rows.get(index, field) for field in ("name", "form", "strength", "batch"))
        if not name:
            faults.append(Fault(table.name, table.rows[index], rows.column("name"), "", "不能为空"))
            continue
        entries.append(
            Entry(
                key=natural_key(batch, name, form, strength),
                row=table.rows[index],
                name=name,
                attributes=rows.attributes(index),
                number=rows.get(index, "number"),
                form=form,
                strength=strength,
                category=rows.get(index, "class") or batch,
                items=(item_of(name, form, strengths=(strength,) if strength else ()),),
            )
        )
    return entries
