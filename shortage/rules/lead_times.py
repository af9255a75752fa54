"""How long orders take, by supplier: what was seen, steadied by all suppliers together and by a prior law.

A delivery is late when it took more than twice the usual (median) time and two days. The others give the lognormal
body, the late ones the late share and the delay on top. A supplier's own deliveries count n/(n + 30) against the pool,
the pool n/(n + 30) against the defaults of `arrivals.LeadTime` (forecasting.md §8: pooled up to 30 deliveries).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from shortage.forecasting.arrivals import LeadTime

Doubles = NDArray[np.float64]
PRIOR_COUNT = 30
LONGEST = 180


@dataclass(frozen=True)
class LeadLaws:
    """One law per row: row 0 is the pool (for suppliers never seen), then `suppliers`. Means in days."""

    suppliers: tuple[str, ...]
    counts: NDArray[np.int64]
    mean: Doubles
    log_sd: Doubles
    late_share: Doubles
    late_median: Doubles

    def rows(self, suppliers: pd.Series | list[str]) -> NDArray[np.int64]:
        """Row of each supplier code."""
        place = {code: k + 1 for k, code in enumerate(self.suppliers)}
        return np.array([place.get(code, 0) for code in suppliers], dtype=np.int64)

    def of(self, rows: NDArray[np.int64]) -> LeadTime:
        """The law with arrays of the shape of `rows` in its fields."""
        return LeadTime(self.mean[rows], self.log_sd[rows], self.late_share[rows], self.late_median[rows])

    def stored(self) -> dict[str, list]:
        """As JSON, for the pages that ask again by day; `restored` reads it."""
        numbers = (self.mean, self.log_sd, self.late_share, self.late_median)
        names = ("mean", "log_sd", "late_share", "late_median")
        told = {name: [round(float(x), 6) for x in values] for name, values in zip(names, numbers, strict=True)}
        return {"suppliers": list(self.suppliers), "counts": self.counts.tolist(), **told}

    def expected(self) -> Doubles:
        """(rows,) expected days from order to arrival, late ones included."""
        late = self.late_median * np.exp(LeadTime().late_log_sd ** 2 / 2)
        return self.mean + self.late_share * np.minimum(late, LeadTime().longest)


def restored(told: dict[str, list]) -> LeadLaws:
    """The laws that `LeadLaws.stored` wrote; the default law alone where nothing is written."""
    if not told:
        return learn([], [])
    numbers = (np.array(told[name], dtype=float) for name in ("mean", "log_sd", "late_share", "late_median"))
    return LeadLaws(tuple(told["suppliers"]), np.array(told["counts"], dtype=np.int64), *numbers)


def learn(suppliers: pd.Series | list[str], days: pd.Series | list[int]) -> LeadLaws:
    """From one entry per order that arrived: supplier code ("" when not known) and the days it took."""
    frame = pd.DataFrame({"supplier": list(suppliers), "days": np.clip(np.asarray(days, dtype=float), 0.5, LONGEST)})
    start = LeadTime()
    default = np.array([start.mean, start.log_sd, start.late_share, start.late_median], dtype=float)
    pool = _steadied(frame.days.to_numpy(), default)
    named = {str(code): group.to_numpy() for code, group in frame[frame.supplier != ""].groupby("supplier").days}
    table = np.array([pool, *(_steadied(group, pool) for group in named.values())])
    counts = np.array([len(frame), *(len(group) for group in named.values())], dtype=np.int64)
    return LeadLaws(tuple(named), counts, *table.T)


def _steadied(days: Doubles, towards: Doubles) -> Doubles:
    """(mean, log_sd, late_share, late_median) of these deliveries, pulled towards a law by PRIOR_COUNT deliveries."""
    if days.size == 0:
        return towards
    median = float(np.median(days))
    late = days > 2 * median + 2
    usual, delayed = days[~late], days[late] - median
    mean = usual.mean()
    seen = np.array([mean, usual.std() / mean, late.mean(), np.median(delayed) if late.any() else towards[3]])
    count = np.array([usual.size, usual.size, days.size, delayed.size], dtype=float)
    weight = count / (count + PRIOR_COUNT)
    mixed: Doubles = weight * seen + (1 - weight) * towards
    mixed[1] = np.clip(mixed[1], 0.1, 1.2)
    return mixed
