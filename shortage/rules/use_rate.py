"""Use per day and days of supply: the one definition that every page, alert and plan shows.

    日均用量 = 发出量 ÷ 有效天数          有效天数 = 在库天数 + ½ × 售罄日（当天用完）
    可用天数 = 可用库存 ÷ 日均用量

A day that began and ended without stock says nothing about demand and is not counted; the day on which stock ran out
counts half (forecasting.md §3: bias −2 % against −26 % for a plain average). Days, not months, are counted, so February
and a first, partial month need no rule of their own. Returns (negative issues) reduce the total, never below zero.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray

SOLD_OUT_WEIGHT = 0.5
LEAST_EXPOSURE = 7.0
"""Fewer effective days than this support no rate: the answer says 数据不足 instead of a number."""


@dataclass(frozen=True)
class UseRate:
    """The rate with its working. per_day is None when too few days had stock; quantities are minimal units."""

    issued: float
    days: int
    in_stock_days: int
    sold_out_days: int
    empty_days: int
    missing_days: int
    exposure: float
    per_day: float | None

    def working(self) -> dict[str, float | None]:
        """The numbers, for a page or a JSON column."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}

    def sentence(self) -> str:
        """The working in words."""
        head = f"{self.days} 天内发出 {self.issued:g}；在库 {self.in_stock_days} 天，售罄日 {self.sold_out_days} 天按半天计"
        head += f"，无货 {self.empty_days} 天不计" if self.empty_days else ""
        head += f"，缺数据 {self.missing_days} 天不计" if self.missing_days else ""
        if self.per_day is None:
            return head + f"；有效天数 {self.exposure:g} 不足 {LEAST_EXPOSURE:g} 天，不计算日均用量"
        return head + f"；日均用量 {self.issued:g} ÷ {self.exposure:g} = {self.per_day:.4g}"


def use_rate(issued: Sequence[float | None], stock_end: Sequence[float | None]) -> UseRate:
    """From daily issues and closing stock, oldest first; None (or NaN) is a day without data.

    A day without a closing balance but with issues counts as in stock. Raises ValueError when the lengths differ.
    """
    if len(issued) != len(stock_end):
        raise ValueError(f"{len(issued)} issues, {len(stock_end)} balances")
    used = np.array([[np.nan if value is None else value for value in issued]], dtype=np.float64)
    stock = np.array([[np.nan if value is None else value for value in stock_end]], dtype=np.float64)
    parts = _parts(used, stock)
    total, exposure, per_day = rates(used, stock)
    counts = {name: int(flags.sum()) for name, flags in parts.items()}
    rate = None if np.isnan(per_day[0]) else float(per_day[0])
    return UseRate(
        issued=float(total[0]),
        days=len(issued),
        in_stock_days=counts["in_stock"],
        sold_out_days=counts["sold_out"],
        empty_days=counts["empty"],
        missing_days=counts["missing"],
        exposure=float(exposure[0]),
        per_day=rate,
    )


def rates(
    issued: NDArray[np.floating], stock_end: NDArray[np.floating]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """The same for (N, T) arrays: issued total, exposure in days, and use per day (N,), NaN where unsupported."""
    parts = _parts(issued, stock_end)
    counted = parts["in_stock"] | parts["sold_out"]
    total = np.maximum(np.where(counted, np.nan_to_num(issued), 0.0).sum(axis=1, dtype=np.float64), 0.0)
    exposure = parts["in_stock"].sum(axis=1) + SOLD_OUT_WEIGHT * parts["sold_out"].sum(axis=1)
    enough = exposure >= LEAST_EXPOSURE
    return total, exposure, np.where(enough, total / np.where(enough, exposure, 1.0), np.nan)


def days_of_supply(usable: float, rate: UseRate) -> float | None:
    """Days that usable stock lasts at this rate; None when there is no rate or no use."""
    if rate.per_day is None or rate.per_day <= 0:
        return None
    return max(usable, 0.0) / rate.per_day


def _parts(issued: NDArray[np.floating], stock_end: NDArray[np.floating]) -> dict[str, NDArray[np.bool_]]:
    """Every day is exactly one of in_stock, sold_out, empty, missing."""
    no_issue, no_balance = np.isnan(issued), np.isnan(stock_end)
    used = np.nan_to_num(issued) > 0
    out = ~no_balance & (stock_end <= 0)
    before = np.zeros_like(out)
    before[:, 1:] = out[:, :-1]
    missing = no_issue | (no_balance & ~used)
    empty = ~missing & out & before & ~used
    sold_out = ~missing & out & ~empty
    parts = {"missing": missing, "empty": empty, "sold_out": sold_out, "in_stock": ~missing & ~out}
    return cast(dict[str, NDArray[np.bool_]], parts)
