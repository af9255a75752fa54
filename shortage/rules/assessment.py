"""Tonight's numbers of all series: forecast, ordering policy, probability of running out. Arrays in, arrays out."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from shortage.forecasting import arrivals, dmx, negbin
from shortage.forecasting import risk as runout
from shortage.forecasting.panel import Panel
from shortage.rules.lead_times import LeadLaws
from shortage.rules.outbreaks import quicken
from shortage.rules.policy import Policy, ServiceLevels, policy
from shortage.rules.pooling import pool

Doubles = NDArray[np.float64]
Ints = NDArray[np.int64]
FIT_DAYS = 14
"""The law is fitted for totals of 14 days: the horizon of the orange alert, between lead time and 30 days."""
HORIZON = 30
LONGEST_DAYS = 3650.0


@dataclass(frozen=True)
class OpenOrders:
    """One entry per open order: series it belongs to, quantity, age, promised (days until the agreed date, NaN when
    none), lead (row of the lead laws)."""

    series: Ints
    quantity: Doubles
    age: Doubles
    promised: Doubles
    lead: Ints


@dataclass(frozen=True)
class Inputs:
    """N series of D drugs. use, exposure (N, T) as in series.Series; past (T,), ahead (H,): calendar factors;
    window (N,): reference days of a declared outbreak, 0 for none; drug, institution, level (N,) numbers; review (N,) days between order days; criticality (N,) A, B or C; lag (N,) days by
    which known stock is behind tonight; own_lead (N,) row of `leads` of the usual supplier; since_arrival (D,) days
    since the newest arrived order was placed, inf for none."""

    use: NDArray[np.float32]
    exposure: NDArray[np.float32]
    past: NDArray[np.float32]
    ahead: NDArray[np.float32]
    window: Ints
    drug: Ints
    institution: Ints
    level: Ints
    review: Ints
    criticality: NDArray[np.str_]
    lag: Ints
    batches: runout.Batches
    orders: OpenOrders
    leads: LeadLaws
    own_lead: Ints
    since_arrival: Doubles


@dataclass(frozen=True)
class Demand:
    """rate: a day at calendar factor 1. mean, variance (N, P): totals of the next 1…P days. cover (N,): days until the
    next delivery can come (lead time + review), with the service level held over them. observed, exposed: known days, and days in stock. recent, before:
    use per day in stock of the last 14 and of the 90 days before. growth, power: var(d) ∝ d^growth · (share of d days)^power.
    own_weight, peers: share of the own rate and how many institutions of the level were leant on where the history is
    short (rules.pooling). usual: the rate had no outbreak been declared (rules.outbreaks)."""

    rate: Doubles
    mean: Doubles
    variance: Doubles
    q10_30: Doubles
    q90_30: Doubles
    growth: float
    power: float
    cover: Ints
    service: Doubles
    lead_days: Doubles
    policy: Policy
    observed: Ints
    exposed: Doubles
    total: Doubles
    recent: Doubles
    before: Doubles
    own_weight: Doubles
    peers: Ints
    usual: Doubles


@dataclass(frozen=True)
class Assessment:
    """supply: days the usable stock lasts (NaN without use); shortage (N,), overdue (N,): posterior that the drug
    itself is short, and how many institutions wait for overdue orders of it."""

    demand: Demand
    risk: runout.Risk
    supply: Doubles
    shortage: Doubles
    overdue: Ints


def assess(given: Inputs, levels: ServiceLevels, *, overdue_after: float) -> Assessment:
    """Everything the watch writes down, for all series at once."""
    demand = forecast(given, levels)
    batches = _aged(given.batches, given.lag * demand.rate)
    orders, lead = _orders(given)
    drugs = given.since_arrival.size
    of = given.orders.series
    short, overdue = arrivals.shortage_posterior(
        given.drug[of],
        given.institution[of],
        given.orders.age,
        given.since_arrival,
        drugs,
        given.leads.of(given.orders.lead),
        overdue_after=overdue_after,
    )
    stock = batches.quantity.sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        reaches = np.maximum((stock - demand.policy.reorder_point) / demand.rate, 0.0)
    reaches = np.nan_to_num(reaches, nan=0.0, posinf=LONGEST_DAYS)
    review = arrivals.Review(given.review / 2, given.review.astype(float))
    comes = arrivals.no_arrival(runout.GRID, orders, lead, demand.rate, short[given.drug], reaches, review)
    found = runout.risk(batches, lambda day: (demand.mean[:, day - 1], demand.variance[:, day - 1]), demand.rate, comes)
    curve = runout.usable(batches, demand.rate, np.arange(HORIZON + 1, dtype=float))
    supply = days_of_supply(curve, demand.mean, demand.rate)
    return Assessment(demand, _asked(found, demand), supply, short[given.drug], overdue[given.drug])


def _asked(found: runout.Risk, demand: Demand) -> runout.Risk:
    """An empty shelf that nobody asks is no shortage: no probability exceeds that of one unit being asked for."""
    asked = {
        day: np.where(
            demand.rate > 0, negbin.reaches(np.ones(1), demand.mean[:, day - 1], demand.variance[:, day - 1]), 0.0
        )
        for day in (7, 14, HORIZON)
    }
    return replace(
        found,
        p7=np.minimum(found.p7, asked[7]),
        p14=np.minimum(found.p14, asked[14]),
        p30=np.minimum(found.p30, asked[HORIZON]),
        days_out=np.minimum(found.days_out, HORIZON) * asked[HORIZON],
    )


def _aged(batches: runout.Batches, used: Doubles) -> runout.Batches:
    """Takes from the first-expiring lots what was presumably used since the stock was known."""
    quantity, rest = batches.quantity.copy(), used.copy()
    for k in range(quantity.shape[1]):
        taken = np.minimum(quantity[:, k], rest)
        quantity[:, k] -= taken
        rest -= taken
    return replace(batches, quantity=quantity)


def _orders(given: Inputs) -> tuple[arrivals.Orders, arrivals.LeadTime]:
    """Open orders as (N, K) with their laws; places without an order carry the usual supplier's law."""
    orders, n = given.orders, len(given.drug)
    place = positions(orders.series)
    width = int(place.max(initial=-1)) + 1
    quantity, age, promised = np.zeros((n, width)), np.zeros((n, width)), np.full((n, width), np.nan)
    lead = np.repeat(given.own_lead[:, None], max(width, 1), axis=1)
    at = (orders.series, place)
    quantity[at], age[at], promised[at], lead[at] = orders.quantity, orders.age, orders.promised, orders.lead
    return arrivals.Orders(quantity, age, promised), given.leads.of(lead)


