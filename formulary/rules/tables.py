"""Reads the tables people send (xlsx, xls, CSV in UTF-8 or GB18030) into text columns.

Everything is text here: codes keep their zeros, a number reads as Excel shows it, a date as 2026-11-21.
What a column means, and whether a cell is right, is decided in `cells.py`.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
import unicodedata
import zipfile
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import openpyxl
import python_calamine

DELIMITERS = ",\t;"
MAX_BYTES = 64 * 1024 * 1024
MAX_UNPACKED = 600 * 1024 * 1024
MAX_RATIO = 200
MAX_MEMBERS = 500
HEADER_SEARCH_ROWS = 10
_ZEROS = re.compile(r"^0{2,}$")
_ZEROS_IN_STYLES = re.compile(rb'formatCode="0{2,}"')


class DataRefused(Exception):
    """A file or case is at fault. `faults` holds every fault found; str() is the whole Chinese message."""

    def __init__(self, faults: Sequence[Fault], *, source: str = "") -> None:
        self.faults = list(faults)
        self.source = source
        super().__init__(source, len(self.faults))

    def __str__(self) -> str:
        head = f"{self.source}：" if self.source else ""
        return f"{head}共 {len(self.faults)} 处问题，未写入任何内容\n" + "\n".join(
            f"  {fault}" for fault in self.faults
        )


@dataclass(frozen=True)
class Fault:
    """One fault: where it is (sheet, row as Excel counts, column), the value found, what is expected."""

    sheet: str
    row: int | None
    column: str
    value: str
    expected: str

    def __str__(self) -> str:
        place = f"〔{self.sheet}〕" if self.sheet else ""
        place += f"第 {self.row} 行" if self.row is not None else ""
        place += f"“{self.column}”列" if self.column else ""
        found = f"值“{self.value}”有误，" if self.value else ""
        return f"{place}：{found}{self.expected}" if place else f"{found}{self.expected}"


@dataclass
class Table:
    """One sheet, by columns. `rows[k]` is the Excel row number of the k-th entry of every column."""

    name: str
    columns: dict[str, list[str]] = field(default_factory=dict)
    rows: list[int] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.rows)


def clean(text: str) -> str:
    """Trimmed, full-width made half-width, inner runs of white space made one blank: how headers and codes compare."""
    if text.isascii():
        return " ".join(text.split())
    return " ".join(unicodedata.normalize("NFKC", text).replace("\ufeff", "").split())


def as_text(cell: object) -> str:
    """What a cell says: 12.0 → "12", dates → ISO, true/false → 是/否, others trimmed."""
    if isinstance(cell, str):
        return cell.strip()
    if isinstance(cell, bool):
        return "是" if cell else "否"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, dt.datetime):
        return cell.date().isoformat() if cell.time() == dt.time() else cell.isoformat(sep=" ")
    return "" if cell is None else str(cell)


def decode(raw: bytes) -> str:
    """UTF-8 (with or without BOM), else GB18030."""
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise DataRefused([Fault("", None, "", "", "文字编码无法识别，应为 UTF-8 或 GB18030（GBK）")])


def read_tables(source: Path | bytes, *, name: str = "", headers: Collection[str] = ()) -> dict[str, Table]:
    """All sheets of a workbook, or the one table of a CSV (under its file's stem).

    `headers` are column names that may occur; they find the header row when titles stand above it.
    Raises DataRefused when the file cannot be read, is a bomb, or repeats a column.
    """
    label = name or (source.name if isinstance(source, Path) else "文件")
    sheets = read_cells(source, name=label)
    known = {clean(header) for header in headers}
    faults: list[Fault] = []
    tables = {clean(title): _table(clean(title), cells, known, faults) for title, cells in sheets}
    if faults:
        raise DataRefused(faults, source=label)
    return tables


def read_cells(source: Path | bytes, *, name: str = "") -> list[tuple[str, Sequence[Sequence[object]]]]:
    """Every sheet's title and cells as they stand, from the first row on. Raises DataRefused like read_tables."""
    label = name or (source.name if isinstance(source, Path) else "文件")
    raw = source.read_bytes() if isinstance(source, Path) else source
    if len(raw) > MAX_BYTES:
        raise DataRefused([Fault("", None, "", f"{len(raw):,} 字节", f"文件应不大于 {MAX_BYTES:,} 字节")], source=label)
    try:
        return _workbook(raw) if raw[:2] == b"PK" or raw[:4] == b"\xd0\xcf\x11\xe0" else _csv(raw, Path(label).stem)
    except DataRefused as refused:
        raise DataRefused(refused.faults, source=label) from refused


def _csv(raw: bytes, stem: str) -> list[tuple[str, Sequence[Sequence[object]]]]:
    text = decode(raw)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text))
    try:
        return [(stem, list(rows))]
    except csv.Error as error:
        expected = f"无法按 CSV 读取（{error}），可能有未成对的引号，请检查此行附近"
        raise DataRefused([Fault(stem, rows.line_num, "", "", expected)]) from error


