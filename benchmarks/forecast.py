"""The nightly forecast pass over 60,000 series × 365 days (72 % zeros), against reading the data and a simple rule.

Full pass: masked fits at a lead time of 7 (26 origins) and 28 days (10), one recalibrated quantile at lead time + review
(the reorder point) and the probability of running out at 15 horizons. A day's increment: the discounted sums of six
half-lives carried one day on, and the rates read from them. Rule beside it: moving average of 180 days + normal z·σ.
"""

from __future__ import annotations

import json
import resource
import time
from collections.abc import Callable

import numpy as np

from shortage.forecasting import arrivals, dmx, increment, risk
from shortage.forecasting.panel import Panel

SERIES, DAYS = 60_000, 365


def world(series: int = SERIES, days: int = DAYS, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Issues (72 % zeros, lognormal sizes) and exposure (3 % of days out of stock), float32."""
    rng = np.random.default_rng(seed)
    y = np.empty((series, days), dtype=np.float32)
    e = np.ones((series, days), dtype=np.float32)
    for start in range(0, series, 10_000):
        rows = slice(start, start + 10_000)
        shape = y[rows].shape
        often = np.clip(rng.beta(0.6, 1.5, (shape[0], 1)), 0.01, 0.99)
        size = np.exp(rng.normal(1.0, 1.2, (shape[0], 1)))
        y[rows] = np.where(rng.random(shape) < often, 1 + rng.poisson(size * rng.gamma(2, 0.5, shape)), 0)
        out = rng.random(shape) < 0.03
        y[rows][out] = 0
        e[rows][out] = 0
    return y, e


def full_pass(y: np.ndarray, e: np.ndarray) -> dict[str, np.ndarray]:
    """What the nightly job asks of the room: rates, reorder point, risk."""
    short = dmx.fit(Panel(y, e, "D"), 7)
    point = short.cumulative_quantile(0.97, 12)
    long = dmx.fit(Panel(y, e, "D"), 28, dmx.Settings(origins=10))
    per_day = short.rate.astype(np.float64)
    n = len(per_day)
    stock = risk.Batches(np.ceil(per_day * 20)[:, None], np.full((n, 1), np.inf))
    orders = arrivals.Orders((per_day * 15)[:, None], np.full((n, 1), 3.0), np.full((n, 1), np.nan))
    review = arrivals.Review(np.full(n, 2.0), np.full(n, 7.0))
    s = arrivals.no_arrival(risk.GRID, orders, arrivals.LeadTime(), per_day, np.full(n, 0.02), np.full(n, 8.0), review)
    found = risk.risk(stock, short.cumulative, per_day, s)
    return {"reorder": point, "p14": found.p14, "long": long.rate}


def simple_rule(y: np.ndarray) -> np.ndarray:
    """Moving average of 180 days, normal safety stock for 12 days."""
    recent = y[:, -180:]
    return recent.mean(axis=1) * 12 + 1.88 * recent.std(axis=1) * np.sqrt(12)


def timed(act: Callable[[], object], repeat: int = 1) -> float:
    best = np.inf
    for _ in range(repeat):
        start = time.perf_counter()
        act()
        best = min(best, time.perf_counter() - start)
    return float(best)


def run(series: int = SERIES, days: int = DAYS) -> dict[str, float]:
    """Seconds, ratios and peak memory (whole process, MB)."""
    y, e = world(series, days)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    read = timed(lambda: y.sum(), 5)
    rule = timed(lambda: simple_rule(y), 2)
    full = timed(lambda: full_pass(y, e))
    state = increment.start(Panel(y[:, :-1], e[:, :-1], "D"))
    day = timed(lambda: increment.advance(state, y[:, -1], e[:, -1]).rates(), 5)
    return {
        "series": series,
        "days": days,
        "zeros": round(float((y == 0).mean()), 3),
        "read_seconds": round(read, 4),
        "simple_rule_seconds": round(rule, 3),
        "full_pass_seconds": round(full, 2),
        "day_increment_seconds": round(day, 4),
        "full_pass_per_read": round(full / read, 1),
        "full_pass_per_simple_rule": round(full / rule, 2),
        "day_increment_per_read": round(day / read, 2),
        "rss_before_mb": round(before),
        "rss_peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }


if __name__ == "__main__":
    print(json.dumps(run(), indent=2))
