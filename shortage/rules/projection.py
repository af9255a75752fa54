"""Stock of the coming days for one series: batches used first-expired-first-out, deliveries on their agreed day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from shortage.forecasting import negbin

Doubles = NDArray[np.float64]
Batch = tuple[float, float]
"""(days from tonight that it can still be given, units)."""


def project(batches: Sequence[Batch], coming: Mapping[int, float], use: Sequence[float]) -> list[float]:
    """Closing stock of each coming day. `coming` maps day 1… to units that arrive before it is used; use per day.

    A batch with x usable days is gone after day x. Demand that meets an empty shelf is lost, not owed.
    """
    left = sorted([lasts, units] for lasts, units in batches)
    closing = []
    for day, wanted in enumerate(use, start=1):
        if coming.get(day):
            left.append([float("inf"), coming[day]])
        for batch in left:
            given = min(batch[1], wanted)
            batch[1] -= given
            wanted -= given
        left = [batch for batch in left if batch[0] > day and batch[1] > 1e-9]
        closing.append(sum(units for _, units in left))
    return closing


def use_paths(
    mean_30: float, variance_30: float, growth: float, factors: Sequence[float]
) -> tuple[list[float], list[float], list[float]]:
    """(low, mean, high) use of each coming day: the daily steps of the 10 % and 90 % quantile of the running total.

    The mean follows the calendar factors and adds up to mean_30 after 30 days; var(d) = variance_30·(d/30)^growth.
    """
    share = np.cumsum(np.asarray(factors, dtype=np.float64))
    at30 = share[min(29, len(share) - 1)] or 1.0
    mean = mean_30 * share / at30
    days = np.arange(1, len(share) + 1)
    variance = variance_30 * (days / 30) ** growth
    totals = [negbin.quantile(0.1, mean, variance), mean, negbin.quantile(0.9, mean, variance)]
    low, middle, high = (np.maximum(np.diff(np.maximum.accumulate(t), prepend=0.0), 0.0).tolist() for t in totals)
    return low, middle, high
