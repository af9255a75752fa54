"""Forecasts of a month's total against what was used, beside the rules of thumb: last month again, and a moving average.

All methods answer quantiles of the same totals; pinball loss is averaged over TAUS and divided by the item's usual use,
so that an item used once a month counts like one used daily.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from shortage.forecasting import negbin

Doubles = NDArray[np.float64]
Flags = NDArray[np.bool_]
TAUS = (0.5, 0.67, 0.8, 0.9, 0.95, 0.98, 0.99)
COVERED = 0.95
METHODS = {"dmx": "本系统", "average": "六个月移动平均", "naive": "照上月"}
WINDOWS = 6


@dataclass(frozen=True)
class Told:
    """mean (N,) and quantiles (len(TAUS), N) of the total of the month to come."""

    mean: Doubles
    quantiles: Doubles


def by_law(mean: Doubles, variance: Doubles) -> Told:
    """The system's own law: negative binomial with this mean and variance."""
    return Told(mean, np.array([negbin.quantile(tau, mean, variance) for tau in TAUS]))


def by_rule(use: NDArray[np.floating], days: int, windows: int) -> Told:
    """The mean of the last `windows` stretches of `days` days, normal around it with their spread (NaN days count 0).

    One stretch is "the same as last month"; its spread is that of the stretches before, as a pharmacist would guess it.
    """
    known = np.nan_to_num(np.asarray(use, dtype=np.float64))
    most = max(1, min(WINDOWS, known.shape[1] // days))
    sums = np.stack(
        [known[:, known.shape[1] - days * (k + 1) : known.shape[1] - days * k].sum(axis=1) for k in range(most)], axis=1
    )
    mean = sums[:, : min(windows, most)].mean(axis=1)
    spread = sums.std(axis=1, ddof=1) if most > 1 else np.sqrt(np.maximum(mean, 1.0))
    return Told(mean, np.maximum(np.array([mean + ndtri(tau) * spread for tau in TAUS]), 0.0))


@dataclass(frozen=True)
class Score:
    """items; pinball: scaled, lower is better; coverage: share of totals not above the .95 quantile; bias: forecast less
    actual, as a share of what was used; error: |forecast − actual| as a share of it."""

    items: int
    pinball: float
    coverage: float
    bias: float | None
    error: float | None


def score(told: Told, actual: Doubles, usual: Doubles, rows: Flags) -> Score | None:
    """Over the items `rows`; None without one. usual (N,): the item's mean use in such a stretch."""
    if not rows.any():
        return None
    y, scale = actual[rows], np.maximum(usual[rows], 1.0)
    gap = y[None, :] - told.quantiles[:, rows]
    tau = np.array(TAUS)[:, None]
    pinball = float((np.maximum(tau * gap, (tau - 1) * gap) / scale).mean())
    covered = float((y <= told.quantiles[TAUS.index(COVERED), rows] + 1e-9).mean())
    total = float(y.sum())
    off = told.mean[rows] - y
    shares = (float(off.sum()) / total, float(np.abs(off).sum()) / total) if total else (None, None)
    return Score(int(rows.sum()), pinball, covered, *shares)


def pace(use: NDArray[np.floating]) -> NDArray[np.str_]:
    """(N,) 常用 (used on half of the days), 间断 (a tenth), 稀用."""
    known = ~np.isnan(use)
    share = (np.nan_to_num(use) > 0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    return np.select([share >= 0.5, share >= 0.1], ["常用", "间断"], "稀用")
