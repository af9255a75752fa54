"""When to order and how much to hold: quantiles of the demand until the next delivery can come (forecasting.md §8).

    补货点 s = q_τ(到货期 + 复核周期)      安全库存 = s − 均值      补足目标 S = s + 30 天用量
τ follows how critical the medicine is, not what it costs: A 0.99, B 0.97, C 0.95.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Quantile = Callable[[float], NDArray[np.floating]]


@dataclass(frozen=True)
class ServiceLevels:
    """Dated rule values: cycle service level by criticality, and days of use ordered beyond the reorder point."""

    a: float = 0.99
    b: float = 0.97
    c: float = 0.95
    order_days: float = 30.0

    def of(self, criticality: str) -> float:
        """Raises KeyError for anything but A, B, C."""
        return {"A": self.a, "B": self.b, "C": self.c}[criticality]


@dataclass(frozen=True)
class Policy:
    """(N,) whole minimal units: reorder point s, safety stock, order-up-to S."""

    reorder_point: NDArray[np.int64]
    safety_stock: NDArray[np.int64]
    order_up_to: NDArray[np.int64]


def policy(
    quantile: Quantile,
    mean: NDArray[np.floating],
    per_day: NDArray[np.floating],
    criticality: NDArray[np.str_],
    levels: ServiceLevels = ServiceLevels(),
) -> Policy:
    """quantile(τ) answers (N,) of demand over lead time + review, mean its expectation, per_day daily use.

    Everything is rounded up: half a tablet short is a patient short.
    """
    point = np.zeros(len(mean))
    for letter in np.unique(criticality):
        rows = criticality == letter
        point[rows] = quantile(levels.of(str(letter)))[rows]
    point = np.ceil(np.maximum(point, mean) - 1e-9)
    safety = np.ceil(np.maximum(point - mean, 0.0) - 1e-9)
    target = np.ceil(point + levels.order_days * np.maximum(per_day, 0.0) - 1e-9)
    return Policy(point.astype(np.int64), safety.astype(np.int64), target.astype(np.int64))
