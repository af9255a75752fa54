"""Every number of buying that people may set: key → value where nobody has set one (docs: 文号 in fixtures/rules.csv)."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from procurement.rules.needs import Limits

DEFAULTS: dict[str, Any] = {
    "round.deviation_high": 0.30,
    "round.deviation_low": 0.30,
    "round.year_share": 0.80,
    "round.trifle_units": 10,
    "round.report_days": 5,
    "approval.head_amount": 200000,
    "payment.term": "days",
    "payment.days": 30,
    "receipt.min_life_days": 180,
    "vbp.behind_share": 0.80,
    "vbp.red_share": 0.60,
    "vbp.idle_days": 30,
    "vbp.end_warn_days": 90,
    "vbp.end_red_days": 30,
    "vbp.nonwinning_share": 0.50,
    "vbp.shares": {"普通": [0.5, 0.6, 0.7, 0.8], "抗菌药物": [0.4, 0.5, 0.6, 0.7], "特殊": [0.3, 0.4, 0.5, 0.5]},
    "vbp.assessment_items": [
        ["约定量完成", 40, "completion"],
        ["中选药品优先使用", 20, "winner_share"],
        ["按时回款", 20, "paid_on_time"],
        ["未改用高价非中选替代", 10, ""],
        ["合理用药", 10, ""],
    ],
    "surplus.ratio": 0.50,
    "surplus.fund_share": 0.70,
    "surplus.insured_share": 0.90,
    "surplus.factor": 1.0,
    "price.rise_check": 0.15,
    "price.fall_check": 0.50,
    "price.ratio_tolerance": 0.0001,
    "price.label_steps": [1, 2, 5, 10],
    "price.case_auto": ["award", "listed", "stopped", "unfiled"],
    "price.case_days": 10,
    "platform.warn": 1.0,
    "platform.red": 0.95,
    "supplier.late_share": 0.50,
    "supplier.late_orders": 10,
    "consultation.topics": 10,
    "supplier.weights": {"on_time": 40, "fill": 40, "price": 20},
    "study.seconds": 20,
    "study.high_demand": 0.20,
    "study.weights": {"expected": 0.6, "high": 0.2, "failed": 0.1, "both": 0.05},
    "order.platform_columns": [
        ["采购单号", "number"],
        ["采购机构编码", "institution_code"],
        ["采购机构", "institution"],
        ["配送企业", "supplier"],
        ["国家医保代码", "nhsa_code"],
        ["产品编码", "product_code"],
        ["通用名", "name"],
        ["剂型", "form"],
        ["规格", "strength"],
        ["包装", "pack"],
        ["生产企业", "maker"],
        ["采购数量", "packs"],
        ["采购单价", "price"],
        ["采购金额", "amount"],
        ["要求到货日", "due_on"],
    ],
}
"""`payment.term`: "days" (payment.days after acceptance) or "month_end" (end of the month after it).
`price.case_auto`: kinds of price findings (rules/price_cases.py) that open a case by themselves; `price.case_days`: until it is due.
`study.seconds`: time limit of one scenario; `study.high_demand`: by how much demand is high where no forecast says;
`study.weights`: how likely the futures of a robust plan are against each other.
`order.platform_columns`: [[列名, field]…] of the file that the provincial platform takes; fields in rules/order_file.py."""


class Settings:
    """The values in force on a day; a key nobody set answers its default. Raises KeyError for an unknown key."""

    def __init__(self, values: Mapping[str, Any] | None = None) -> None:
        self.values = DEFAULTS | {key: value for key, value in (values or {}).items() if key in DEFAULTS}

    def __getitem__(self, key: str) -> Any:
        return self.values[key]

    def decimal(self, key: str) -> Decimal:
        return Decimal(str(self.values[key]))

    def limits(self) -> Limits:
        return Limits(
            high=self.decimal("round.deviation_high"),
            low=self.decimal("round.deviation_low"),
            year_share=self.decimal("round.year_share"),
            trifle=int(self["round.trifle_units"]),
        )
