"""From risk to a level, with hysteresis: raised at once, lowered only after calm days (forecasting.md §8).

The level names the remedy that is still quick enough: red 调剂 now, orange 催货 or a second source, yellow the next order
list, blue a plan of the whole alliance because the drug itself is short.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

NONE, YELLOW, ORANGE, BLUE, RED = range(5)
NAMES = ("", "yellow", "orange", "blue", "red")
"""Level codes rise with urgency; blue outranks orange because expediting cannot end a national shortage."""


@dataclass(frozen=True)
class Thresholds:
    """Dated rule values with the defaults of forecasting.md §8; `off` × the threshold is where a level stops holding."""

    red_p7: float = 0.5
    orange_p14: float = 0.3
    yellow_days_out: float = 1.5
    blue_posterior: float = 0.9
    blue_institutions: int = 2
    off: float = 0.5
    clear_days: int = 3


DEFAULT = Thresholds()


@dataclass(frozen=True)
class Evidence:
    """What is known tonight about N items, arrays of (N,). p7, p14: probability of an empty shelf within 7 and 14
    days; days_out: expected days at zero in the next 30; empty_with_demand: nothing usable on hand though it is asked
    for; shortage: pooled posterior that the drug itself is short; overdue: institutions whose orders of it are overdue;
    notice: an official notice (短缺药品清单, 停产通知) is in force."""

    p7: NDArray[np.floating]
    p14: NDArray[np.floating]
    days_out: NDArray[np.floating]
    empty_with_demand: NDArray[np.bool_]
    shortage: NDArray[np.floating]
    overdue: NDArray[np.integer]
    notice: NDArray[np.bool_]


@dataclass(frozen=True)
class Standing:
    """level (N,) codes; calm (N,) days in a row that the level has not been held up."""

    level: NDArray[np.int8]
    calm: NDArray[np.int64]

    @staticmethod
    def nothing(n: int) -> Standing:
        return Standing(np.zeros(n, dtype=np.int8), np.zeros(n, dtype=np.int64))


def grade(seen: Evidence, before: Standing, rules: Thresholds = DEFAULT) -> Standing:
    """Tonight's levels from tonight's evidence and last night's levels.

    A higher level is taken at once. A standing level holds while its measure is at or above off × threshold; below
    that it steps down after `clear_days` calm days, to the level that tonight's evidence still holds.
    """
    raised = _highest(seen, rules, 1.0)
    held = np.minimum(np.maximum(_highest(seen, rules, rules.off), raised), before.level)
    held = np.where(raised >= before.level, before.level, held)
    calm = np.where((held < before.level), before.calm + 1, 0)
    lowered = calm >= rules.clear_days
    level = np.where(raised > before.level, raised, np.where(lowered, np.maximum(held, raised), before.level))
    return Standing(level.astype(np.int8), np.where(lowered | (raised > before.level), 0, calm).astype(np.int64))


def _highest(seen: Evidence, rules: Thresholds, share: float) -> NDArray[np.int8]:
    """The highest level whose measure reaches share × its threshold."""
    level = np.where(seen.days_out >= share * rules.yellow_days_out, YELLOW, NONE)
    level = np.where(seen.p14 >= share * rules.orange_p14, ORANGE, level)
    pooled = (seen.shortage >= share * rules.blue_posterior) & (seen.overdue >= rules.blue_institutions)
    level = np.where(pooled | seen.notice, BLUE, level)
    red = (seen.p7 >= share * rules.red_p7) | seen.empty_with_demand
    return np.where(red, RED, level).astype(np.int8)
