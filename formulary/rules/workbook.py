"""Writes plain tables as a tidy workbook: frozen bold headers, sensible widths, number formats, text that stays text."""

from __future__ import annotations

import os
import re
import tempfile
import unicodedata
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet._write_only import WriteOnlyWorksheet

HEADER_FONT = Font(bold=True, color="FFFFFF")
HEADER_FILL = PatternFill("solid", fgColor="1F5F5B")
TITLE_FONT = Font(bold=True, size=12, color="1F5F5B")
WIDEST = 60
MEASURED_ROWS = 200
WRITTEN_AT = re.compile(rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*")

Sheet = tuple[Sequence[str], Sequence[Sequence[Any]]]


class Title(str):
    """A heading inside a sheet."""


class Share(float):
    """A number shown as a percentage."""


def write_workbook(path: Path, sheets: Mapping[str, Sheet]) -> None:
    """Writes all sheets, or nothing: the file appears under its name only when it is complete."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, draft = tempfile.mkstemp(suffix=".xlsx", dir=path.parent)
    os.close(handle)
    try:
        book = Workbook(write_only=True)
        for title, (header, rows) in sheets.items():
            _write_sheet(book.create_sheet(title), header, rows)
        book.save(draft)
        _without_clock(draft)
        os.chmod(draft, 0o644)
        os.replace(draft, path)
    finally:
        Path(draft).unlink(missing_ok=True)


def workbook_bytes(sheets: Mapping[str, Sheet]) -> bytes:
    """The same workbook as bytes, for an answer of the web."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file.xlsx"
        write_workbook(path, sheets)
        return path.read_bytes()


def _without_clock(path: str) -> None:
    """Equal tables make equal files: openpyxl writes the time of day into the properties and the zip entries."""
    with zipfile.ZipFile(path) as book:
        parts = [(entry.filename, book.read(entry)) for entry in book.infolist()]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as book:
        for name, content in parts:
            if name == "docProps/core.xml":
                content = WRITTEN_AT.sub(rb"\g<1>2000-01-01T00:00:00Z", content)
            entry = zipfile.ZipInfo(name, date_time=(2000, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            book.writestr(entry, content)


def _write_sheet(sheet: WriteOnlyWorksheet, header: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    sheet.freeze_panes = "A2"
    for number, width in enumerate(_widths(header, rows), start=1):
        sheet.column_dimensions[get_column_letter(number)].width = width
    sheet.append([_styled(sheet, name, HEADER_FONT, HEADER_FILL) for name in header])
    for row in rows:
        sheet.append([_cell(sheet, value) for value in row])


def _cell(sheet: WriteOnlyWorksheet, value: Any) -> Any:
    if isinstance(value, Title):
        return _styled(sheet, str(value), TITLE_FONT, None)
    if isinstance(value, str):
        return _text(sheet, value)
    if isinstance(value, Share):
        return _number(sheet, float(value), "0.0%")
    if isinstance(value, Decimal):
        places = value.as_tuple().exponent
        return _number(sheet, value, "#,##0.00" if isinstance(places, int) and places == -2 else "General")
    if isinstance(value, float):
        return _number(sheet, value, "#,##0.00####")
    return value


def _text(sheet: WriteOnlyWorksheet, value: str) -> Any:
    """Text as text: a leading = must never become a formula, control characters never reach the file."""
    value = ILLEGAL_CHARACTERS_RE.sub("", value)
    if not value.startswith("="):
        return value
    cell = WriteOnlyCell(sheet, value="")
    cell.value = value
    cell.data_type = "s"
    return cell


def _number(sheet: WriteOnlyWorksheet, value: Any, style: str) -> Any:
    cell = WriteOnlyCell(sheet, value=value)
    cell.number_format = style
    return cell


def _styled(sheet: WriteOnlyWorksheet, value: str, font: Font, fill: PatternFill | None) -> Any:
    cell = WriteOnlyCell(sheet, value=value)
    cell.font = font
    if fill is not None:
        cell.fill = fill
        cell.alignment = Alignment(vertical="center")
    return cell


def _widths(header: Sequence[str], rows: Sequence[Sequence[Any]]) -> Iterable[float]:
    for column, name in enumerate(header):
        shown = [
            name,
            *(str(row[column]) for row in rows[:MEASURED_ROWS] if column < len(row) and row[column] is not None),
        ]
        yield min(WIDEST, 3 + max(_span(text) for text in shown if not isinstance(text, Title)))


def _span(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)
