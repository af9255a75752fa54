"""The forecast of a file of series: seasonal factors where proved, DMX, and the own past of slow movers.

`mean` of a file: the mean of the nine deciles of the forecast law, i.e. the expectation with the rarest tenth at either
end left out. On carparts and Côte d'Ivoire LMIS months it errs less than the full expectation by RMSSE as well as by
MASE (docs/measurements-forecasting.md): the far tail is one-off bulk issues that do not come again. It lies below the
full expectation for slow movers; whoever buys wants a quantile of the lead-time total (`Fit.cumulative_quantile`), and
totals over many series want `point="expectation"`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from shortage.forecasting import dmx, empirical, exposure, seasonal
from shortage.forecasting.panel import Floats, Freq, Panel

DECILES = [k / 10 for k in range(1, 10)]
OWN_PAST = 0.25
"""Share of the own past in the quantiles of series without proved seasonality."""
LEAST_SEEN = 8
"""Issues from which a common pack is read: two issues of 100 say nothing about a pack of 100."""
Point = Literal["trimmed", "expectation"]


@dataclass(frozen=True)
class Outlook:
    """mean (N, H) and quantiles (Q, N, H) of the H periods after each series' last."""

    mean: NDArray[np.float64]
    quantiles: NDArray[np.float64]


def forecast(
    y: Floats,
    freq: Freq,
    horizon: int,
    taus: list[float],
    *,
    stock_end: Floats | None = None,
    ends: NDArray[np.int64] | None = None,
    point: Point = "trimmed",
) -> Outlook:
    """Forecasts every series of (N, T) issues, right-aligned: column T−1 is each series' own last period.

    NaN is missing. Issues in packs are forecast in packs. stock_end (N, T) marks censored periods. ends (N,): absolute number of the last period, for the
    phase of seasons; without it no seasons are looked for.
    """
    unit = units(y)
    y = np.asarray(y, dtype=np.float64) / unit[:, None]
    known = Panel(y, None if stock_end is None else exposure.from_stock(y, stock_end, freq), freq)
    seasons = None if ends is None else seasonal.factors(known.y, known.seen(), ends, freq, horizon)
    panel = known
    if seasons is not None:
        panel = Panel(known.y, exposure.combine(known.exposure, seasons[0]), freq, seasons[1])
    fit = dmx.fit(panel, max(1, min(horizon, panel.periods // 3)))
    asked = sorted({*DECILES, *taus}) if point == "trimmed" else sorted(set(taus))
    law = dict(zip(asked, fit.quantiles(asked, horizon), strict=True))
    past = dict(zip(asked, empirical.quantiles(known, asked), strict=True))
    share = np.full((panel.series, 1), OWN_PAST)
    if seasons is not None:
        share[np.ptp(seasons[1], axis=1) > 0] = 0.0
    mixed = {tau: (1 - share) * law[tau] + share * past[tau][:, None] for tau in asked}
    mean = fit.mean(horizon) if point == "expectation" else _trimmed(fit, horizon, past, share)
    found = np.array([mixed[tau] for tau in taus]).reshape(len(taus), *mean.shape)
    return Outlook(mean * unit[:, None], found * unit[None, :, None])


def units(y: Floats) -> NDArray[np.float64]:
    """(N,) what each series is counted in: the largest pack that divides every issue, and for fractions (kilograms,
    thousands) a quarter of the usual issue. The law is one of counts: the forecast must not depend on the unit."""
    values = np.nan_to_num(np.asarray(y, dtype=np.float64))
    found = np.ones(len(values))
    whole = (values == np.round(values)).all(axis=1)
    often = (values > 0).sum(axis=1) >= LEAST_SEEN
    found[whole & often] = np.gcd.reduce(values[whole & often].astype(np.int64), axis=1)
    for n in np.flatnonzero(~whole):
        usual = float(np.median(values[n][values[n] > 0]))
        if usual < 2:
            found[n] = usual / 4
    return found


def _trimmed(fit: dmx.Fit, horizon: int, past: dict[float, Floats], share: Floats) -> NDArray[np.float64]:
    """Mean of the deciles, without the recalibration: that bends the tails, which are just what is left out here."""
    plain = replace(fit, settings=replace(fit.settings, recalibrated=False))
    law = plain.quantiles(DECILES, horizon).mean(axis=0)
    own = np.mean([past[tau] for tau in DECILES], axis=0)[:, None]
    return np.asarray((1 - share) * law + share * own)
