"""Prices: 差比价, labels, steps and caps. Pure; yuan as Decimal.

差比价 (发改价格〔2011〕2452号): price = representative price × K, X = quantity of the other ÷ quantity of the representative,
    含量 K = 1.7^log2 X      装量 K = 1.9^log2 X      包装数量 K = 1.95^log2 X      several at once: multiply
挂网价格标识 (苏医保发〔2021〕64号): price ÷ listed price ≤ 1 绿, < 2 黄, < 5 红★, < 10 红★★, else 红★★★; relabelled each quarter
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

STRENGTH, FILL, PACK = "含量", "装量", "包装数量"
BASES = {STRENGTH: 1.7, FILL: 1.9, PACK: 1.95}
LABELS = ("绿", "黄", "红1", "红2", "红3")
CENT = Decimal("0.01")
UP, DOWN, ABOVE_AWARD, ABOVE_LISTED, RATIO, STOPPED, TALK = "up", "down", "award", "listed", "ratio", "stopped", "talk"
WORDS = {
    UP: "涨幅过大",
    DOWN: "降幅异常",
    ABOVE_AWARD: "高于中选价",
    ABOVE_LISTED: "高于挂网价",
    RATIO: "高于差比价",
    STOPPED: "红★★★ 停采",
    TALK: "红标先谈价",
}
TONES = {
    UP: "orange",
    DOWN: "yellow",
    ABOVE_AWARD: "red",
    ABOVE_LISTED: "red",
    RATIO: "yellow",
    STOPPED: "red",
    TALK: "orange",
}


@dataclass(frozen=True, slots=True)
class Watch:
    """Settings: rise that is checked, fall below that share of the former price, tolerance of the ratio rule."""

    rise: Decimal = Decimal("0.15")
    fall: Decimal = Decimal("0.5")
    ratio_tolerance: Decimal = Decimal("0.0001")


def ratio(kind: str, x: float) -> float:
    """K of one difference. Raises ValueError for an unknown kind, or a quantity that is not above 0."""
    if kind not in BASES or x <= 0:
        raise ValueError(f"{kind} {x}")
    return float(BASES[kind] ** math.log2(x))


def ratio_price(price: Decimal, differences: Sequence[tuple[str, float]]) -> Decimal:
    """What the other product may cost beside a representative one: to the cent."""
    factor = math.prod(ratio(kind, x) for kind, x in differences)
    return (price * Decimal(repr(factor))).quantize(CENT, ROUND_HALF_UP)


def breaks_ratio(price: Decimal, allowed: Decimal, watch: Watch) -> bool:
    return price > (allowed * (1 + watch.ratio_tolerance)).quantize(CENT, ROUND_HALF_UP)


def label(price: Decimal, listed: Decimal, steps: Sequence[float] = (1, 2, 5, 10)) -> str:
    """The warning label of a price against the listed price of the same variety. Steps: 1, 2, 5, 10 times."""
    times = price / listed
    if times <= Decimal(str(steps[0])):
        return LABELS[0]
    return next(
        (name for name, step in zip(LABELS[1:], steps[1:], strict=False) if times < Decimal(str(step))), LABELS[4]
    )


def quarter_of(day: dt.date) -> dt.date:
    """The first day of the quarter: labels hold until the next."""
    return dt.date(day.year, (day.month - 1) // 3 * 3 + 1, 1)


def step(before: Decimal, after: Decimal, watch: Watch) -> str:
    """UP, DOWN or "" for the change from one price to the next."""
    if after > before * (1 + watch.rise):
        return UP
    return DOWN if after < before * watch.fall else ""


def unit_price(price: Decimal, pack: int) -> Decimal:
    """Yuan per minimal unit, four places."""
    return (price / pack).quantize(Decimal("0.0001"), ROUND_HALF_UP)


def day_price(price: Decimal, pack: int, daily: Decimal) -> Decimal:
    """Yuan of one patient-day, to the cent."""
    return (price / pack * daily).quantize(CENT, ROUND_HALF_UP)


def above_award(price: Decimal, pack: int, award: Decimal) -> bool:
    """A5, tolerance 0: the pack costs more than the award of its units, rounded to the cent."""
    return price > (award * pack).quantize(CENT, ROUND_HALF_UP)


def platform_rate(inside: Decimal, outside: Decimal) -> float | None:
    """网采率; None when nothing was bought."""
    whole = inside + outside
    return float(inside / whole) if whole else None


def platform_level(rate: float | None, *, warn: float = 1.0, red: float = 0.95) -> str:
    """A8: below 95 % red, below 100 % yellow."""
    if rate is None or rate >= warn:
        return ""
    return "red" if rate < red else "yellow"
