"""报量: when a reported need has to be explained. Pure arithmetic on minimal units.

    预测      expected use of the period, from the forecast of the watch
    去年折算  use of the last 12 months × days of the period ÷ 365
A reason is asked for when the report is above 预测 × (1 + high), below 预测 × (1 − low), or below `year_share` of the last
12 months' use (集采报量: 低于上年度用量 80% 说明理由; practice, a dated setting).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

HIGH, LOW, YEAR = "high", "low", "year"
WORDS = {HIGH: "高于预测", LOW: "低于预测", YEAR: "低于上年用量"}
DAYS_OF_YEAR = 365
REASONS = (
    "新开展诊疗项目",
    "就诊人次变化",
    "季节或疫情因素",
    "由其他药品替代",
    "替代其他药品",
    "库存较多，本期少采",
    "目录调整",
    "特需与国际医疗用量不计入",
    "其他",
)


@dataclass(frozen=True, slots=True)
class Limits:
    """Shares: 0.3 = 30 %. `trifle`: differences of at most so many minimal units are never asked about."""

    high: Decimal = Decimal("0.3")
    low: Decimal = Decimal("0.3")
    year_share: Decimal = Decimal("0.8")
    trifle: int = 10


def year_base(used_12m: int, days: int) -> int:
    """The last 12 months' use converted to a period of `days`, rounded half up."""
    return int((Decimal(used_12m) * days / DAYS_OF_YEAR).quantize(Decimal(1), ROUND_HALF_UP))


def year_floor(used_12m: int, days: int, limits: Limits) -> int:
    """The least quantity that needs no explanation by the 80 % rule: rounded up."""
    floor = Decimal(used_12m) * days / DAYS_OF_YEAR * limits.year_share
    return int(floor.to_integral_value("ROUND_CEILING"))


def asks(quantity: int, *, forecast: int, used_12m: int, days: int, limits: Limits) -> tuple[str, ...]:
    """Which rules ask for a reason (HIGH, LOW, YEAR); empty when the report may stand without one."""
    found = []
    if quantity - forecast > limits.trifle and quantity > forecast * (1 + limits.high):
        found.append(HIGH)
    if forecast - quantity > limits.trifle and quantity < forecast * (1 - limits.low):
        found.append(LOW)
    if year_base(used_12m, days) - quantity > limits.trifle and quantity < year_floor(used_12m, days, limits):
        found.append(YEAR)
    return tuple(found)


def in_words(codes: Iterable[str]) -> str:
    return "、".join(WORDS[code] for code in codes)
