"""How much of what is on order can be counted on: overdue orders only as far as they are still likely to come.

An order in time counts in full. One that is overdue counts its quantity × P(it comes within the days asked), given how
late it is already and whether the drug itself seems short (the pooled evidence of all institutions' overdue orders,
forecasting.md §5.1): P(not come) = (1 − π)·S + π·max(e^(−d/45), S).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shortage.forecasting import arrivals
from shortage.rules.lead_times import LeadLaws

Doubles = NDArray[np.float64]
RESIDUAL_DAYS = 45.0
"""Mean days that a shortage still lasts (forecasting.md §5.1)."""


@dataclass(frozen=True)
class Coming:
    """Per order: overdue days (0 when in time), chance that it comes within the days asked, units counted on."""

    overdue: NDArray[np.int64]
    chance: Doubles
    counted: NDArray[np.int64]


def counted_on(
    quantity: Doubles,
    age: Doubles,
    promised: Doubles,
    lead: NDArray[np.int64],
    laws: LeadLaws,
    shortage: Doubles,
    days: Doubles,
) -> Coming:
    """All arrays have one entry per order. promised: days until the agreed date, NaN when none was agreed; lead: row of
    `laws`; shortage: posterior that the drug is short; days: within which it has to come."""
    overdue = days_overdue(age, promised, lead, laws)
    survival = arrivals.order_survival(days, age, promised, laws.of(lead))
    short = np.maximum(np.exp(-days / RESIDUAL_DAYS), survival)
    chance = 1 - ((1 - shortage) * survival + shortage * short)
    chance = np.where(overdue > 0, np.clip(chance, 0.0, 1.0), 1.0)
    return Coming(overdue, chance, np.floor(quantity * chance + 1e-9).astype(np.int64))


def days_overdue(age: Doubles, promised: Doubles, lead: NDArray[np.int64], laws: LeadLaws) -> NDArray[np.int64]:
    """Days past the agreed date, or past twice the supplier's expected time when none was agreed; 0 when in time."""
    expected = 2 * laws.expected()[lead]
    late = np.where(np.isnan(promised), age - expected, -np.nan_to_num(promised))
    return np.maximum(np.floor(late), 0).astype(np.int64)
