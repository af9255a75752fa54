"""Files of orders: one workbook and one document per distributor, all in a zip; and what a van did not bring."""

from __future__ import annotations

import io
import re
import zipfile
from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.utils import timezone

from procurement.exports import _written
from procurement.models import Delivery, Order, OrderLine, PurchaseRound
from procurement.queries.settings import buying_settings
from procurement.rules.document import Paper
from procurement.rules.order_file import Row, platform_sheet
from procurement.rules.workbook import Sheet, write_workbook

HEADER = (
    "机构编码", "机构名称", "国家医保代码", "产品编码", "通用名", "剂型", "规格", "包装", "生产企业", "包数", "数量", "单位",
    "单价", "金额",
)  # fmt: skip
CENT = Decimal("0.01")
DOC_HEADER = ("机构", "通用名", "规格 包装", "生产企业", "包数", "单价", "金额")
DOCX, XLSX = "docx", "xlsx"


def rows_of(orders: Sequence[Order], institutions: frozenset[int] | None = None) -> dict[int, list[Row]]:
    """The flat lines of each order, in two queries; only of these institutions when given."""
    lines = OrderLine.objects.filter(order__in=[order.pk for order in orders])
    if institutions is not None:
        lines = lines.filter(institution__in=institutions)
    lines = lines.select_related("institution", "product__presentation")
    by_order = {order.pk: order for order in orders}
    found: dict[int, list[Row]] = defaultdict(list)
    for line in lines.order_by("institution__code", "product__presentation__name", "product__code"):
        found[line.order_id].append(_row(by_order[line.order_id], line))
    return found


def order_workbook(orders: Sequence[Order], institutions: frozenset[int] | None = None) -> bytes:
    """One sheet per order, and one of all in the layout of the provincial platform."""
    rows = rows_of(orders, institutions)
    layout = buying_settings(orders[0].alliance, timezone.localdate())["order.platform_columns"]
    every = [row for order in orders for row in rows[order.pk]]
    sheets: dict[str, Sheet] = {"平台导入": platform_sheet(every, layout)}
    for order in orders:
        sheets[order.number[:31]] = (HEADER, [_cells(row) for row in rows[order.pk]])
    return _written(lambda path: write_workbook(path, sheets))


def order_document(orders: Sequence[Order], institutions: frozenset[int] | None = None) -> bytes:
    """The same orders to print and sign, each on its own page."""
    rows = rows_of(orders, institutions)
    paper = Paper(landscape=True)
    for number, order in enumerate(orders):
        if number:
            paper.new_page()
        paper.title(f"{order.alliance.name}药品采购订单")
        total = sum((row.amount for row in rows[order.pk]), Decimal(0))
        paper.facts(
            [
                ("订单号", order.number),
                ("配送企业", order.supplier.name),
                ("要求到货日", order.due_on),
                ("金额合计", f"{total.quantize(CENT):,} 元"),
                ("采购轮次", order.round.title if order.round else "—"),
                ("配送机构", f"{len({row.institution for row in rows[order.pk]})} 家"),
            ]
        )
        paper.table(
            DOC_HEADER,
            [
                (row.institution, row.name, row.pack, row.maker, f"{row.packs:,}", f"{row.price:,}", f"{row.amount:,}")
                for row in rows[order.pk]
            ],
            numbers=(4, 5, 6),
        )
        paper.text("请在要求到货日前送达各机构；有效期不足规定月数的将拒收；如有缺货请于两小时内答复。")
        paper.signatures("采购经办", "配送企业确认", "日期")
    return paper.content()


def discrepancy_document(made: Delivery) -> bytes:
    """差异报告 to the distributor: ordered, came, accepted, refused and why, still missing."""
    paper = Paper(landscape=True)
    paper.title("药品到货差异报告")
    paper.facts(
        [
            ("订单号", made.order.number),
            ("配送企业", made.order.supplier.name),
            ("收货机构", made.institution.name),
            ("到货日", made.arrived_on),
            ("随货单号", made.slip or "—"),
            ("验收人", made.received_by),
        ]
    )
    paper.table(
        ("药品", "生产企业", "批号", "有效期", "订购", "到货", "验收", "拒收", "拒收原因与说明", "仍未到"),
        [
            (
                line.line.product.presentation, line.line.product.maker, line.batch or "—", line.expiry or "—",
                line.line.packs, line.delivered, line.accepted, line.refused,
                " ".join(part for part in (line.reason, line.note) if part) or "—", line.line.open_packs,
            )
            for line in made.lines.select_related("line__product__presentation").order_by("pk")
        ],
        numbers=(4, 5, 6, 7, 9),
    )  # fmt: skip
    never = [
        line
        for line in made.order.lines.filter(institution=made.institution).select_related("product__presentation")
        if line.open_packs and not line.deliveries.filter(delivery=made).exists()
    ]
    if never:
        paper.heading("本次未送的品种")
        paper.table(
            ("药品", "生产企业", "订购", "未到"),
            [(line.product.presentation, line.product.maker, line.packs, line.open_packs) for line in never],
            numbers=(2, 3),
        )
    paper.text("请于三个工作日内补送或书面说明。拒收药品请随车退回。")
    paper.signatures("验收人", "送货人", "日期")
    return paper.content()


def round_archive(row: PurchaseRound) -> bytes:
    """A zip with a document and a workbook per distributor."""
    orders = Order.objects.filter(round=row).exclude(state="cancelled").select_related("alliance", "supplier", "round")
    by_supplier: dict[Any, list[Order]] = defaultdict(list)
    for order in orders.order_by("supplier__code", "month"):
        by_supplier[order.supplier].append(order)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for supplier, mine in by_supplier.items():
            name = file_name(f"{supplier.code}-{supplier.name}")
            archive.writestr(f"{name}-订单.xlsx", order_workbook(mine))
            archive.writestr(f"{name}-订单.docx", order_document(mine))
    return out.getvalue()


def file_name(text: str) -> str:
    return re.sub(r'[\\/:*?"<>|\s]+', "-", text)


def _row(order: Order, line: OrderLine) -> Row:
    product, drug = line.product, line.product.presentation
    return Row(
        number=order.number,
        month=order.month,
        due_on=order.due_on,
        supplier_code=order.supplier.code,
        supplier=order.supplier.name,
        institution_code=line.institution.code,
        institution=line.institution.name,
        product_code=product.code,
        nhsa_code=product.nhsa_code,
        approval_number=product.approval_number,
        name=drug.name,
        form=drug.form,
        strength=drug.strength,
        unit=drug.unit,
        pack_size=product.pack_size,
        pack=f"{drug.strength}×{product.pack_size}{drug.unit}/{product.pack_unit}",
        maker=product.maker,
        packs=line.packs,
        quantity=line.quantity,
        price=line.price,
        amount=line.amount.quantize(CENT),
    )


def _cells(row: Row) -> tuple[Any, ...]:
    return (
        row.institution_code, row.institution, row.nhsa_code, row.product_code, row.name, row.form, row.strength, row.pack,
        row.maker, row.packs, row.quantity, row.unit, row.price, row.amount,
    )  # fmt: skip
