"""Items with a short history lean on the same item at other institutions of the same level.

    日均用量 = w × 本机构 + (1 − w) × 同级同品规平均 × 机构规模比       w = 有效天数 ÷ (有效天数 + 14)

Only below YOUNG_DAYS known days, and only where another institution of the level has a long history: on LMIS months the
level of others was a worse guide than three own months (docs/measurements-forecasting.md), so own days soon outweigh it.
The spread of the others' rates is added to the variance: how much this place differs is not known yet.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]
Ints = NDArray[np.int64]
YOUNG_DAYS = 60
OWN_DAYS = 14.0
"""Days in stock after which the own rate counts as much as the others'."""
SIZE_RANGE = (0.2, 5.0)


@dataclass(frozen=True)
class Pooled:
    """rate (N,): per day after leaning on others; spread (N,): variance of that rate beyond the own law's; weight (N,):
    share of the own rate, 1 where nothing was pooled; peers (N,): institutions leant on."""

    rate: Doubles
    spread: Doubles
    weight: Doubles
    peers: Ints


def pool(rate: Doubles, observed: Ints, exposed: Doubles, drug: Ints, level: Ints, institution: Ints) -> Pooled:
    """All arrays (N,): own rate a day, known days, days in stock, and numbers of drug, level and institution."""
    n = len(rate)
    nothing = Pooled(rate, np.zeros(n), np.ones(n), np.zeros(n, dtype=np.int64))
    old, young = observed >= YOUNG_DAYS, (observed > 0) & (observed < YOUNG_DAYS)
    if not young.any() or not old.any():
        return nothing
    _, group = np.unique(np.stack([drug, level]), axis=1, return_inverse=True)
    size = _sizes(rate, old, group, institution)
    even = rate / size
    count = np.bincount(group[old], minlength=group.max() + 1)
    mean = np.bincount(group[old], even[old], group.max() + 1) / np.maximum(count, 1)
    square = np.bincount(group[old], even[old] ** 2, group.max() + 1) / np.maximum(count, 1)
    between = np.where(count > 1, np.maximum(square - mean**2, 0.0), mean**2)
    leans = young & (count[group] > 0)
    weight = np.where(leans, exposed / (exposed + OWN_DAYS), 1.0)
    others = mean[group] * size
    found = np.where(leans, weight * rate + (1 - weight) * others, rate)
    spread = np.where(leans, ((1 - weight) * size) ** 2 * between[group], 0.0)
    return Pooled(found, spread, weight, np.where(leans, count[group], 0))


def _sizes(rate: Doubles, old: NDArray[np.bool_], group: Ints, institution: Ints) -> Doubles:
    """(N,) how much larger the institution's use is than that of its level: geometric mean over its old items."""
    used = old & (rate > 0)
    if not used.any():
        return np.ones(len(rate))
    logs = np.log(rate[used])
    count = np.bincount(group[used], minlength=group.max() + 1)
    usual = np.bincount(group[used], logs, group.max() + 1) / np.maximum(count, 1)
    places, at = np.unique(institution, return_inverse=True)
    mine = at[used]
    # Ten items' worth of "as large as the others" steadies places with few items.
    total = np.bincount(mine, logs - usual[group[used]], len(places))
    ratio = np.exp(total / (np.bincount(mine, minlength=len(places)) + 10.0))
    return np.asarray(np.clip(ratio, *SIZE_RANGE)[at])
