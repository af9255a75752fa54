"""Quantiles of a series' own past, recent periods counting more: what slow movers really did, lumps and all."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from shortage.forecasting.panel import Floats, Panel

HALF_LIFE = {"D": 180.0, "W": 52.0, "M": 12.0}
"""Periods after which the past counts half. On LMIS months 12 beat 24 and 48 (docs/measurements-forecasting.md)."""


def quantiles(panel: Panel, taus: list[float] | Floats) -> NDArray[np.float64]:
    """(len(taus), N) weighted quantiles of y; a series never seen answers 0."""
    n, t = panel.y.shape
    weight = np.exp2(-(t - 1 - np.arange(t)) / HALF_LIFE[panel.freq]) * panel.seen()
    order = np.argsort(panel.y, axis=1, kind="stable")
    values = np.take_along_axis(panel.y, order, axis=1)
    cumulated = np.cumsum(np.take_along_axis(weight, order, axis=1), axis=1)
    rows = np.arange(n)
    found = [values[rows, np.minimum((cumulated < tau * cumulated[:, -1:]).sum(axis=1), t - 1)] for tau in taus]
    return np.array(found, dtype=np.float64).reshape(len(found), n)
