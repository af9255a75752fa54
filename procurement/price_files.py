"""The savings report as sheets."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from procurement.rules.prices import CENT
from procurement.rules.workbook import Sheet


def savings_sheets(found: dict[str, Any]) -> dict[str, Sheet]:
    """集采节约: bought × (price before − award). 换最低价可省: bought × (own unit price − lowest of the same 品规)."""
    won = [
        (
            each.tender.name, each.item, each.product.presentation.strength, each.product.maker, quantity,
            each.prior_price, each.award_price, ((each.prior_price - each.award_price) * quantity).quantize(CENT),
        )
        for each, quantity in found["won"]
    ]  # fmt: skip
    switch = [
        (
            own.offer.product.presentation.name, own.offer.product.presentation.strength, own.offer.product.maker, own.unit,
            best.offer.product.maker, best.unit, quantity, Decimal(amount).quantize(CENT),
        )
        for own, best, quantity, amount in found["switch"]
    ]  # fmt: skip
    total = sum((row[-1] for row in won), Decimal(0)), sum((row[-1] for row in switch), Decimal(0))
    return {
        "汇总": (("项目", "金额（元）"), [("集采节约", total[0]), ("换用最低价还可节约", total[1])]),
        "集采节约": (
            ("批次", "集采品种", "规格", "生产企业", "采购量（最小单位）", "集采前价", "中选价", "节约（元）"),
            won,
        ),
        "换最低价可省": (
            (
                "通用名",
                "规格",
                "现用企业",
                "现用单位价",
                "最低价企业",
                "最低单位价",
                "采购量（最小单位）",
                "可省（元）",
            ),
            switch,
        ),
    }
