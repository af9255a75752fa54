"""暴发期: while an outbreak is declared, the newest days speak for the demand, and afterwards they are forgotten.

    近期日均 = 近 w 天用量 ÷ 在库天数（按节假日折算）
    权重     = 在库天数 ÷ (在库天数 + 2)
    日均用量 = max(平时日均, 权重 × 近期日均 + (1 − 权重) × 平时日均)

Never below the usual rate: an outbreak that asks for less of a drug is no reason to hold less of it. How long the new
level lasts is not known, so the spread between the two levels is added to the variance. peers.md no. 24.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shortage.rules.pooling import YOUNG_DAYS

Doubles = NDArray[np.float64]
Ints = NDArray[np.int64]
USUAL_DAYS = 2.0
"""Days in stock of the window after which the newest days count twice the usual rate's half."""


@dataclass(frozen=True)
class Quickened:
    """rate (N,): per day at calendar factor 1; spread (N,): variance of that rate; recent (N,): the window's own rate,
    NaN where no outbreak is declared or nothing of the window is known."""

    rate: Doubles
    spread: Doubles
    recent: Doubles


def quicken(usual: Doubles, use: NDArray, exposure: NDArray, factors: NDArray, window: Ints) -> Quickened:
    """usual (N,); use, exposure (N, T), NaN use is unknown; factors (T,) of the calendar; window (N,) days, 0 for none."""
    recent, weight = np.full(len(usual), np.nan), np.zeros(len(usual))
    for days in np.unique(window[window > 0]).tolist():
        rows = np.flatnonzero(window == days)
        known = ~np.isnan(use[rows, -days:])
        share = np.where(known, exposure[rows, -days:] * factors[-days:], 0).sum(axis=1, dtype=np.float64)
        used = np.where(known, use[rows, -days:], 0).sum(axis=1, dtype=np.float64)
        seen = share > 0
        recent[rows[seen]] = used[seen] / share[seen]
        weight[rows] = share / (share + USUAL_DAYS)
    mixed = weight * np.nan_to_num(recent) + (1 - weight) * usual
    raised = mixed > usual
    spread = np.where(raised, weight * (1 - weight) * (np.nan_to_num(recent) - usual) ** 2, 0.0)
    return Quickened(np.where(raised, mixed, usual), spread, recent)


def forgotten(use: NDArray[np.float32], over: NDArray[np.bool_]) -> NDArray[np.float32]:
    """(N, T) use without the days of outbreaks that are over (`over`), so that the forecast falls back to the usual.

    A series that would keep fewer than YOUNG_DAYS known days keeps them all: an unusual history is better than none.
    """
    left = (~np.isnan(use) & ~over).sum(axis=1)
    drop = over & (left >= YOUNG_DAYS)[:, None]
    if not drop.any():
        return use
    cleared = use.copy()
    cleared[drop] = np.nan
    return cleared
