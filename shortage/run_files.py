"""Papers of a delivery run: what to pick in the store, what each institution is handed; as workbook and as document."""

from __future__ import annotations

from collections import defaultdict

from django.utils import timezone

from formulary.rules.workbook import workbook_bytes
from shortage.exports import _bytes, _paper, _table

PICK = ("药品名称", "规格", "生产企业", "批号", "有效期", "单位", "包装数", "应拣数量", "合包数", "分给")
NOTE = ("药品名称", "规格", "生产企业", "批号", "有效期", "单位", "包装数", "应发", "实发", "实收")
WIDTHS = (3.6, 2.2, 3.2, 2.1, 2.1, 1.1, 1.3, 1.5, 1.4, 1.4)


def run_workbook(_run, legs) -> bytes:
    """拣货单 by lot over the whole run, then one sheet for each institution."""
    sheets = {"拣货单": (PICK, pick_rows(legs))}
    for leg in legs:
        sheets[_sheet_name(leg.receiver, sheets)] = (NOTE, note_rows(leg))
    return workbook_bytes(sheets)


def pick_rows(legs) -> list[tuple]:
    """One row for each lot: what leaves the shelf in all, and who gets how much of it; first expiring first."""
    shares = defaultdict(list)
    rows = {}
    for leg in legs:
        for line in leg.lines.all():
            key = (line.presentation_id, line.product_id, line.batch)
            rows[key] = line
            shares[key].append((leg.receiver.short_name or leg.receiver.name, line.quantity))
    found = []
    for key, line in sorted(rows.items(), key=lambda each: _order(each[1])):
        whole = sum(units for _name, units in shares[key])
        parts = "、".join(f"{name} {units:,}" for name, units in shares[key])
        found.append((*_facts(line), whole, whole // _pack(line), parts))
    return found


def note_rows(leg) -> list[tuple]:
    return [
        (*_facts(line), line.quantity, line.sent if leg.dispatched_at else "", line.received if leg.received_at else "")
        for line in sorted(leg.lines.all(), key=_order)
    ]


def _order(line):
    return (line.presentation.name, line.presentation_id, line.expiry is None, str(line.expiry), line.batch)


def _pack(line) -> int:
    return line.product.pack_size if line.product else 1


def _facts(line) -> tuple:
    drug = line.presentation
    maker = line.product.maker if line.product else "厂家未提供"
    expiry = line.expiry.isoformat() if line.expiry else "未提供"
    return (drug.name, drug.strength, maker, line.batch or "未分批", expiry, drug.unit, _pack(line))


def _sheet_name(place, taken) -> str:
    name = "".join(sign for sign in (place.short_name or place.name) if sign not in "[]:*?/\\")[:28]
    return name if name not in taken else f"{name}-{place.code}"[:31]


def run_document(run, legs) -> bytes:
    """配送交接单 as docx: a page for each institution with lots, empty cells for the counted numbers, places to sign."""
    paper = _paper(f"{run.alliance.name}中心药房配送交接单")
    for number, leg in enumerate(legs):
        if number:
            paper.add_page_break()
        paper.add_paragraph(f"配送单：{run.number}　　单据：{leg.number}　　配送日：{run.on}　　线路：{run.route}")
        paper.add_paragraph(f"发出：{leg.donor.name}　　送达：{leg.receiver.name}　　状态：{leg.get_state_display()}")
        rows = [tuple(f"{cell:,}" if isinstance(cell, int) else str(cell) for cell in row) for row in note_rows(leg)]
        _table(paper, NOTE, rows, WIDTHS)
        paper.add_paragraph()
        for label, who, at in (
            ("中心药房签字", leg.donor_by, leg.donor_at),
            ("接收机构签字", leg.receiver_by, leg.receiver_at),
            ("装车人", leg.dispatched_by, leg.dispatched_at),
            ("收货人", leg.received_by, leg.received_at),
        ):
            when = f"{timezone.localtime(at):%Y-%m-%d %H:%M}" if at else "　　　　年　　月　　日"
            paper.add_paragraph(f"{label}：{who or '______________'}　　日期：{when}")
        paper.add_paragraph("冷藏药品请当面核对温度记录；批号、数量不符或破损的不签收，在系统收货时如数填写。")
    return _bytes(paper)
