"""The negative binomial with mean and variance as its handles, for whole arrays.

The distribution function is read at real numbers too (the regularised incomplete beta function is defined there),
so demands that are no whole numbers (weeks of grams) need no second method.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc, ndtri

from shortage.forecasting.panel import Floats

LEAST_SPREAD = 1.02
"""Variance is kept above this multiple of the mean: at 1 the law degenerates to Poisson."""
STEADY, CERTAIN = 4.0, 0.25
"""Least mean whose law may be narrower than Poisson; share of Poisson's variance from which smaller means may be, too."""
_TINY = 1e-9


def shape(mean: Floats, variance: Floats) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(size r, success probability p) of the law with this mean and variance."""
    mu = np.maximum(np.asarray(mean, dtype=np.float64), _TINY)
    var = np.maximum(np.asarray(variance, dtype=np.float64), LEAST_SPREAD * mu)
    return mu * mu / (var - mu), mu / var


def squeeze(mean: Floats, variance: Floats) -> NDArray[np.float64]:
    """How much narrower than the narrowest negative binomial the law is, 1 where it is not.

    A ward that takes 7 every month is steadier than Poisson. Below STEADY a somewhat smaller variance only says "0 or 1";
    one a quarter as large (CERTAIN) says "1 every time".
    """
    mu = np.asarray(mean, dtype=np.float64)
    share = np.asarray(variance, dtype=np.float64) / np.maximum(LEAST_SPREAD * mu, _TINY)
    steady = (share < 1) & (mu >= STEADY) | (share < CERTAIN) & (mu >= 0.75)
    return np.where(steady, np.sqrt(np.maximum(share, 0.0)), 1.0)


def cdf(x: Floats, mean: Floats, variance: Floats) -> NDArray[np.float64]:
    """P(D ≤ x); 0 below −1, continuous between whole numbers."""
    size, p = shape(mean, variance)
    above = _stretched(x, mean, variance) + 1.0
    return np.where(above > 0, betainc(size, np.maximum(above, _TINY), p), 0.0)


def _stretched(x: Floats, mean: Floats, variance: Floats) -> NDArray[np.float64]:
    narrow, mu = np.maximum(squeeze(mean, variance), 1e-3), np.asarray(mean, dtype=np.float64)
    return np.where(narrow < 1, mu + (np.asarray(x, dtype=np.float64) - mu) / narrow, x)


def reaches(x: Floats, mean: Floats, variance: Floats) -> NDArray[np.float64]:
    """P(D ≥ x): 1 at x ≤ 0."""
    return 1.0 - cdf(np.asarray(x, dtype=np.float64) - 1.0, mean, variance)


def quantile(tau: Floats | float, mean: Floats, variance: Floats, *, rounds: int = 40) -> NDArray[np.float64]:
    """Smallest real x ≥ 0 with P(D ≤ x) ≥ tau, to 1/1000 of a standard deviation; shapes broadcast.

    Bracketed secant (Illinois): Cantelli's inequality gives an upper end that cannot fail, and only the entries
    that are not settled yet are evaluated again.
    """
    asked, mean, variance = np.broadcast_arrays(*(np.asarray(a, dtype=np.float64) for a in (tau, mean, variance)))
    size, p = (a.ravel() for a in shape(mean, variance))
    want = np.clip(asked.ravel(), 0.0, 1 - 1e-9).astype(np.float64)
    found = np.zeros(want.shape)
    todo = np.flatnonzero(betainc(size, 1.0, p) < want)
    if todo.size:
        found[todo] = _search(want[todo], size[todo], p[todo], rounds)
    narrow = squeeze(mean, variance).ravel()
    mu = mean.ravel()
    return np.where(narrow < 1, np.maximum(mu + (found - mu) * narrow, 0.0), found).reshape(asked.shape)


def _search(
    want: NDArray[np.float64], size: NDArray[np.float64], p: NDArray[np.float64], rounds: int
) -> NDArray[np.float64]:
    mean = size * (1 - p) / p
    sd = np.sqrt(mean / p)
    low, high = np.zeros_like(want), mean + sd * np.sqrt(want / (1 - want)) + 1
    x = np.clip(mean + sd * ndtri(want) * 0.9, 0.05 * sd, high)
    f_low, f_high = betainc(size, 1.0, p) - want, 1 - want
    answer, live, side = x.copy(), np.arange(want.size), np.zeros(want.size, dtype=np.int8)
    for _ in range(rounds):
        f = betainc(size, x + 1, p) - want
        below = f < 0
        # Illinois: an end that stays twice has its value halved, so both ends close in.
        f_high = np.where(below, np.where(side == 1, f_high / 2, f_high), f)
        f_low = np.where(below, f, np.where(side == -1, f_low / 2, f_low))
        low, high = np.where(below, x, low), np.where(below, high, x)
        side = np.where(below, 1, -1).astype(np.int8)
        x = np.clip(low - f_low * (high - low) / (f_high - f_low), low, high)
        answer[live] = x
        go = (high - low > 1e-3 * sd) & (np.abs(f) > 1e-6)
        if not go.any():
            break
        if go.mean() < 0.8:
            live, want, size, p, sd = live[go], want[go], size[go], p[go], sd[go]
            x, low, high, f_low, f_high, side = x[go], low[go], high[go], f_low[go], f_high[go], side[go]
    return np.asarray(answer)
