"""The reason of an alert in words a pharmacist would use, with the numbers and the date."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from shortage.rules.causes import Cause

LONG_DAYS = 180


@dataclass(frozen=True)
class Words:
    """What the sentence speaks of. Quantities in `unit`, per day where rate, recent and before; supply: days left,
    None without use; overdue_days, supplier (its name): of the longest overdue order; due: the next agreed arrival."""

    unit: str
    stock: int
    rate: float
    supply: float | None
    as_of: dt.date
    supplier: str = ""
    overdue_days: int = 0
    on_order: int = 0
    due: dt.date | None = None
    expiring: int = 0
    recent: float = 0.0
    before: float = 0.0
    reorder_point: int = 0
    overdue_institutions: int = 0
    shortage: float = 0.0
    notice: str = ""


def figure(value: float) -> str:
    """18, 1.5, 0.04: no more digits than a person needs."""
    if value >= 10:
        return f"{value:,.0f}"
    return f"{value:.1f}".removesuffix(".0") if value >= 1 else f"{value:.2g}"


def stockout_on(as_of: dt.date, supply: float | None) -> dt.date | None:
    """The last day that the stock is expected to cover; None when it lasts or nothing is used."""
    if supply is None or supply > LONG_DAYS:
        return None
    return as_of + dt.timedelta(days=int(supply))


def reason(cause: Cause, words: Words) -> str:
    """“B 供应商订单逾期 6 天；现有 120 片，按预计日用 18 片约 6 天后（11-27）用完”."""
    return "；".join(part for part in (_why(cause, words), _left(words)) if part)[:300]


def _left(words: Words) -> str:
    use = f"预计日用 {figure(words.rate)} {words.unit}"
    if words.stock <= 0:
        return f"可用库存已为 0，{use}"
    when = stockout_on(words.as_of, words.supply)
    if when is None or words.supply is None:
        return f"现有 {words.stock:,} {words.unit}，{use}"
    if words.supply < 1:
        return f"现有 {words.stock:,} {words.unit}，按{use}不足一天即用完"
    return f"现有 {words.stock:,} {words.unit}，按{use}约 {int(words.supply)} 天后（{when:%m-%d}）用完"


def _why(cause: Cause, words: Words) -> str:
    if cause is Cause.EMPTY:
        return _late(words) if words.overdue_days > 0 else _coming(words) or "无在途订单"
    return {
        Cause.SHORTAGE: _shortage,
        Cause.LATE_ORDER: _late,
        Cause.EXPIRY: lambda w: f"其中 {w.expiring:,} {w.unit}将在 30 天内过期而用不完",
        Cause.DEMAND_UP: lambda w: f"近 14 天日均用量由 {figure(w.before)} 升至 {figure(w.recent)} {w.unit}",
        Cause.NO_ORDER: lambda w: f"已低于补货点 {w.reorder_point:,} {w.unit}，尚未下单",
        Cause.LOW_STOCK: _coming,
    }[cause](words)


def _late(words: Words) -> str:
    whose = f"{words.supplier}订单" if words.supplier else "在途订单"
    return f"{whose}逾期 {words.overdue_days} 天"


def _coming(words: Words) -> str:
    if words.on_order <= 0:
        return ""
    when = f"预计 {words.due:%m-%d} 到货" if words.due else "到货日未定"
    return f"在途 {words.on_order:,} {words.unit}，{when}"


def _shortage(words: Words) -> str:
    if words.notice:
        return f"列入{words.notice}"
    return f"{words.overdue_institutions} 家机构订单逾期未到，药品短缺可能性 {words.shortage:.0%}"
