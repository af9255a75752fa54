"""Workbooks for people: the same file with its faults marked, and the empty form to fill in."""

from __future__ import annotations

import datetime as dt
import io
import re
from collections.abc import Sequence

from openpyxl import Workbook
from openpyxl.cell import Cell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from formulary.rules.tables import HEADER_SEARCH_ROWS, Fault, as_text, clean, read_cells
from shortage.rules.stock_file import CODE_COLUMNS, COLUMNS, HEADERS

PROBLEM = "问题"
RED = PatternFill("solid", fgColor="FFFFC7CE")
HEAD = PatternFill("solid", fgColor="FFDDEBE7")
TEXT = "@"
FORM_LINES = 2_000
_FORBIDDEN = re.compile(r"[\[\]:*?/\\]")
_CODES = {"机构编码", *CODE_COLUMNS, "批号", "供应商编码", "订单号"}
SHEETS = {
    "库存": ("机构编码", "药品编码", "产品编码", "医保编码", "批号", "有效期", "数量", "单位", "日期"),
    "消耗": ("机构编码", "药品编码", "产品编码", "医保编码", "日期", "数量", "单位"),
    "到货": (
        "机构编码",
        "药品编码",
        "产品编码",
        "医保编码",
        "批号",
        "有效期",
        "数量",
        "单位",
        "日期",
        "供应商编码",
        "订单号",
    ),
    "在途": (
        "机构编码",
        "药品编码",
        "产品编码",
        "医保编码",
        "订单号",
        "数量",
        "单位",
        "下单日期",
        "预计到货日",
        "供应商编码",
        "供应商名称",
    ),
}
# The first column must not read like a header of the form itself, or the notes would be taken for data.
NOTES: tuple[tuple[str, str, str, str], ...] = (
    ("列", "怎么填", "库存示例", "消耗示例"),
    ("机构编码（必填）", "系统中登记的机构编码；只能填您可填报的机构", "T1", "T1"),
    ("药品编码（三者至少一个）", "系统中的品规编码", "", "D0001"),
    ("产品编码（三者至少一个）", "按包装（盒）填数量时须填，用来换算", "D0001-P1", ""),
    ("医保编码（三者至少一个）", "国家医保药品代码；列须为文本，以免被 Excel 改成科学计数法", "", ""),
    ("批号（选填）", "同一药品多个批号分行填；不分批号可空", "20260801", "—"),
    ("有效期（选填）", "2027-05-31 或 2027-05（按当月最后一天）；过期批号不计入可用库存", "2027-05", "—"),
    ("数量（必填）", "不小于 0；换算为最小单位后应为整数；退药请冲减当日用量", "12", "35"),
    ("单位（选填）", "空＝最小单位（片、支）；盒＝按产品包装数换算；也可写 盒(28片)", "盒", ""),
    ("日期（必填）", "库存为当日结束时的实存，消耗为当日用量；不晚于今天，可补报以往日期", "2026-11-20", "2026-11-20"),
    (
        "到货、在途（选填的两张表）",
        "到货写实收；在途写已下单未到的订单，订单号必填，预计到货日可空；到货填了订单号即自动核销",
        "",
        "",
    ),
    ("重复导入", "同一机构、药品、日期的库存以最后一次导入的全部批号为准；重复导入同一文件不会改变任何内容", "", ""),
)


def marked(source: bytes, name: str, faults: Sequence[Fault]) -> bytes:
    """The file as xlsx, cells where they were, faulty ones red and a last column 问题 that says what is expected."""
    book = Workbook()
    book.remove(book.worksheets[0])
    for title, cells in read_cells(source, name=name):
        sheet = book.create_sheet(_FORBIDDEN.sub("_", title)[:31] or "Sheet")
        for number, row in enumerate(cells, start=1):
            for column, value in enumerate(row, start=1):
                _write(sheet.cell(number, column), value)
        _mark(sheet, cells, [fault for fault in faults if fault.sheet in ("", clean(title))])
    return _bytes(book)


def _mark(sheet: Worksheet, cells: Sequence[Sequence[object]], faults: Sequence[Fault]) -> None:
    if not faults or not cells:
        return
    header = max(range(min(len(cells), HEADER_SEARCH_ROWS)), key=lambda k: (len(HEADERS & _names(cells[k])), -k))
    places = {clean(as_text(cell)): column for column, cell in enumerate(cells[header], start=1)}
    last = max((len(row) for row in cells), default=0) + 1
    sheet.cell(header + 1, last, PROBLEM).font = Font(bold=True)
    words: dict[int, list[str]] = {}
    for fault in faults:
        row = fault.row or header + 1
        column = next((places[x] for x in (fault.column, *COLUMNS.get(fault.column, ())) if x in places), None)
        if column is not None and fault.row is not None:
            sheet.cell(row, column).fill = RED
        value = f"“{fault.value}”" if fault.value else ""
        words.setdefault(row, []).append(f"{fault.column}{value}：{fault.expected}" if fault.column else fault.expected)
    for row, texts in words.items():
        cell = sheet.cell(row, last)
        _write(cell, ("问题；" if row == header + 1 else "") + "；".join(texts))
        cell.fill = RED
    sheet.column_dimensions[get_column_letter(last)].width = 80


def _names(row: Sequence[object]) -> set[str]:
    return {clean(as_text(cell)) for cell in row}


def _write(cell: Cell, value: object) -> None:
    """Text stays text: codes keep their zeros and nothing becomes a formula."""
    if isinstance(value, str):
        if value:
            cell.value = value
            cell.data_type = "s"
            cell.number_format = TEXT
    elif isinstance(value, int | float | dt.date | dt.datetime | bool):
        cell.value = value


def template() -> bytes:
    """The empty form: 库存, 消耗 and 填写说明 with an example of every column. Code columns are text from the start."""
    book = Workbook()
    book.remove(book.worksheets[0])
    for title, columns in SHEETS.items():
        sheet = book.create_sheet(title)
        for number, column in enumerate(columns, start=1):
            _head(sheet.cell(1, number, column))
            letter = get_column_letter(number)
            sheet.column_dimensions[letter].width = 26 if column == "医保编码" else 16
            if column in _CODES or column == "单位":
                sheet.column_dimensions[letter].number_format = TEXT
                for line in range(2, FORM_LINES):
                    sheet.cell(line, number).number_format = TEXT
        sheet.freeze_panes = "A2"
    notes = book.create_sheet("填写说明")
    for line, texts in enumerate(NOTES, start=1):
        for number, text in enumerate(texts, start=1):
            cell = notes.cell(line, number, text or None)
            cell.alignment = Alignment(wrap_text=True, vertical="top")
            if line == 1:
                _head(cell)
    for letter, width in zip("ABCD", (26, 64, 18, 18), strict=True):
        notes.column_dimensions[letter].width = width
    return _bytes(book)


def _head(cell: Cell) -> None:
    cell.font = Font(bold=True)
    cell.fill = HEAD


def _bytes(book: Workbook) -> bytes:
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()
