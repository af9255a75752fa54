"""会议通知 and 会议纪要 as Word files: content in, bytes out. Fonts are those every Chinese Word has."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, field

from docx import Document
from docx.document import Document as Doc
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml.ns import qn
from docx.shared import Cm, Pt

BODY, HEAD = "宋体", "黑体"


@dataclass(frozen=True)
class Topic:
    """One topic as the paper tells it; lines are (label, text). `ballots`: (round, 同意, 反对, 弃权, 未投, 基数, 须同意)."""

    number: int
    title: str
    materials: Sequence[tuple[str, str]] = ()
    discussion: str = ""
    recused: Sequence[str] = ()
    ballots: Sequence[tuple[int, int, int, int, int, int, int]] = ()
    manner: str = ""
    opinions: Sequence[str] = ()
    decision: str = ""
    conditions: str = ""
    owner: str = ""
    due: str = ""


@dataclass(frozen=True)
class Paper:
    """A meeting as both papers tell it."""

    title: str
    number: str
    body: str
    facts: Sequence[tuple[str, str]]
    topics: Sequence[Topic]
    people: Sequence[tuple[str, Sequence[str]]] = ()
    rules: Sequence[str] = ()
    summary: str = ""
    closing: Sequence[str] = field(default=())


def notice(paper: Paper) -> bytes:
    """The invitation: when, where, what about, what each member should do before."""
    doc = _document(f"{paper.title}通知", paper)
    _heading(doc, "会议议程")
    for topic in paper.topics:
        _line(doc, f"{topic.number}. {topic.title}")
        for label, text in topic.materials:
            _line(doc, f"{label}：{text}", indent=True)
    _closing(doc, paper)
    return _bytes(doc)


def minutes(paper: Paper) -> bytes:
    """The record: who was there, each topic with materials, discussion, votes, decision, owner and due date."""
    doc = _document(f"{paper.title}纪要", paper)
    _heading(doc, "出席情况")
    for label, names in paper.people:
        _line(doc, f"{label}（{len(names)} 人）：{'、'.join(names) or '无'}")
    if paper.rules:
        _heading(doc, "议事规则")
        for rule in paper.rules:
            _line(doc, rule)
    _heading(doc, "议题与表决")
    for topic in paper.topics:
        _topic(doc, topic)
    if paper.summary:
        _heading(doc, "其他")
        _paragraphs(doc, paper.summary)
    _closing(doc, paper)
    return _bytes(doc)


def _document(title: str, paper: Paper) -> Doc:
    doc = Document()
    section = doc.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.left_margin = section.right_margin = Cm(2.7)
    section.top_margin = section.bottom_margin = Cm(2.5)
    normal = doc.styles["Normal"]
    normal.font.name, normal.font.size = BODY, Pt(12)
    normal.element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), BODY)
    normal.paragraph_format.line_spacing = 1.5
    normal.paragraph_format.space_after = Pt(0)
    doc.core_properties.title, doc.core_properties.author = title, paper.body
    _heading(doc, title, size=18, centre=True)
    top = doc.add_paragraph(f"{paper.body}　{paper.number}")
    top.alignment = WD_ALIGN_PARAGRAPH.CENTER
    table = doc.add_table(rows=0, cols=2)
    table.style = "Table Grid"
    for label, text in paper.facts:
        cells = table.add_row().cells
        cells[0].text, cells[1].text = label, text
        cells[0].width, cells[1].width = Cm(3.2), Cm(12.4)
    return doc


def _topic(doc: Doc, topic: Topic) -> None:
    _heading(doc, f"{topic.number}. {topic.title}", size=12)
    for label, text in topic.materials:
        _line(doc, f"{label}：{text}")
    if topic.discussion:
        _paragraphs(doc, f"讨论：{topic.discussion}")
    if topic.recused:
        _line(doc, f"回避：{'；'.join(topic.recused)}")
    if topic.ballots:
        _line(doc, f"表决方式：{topic.manner}")
        table = doc.add_table(rows=1, cols=7)
        table.style = "Table Grid"
        for cell, words in zip(
            table.rows[0].cells, ("轮次", "同意", "反对", "弃权", "未投", "计票基数", "须同意"), strict=True
        ):
            cell.text = words
        for ballot in topic.ballots:
            for cell, number in zip(table.add_row().cells, ballot, strict=True):
                cell.text = str(number)
    for opinion in topic.opinions:
        _line(doc, f"书面意见：{opinion}")
    _line(doc, f"决定：{topic.decision}", bold=True)
    if topic.conditions:
        _line(doc, f"通过条件：{topic.conditions}")
    if topic.owner or topic.due:
        _line(doc, f"责任人：{topic.owner or '—'}　完成期限：{topic.due or '—'}")


def _closing(doc: Doc, paper: Paper) -> None:
    doc.add_paragraph()
    for line in paper.closing:
        _line(doc, line)


def _heading(doc: Doc, text: str, *, size: int = 14, centre: bool = False) -> None:
    paragraph = doc.add_paragraph()
    paragraph.paragraph_format.space_before = Pt(8)
    paragraph.paragraph_format.keep_with_next = True
    if centre:
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    run = paragraph.add_run(text)
    run.bold, run.font.size, run.font.name = True, Pt(size), HEAD
    run._element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), HEAD)


def _line(doc: Doc, text: str, *, bold: bool = False, indent: bool = False) -> None:
    paragraph = doc.add_paragraph()
    if indent:
        paragraph.paragraph_format.left_indent = Cm(0.8)
    paragraph.add_run(text).bold = bold


def _paragraphs(doc: Doc, text: str) -> None:
    for part in text.splitlines():
        if part.strip():
            _line(doc, part.strip())


def _bytes(doc: Doc) -> bytes:
    stream = io.BytesIO()
    doc.save(stream)
    return stream.getvalue()
