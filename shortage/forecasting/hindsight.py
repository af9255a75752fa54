"""What warnings would have done on a stored history: for every threshold the load, the hits, the misses and the time won.

A walk asks at some days (steps) how likely each item runs out; what came is known from the stock of the days after.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]
HORIZON = 14
THRESHOLDS = tuple(round(k / 20, 2) for k in range(1, 19))


@dataclass(frozen=True)
class Walk:
    """N items at S steps. days (S,): day numbers, rising; p14 (N, S): probability told at the end of that day, NaN where
    nothing was told (no data, or nothing on the shelf); urgent (N, S): red whatever the threshold; first: day number of
    the first column of empty (N, T): shelf empty at the end of that day; known (N,): last day whose stock is known."""

    days: Ints
    p14: Doubles
    urgent: Flags
    first: int
    empty: Flags
    begun: Flags
    known: Ints


@dataclass(frozen=True)
class Falls:
    """Each time a shelf went from stocked to empty after the first step: item row, day number, and the last step before
    it (−1: none within HORIZON days)."""

    item: Ints
    day: Ints
    step: Ints


def falls(walk: Walk) -> Falls:
    """Those that a warning of the walk could have foretold: within HORIZON days after some step."""
    fell = walk.empty[:, 1:] & ~walk.empty[:, :-1] & walk.begun[:, :-1]
    item, column = np.nonzero(fell)
    day = column + 1 + walk.first
    step = np.searchsorted(walk.days, day, side="left") - 1
    inside = (step >= 0) & (day - walk.days[np.maximum(step, 0)] <= HORIZON) & (day <= walk.known[item])
    return Falls(item[inside], day[inside], step[inside])


def standing(walk: Walk, threshold: float, off: float) -> Flags:
    """(N, S) warned: from the threshold up, kept down to off × threshold; red from its own."""
    on = np.zeros(walk.p14.shape, dtype=bool)
    before = np.zeros(len(walk.p14), dtype=bool)
    p = np.nan_to_num(walk.p14, nan=-1.0)
    for step in range(p.shape[1]):
        before = (p[:, step] >= threshold) | walk.urgent[:, step] | (before & (p[:, step] >= off * threshold))
        on[:, step] = before
    return on


@dataclass(frozen=True)
class Consequence:
    """What one threshold would have meant. new: warnings raised; per_day: new ones a day; judged: of them those whose 14
    days are known, right: of those, how many ran out; warned, early: falls warned at the last step before, and at the
    last step at least 7 days before; ahead: median days from the first day of the warning to the fall; on: (falls,)."""

    threshold: float
    new: int
    per_day: float
    judged: int
    right: int
    falls: int
    warned: int
    early: int
    ahead: float | None
    on: Flags

    @property
    def precision(self) -> float | None:
        return self.right / self.judged if self.judged else None

    @property
    def recall(self) -> float | None:
        return self.warned / self.falls if self.falls else None

    @property
    def recall_7(self) -> float | None:
        return self.early / self.falls if self.falls else None


def consequence(walk: Walk, fell: Falls, threshold: float, off: float) -> Consequence:
    on = standing(walk, threshold, off)
    raised = on.copy()
    raised[:, 1:] &= ~on[:, :-1]
    came, known = outcomes(walk)
    judged = raised & known
    warned = on[fell.item, fell.step]
    earlier = np.searchsorted(walk.days, fell.day - 7, side="right") - 1
    early = warned & (earlier >= 0) & on[fell.item, np.maximum(earlier, 0)]
    begun = _run_start(on)[fell.item, fell.step]
    ahead = (fell.day - walk.days[begun])[warned]
    span = int(walk.days[-1] - walk.days[0]) + _stride(walk.days)
    return Consequence(
        threshold, int(raised.sum()), float(raised.sum()) / span, int(judged.sum()), int((judged & came).sum()),
        len(fell.item), int(warned.sum()), int(early.sum()), float(np.median(ahead)) if warned.any() else None, warned,
    )  # fmt: skip


def outcomes(walk: Walk) -> tuple[Flags, Flags]:
    """(N, S) whether the shelf was empty on one of the HORIZON days after each step, and whether that is known."""
    total = np.concatenate([np.zeros((len(walk.empty), 1), dtype=np.int64), walk.empty.cumsum(axis=1)], axis=1)
    start = walk.days - walk.first + 1
    end = np.minimum(start + HORIZON, walk.empty.shape[1])
    came = total[:, end] > total[:, np.minimum(start, walk.empty.shape[1])]
    return came, walk.known[:, None] >= (walk.days + HORIZON)[None, :]


def _run_start(on: Flags) -> Ints:
    """(N, S) the step at which the standing warning began."""
    steps = np.arange(on.shape[1])
    return np.asarray(np.minimum(np.maximum.accumulate(np.where(on, -1, steps), axis=1) + 1, steps))


def _stride(days: Ints) -> int:
    return int(np.median(np.diff(days))) if len(days) > 1 else 1
