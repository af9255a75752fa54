"""Past probabilities against what happened, counted by size: enough to learn a calibration and to judge it.

Only counts are kept, so years of nights stay small: a `Tally` of two periods is the sum of their tallies. The steps are
even in log odds, fine where probabilities are small, because there most items are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression
from scipy.special import expit

from shortage.forecasting.risk import PLAIN, Calibration

Doubles = NDArray[np.float64]
EDGES: Doubles = expit(np.linspace(-6.0, 4.0, 41))
STEPS = EDGES.size + 1
SHOWN_STEPS = (0.0, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
"""Bars of the reliability diagram."""


@dataclass(frozen=True)
class Tally:
    """Per step of the probability: cases, those that happened, sum of p, sum of p of those that happened, sum of p²."""

    cases: Doubles
    hits: Doubles
    total: Doubles
    hit_total: Doubles
    square: Doubles

    @staticmethod
    def nothing() -> Tally:
        return Tally(*(np.zeros(STEPS) for _ in range(5)))

    @staticmethod
    def count(p: Doubles, happened: NDArray[np.bool_] | Doubles) -> Tally:
        """`happened` may also be a share between 0 and 1 (days empty of 30), p then being the share expected."""
        step = np.searchsorted(EDGES, p)
        came = happened.astype(np.float64)
        weights = (np.ones(p.size), came, p, p * came, p * p)
        return Tally(*(np.bincount(step, w, STEPS).astype(np.float64) for w in weights))

    def __add__(self, other: Tally) -> Tally:
        return Tally(*(a + b for a, b in zip(self.columns, other.columns, strict=True)))

    @property
    def columns(self) -> tuple[Doubles, ...]:
        return self.cases, self.hits, self.total, self.hit_total, self.square

    def as_lists(self) -> list[list[float]]:
        """For a JSON column; `from_lists` reads it back."""
        return [[round(float(value), 6) for value in column] for column in self.columns]

    @staticmethod
    def from_lists(lists: Iterable[Iterable[float]]) -> Tally:
        return Tally(*(np.array(list(column), dtype=np.float64) for column in lists))

    @property
    def size(self) -> int:
        return int(self.cases.sum())

    @property
    def events(self) -> int:
        return int(self.hits.sum())

    @property
    def brier(self) -> float | None:
        """Mean of (p − y)²; None without a case."""
        if not self.size:
            return None
        return float((self.square.sum() - 2 * self.hit_total.sum() + self.hits.sum()) / self.cases.sum())

    @property
    def skill(self) -> float | None:
        """1 − Brier ÷ Brier of always saying the base rate; None where everything or nothing happened."""
        if self.brier is None or self.events in (0, self.size):
            return None
        base = self.events / self.size
        return 1 - self.brier / (base * (1 - base))


@dataclass(frozen=True)
class Learned:
    """map: what to apply; trusted: there was enough to learn from, else `map` is the plain one; independent: cases left
    when overlapping windows of one item are counted once; events: of those, how many happened."""

    map: Calibration
    trusted: bool
    independent: float
    events: float


def learn(tally: Tally, *, share: float, least_events: float, steady: float) -> Learned:
    """An isotonic map of told to observed probability.

    share: part of the cases that is independent (a window of 14 days told anew each night is one case, not 14). Each
    step is held near the plain map by `steady` independent cases; below `least_events` of either outcome nothing is learned.
    """
    cases, hits = tally.cases * share, tally.hits * share
    independent, events = float(cases.sum()), float(hits.sum())
    if min(events, independent - events) < least_events:
        return Learned(PLAIN, False, independent, events)
    # Steps without a case keep the plain map too: what was never told so high must not be pulled down by what was told low.
    middle = np.concatenate([[EDGES[0] / 2], (EDGES[1:] + EDGES[:-1]) / 2, [(EDGES[-1] + 1) / 2]])
    centre = np.where(tally.cases > 0, tally.total / np.maximum(tally.cases, 1e-9), middle)
    weight = cases + steady
    rising = isotonic_regression((hits + steady * centre) / weight, weights=weight).x
    points = np.concatenate([[0.0], np.clip(centre, 1e-7, 1 - 1e-7), [1.0]])
    values = np.concatenate([[0.0], rising, rising[-1:]])
    apart = np.concatenate([[True], np.diff(points) > 1e-9])
    return Learned(Calibration(points[apart], values[apart]), True, independent, events)


def independent_share(days: Iterable[int], horizon: int) -> float:
    """Share of independent cases among predictions made on these day numbers for windows of `horizon` days."""
    made = sorted(set(days))
    if not made:
        return 1.0
    windows = (made[-1] - made[0]) / horizon + 1
    return float(min(1.0, windows / len(made)))


def bars(tally: Tally) -> list[dict[str, float]]:
    """Reliability by coarse steps that hold a case: from, to, cases, told (mean p), seen (share that happened)."""
    inner = np.array(SHOWN_STEPS[1:-1])
    centre = np.where(tally.cases > 0, tally.total / np.maximum(tally.cases, 1), -1)
    place = np.searchsorted(inner, centre, side="right")
    found = []
    for k in range(inner.size + 1):
        mine = (place == k) & (tally.cases > 0)
        cases = float(tally.cases[mine].sum())
        if cases:
            told, seen = float(tally.total[mine].sum()) / cases, float(tally.hits[mine].sum()) / cases
            row = {"from": SHOWN_STEPS[k], "to": SHOWN_STEPS[k + 1], "cases": cases, "told": told, "seen": seen}
            found.append(row)
    return found


def as_json(learned: Learned) -> dict[str, Any]:
    return {
        "points": [round(float(x), 7) for x in learned.map.points],
        "values": [round(float(x), 7) for x in learned.map.values],
        "trusted": learned.trusted,
        "independent": round(learned.independent, 1),
        "events": round(learned.events, 1),
    }


def from_json(stored: Mapping[str, Any] | None) -> Calibration:
    """The stored map; the plain one where nothing was stored."""
    if not stored:
        return PLAIN
    return Calibration(np.array(stored["points"]), np.array(stored["values"]))
