"""Will usable goods come in time? Open orders, lead times with a late tail, and drugs that are short everywhere.

Formulas: forecasting.md §5.1. Days are counted from tonight; (N, K) arrays hold up to K open orders of N items, empty
places have quantity 0.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

Doubles = NDArray[np.float64]
WORTH_DAYS = 5.0
"""An order counts when it covers at least these days of use."""
_LEAST = 1e-6


@dataclass(frozen=True)
class LeadTime:
    """Days from order to arrival: lognormal (mean, log_sd), and a late share with its own delay on top.

    Defaults from 10,324 SCMS deliveries at Chinese means (forecasting.md §5.2): mean 5 d, 11 % late, median 12 d late.
    Fields may be arrays that broadcast to (N, K), e.g. one law per distributor.
    """

    mean: Doubles | float = 5.0
    log_sd: Doubles | float = 0.4
    late_share: Doubles | float = 0.11
    late_median: Doubles | float = 12.0
    late_log_sd: Doubles | float = 1.0
    longest: float = 90.0

    def survival(self, days: Doubles) -> Doubles:
        """P(not arrived after `days`); 1 up to 0, floored just above 0 so that overdue orders stay conditionable."""
        t = np.maximum(np.asarray(days, dtype=np.float64), _LEAST)
        log_mean = np.log(self.mean) - np.square(self.log_sd) / 2
        usual = 1 - ndtr((np.log(t) - log_mean) / self.log_sd)
        late = self.late_survival(t - self.mean)
        survival = (1 - np.asarray(self.late_share)) * usual + np.asarray(self.late_share) * late
        return np.where(np.asarray(days) <= 0, 1.0, np.maximum(survival, _LEAST))

    def late_survival(self, delay: Doubles) -> Doubles:
        """P(delay > `delay`) of the late ones."""
        t = np.maximum(np.asarray(delay, dtype=np.float64), _LEAST)
        tail = 1 - ndtr((np.log(t) - np.log(self.late_median)) / self.late_log_sd)
        return np.where(t >= self.longest, 0.0, tail)


@dataclass(frozen=True)
class Orders:
    """Open orders: quantity, age in days since placed, promised days until arrival (NaN unknown); all (N, K)."""

    quantity: Doubles
    age: Doubles
    promised: Doubles

    @staticmethod
    def none(n: int) -> Orders:
        return Orders(np.zeros((n, 0)), np.zeros((n, 0)), np.zeros((n, 0)))


@dataclass(frozen=True)
class Review:
    """When an order would be placed if none is open: (N,) days until the next review, and days between reviews."""

    next_in: Doubles
    every: Doubles


def no_arrival(
    horizons: Doubles,
    orders: Orders,
    lead: LeadTime,
    per_day: Doubles,
    shortage: Doubles,
    reaches_point: Doubles,
    review: Review,
    *,
    residual: float = 45.0,
) -> Doubles:
    """(N, H) S(d): probability that no usable goods have come by each horizon (H,), given what is open tonight.

    per_day (N,) use; shortage (N,) posterior that the drug itself is short; reaches_point (N,) days until stock on
    hand falls to the reorder point; residual: mean days a shortage still lasts.
    """
    survival = np.ones((len(per_day), len(horizons)))
    counted: NDArray[np.bool_] = np.greater_equal(orders.quantity, np.maximum(WORTH_DAYS * per_day, _LEAST)[:, None])
    for k in range(orders.quantity.shape[1]):
        one = _order(horizons, orders.age[:, k, None], orders.promised[:, k, None], _column(lead, k))
        survival *= np.where(counted[:, k, None], one, 1.0)
    wait = np.maximum(reaches_point - review.next_in, 0.0)
    placed = review.next_in + np.ceil(wait / review.every) * review.every
    virtual = _column(lead, 0).survival(horizons[None, :] - placed[:, None])
    survival = np.where(np.asarray(counted.any(axis=1))[:, None], survival, virtual)
    short = np.exp(-horizons / residual)[None, :]
    return np.asarray((1 - shortage[:, None]) * survival + shortage[:, None] * np.maximum(short, survival))


def order_survival(days: Doubles, age: Doubles, promised: Doubles, lead: LeadTime) -> Doubles:
    """(K,) P(not come within `days`) of single orders: age since placed, days until promised (NaN unknown)."""
    return _by_promise_or_age(days, age, promised, lead)


def _order(horizons: Doubles, age: Doubles, promised: Doubles, lead: LeadTime) -> Doubles:
    """One order per item: by its promise where there is one, else by its age."""
    return _by_promise_or_age(horizons[None, :], age, promised, lead)


def _by_promise_or_age(days: Doubles, age: Doubles, promised: Doubles, lead: LeadTime) -> Doubles:
    by_age = lead.survival(age + days) / lead.survival(age)
    due = np.nan_to_num(promised)
    after = np.maximum(lead.late_survival(days - due), _LEAST)
    kept = np.where(days < due, 1.0, np.asarray(lead.late_share) * after)
    overdue = after / np.maximum(lead.late_survival(-due), _LEAST)
    by_promise = np.where(due < 0, np.minimum(overdue, 1.0), kept)
    return np.where(np.isnan(promised), by_age, by_promise)


def _column(lead: LeadTime, k: int) -> LeadTime:
    """The law of the k-th order of every item, as columns."""

    def pick(value: Doubles | float) -> Doubles | float:
        array = np.asarray(value, dtype=np.float64)
        if array.ndim < 2:
            return array[:, None] if array.ndim == 1 else float(array)
        return array[:, min(k, array.shape[1] - 1), None]

    mean, log_sd, late_share = pick(lead.mean), pick(lead.log_sd), pick(lead.late_share)
    return LeadTime(mean, log_sd, late_share, pick(lead.late_median), pick(lead.late_log_sd), lead.longest)


def shortage_posterior(
    drug: NDArray[np.integer],
    institution: NDArray[np.integer],
    age: Doubles,
    since_arrival: Doubles,
    drugs: int,
    lead: LeadTime = LeadTime(),
    *,
    prior: float = 0.02,
    overdue_after: float = 9.0,
) -> tuple[Doubles, NDArray[np.int64]]:
    """Pooled over all institutions' open orders: (drugs,) posterior that a drug is short, and overdue institutions.

    One entry per open order: its drug, institution and age; since_arrival (drugs,): days since an order of the drug last
    arrived anywhere was *placed* (inf: none). Only orders placed after that one speak: its arrival showed that goods flow.
    Odds = prior odds × Π 1/F̄(age); prior: 0.12 shortages a year lasting 60 days.
    """
    speaks = age < since_arrival[drug]
    evidence = np.where(speaks, -np.log(lead.survival(age)), 0.0)
    odds = np.log(prior / (1 - prior)) + np.bincount(drug, evidence, drugs)
    late = speaks & (age > overdue_after)
    pairs = np.unique(np.stack([drug[late], institution[late]]), axis=1)
    overdue = np.bincount(pairs[0].astype(np.int64), minlength=drugs)
    return np.asarray(1 / (1 + np.exp(-np.minimum(odds, 50.0)))), overdue
