"""“What if” for a few shelves: the night's law of demand and arrival, with other lots, orders or use. Pure arrays.

The same formulas as `rules.assessment.assess`; the laws come from the newest pass instead of being fitted anew, so the
chance before a measure is the one that the alert shows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from shortage.forecasting import arrivals, negbin
from shortage.forecasting import risk as runout
from shortage.rules.assessment import HORIZON, LONGEST_DAYS, days_of_supply
from shortage.rules.lead_times import LeadLaws

Doubles = NDArray[np.float64]


@dataclass(frozen=True)
class Law:
    """How one shelf is used and filled. rate a day at calendar factor 1; variance of 30 days; growth and power of the
    variance law; review: days between order days; short: chance that the drug itself is short; lead: row of the laws."""

    rate: float
    variance_30: float
    growth: float
    power: float
    reorder_point: float
    review: float
    short: float
    lead: int


@dataclass(frozen=True)
class Coming:
    """An open order: quantity, age in days, days until promised (NaN when nobody said), row of the lead laws."""

    quantity: float
    age: float
    promised: float
    lead: int


@dataclass(frozen=True)
class Shelf:
    """lots: (days from tonight that it can be given, inf when not known; units). lag: days the count is behind.
    more_use: factor on demand (1.5: half as much again)."""

    law: Law
    lots: tuple[tuple[float, float], ...]
    coming: tuple[Coming, ...] = ()
    lag: float = 0.0
    more_use: float = 1.0

    def with_lots(self, *added: tuple[float, float]) -> Shelf:
        return replace(self, lots=(*self.lots, *added))

    def without(self, units: float) -> Shelf:
        """First expiring first."""
        left, rest = [], units
        for lasts, quantity in sorted(self.lots):
            gone = min(quantity, rest)
            rest -= gone
            if quantity > gone:
                left.append((lasts, quantity - gone))
        return replace(self, lots=tuple(left))

    def with_order(self, quantity: float, promised: float) -> Shelf:
        """An order placed tonight with the usual supplier."""
        return replace(self, coming=(*self.coming, Coming(quantity, 0.0, promised, self.law.lead)))

    @property
    def units(self) -> float:
        return sum(quantity for lasts, quantity in self.lots if lasts > 0)


@dataclass(frozen=True)
class Outlook:
    """Chance of an empty shelf within 7, 14, 30 days; days at zero expected in 30; days the stock lasts (None: unused);
    usable units tonight; units that expire unused within 30 days."""

    p7: float
    p14: float
    p30: float
    days_out: float
    supply: float | None
    usable: float
    expiring: float


@dataclass(frozen=True)
class Night:
    """What all shelves share: calendar factors of the coming days (≥ 30), the lead laws, the maps learned from the past ("7", "14", "30",
    "out": share of 30 days)."""

    factors: NDArray[np.floating]
    laws: LeadLaws
    calibrate: dict[str, runout.Calibration] = field(default_factory=dict)


def outlooks(shelves: Sequence[Shelf], night: Night) -> list[Outlook]:
    """One answer per shelf, all computed together."""
    if not shelves:
        return []
    rate = np.array([shelf.law.rate * shelf.more_use for shelf in shelves])
    mean, variance = _demand(shelves, night)
    batches = _batches(shelves, rate)
    orders, lead = _orders(shelves, night.laws)
    stock = batches.quantity.sum(axis=1)
    point = np.array([shelf.law.reorder_point for shelf in shelves])
    with np.errstate(divide="ignore", invalid="ignore"):
        reaches = np.maximum((stock - point) / rate, 0.0)
    reaches = np.nan_to_num(reaches, nan=0.0, posinf=LONGEST_DAYS)
    every = np.array([shelf.law.review for shelf in shelves], dtype=float)
    short = np.array([shelf.law.short for shelf in shelves])
    comes = arrivals.no_arrival(runout.GRID, orders, lead, rate, short, reaches, arrivals.Review(every / 2, every))
    found = runout.risk(batches, lambda day: (mean[:, day - 1], variance[:, day - 1]), rate, comes)
    curve = runout.usable(batches, rate, np.arange(HORIZON + 1, dtype=float))
    supply = days_of_supply(curve, mean, rate)
    asked = {
        d: np.where(rate > 0, negbin.reaches(np.ones(1), mean[:, d - 1], variance[:, d - 1]), 0.0) for d in (7, 14, 30)
    }
    told = np.stack(
        [
            np.minimum(found.p7, asked[7]),
            np.minimum(found.p14, asked[14]),
            np.minimum(found.p30, asked[30]),
            np.minimum(found.days_out, HORIZON) * asked[30] / HORIZON,
        ]
    )
    stocked = found.usable >= 1
    for row, name in enumerate(("7", "14", "30", "out")):
        if name in night.calibrate:
            told[row, stocked] = night.calibrate[name].apply(np.clip(told[row, stocked], 0.0, 1.0))
    p7, p14, p30 = np.maximum.accumulate(told[:3], axis=0)
    out = told[3] * HORIZON
    return [
        Outlook(
            float(p7[k]), float(p14[k]), float(p30[k]), float(out[k]),
            None if supply[k] != supply[k] else float(supply[k]), float(found.usable[k]), float(found.expiring[k]),
        )
        for k in range(len(shelves))
    ]  # fmt: skip


def _demand(shelves: Sequence[Shelf], night: Night) -> tuple[Doubles, Doubles]:
    """(N, 30) mean and variance of the totals of the coming days (dmx.Fit.cumulative from its stored numbers)."""
    share = np.cumsum(night.factors[:HORIZON], dtype=np.float64)
    days = np.arange(1, HORIZON + 1)
    rate = np.array([shelf.law.rate * shelf.more_use for shelf in shelves])[:, None]
    growth = np.array([shelf.law.growth for shelf in shelves])[:, None]
    power = np.array([shelf.law.power for shelf in shelves])[:, None]
    at30 = np.array([shelf.law.variance_30 * shelf.more_use**2 for shelf in shelves])[:, None]
    calendar = (share / days) / (share[-1] / HORIZON)
    mean = rate * share
    return mean, np.maximum(at30 * (days / HORIZON) ** growth * calendar**power, negbin.LEAST_SPREAD * mean)


def _batches(shelves: Sequence[Shelf], rate: Doubles) -> runout.Batches:
    """Lots by expiry, less what was presumably used since they were counted."""
    width = max((len(shelf.lots) for shelf in shelves), default=0) or 1
    quantity, lasts = np.zeros((len(shelves), width)), np.full((len(shelves), width), np.inf)
    for k, shelf in enumerate(shelves):
        rest = shelf.lag * rate[k]
        for column, (days, units) in enumerate(sorted(lot for lot in shelf.lots if lot[0] > 0)):
            gone = min(units, rest)
            rest -= gone
            quantity[k, column], lasts[k, column] = units - gone, days
    return runout.Batches(quantity, lasts)


def _orders(shelves: Sequence[Shelf], laws: LeadLaws) -> tuple[arrivals.Orders, arrivals.LeadTime]:
    width = max(len(shelf.coming) for shelf in shelves)
    quantity, age, promised = (np.zeros((len(shelves), width)) for _ in range(3))
    lead = np.repeat(np.array([shelf.law.lead for shelf in shelves])[:, None], max(width, 1), axis=1)
    promised[:] = np.nan
    for k, shelf in enumerate(shelves):
        for column, order in enumerate(shelf.coming):
            quantity[k, column], age[k, column] = order.quantity, order.age
            promised[k, column], lead[k, column] = order.promised, order.lead
    return arrivals.Orders(quantity, age, promised), laws.of(lead)