def _delimiter(text: str) -> str:
    """What stands most often in the first line that has any, outside quotes: titles and blank lines may stand above."""
    for line in text[:65_536].splitlines()[:HEADER_SEARCH_ROWS]:
        bare = re.sub(r'"[^"]*"', "", line)
        if any(mark in bare for mark in DELIMITERS):
            return max(DELIMITERS, key=bare.count)
    return ","


def _workbook(raw: bytes) -> list[tuple[str, Sequence[Sequence[object]]]]:
    if raw[:2] == b"PK":
        _refuse_bombs(raw)
    try:
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(raw))
        sheets: dict[str, list[list[object]]] = {
            title: cast("list[list[object]]", book.get_sheet_by_name(title).to_python(skip_empty_area=False))
            for title in book.sheet_names
        }
        _show_padded_zeros(raw, sheets)
        return list(sheets.items())
    except (python_calamine.CalamineError, OSError, ValueError, IndexError) as error:
        raise DataRefused([Fault("", None, "", "", f"不是可读的 Excel 工作簿（{error}）")]) from error


def _show_padded_zeros(raw: bytes, sheets: dict[str, list[list[object]]]) -> None:
    """A code kept as the number 12 under the format 00000 is shown as 00012, so it reads as 00012.

    The fast reader knows no formats; the slow one is asked only for a workbook that has such a format.
    """
    if raw[:2] != b"PK" or not _ZEROS_IN_STYLES.search(_member(raw, "xl/styles.xml")):
        return
    for sheet in openpyxl.load_workbook(io.BytesIO(raw), read_only=True, data_only=True).worksheets:
        for cells, shown in zip(sheets[sheet.title], sheet.iter_rows(), strict=False):
            for at, cell in enumerate(shown[: len(cells)]):
                if isinstance(cell.value, int | float) and _ZEROS.match(cell.number_format):
                    cells[at] = as_text(cells[at]).zfill(len(cell.number_format))


def _member(raw: bytes, name: str) -> bytes:
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        return archive.read(name) if name in archive.namelist() else b""


def _refuse_bombs(raw: bytes) -> None:
    """A small zip that unpacks to gigabytes, or carries macros or links, never reaches the parser."""
    try:
        members = zipfile.ZipFile(io.BytesIO(raw)).infolist()
    except zipfile.BadZipFile as error:
        raise DataRefused([Fault("", None, "", "", "不是可读的 Excel 工作簿（压缩包已损坏）")]) from error
    unpacked = sum(member.file_size for member in members)
    swollen = any(m.file_size > 1_000_000 and m.file_size > MAX_RATIO * max(1, m.compress_size) for m in members)
    if len(members) > MAX_MEMBERS or unpacked > MAX_UNPACKED or swollen:
        raise DataRefused([Fault("", None, "", "", "工作簿解压后过大，疑似异常文件，请另存为新的 xlsx 再试")])
    if any("vbaProject" in member.filename or "externalLinks" in member.filename for member in members):
        raise DataRefused([Fault("", None, "", "", "工作簿含宏或外部链接，请另存为不含宏的 xlsx 再试")])


def _table(title: str, cells: Sequence[Sequence[object]], known: set[str], faults: list[Fault]) -> Table:
    at = _header_row(cells, known)
    if at is None:
        return Table(title)
    names = [clean(as_text(cell)) for cell in cells[at]]
    named = [(position, name) for position, name in enumerate(names) if name]
    for name in _repeated(name for _, name in named):
        faults.append(Fault(title, at + 1, name, "", "列名重复，应只出现一次"))
    body = [(number, row) for number, row in enumerate(cells[at + 1 :], start=at + 2) if _filled(row)]
    width = len(names)
    padded = [row if len(row) >= width else [*row, *[""] * (width - len(row))] for _, row in body]
    columns = {name: [as_text(row[position]) for row in padded] for position, name in named}
    return Table(title, columns, [number for number, _ in body])


def _filled(row: Sequence[object]) -> bool:
    return any(cell not in ("", None) and str(cell).strip() for cell in row)


def _header_row(cells: Sequence[Sequence[object]], known: set[str]) -> int | None:
    """The first filled row, unless a later one among the first ten names more of the known columns."""
    filled = [k for k, row in enumerate(cells[:HEADER_SEARCH_ROWS]) if _filled(row)]
    if not filled:
        return next((k for k, row in enumerate(cells) if _filled(row)), None)
    return max(filled, key=lambda k: (len(known & {clean(as_text(cell)) for cell in cells[k]}), -k))


def _repeated(names: Iterable[str]) -> list[str]:
    seen: set[str] = set()
    twice = []
    for name in names:
        if name in seen:
            twice.append(name)
        seen.add(name)
    return twice
