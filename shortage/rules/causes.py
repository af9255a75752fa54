"""Why an item is at risk, as a code and one Chinese sentence with the numbers that decided it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum

from shortage.rules.grading import DEFAULT, Thresholds


class Cause(StrEnum):
    """Most pressing first; the first that holds is shown."""

    EMPTY = "empty"
    SHORTAGE = "shortage"
    LATE_ORDER = "late_order"
    EXPIRY = "expiry"
    DEMAND_UP = "demand_up"
    NO_ORDER = "no_order"
    LOW_STOCK = "low_stock"


LABELS = {
    Cause.EMPTY: "已断货且有需求",
    Cause.SHORTAGE: "药品短缺",
    Cause.LATE_ORDER: "订单逾期未到",
    Cause.EXPIRY: "近效期",
    Cause.DEMAND_UP: "用量上升",
    Cause.NO_ORDER: "低于补货点未下单",
    Cause.LOW_STOCK: "库存偏低",
}
EXPIRY_SHARE, DEMAND_RISE = 0.2, 1.3


@dataclass(frozen=True)
class Facts:
    """What is known about one item. Quantities in minimal units, use per day; None where there is nothing to say.

    usable: usable stock; expiring: units that will expire unused within 30 days; use, use_before: recent and usual
    daily use; overdue_days: of the oldest open order beyond its usual lead time; on_order: open quantity;
    shortage: pooled posterior; overdue_institutions; notice: 文号 or title of an official notice;
    next_arrival: promised date of the next delivery.
    """

    usable: float
    use: float
    use_before: float
    expiring: float = 0.0
    overdue_days: float | None = None
    on_order: float = 0.0
    reorder_point: float = 0.0
    shortage: float = 0.0
    overdue_institutions: int = 0
    notice: str = ""
    next_arrival: dt.date | None = None


def cause(facts: Facts, rules: Thresholds = DEFAULT) -> tuple[Cause, str]:
    """The cause that presses most, and the sentence to show."""
    for code, sentence in _candidates(facts, rules):
        if sentence:
            return code, sentence
    return Cause.LOW_STOCK, f"可用库存 {facts.usable:g}{_lasting(facts)}，在途 {facts.on_order:g}"


def _candidates(facts: Facts, rules: Thresholds) -> list[tuple[Cause, str]]:
    return [
        (Cause.EMPTY, _empty(facts)),
        (Cause.SHORTAGE, _shortage(facts, rules)),
        (Cause.LATE_ORDER, _late(facts)),
        (Cause.EXPIRY, _expiry(facts)),
        (Cause.DEMAND_UP, _demand(facts)),
        (Cause.NO_ORDER, _no_order(facts)),
    ]


def _lasting(facts: Facts) -> str:
    return f"，约可用 {facts.usable / facts.use:.0f} 天" if facts.use > 0 else ""


def _empty(facts: Facts) -> str:
    if facts.usable > 0 or facts.use <= 0:
        return ""
    coming = f"，在途 {facts.on_order:g}" if facts.on_order > 0 else "，无在途订单"
    due = f"，预计 {facts.next_arrival:%m月%d日} 到货" if facts.next_arrival and facts.on_order > 0 else ""
    return f"可用库存为 0，日均用量 {facts.use:.3g}{coming}{due}"


def _shortage(facts: Facts, rules: Thresholds) -> str:
    if facts.notice:
        return f"官方短缺信息：{facts.notice}{_lasting(facts)}"
    if facts.shortage < rules.blue_posterior or facts.overdue_institutions < rules.blue_institutions:
        return ""
    return f"{facts.overdue_institutions} 家机构订单逾期，药品短缺可能性 {facts.shortage:.0%}{_lasting(facts)}"


def _late(facts: Facts) -> str:
    if facts.overdue_days is None or facts.overdue_days <= 0 or facts.on_order <= 0:
        return ""
    return f"在途 {facts.on_order:g} 已逾期 {facts.overdue_days:.0f} 天未到{_lasting(facts)}"


def _expiry(facts: Facts) -> str:
    if facts.expiring <= 0 or facts.expiring < EXPIRY_SHARE * facts.usable:
        return ""
    return f"可用库存 {facts.usable:g} 中有 {facts.expiring:g} 将在 30 天内过期而用不完{_lasting(facts)}"


def _demand(facts: Facts) -> str:
    if facts.use_before <= 0 or facts.use < DEMAND_RISE * facts.use_before:
        return ""
    return f"日均用量由 {facts.use_before:.3g} 升至 {facts.use:.3g}（{facts.use / facts.use_before - 1:+.0%}）{_lasting(facts)}"


def _no_order(facts: Facts) -> str:
    if facts.on_order > 0 or facts.reorder_point <= 0 or facts.usable > facts.reorder_point:
        return ""
    return f"可用库存 {facts.usable:g} 已低于补货点 {facts.reorder_point:g}，尚未下单{_lasting(facts)}"
