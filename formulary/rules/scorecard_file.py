"""A 评分表 as a sheet: one row for each option or cut-off, so that a committee edits it in Excel. Read and written here."""

from __future__ import annotations

import csv
import io
from decimal import Decimal, InvalidOperation
from pathlib import Path

from formulary.rules.scorecard import Band, Dimension, How, Item, Option, Template, faults_of
from formulary.rules.tables import DataRefused, Fault, Table, read_tables

COLUMNS = ("维度", "项目", "满分", "计分方式", "选项", "分值", "下限", "单位", "预填", "待确认", "说明")
BAND = "结论"
HOWS = {how.label: how for how in How}


def read_template(source: Path | bytes, *, name: str = "") -> Template:
    """Raises DataRefused with every fault: sheet, row, column, value, what is expected."""
    tables = read_tables(source, name=name, headers=COLUMNS)
    table = next((one for one in tables.values() if one.rows), Table("评分表"))
    faults = [Fault(table.name, None, column, "", "缺少此列") for column in COLUMNS if column not in table.columns]
    if faults or not table.rows:
        raise DataRefused(faults or [Fault(table.name, None, "", "", "没有数据行")], source=name)
    template = _template(table, faults)
    if not faults:
        faults += [Fault(table.name, None, "", "", words) for words in faults_of(template)]
    if faults:
        raise DataRefused(faults, source=name)
    return template


def write_template(template: Template) -> bytes:
    """CSV with BOM, which Excel opens in Chinese; `read_template` reads it back."""
    stream = io.StringIO()
    writer = csv.writer(stream)
    writer.writerow(COLUMNS)
    for dimension in template.dimensions:
        for item in dimension.items:
            head = [dimension.label, item.label, item.points, item.how.label]
            tail = ["是" if item.confirm else "", item.note]
            for option in item.options:
                writer.writerow([*head, option.label, option.points, "", item.unit, option.fact, *tail])
            for start, points in item.cutoffs:
                writer.writerow([*head, "", points, start, item.unit, "", *tail])
            if item.how is How.COST:
                writer.writerow([*head, "", "", "", item.unit, item.fact, *tail])
    for band in template.bands:
        writer.writerow([BAND, band.label, "", BAND, "", "", band.at_least, "", "", "", band.advice])
    return ("\ufeff" + stream.getvalue()).encode()


def _template(table: Table, faults: list[Fault]) -> Template:
    dimensions: dict[str, dict[str, list[int]]] = {}
    bands: list[Band] = []
    for at in range(len(table.rows)):
        how = table.columns["计分方式"][at]
        if how == BAND:
            bands.append(Band(_number(table, at, "下限", faults), table.columns["项目"][at], table.columns["说明"][at]))
        elif how in HOWS:
            dimension = dimensions.setdefault(table.columns["维度"][at], {})
            dimension.setdefault(table.columns["项目"][at], []).append(at)
        else:
            faults.append(Fault(table.name, table.rows[at], "计分方式", how, "应为选项、分档、费用或结论"))
    for label, items in dimensions.items():
        if not label or "" in items:
            faults.append(Fault(table.name, None, "维度" if not label else "项目", "", "不应为空"))
    made = [
        Dimension(label, tuple(_item(table, name, rows, faults) for name, rows in items.items()))
        for label, items in dimensions.items()
    ]
    names = [item.label for dimension in made for item in dimension.items]
    faults += [
        Fault(table.name, None, "项目", name, "在不同维度中重复")
        for name in dict.fromkeys(names)
        if names.count(name) > 1
    ]
    return Template(tuple(made), tuple(bands))


def _item(table: Table, name: str, rows: list[int], faults: list[Fault]) -> Item:
    first = rows[0]
    for column in ("满分", "计分方式"):
        for at in rows[1:]:
            if table.columns[column][at] != table.columns[column][first]:
                value = table.columns[column][at]
                faults.append(Fault(table.name, table.rows[at], column, value, "同一项目的各行应相同"))
    how = HOWS[table.columns["计分方式"][first]]
    cell = {column: [table.columns[column][at] for at in rows] for column in COLUMNS}
    points = [_number(table, at, "分值", faults) for at in rows] if how is not How.COST else []
    starts = [_number(table, at, "下限", faults) for at in rows] if how is How.CUTOFF else []
    return Item(
        key=name,
        label=name,
        points=_number(table, first, "满分", faults),
        how=how,
        options=tuple(map(Option, cell["选项"], points, cell["预填"])) if how is How.OPTION else (),
        cutoffs=tuple(zip(starts, points, strict=True)) if how is How.CUTOFF else (),
        unit=cell["单位"][0],
        fact=cell["预填"][0] if how is How.COST else "",
        confirm="是" in cell["待确认"],
        note=next((note for note in cell["说明"] if note), ""),
    )


def _number(table: Table, at: int, column: str, faults: list[Fault]) -> Decimal:
    text = table.columns[column][at]
    try:
        value = Decimal(text)
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite() or value < 0:
        faults.append(Fault(table.name, table.rows[at], column, text, "应为不小于 0 的数"))
        return Decimal()
    return value
