"""The hand rule of stock norms: so many days of use as safety, so many as turnover, by level of the institution.

    安全库存 = 日均用量 × 安全天数      补货点 = 安全库存 + 日均用量 × 到货天数      补足目标 = 日均用量 × 周转天数

Days are dated rule values `norm.safety_days.<级别>`, `norm.turnover_days.<级别>` (domain.md §6.4: practice, to confirm).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Norm:
    safety_days: float
    turnover_days: float


DEFAULTS = {"三级": Norm(10, 20), "二级": Norm(10, 20), "基层": Norm(15, 45), "村": Norm(30, 60)}


@dataclass(frozen=True)
class Held:
    """Whole minimal units."""

    safety_stock: int
    reorder_point: int
    order_up_to: int


def norm_of(level: str, value_of: Callable[[str, Any], Any]) -> Norm:
    """The days for a level, each asked as `value_of(key, default)`."""
    default = DEFAULTS[level]
    return Norm(
        float(value_of(f"norm.safety_days.{level}", default.safety_days)),
        float(value_of(f"norm.turnover_days.{level}", default.turnover_days)),
    )


def hand_rule(rate: float, lead_days: float, norm: Norm) -> Held:
    """What the norm asks for at this use per day; rounded up: half a tablet short is a patient short."""
    safety = rate * norm.safety_days
    target = max(rate * norm.turnover_days, safety + rate * lead_days)
    point = safety + rate * lead_days
    return Held(*(math.ceil(value - 1e-9) for value in (safety, point, target)))


def to_order(position: int, reorder_point: int, order_up_to: int) -> int:
    """Units to order: up to S once stock and what can be counted on have come down to s, else nothing."""
    return max(0, order_up_to - position) if position <= reorder_point and order_up_to > 0 else 0
