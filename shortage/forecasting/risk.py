"""How likely an item runs out, and when: demand law × batches by expiry × deliveries that may not come.

P_H = Σ_{d≤H} [S(d−1) − S(d)]·T(d−½) + S(H)·T(H),  EDS = Σ_{d≤30} S(d)·T(d)  (forecasting.md §5.1)
with S(d) no usable goods by day d (`arrivals.no_arrival`) and T(d) = P(demand of d days ≥ usable stock U(d)).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression

from shortage.forecasting import negbin

Doubles = NDArray[np.float64]
Demand = Callable[[int], tuple[Doubles, Doubles]]
GRID = np.array([1, 2, 3, 4, 5, 6, 7, 9, 11, 14, 17, 20, 23, 26, 30], dtype=np.float64)
"""Days at which risk is evaluated; between them T and S run straight."""


@dataclass(frozen=True)
class Batches:
    """Usable lots, (N, B), sorted by expiry: quantity, and days from tonight that a lot can still be given
    (inf: no expiry known). Places without a lot have quantity 0."""

    quantity: Doubles
    usable_days: Doubles


@dataclass(frozen=True)
class Risk:
    """(N,) arrays. p7, p14, p30: probability that the shelf is empty at some time within; days_out: expected days at
    zero in 30; usable: usable stock tonight; expiring: units that expire unused within 30 days; runs_out: days until
    stock is more likely gone than not if nothing comes, NaN beyond 30."""

    p7: Doubles
    p14: Doubles
    p30: Doubles
    days_out: Doubles
    usable: Doubles
    expiring: Doubles
    runs_out: Doubles


def usable(batches: Batches, per_day: Doubles, days: Doubles) -> Doubles:
    """(N, len(days)) U(d): what can be handed out by day d, first expiring first out.

    served_i = min(q_i, max(0, μ₁x_i − Σ_{j<i} served_j)); a lot that lives to day d counts in full, one that expires
    before counts what was served of it.
    """
    served = np.zeros(len(per_day))
    total = np.zeros((len(per_day), len(days)))
    for i in range(batches.quantity.shape[1]):
        quantity, lasts = batches.quantity[:, i], batches.usable_days[:, i]
        until = np.where(np.isinf(lasts), np.inf, lasts)
        room = np.where(
            np.isinf(until), quantity, np.maximum(per_day * np.where(np.isinf(until), 0, until) - served, 0)
        )
        mine = np.minimum(quantity, np.maximum(room, 0.0))
        served += mine
        total += np.where(lasts[:, None] >= days[None, :], quantity[:, None], mine[:, None])
    return total


def risk(batches: Batches, demand: Demand, per_day: Doubles, no_arrival: Doubles) -> Risk:
    """Risk of N items. demand(d): mean and variance (N,) of the total of d days (`Fit.cumulative`);
    no_arrival (N, 15): S at GRID."""
    stock = usable(batches, per_day, GRID)
    law = [demand(int(day)) for day in GRID]
    mean, variance = (np.stack([pair[k] for pair in law], axis=1) for k in (0, 1))
    exhausted = np.where(stock <= 0, 1.0, negbin.reaches(stock, mean, variance))
    exhausted = np.where((mean <= 0) & (stock > 0), 0.0, exhausted)
    tonight = usable(batches, per_day, np.zeros(1))[:, 0]
    exhausted = np.maximum.accumulate(exhausted, axis=1)
    start = (tonight <= 0).astype(np.float64)
    t = np.concatenate([start[:, None], exhausted], axis=1)
    s = np.concatenate([np.ones((len(start), 1)), np.minimum.accumulate(no_arrival, axis=1)], axis=1)
    steps = (s[:, :-1] - s[:, 1:]) * (t[:, :-1] + t[:, 1:]) / 2
    within = np.cumsum(steps, axis=1) + s[:, 1:] * t[:, 1:]
    p7, p14, p30 = (np.clip(within[:, int(np.searchsorted(GRID, day))], 0.0, 1.0) for day in (7, 14, 30))
    gaps = np.diff(np.concatenate([[0.0], GRID]))
    days_out = ((s * t)[:, 1:] * gaps).sum(axis=1)
    return Risk(p7, p14, p30, days_out, tonight, tonight - stock[:, -1], _runs_out(t))


def _runs_out(t: Doubles) -> Doubles:
    """Where T crosses ½, straight between the grid days."""
    days = np.concatenate([[0.0], GRID])
    past = t >= 0.5
    k = past.argmax(axis=1)
    before = np.maximum(k - 1, 0)
    rows = np.arange(len(t))
    low, high = t[rows, before], t[rows, k]
    share = np.where(high > low, (0.5 - low) / np.where(high > low, high - low, 1.0), 0.0)
    when = days[before] + np.clip(share, 0, 1) * (days[k] - days[before])
    return np.where(past.any(axis=1), when, np.nan)


@dataclass(frozen=True)
class Calibration:
    """A rising map from computed to observed probability, learned on pooled history; straight between its points."""

    points: Doubles
    values: Doubles

    def apply(self, p: Doubles) -> Doubles:
        return np.asarray(np.interp(p, self.points, self.values))


PLAIN = Calibration(np.array([0.0, 1.0]), np.array([0.0, 1.0]))


def calibration(p: Doubles, happened: NDArray[np.bool_], *, steady: float = 50.0) -> Calibration:
    """Isotonic map of past probabilities to what happened. Each of 20 groups of like p is held near the plain map by
    `steady` cases; too few cases keep it."""
    if p.size < 200:
        return PLAIN
    groups = [g for g in np.array_split(np.argsort(p, kind="stable"), 20) if g.size]
    centre = np.array([p[g].mean() for g in groups])
    size = np.array([float(g.size) for g in groups])
    seen = np.array([(happened[g].sum() + steady * c) / (g.size + steady) for g, c in zip(groups, centre, strict=True)])
    rising = isotonic_regression(seen, weights=size).x
    keep = np.concatenate([[True], np.diff(centre) > 1e-9])
    points = np.concatenate([[0.0], np.clip(centre[keep], 1e-6, 1 - 1e-6), [1.0]])
    return Calibration(points, np.concatenate([[0.0], rising[keep], rising[-1:]]))
