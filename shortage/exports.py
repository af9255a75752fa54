"""Papers to print and carry: the note of a transfer, the 直报 form."""

from __future__ import annotations

import io

from django.utils import timezone
from docx import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml.ns import qn
from docx.shared import Cm, Pt

from shortage.rules.report_form import FIELDS


def transfer_note(order):
    """调剂单 as docx: lots to pick in order of expiry, empty cells for the counted numbers, places to sign."""
    paper = _paper(f"{order.alliance.name}药品调剂单")
    facts = (
        f"单号：{order.number}　　方式：{order.get_kind_display()}　　状态：{order.get_state_display()}",
        f"调出机构：{order.donor.name}　　调入机构：{order.receiver.name}",
        f"事由：{order.reason}" + (f"　　约定归还日：{order.due_on}" if order.due_on else ""),
    )
    for text in facts:
        paper.add_paragraph(text)
    header = ("序号", "药品名称", "规格", "生产企业", "批号", "有效期", "单位", "应发", "实发", "实收")
    rows = [
        (
            str(number), line.presentation.name, line.presentation.strength,
            line.product.maker if line.product else "", line.batch or "未分批",
            line.expiry.isoformat() if line.expiry else "未提供", line.presentation.unit, f"{line.quantity:,}",
            f"{line.sent:,}" if order.dispatched_at else "", f"{line.received:,}" if order.received_at else "",
        )
        for number, line in enumerate(order.lines.select_related("presentation", "product"), start=1)
    ]  # fmt: skip
    _table(paper, header, rows, (1.0, 3.6, 2.3, 3.4, 2.2, 2.1, 1.1, 1.4, 1.4, 1.4))
    paper.add_paragraph()
    signed = (
        ("调出方签字", order.donor_by, order.donor_at),
        ("调入方签字", order.receiver_by, order.receiver_at),
        ("发货人", order.dispatched_by, order.dispatched_at),
        ("收货人", order.received_by, order.received_at),
    )
    for label, who, at in signed:
        when = f"{timezone.localtime(at):%Y-%m-%d %H:%M}" if at else "　　　　年　　月　　日"
        paper.add_paragraph(f"{label}：{who or '______________'}　　日期：{when}")
    paper.add_paragraph("拣货请按上列批号先近效期；实物批号、数量不符时不要发出，先更正本单。调剂不计为用量。")
    return _bytes(paper)


def report_form(report):
    """短缺药品信息直报表 as docx."""
    paper = _paper("短缺药品信息直报表")
    paper.add_paragraph(
        f"{report.get_state_display()}　　起草：{report.made_by} {timezone.localtime(report.made_at):%Y-%m-%d %H:%M}"
        + (f"　　上报：{report.sent_by} {timezone.localtime(report.sent_at):%Y-%m-%d %H:%M}" if report.sent_at else "")
    )
    rows = [(field.label, str(report.values.get(field.name, ""))) for field in FIELDS]
    _table(paper, ("项目", "内容"), rows, (4.5, 12.5))
    paper.add_paragraph()
    paper.add_paragraph("填报人：______________　　审核人：______________　　单位盖章：")
    return _bytes(paper)


def _paper(title):
    paper = Document()
    section = paper.sections[0]
    section.left_margin = section.right_margin = Cm(1.8)
    style = paper.styles["Normal"]
    style.font.name, style.font.size = "宋体", Pt(10.5)
    style.element.rPr.rFonts.set(qn("w:eastAsia"), "宋体")
    heading = paper.add_paragraph()
    heading.alignment = WD_ALIGN_PARAGRAPH.CENTER
    run = heading.add_run(title)
    run.bold, run.font.size = True, Pt(16)
    return paper


def _table(paper, header, rows, widths):
    table = paper.add_table(rows=1, cols=len(header))
    table.style, table.autofit = "Table Grid", False
    for row in (header, *rows):
        cells = table.rows[0].cells if row is header else table.add_row().cells
        for cell, text, width in zip(cells, row, widths, strict=True):
            cell.width = Cm(width)
            run = cell.paragraphs[0].add_run(text)
            run.font.size, run.bold = Pt(9), row is header
    return table


def _bytes(paper):
    held = io.BytesIO()
    paper.save(held)
    return held.getvalue()
