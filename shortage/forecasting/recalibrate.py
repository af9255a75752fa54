"""Pooled recalibration: where do actual demands fall in the forecast law, by size of the mean?

In the back-test every actual has a place u = F(actual) in its own forecast law. If the law were right these places
would be spread evenly. The quantile asked as τ is answered with the τ-quantile of the places (forecasting.md §1, PIT).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shortage.forecasting import negbin
from shortage.forecasting.panel import Floats

BINS = 8
PAIRS = 60_000
_GRID = np.linspace(0.0, 1.0, 201)


@dataclass(frozen=True)
class Recalibration:
    """edges (B−1,) of the mean; places (B, 201): the place asked for instead of each τ of an even grid."""

    edges: NDArray[np.float64]
    places: NDArray[np.float64]

    def apply(self, tau: float, mean: Floats) -> NDArray[np.float64]:
        """τ as it should be asked of the law, for each mean; monotone in τ, NONE leaves it as it is."""
        answer = np.array([np.interp(tau, _GRID, row) for row in self.places])
        return answer[np.searchsorted(self.edges, np.asarray(mean, dtype=np.float64))]


NONE = Recalibration(np.empty(0), _GRID[None, :])


def learn(
    actual: Floats, mean: Floats, variance: Floats, *, weight: float = 1.0, steady: float = 150.0
) -> Recalibration:
    """From flat back-test arrays. `weight` is the independent share of a pair, `steady` pairs hold the even law.

    Whole-number demands have a jump at every value; the place is spread evenly over the jump by a fixed low-discrepancy
    sequence, so the same data always give the same answer.
    """
    if actual.size < 40:
        return NONE
    if actual.size > PAIRS:
        pick = np.linspace(0, actual.size - 1, PAIRS).astype(np.int64)
        actual, mean, variance = actual[pick], mean[pick], variance[pick]
    jitter = (np.arange(actual.size) * 0.6180339887498949) % 1.0
    jitter = jitter * negbin.squeeze(mean, variance)
    places = negbin.cdf(np.asarray(actual, dtype=np.float64) - jitter, mean, variance)
    bins = max(1, min(BINS, int(actual.size * weight // 100)))
    edges = np.unique(np.quantile(mean, np.linspace(0, 1, bins + 1)[1:-1])).astype(np.float64)
    at = np.searchsorted(edges, mean)
    rows = []
    for b in range(len(edges) + 1):
        mine = places[at == b]
        trust = mine.size * weight / (mine.size * weight + steady)
        seen = np.quantile(mine, _GRID) if mine.size else _GRID
        rows.append(trust * seen + (1 - trust) * _GRID)
    return Recalibration(edges, np.array(rows))
