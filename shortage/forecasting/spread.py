"""How far demand strays from its forecast: a pooled Taylor law and each series' own factor on it.

v = a·μ^b over all series; own factor ρ = (n0 + Σe²/v(μ̄)) / (n0 + n), below 1 its
geometric counterpart; μ̄ = max(back-forecast, back-actual): without this
maximum the variance explodes on launches (forecasting.md §1).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shortage.forecasting.negbin import LEAST_SPREAD
from shortage.forecasting.panel import Floats

PRIOR = 4.0
OWN_RANGE = (0.01, 12.0)
_BINS = 20


@dataclass(frozen=True)
class Spread:
    """var(mean) = max(own · a · mean^b, 1.02 · mean), or without that floor; own is (N,)."""

    a: float
    b: float
    own: NDArray[np.float32]

    def variance(
        self, mean: Floats, rows: NDArray[np.intp] | slice = slice(None), *, least: float = LEAST_SPREAD
    ) -> NDArray[np.float64]:
        """Variance for means whose first axis is the series (all, or `rows` of them)."""
        mu = np.maximum(np.asarray(mean, dtype=np.float64), 0.0)
        own = self.own[rows].reshape(-1, *[1] * (mu.ndim - 1))
        return np.maximum(own * self.a * mu**self.b, least * mu)


def learn(forecast: Floats, actual: Floats, squared: Floats, counted: Floats) -> Spread:
    """From per-series averages over the back-test: forecast, actual, mean squared error, and how many errors."""
    level = np.maximum(forecast, actual).astype(np.float64)
    good = (counted > 0) & (level > 0)
    erring = good & (squared > 0)
    a, b = _line(level[erring], squared[erring].astype(np.float64), counted[erring].astype(np.float64))
    expected = np.maximum(a * np.maximum(level, 1e-9) ** b, 1e-12)
    ratio = np.where(good, squared / expected, 1.0)
    n = np.where(good, counted, 0.0)
    # Steadier than the rest: in logarithms, else PRIOR periods of the common law would outweigh any steadiness.
    steady = np.maximum(ratio, 1e-4) ** (n / (PRIOR + n))
    own = np.clip(np.where(ratio < 1, steady, (PRIOR + n * ratio) / (PRIOR + n)), *OWN_RANGE)
    return Spread(a, b, own.astype(np.float32))


def _line(level: NDArray[np.float64], squared: NDArray[np.float64], n: NDArray[np.float64]) -> tuple[float, float]:
    """log v = log a + b log μ through means of up to 20 groups of like size; few series keep b = 1.5."""
    if level.size == 0:
        return 2.0, 1.5
    order = np.argsort(level, kind="stable")
    groups = np.array_split(order, min(_BINS, max(1, level.size // 4)))
    x = np.array([np.log(np.average(level[g], weights=n[g])) for g in groups])
    z = np.array([np.log(np.average(squared[g], weights=n[g])) for g in groups])
    weight = np.sqrt([n[g].sum() for g in groups])
    b = 1.5
    if len(groups) >= 5 and np.ptp(x) > 1.0:
        b = float(np.clip(np.polyfit(x, z, 1, w=weight)[0], 1.0, 2.0))
    return float(np.exp(np.average(z - b * x, weights=weight))), b