def positions(series: Ints) -> Ints:
    """How many entries of the same series came before each entry of a sorted array: its column in an (N, K) layout."""
    starts = np.flatnonzero(np.r_[True, series[1:] != series[:-1]]) if series.size else np.empty(0, dtype=np.int64)
    return np.arange(series.size) - np.repeat(starts, np.diff(np.r_[starts, series.size]))


def forecast(given: Inputs, levels: ServiceLevels) -> Demand:
    """Fits all series, then the ordering policy at each series' own time to the next delivery."""
    fit = dmx.fit(Panel(given.use, given.exposure * given.past, "D", given.ahead), FIT_DAYS)
    known = ~np.isnan(given.use)
    exposed, used = np.where(known, given.exposure, 0), np.where(known, given.use, 0)
    totals = (known.sum(axis=1), exposed.sum(axis=1, dtype=np.float64), used.sum(axis=1, dtype=np.float64))
    pooled = pool(fit.rate.astype(np.float64), totals[0], totals[1], given.drug, given.level, given.institution)
    quick = quicken(pooled.rate, given.use, given.exposure, given.past, given.window)
    fit = replace(fit, rate=quick.rate.astype(np.float32))
    lead_days = given.leads.expected()[given.own_lead]
    cover = np.ceil(lead_days + given.review).astype(np.int64)
    periods = int(max(HORIZON, cover.max(initial=0)))
    mean, variance = np.empty((fit.panel.series, periods)), np.empty((fit.panel.series, periods))
    for day in range(1, periods + 1):
        mean[:, day - 1], variance[:, day - 1] = fit.cumulative(day)
    # In proportion, so that the law of the variance over the days (growth, power) stays the same.
    at30 = np.maximum(variance[:, HORIZON - 1], 1e-12)
    variance *= (1 + (pooled.spread + quick.spread) * HORIZON**2 / at30)[:, None]
    q10, q90 = (fit.cumulative_quantile(tau, HORIZON) for tau in (0.1, 0.9))
    leans = (pooled.peers > 0) | (quick.spread > 0)
    for tau, found in ((0.1, q10), (0.9, q90)):
        found[leans] = negbin.quantile(tau, mean[leans, HORIZON - 1], variance[leans, HORIZON - 1])
    at = (np.arange(len(cover)), cover - 1)
    letters, at_letter = np.unique(given.criticality, return_inverse=True)
    service = np.array([levels.of(str(letter)) for letter in letters], dtype=float)[at_letter]

    def quantile(tau: float) -> Doubles:
        """Only the rows that ask for this service level."""
        answer, rows = np.zeros(len(cover)), service == tau
        answer[rows] = negbin.quantile(tau, mean[at][rows], variance[at][rows])
        return answer

    held = policy(quantile, mean[at], mean[:, HORIZON - 1] / HORIZON, given.criticality, levels)
    recent, before = (_per_day(used[:, part], exposed[:, part]) for part in (slice(-14, None), slice(-104, -14)))
    rate = fit.rate.astype(np.float64)
    return Demand(
        rate,
        mean,
        variance,
        q10,
        q90,
        fit.growth,
        float(fit.by_lead.b),
        cover,
        service,
        lead_days,
        held,
        *totals,
        recent,
        before,
        pooled.weight,
        pooled.peers,
        pooled.rate,
    )


def _per_day(used: NDArray[np.float32], exposed: NDArray[np.float32]) -> Doubles:
    days = exposed.sum(axis=1, dtype=np.float64)
    return np.where(days > 0, used.sum(axis=1, dtype=np.float64) / np.maximum(days, 0.5), 0.0)


def days_of_supply(curve: Doubles, mean: Doubles, rate: Doubles) -> Doubles:
    """(N,) days until expected use has eaten what is usable, expiry included; NaN where nothing is used."""
    ahead = np.concatenate([np.zeros((len(rate), 1)), mean[:, :HORIZON]], axis=1)
    ended = curve[:, 1:] <= ahead[:, 1:]
    day = np.where(ended.any(axis=1), ended.argmax(axis=1), HORIZON)
    rows, upto = np.arange(len(rate)), np.minimum(day + 1, HORIZON)
    step = np.where(day < HORIZON, ahead[rows, upto] - ahead[rows, day], rate)
    rest = np.maximum(curve[rows, upto] - ahead[rows, day], 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        more = np.where(step > 0, rest / step, np.where(rest > 0, LONGEST_DAYS, 0.0))
    supply = np.minimum(day + np.where(day < HORIZON, np.minimum(more, 1.0), more), LONGEST_DAYS)
    return np.where(rate > 0, supply, np.nan)
