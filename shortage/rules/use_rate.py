"""Use per day and days of supply: the one definition that every page, alert and plan shows as 日均用量.

    日均用量 = 发出量 ÷ 有效天数          有效天数 = 在库天数 + ½ × 售罄日（当天用完）
    可用天数 = 可用库存 ÷ 日均用量

Which day counts how much is `forecasting.exposure`, the same rule by which forecasts read history: a day that began and
ended without stock says nothing about demand and is not counted; the day on which stock ran out counts half
(forecasting.md §3: bias −2 % against −26 % for a plain average). Days, not months, are counted, so February and a first,
partial month need no rule of their own. Returns (negative issues) reduce the total, never below zero.

What is expected of the coming days is another number and has another name, 预计日用量 (`forecasting`): recent weeks weigh
more in it, and holidays are allowed for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shortage.forecasting import exposure as shares

LEAST_EXPOSURE = 7.0
"""Fewer effective days than this support no rate: the answer says 数据不足 instead of a number."""
STORED = ("issued", "days", "in_stock_days", "sold_out_days", "empty_days", "missing_days", "exposure", "per_day")


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

    def stored(self) -> list[float | int | None]:
        """The numbers in the order of STORED, for a JSON column."""
        return [getattr(self, name) for name in STORED]

    def sentence(self) -> str:
        """The working in words."""
        head = f"{self.days} 天内发出 {self.issued:g}；在库 {self.in_stock_days} 天，售罄日 {self.sold_out_days} 天按半天计"
        head += f"，无货 {self.empty_days} 天不计" if self.empty_days else ""
        head += f"，缺数据 {self.missing_days} 天不计" if self.missing_days else ""
        if self.per_day is None:
            return head + f"；有效天数 {self.exposure:g} 不足 {LEAST_EXPOSURE:g} 天，不计算日均用量"
        return head + f"；日均用量 {self.issued:g} ÷ {self.exposure:g} = {self.per_day:.4g}"


def restored(working: Mapping[str, Any]) -> UseRate | None:
    """What the watch kept in a forecast's working under "use"; None in rows of before it did."""
    told = working.get("use")
    return UseRate(*told) if told else None


def use_rate(issued: Sequence[float | None], stock_end: Sequence[float | None]) -> UseRate:
    """From daily issues and closing stock, oldest first; None (or NaN) issues are a day without data.

    A day without a closing balance counts as in stock. Raises ValueError when the lengths differ.
    """
    if len(issued) != len(stock_end):
        raise ValueError(f"{len(issued)} issues, {len(stock_end)} balances")
    used = np.array([[np.nan if value is None else value for value in issued]], dtype=np.float64)
    stock = np.array([[np.nan if value is None else value for value in stock_end]], dtype=np.float64)
    return measured(used, shares.from_stock(used, stock, "D"))[0]


def rates(
    issued: NDArray[np.floating], stock_end: NDArray[np.floating]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """For (N, T) arrays: issued total, exposure in days, and use per day (N,), NaN where unsupported."""
    found = measured(issued, shares.from_stock(issued, stock_end, "D"))
    rows = [(one.issued, one.exposure, np.nan if one.per_day is None else one.per_day) for one in found]
    total, days, per_day = np.array(rows, dtype=np.float64).reshape(-1, 3).T
    return total, days, per_day


def measured(issued: NDArray[np.floating], exposure: NDArray[np.floating]) -> list[UseRate]:
    """The rates of (N, T) issues (NaN: no data) with the share of each day that counts (`forecasting.exposure`)."""
    known = ~np.isnan(issued)
    counted = known & (exposure > 0)
    total = np.maximum(np.where(counted, np.nan_to_num(issued), 0.0).sum(axis=1, dtype=np.float64), 0.0)
    days = np.where(known, exposure, 0.0).sum(axis=1, dtype=np.float64)
    whole, half = (known & (exposure >= 1)).sum(axis=1), (counted & (exposure < 1)).sum(axis=1)
    empty, missing = (known & (exposure <= 0)).sum(axis=1), (~known).sum(axis=1)
    enough = days >= LEAST_EXPOSURE
    per_day = np.where(enough, total / np.where(enough, days, 1.0), np.nan)
    columns = (column.tolist() for column in (total, whole, half, empty, missing, days, per_day))
    return [
        UseRate(issued, known.shape[1], full, sold, none, lacking, seen, None if rate != rate else rate)
        for issued, full, sold, none, lacking, seen, rate in zip(*columns, strict=True)
    ]


def days_of_supply(usable: float, rate: UseRate) -> float | None:
    """Days that usable stock lasts at this rate; None when there is no rate or no use."""
    if rate.per_day is None or rate.per_day <= 0:
        return None
    return max(usable, 0.0) / rate.per_day
