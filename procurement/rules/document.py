"""Plain Word documents: title, facts in two columns, tables with a repeated head, signature lines. Chinese fonts set."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Sequence
from typing import Any

from docx import Document
from docx.enum.section import WD_ORIENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Pt

FONT = "宋体"
FIXED = dt.datetime(2000, 1, 1)


class Paper:
    """One document; `landscape` for wide tables."""

    def __init__(self, *, landscape: bool = False) -> None:
        self.file = Document()
        section = self.file.sections[0]
        section.page_width, section.page_height = Cm(21.0), Cm(29.7)
        if landscape:
            section.orientation = WD_ORIENT.LANDSCAPE
            section.page_width, section.page_height = Cm(29.7), Cm(21.0)
        section.left_margin = section.right_margin = Cm(2)
        section.top_margin = section.bottom_margin = Cm(1.8)
        style = self.file.styles["Normal"]
        style.font.name, style.font.size = FONT, Pt(10.5)
        style.element.rPr.rFonts.set(qn("w:eastAsia"), FONT)
        # Equal content makes equal files.
        self.file.core_properties.created = self.file.core_properties.modified = FIXED
        self.file.core_properties.author = "药衡"

    def title(self, text: str) -> None:
        paragraph = self.file.add_paragraph()
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
        run = paragraph.add_run(text)
        run.bold, run.font.size = True, Pt(16)

    def heading(self, text: str) -> None:
        run = self.file.add_paragraph().add_run(text)
        run.bold, run.font.size = True, Pt(12)

    def text(self, text: str) -> None:
        self.file.add_paragraph(text)

    def facts(self, pairs: Sequence[tuple[str, Any]]) -> None:
        """“名称：值” in two columns without lines."""
        table = self.file.add_table(rows=-(-len(pairs) // 2), cols=2)
        for number, (name, value) in enumerate(pairs):
            table.cell(number // 2, number % 2).text = f"{name}：{value}"

    def table(self, header: Sequence[str], rows: Sequence[Sequence[Any]], *, numbers: Sequence[int] = ()) -> None:
        """A ruled table whose head repeats on every page; `numbers` are columns aligned to the right."""
        table = self.file.add_table(rows=1, cols=len(header), style="Table Grid")
        _fill(table.rows[0].cells, header, bold=True)
        mark = OxmlElement("w:tblHeader")
        mark.set(qn("w:val"), "true")
        table.rows[0]._tr.get_or_add_trPr().append(mark)
        for row in rows:
            _fill(table.add_row().cells, row, numbers=numbers)

    def signatures(self, *names: str) -> None:
        self.file.add_paragraph()
        self.file.add_paragraph("　　　　".join(f"{name}：＿＿＿＿＿＿" for name in names))

    def new_page(self) -> None:
        self.file.add_page_break()  # type: ignore[no-untyped-call]

    def content(self) -> bytes:
        out = io.BytesIO()
        self.file.save(out)
        return out.getvalue()


def _fill(cells: Sequence[Any], values: Sequence[Any], *, bold: bool = False, numbers: Sequence[int] = ()) -> None:
    for number, (cell, value) in enumerate(zip(cells, values, strict=True)):
        paragraph = cell.paragraphs[0]
        run = paragraph.add_run("" if value is None else str(value))
        run.bold, run.font.size = bold, Pt(9)
        if number in numbers:
            paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
