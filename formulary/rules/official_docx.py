"""An official notice as docx: red head, red rule, 文号, title, body, table, signature and date (GB/T 9704 in outline)."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from docx import Document
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Pt, RGBColor

RED = RGBColor(0xC8, 0x10, 0x2E)
SONG, HEI, KAI = "宋体", "黑体", "仿宋"


@dataclass(frozen=True)
class Part:
    """A numbered part of the body: a heading, paragraphs, and a table."""

    heading: str
    paragraphs: Sequence[str] = ()
    header: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()


@dataclass(frozen=True)
class Notice:
    """issuer stands in red above the rule; signed below the body."""

    issuer: str
    document: str
    title: str
    to: str
    opening: Sequence[str]
    parts: Sequence[Part] = field(default_factory=tuple)
    closing: Sequence[str] = ()
    date: str = ""


def write_notice(notice: Notice) -> bytes:
    """The document as bytes."""
    doc = Document()
    section = doc.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.top_margin, section.bottom_margin = Cm(3.7), Cm(3.5)
    section.left_margin, section.right_margin = Cm(2.8), Cm(2.6)
    doc.core_properties.title, doc.core_properties.author = notice.title, notice.issuer
    _line(doc, notice.issuer, font=SONG, size=30, bold=True, red=True, centre=True)
    number = _line(doc, notice.document or "　", font=KAI, size=16, centre=True)
    _red_rule(number)
    _line(doc, "", font=KAI, size=10)
    _line(doc, notice.title, font=SONG, size=22, bold=True, centre=True)
    _line(doc, "", font=KAI, size=10)
    _line(doc, f"{notice.to}：", font=KAI, size=16)
    for words in notice.opening:
        _line(doc, words, font=KAI, size=16, indent=True)
    for part in notice.parts:
        _line(doc, part.heading, font=HEI, size=16, indent=True)
        for words in part.paragraphs:
            _line(doc, words, font=KAI, size=16, indent=True)
        if part.rows:
            _table(doc, part.header, part.rows)
    for words in notice.closing:
        _line(doc, words, font=KAI, size=16, indent=True)
    _line(doc, "", font=KAI, size=16)
    for words in (notice.issuer, notice.date):
        _line(doc, f"{words}　　", font=KAI, size=16, right=True)
    out = io.BytesIO()
    doc.save(out)
    return out.getvalue()


def _line(
    doc: Any,
    words: str,
    *,
    font: str,
    size: int,
    bold: bool = False,
    red: bool = False,
    centre: bool = False,
    right: bool = False,
    indent: bool = False,
) -> Any:
    paragraph = doc.add_paragraph()
    if centre or right:
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER if centre else WD_ALIGN_PARAGRAPH.RIGHT
    paragraph.paragraph_format.space_after = Pt(0)
    paragraph.paragraph_format.line_spacing = Pt(28) if size <= 22 else Pt(42)
    if indent:
        paragraph.paragraph_format.first_line_indent = Pt(size * 2)
    _run(paragraph, words, font, size, bold=bold, red=red)
    return paragraph


def _run(paragraph: Any, words: str, font: str, size: int, *, bold: bool = False, red: bool = False) -> None:
    run = paragraph.add_run(words)
    run.font.name, run.font.size, run.bold = font, Pt(size), bold
    run._element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), font)
    if red:
        run.font.color.rgb = RED


def _red_rule(paragraph: Any) -> None:
    borders = OxmlElement("w:pBdr")
    bottom = OxmlElement("w:bottom")
    for name, value in (("val", "single"), ("sz", "18"), ("space", "6"), ("color", "C8102E")):
        bottom.set(qn(f"w:{name}"), value)
    borders.append(bottom)
    paragraph._p.get_or_add_pPr().append(borders)


def _table(doc: Any, header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    table = doc.add_table(rows=1, cols=len(header))
    table.style, table.alignment = "Table Grid", WD_TABLE_ALIGNMENT.CENTER
    repeat = OxmlElement("w:tblHeader")
    repeat.set(qn("w:val"), "true")
    table.rows[0]._tr.get_or_add_trPr().append(repeat)
    for cell, words in zip(table.rows[0].cells, header, strict=True):
        _run(cell.paragraphs[0], words, HEI, 12)
    for row in rows:
        for cell, words in zip(table.add_row().cells, row, strict=True):
            _run(cell.paragraphs[0], words, KAI, 12)
