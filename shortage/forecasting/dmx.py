"""DMX: discounted rates at several half-lives, mixed by how they did in the past, with a negative binomial around them.

    fit = dmx.fit(Panel(y, exposure, "D"), lead=7)
    fit.mean(28)                      (N, 28) expected demand of each coming period
    fit.quantiles([.5, .9], 28)       (2, N, 28) of single periods
    fit.cumulative(14)                mean and variance (N,) of the total over the next 14 periods
    fit.cumulative_quantile(.95, 14)  (N,) what to hold so that 14 periods are covered with 95 %

Formulas and what they were measured against: forecasting.md §1–§4.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from shortage.forecasting import backtest as bt
from shortage.forecasting import negbin, recalibrate, spread
from shortage.forecasting.panel import HALF_LIVES, Floats, Panel

Doubles = NDArray[np.float64]
GROWTH_RANGE = (1.0, 1.9)


@dataclass(frozen=True)
class Settings:
    """origins: past origins at most; prior: how many errors the pooled half-life profile counts for (n0);
    recalibrated: learn where actuals fall in the law and correct for it."""

    origins: int = 26
    prior: float = 4.0
    recalibrated: bool = True


@dataclass(frozen=True)
class Fit:
    """One law per series. rate: expected demand of a period at exposure 1; lead: the periods it was fitted for."""

    panel: Panel
    lead: int
    rate: NDArray[np.float32]
    by_period: spread.Spread
    by_lead: spread.Spread
    widening: float
    past: bt.Backtest
    back: Floats
    settings: Settings

    def mean(self, horizon: int) -> Doubles:
        """(N, horizon) expected demand of each coming period."""
        return np.asarray(self.rate[:, None].astype(np.float64) * self.panel.factors_ahead(horizon))

    def variance(self, horizon: int) -> Doubles:
        """(N, horizon) variance of each coming period; later periods are less sure where the past shows it."""
        steps = np.arange(1, horizon + 1)
        factor = np.clip(1 + self.widening * (steps - (self.lead + 1) / 2), 0.5, 3.0)
        return np.asarray(self.by_period.variance(self.mean(horizon), least=0.0) * factor)

    def quantiles(self, taus: list[float] | Floats, horizon: int) -> Doubles:
        """(len(taus), N, horizon) of single periods, never decreasing in tau."""
        mean, variance = self.mean(horizon), self.variance(horizon)
        asked = [self._period_places.apply(float(tau), mean) for tau in taus]
        found = [negbin.quantile(place, mean, variance) for place in asked]
        return np.array(found).reshape(len(asked), *mean.shape)

    def cumulative(self, periods: int) -> tuple[Doubles, Doubles]:
        """Mean and variance (N,) of the total of the next `periods`."""
        share = self.panel.factors_ahead(periods).sum(axis=1, dtype=np.float64)
        mean = self.rate * share
        flat = self.by_lead.variance(self.rate * float(self.lead)) * (periods / self.lead) ** self.growth
        variance = flat * (share / periods) ** self.by_lead.b
        return mean, np.maximum(variance, negbin.LEAST_SPREAD * mean)

    def cumulative_quantile(self, tau: float, periods: int) -> Doubles:
        """(N,) the total of the next `periods` that is not exceeded with probability tau."""
        mean, variance = self.cumulative(periods)
        return negbin.quantile(self._lead_places.apply(tau, mean * self.lead / periods), mean, variance)

    @cached_property
    def growth(self) -> float:
        """γ of var(d) ∝ d^γ: 1 for independent periods, towards 2 when the level itself is unsure."""
        if self.lead == 1:
            return 1.2
        typical = np.maximum(self.rate[self.rate > 0].astype(np.float64), 1e-9)
        if typical.size == 0:
            return 1.0
        alive = np.flatnonzero(self.rate > 0)
        one = self.by_period.variance(typical, alive)
        many = self.by_lead.variance(typical * self.lead, alive)
        return float(np.clip(np.median(np.log(many / one)) / np.log(self.lead), *GROWTH_RANGE))

    @cached_property
    def _lead_places(self) -> recalibrate.Recalibration:
        if not self.settings.recalibrated:
            return recalibrate.NONE
        mean = self.back * self.past.exposed
        series, origin = np.nonzero(self.past.known & (mean > 0))
        series, origin = _thin(series, origin)
        mu = mean[series, origin]
        return recalibrate.learn(
            self.past.total[series, origin], mu, self.by_lead.variance(mu, series), weight=self.past.overlap
        )

    @cached_property
    def _period_places(self) -> recalibrate.Recalibration:
        if not self.settings.recalibrated or not self.past.design.origins:
            return recalibrate.NONE
        starts = np.array(self.past.design.origins)
        y, e = self.panel.y, self.panel.seen()
        parts = []
        for step in _steps(self.lead, self.panel.series * len(starts)):
            mean = self.back * e[:, starts + step]
            series, origin = np.nonzero(self.past.known & (mean > 0))
            parts.append((series, mean[series, origin], y[series, starts[origin] + step]))
        who, mu, actual = (np.concatenate(column) for column in zip(*parts, strict=True))
        who, mu, actual = _thin(who, mu, actual)
        weight = self.past.overlap / max(1.0, self.lead**0.5)
        return recalibrate.learn(actual, mu, self.by_period.variance(mu, who, least=0.0), weight=weight)


def fit(panel: Panel, lead: int, settings: Settings = Settings()) -> Fit:
    """Fits every series of the panel for totals over `lead` periods (and for the single periods within)."""
    plan = bt.design(panel.periods, lead, HALF_LIVES[panel.freq], settings.origins)
    past = bt.backtest(panel, plan)
    weights = mixture(past, settings.prior)
    rate = np.einsum("nk,nk->n", weights, past.rates[:, 0])
    back = np.einsum("nk,nok->no", weights, past.rates[:, 1:])
    by_lead, by_period, widening = _spreads(past, back)
    return Fit(panel, lead, rate, by_period, by_lead, widening, past, back, settings)


def mixture(past: bt.Backtest, prior: float) -> Floats:
    """(N, K) weights w_k ∝ SSE_k^{−(n+n0)/2}; the SSE profile is shrunk to the pooled one by n0 errors."""
    k = past.rates.shape[2]
    errors = past.total[:, :, None] - past.rates[:, 1:] * past.exposed[:, :, None]
    np.multiply(errors, past.known[:, :, None], out=errors)
    sse = np.einsum("nok,nok->nk", errors, errors) * np.float32(past.overlap)
    n = past.known.sum(axis=1, dtype=np.float32) * np.float32(past.overlap)
    scale = sse.mean(axis=1)
    good = (n > 0) & (scale > 0)
    if not good.any():
        return np.full((sse.shape[0], k), 1 / k, dtype=np.float32)
    relative = np.where(good[:, None], sse / np.where(good, scale, 1)[:, None], 1.0)
    profile = relative[good].mean(axis=0)
    count = np.where(good, n, 0.0)[:, None]
    level = (relative * count + prior * profile) / (count + prior)
    log_weight = -(count + prior) / 2 * np.log(np.maximum(level, 1e-6))
    weight = np.exp(log_weight - log_weight.max(axis=1, keepdims=True))
    return np.asarray(weight / weight.sum(axis=1, keepdims=True), dtype=np.float32)


def _spreads(past: bt.Backtest, back: Floats) -> tuple[spread.Spread, spread.Spread, float]:
    known = past.known.astype(np.float32)
    n = known.sum(axis=1)
    mean = back * past.exposed
    forecast, actual = (_mean_over(values, known, n) for values in (mean, past.total))
    squared = _mean_over((past.total - mean) ** 2, known, n)
    by_lead = spread.learn(forecast, actual, squared, n * np.float32(past.overlap))
    y, e, yy, ye, ee = past.squares
    errors = (yy - 2 * back[:, None] * ye + back[:, None] ** 2 * ee) * known[:, None]
    exposed = (ee * known[:, None]).sum(axis=2)
    halves = np.maximum(errors.sum(axis=2), 0.0)
    amount = exposed.sum(axis=1)
    each = halves.sum(axis=1) / np.maximum(amount, 1e-9)
    per = np.maximum((e.sum(axis=1) * known).sum(axis=1), 1e-9)
    by_period = spread.learn(
        (mean * known).sum(axis=1) / per, (y.sum(axis=1) * known).sum(axis=1) / per, each, amount * past.overlap
    )
    return by_lead, by_period, _widening(halves, exposed, each, past.design.lead)


def _mean_over(values: Floats, known: Floats, n: Floats) -> Floats:
    return np.asarray((values * known).sum(axis=1) / np.maximum(n, 1))


def _widening(halves: Floats, exposed: Floats, each: Floats, lead: int) -> float:
    """Growth of a single period's variance per step, from the second half of the windows against the first."""
    good = (each > 0) & (exposed > 0).all(axis=1)
    if lead < 2 or good.sum() < 5:
        return 0.0
    first, second = (halves[good] / exposed[good] / each[good, None]).mean(axis=0)
    return float(np.clip((second - first) / (second + first) * 4 / lead, 0.0, 0.2))


def _thin(*columns: NDArray) -> tuple[NDArray, ...]:
    size = columns[0].size
    if size <= recalibrate.PAIRS:
        return columns
    pick = np.linspace(0, size - 1, recalibrate.PAIRS).astype(np.int64)
    return tuple(column[pick] for column in columns)


def _steps(lead: int, pairs: int) -> list[int]:
    most = int(np.clip(recalibrate.PAIRS * 4 // max(pairs, 1), 1, lead))
    return sorted({int(step) for step in np.linspace(0, lead - 1, most + 2)[1:-1].round()})
