"""What the end of each period tells about the next: features of (N, T), every one from that period and before only.

Own stock against own use, receipts, the state of the same item at other sites and of the site's other items
(forecasting.md §10: the last two lift AUC from .77 to .81 on LMIS months).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import logit

from shortage.forecasting import negbin

Doubles = NDArray[np.float64]
Flags = NDArray[np.bool_]
MONTH = {"D": 30.0, "W": 4.3, "M": 1.0}
"""Periods in a month: memories below are set in months."""
BASE = 0.08
"""Rate of running empty in a period that pooled counts start from."""
TAYLOR = 1.6
"""Variance of use goes with this power of the mean over series (forecasting.md §1)."""
OWN_COUNTS = 6.0
"""Periods that the law of all series counts for beside a series' own spread."""
HINGED = (
    "cover", "cover_recent", "stock", "raw", "own_falls", "own_empty", "since_receipt", "item_empty", "site_empty",
    "receipt_share", "rate", "against_receipt",
)  # fmt: skip


@dataclass(frozen=True)
class History:
    """(N, T) arrays on one calendar, NaN where there is no row; site, item: (N,) group numbers or None."""

    y: Doubles
    stock: Doubles
    received: Doubles | None
    site: NDArray[np.int64] | None
    item: NDArray[np.int64] | None
    freq: str


@dataclass(frozen=True)
class Features:
    """values (N, T, p) float32; names (p,); stock (N, T) last known closing stock; known: it was ever known;
    rate (N, T) use per period; raw (N, T) uncalibrated probability of running empty within the lead time."""

    values: NDArray[np.float32]
    names: tuple[str, ...]
    stock: Doubles
    known: Flags
    rate: Doubles
    raw: Doubles

    @property
    def hinged(self) -> list[int]:
        return [self.names.index(name) for name in HINGED if name in self.names]


def gather(history: History, lead: int) -> Features:
    """All features for running empty within `lead` periods."""
    month = MONTH[history.freq]
    seen = np.isfinite(history.stock)
    stock, known = _carried(history.stock)
    use_seen = np.isfinite(history.y)
    y = np.where(use_seen, history.y, 0.0)
    before = np.full(stock.shape, np.nan)
    before[:, 1:] = np.where(known, stock, np.nan)[:, :-1]
    received = _received(history, y, stock, before)
    columns, rate, raw = _use(y, use_seen, stock, month, lead)
    empty = (stock <= 0) & seen
    could_fall = seen & (before > 0)
    fell = empty & could_fall
    columns |= _stock(stock, before, empty, seen, month)
    columns |= _receipts(received, seen, stock, rate, month)
    usual = _usual(fell, could_fall)
    columns["own_falls"] = _discounted(fell, could_fall, np.inf, 8, usual)
    columns["own_falls_recent"] = _discounted(fell, could_fall, 6 * month, 3, usual)
    state = _State(empty, seen, fell, could_fall, received > 0, stock > 0, columns["cover"])
    for name, group in (("item", history.item), ("site", history.site)):
        if group is not None:
            columns |= _group(name, group, state, month)
    everywhere = fell.sum(axis=0) / np.maximum(could_fall.sum(axis=0), 1)
    columns["falls_everywhere"] = np.broadcast_to(everywhere, stock.shape)
    names = tuple(columns)
    values = np.empty((*stock.shape, len(names)), dtype=np.float32)
    for k, name in enumerate(names):
        values[:, :, k] = columns[name]
    return Features(values, names, stock, known, rate, raw)


def _usual(fell: Flags, could_fall: Flags) -> Doubles:
    """(T,) share of all periods so far, over all series, in which a stocked shelf ran empty; 50 periods at BASE to begin."""
    return np.asarray((fell.sum(axis=0).cumsum() + 50 * BASE) / (could_fall.sum(axis=0).cumsum() + 50))


def _carried(stock: Doubles) -> tuple[Doubles, Flags]:
    """The last known stock at every period (0 before the first), and whether there was one."""
    seen = np.isfinite(stock)
    last = np.maximum.accumulate(np.where(seen, np.arange(stock.shape[1]), -1), axis=1)
    carried = np.take_along_axis(np.where(seen, stock, 0.0), np.maximum(last, 0), axis=1)
    return np.where(last >= 0, carried, 0.0), last >= 0


def _received(history: History, y: Doubles, stock: Doubles, before: Doubles) -> Doubles:
    """Receipts as recorded, else what the balance implies."""
    implied = np.maximum(np.nan_to_num(stock - before + y), 0.0)
    if history.received is None:
        return np.where(np.isfinite(history.stock), implied, 0.0)
    return np.where(np.isfinite(history.received), history.received, 0.0)


def _use(
    y: Doubles, seen: Flags, stock: Doubles, month: float, lead: int
) -> tuple[dict[str, NDArray], Doubles, Doubles]:
    recent, middle, ever = (_discounted(y, seen, h) for h in (2 * month, 6 * month, np.inf))
    rate = (recent + middle + ever) / 3
    variance = _variance(y, seen, rate, month) * lead**1.3
    raw = negbin.reaches(stock, np.maximum(rate * lead, 1e-3), np.maximum(variance, 2e-3))
    columns: dict[str, NDArray] = {
        "cover": _ratio(stock, rate * lead, 0.5, 0.25),
        "cover_recent": _ratio(stock, recent * lead, 0.5, 0.25),
        "cover_middle": _ratio(stock, middle * lead, 0.5, 0.25),
        "raw": logit(np.clip(raw, 1e-4, 1 - 1e-4)),
        "raw_probability": raw,
        "rate": np.log(rate + 0.1),
        "no_use": y == 0,
        "use_now": _ratio(y, rate, 0.5, 0.5),
    }
    return columns, rate, raw


def _variance(y: Doubles, seen: Flags, rate: Doubles, month: float) -> Doubles:
    """(N, T) variance of one period's use: each series' own, held near c·rate^1.6 by OWN_COUNTS periods, where c is the
    geometric mean over the series as they stood at the same period."""
    own = _discounted((y - rate) ** 2, seen, 12 * month)
    counted = _decayed(seen.astype(np.float64), np.zeros(seen.shape), 12 * month, 1, 0)
    usable = (rate > 0) & (own > 0) & (counted >= 3)
    spread = np.where(usable, np.log(np.maximum(own, 1e-12)) - TAYLOR * np.log(np.maximum(rate, 1e-12)), 0.0)
    few = 5
    level = np.exp((spread.sum(axis=0) + few * np.log(2.5)) / (usable.sum(axis=0) + few))
    pooled = level[None, :] * rate**TAYLOR
    mixed = (counted * own + OWN_COUNTS * pooled) / (counted + OWN_COUNTS)
    return np.asarray(np.maximum(mixed, 1.02 * rate))


def _stock(stock: Doubles, before: Doubles, empty: Flags, seen: Flags, month: float) -> dict[str, NDArray]:
    return {
        "stock": np.log1p(stock),
        "one_left": stock == 1,
        "few_left": (stock > 1) & (stock <= 5),
        "own_empty_recent": _discounted(empty, seen, 3 * month, 1, 0.2),
        "own_empty": _discounted(empty, seen, np.inf, 2, 0.2),
        "since_empty": _since(empty, month),
        "change": _ratio(stock, np.where(np.isfinite(before), before, stock), 0.5, 0.5),
        "not_seen": ~seen,
        "new": ~np.isfinite(before),
        "against_most": _ratio(stock, np.maximum.accumulate(stock, axis=1), 0.5, 0.5),
    }


def _receipts(received: Doubles, seen: Flags, stock: Doubles, rate: Doubles, month: float) -> dict[str, NDArray]:
    came = received > 0
    at = np.maximum.accumulate(np.where(came, np.arange(stock.shape[1]), -1), axis=1)
    last = np.where(at >= 0, np.take_along_axis(received, np.maximum(at, 0), axis=1), 0.0)
    return {
        "receipt_share_recent": _discounted(came, seen, 6 * month, 1, 0.3),
        "receipt_share": _discounted(came, seen, np.inf, 2, 0.3),
        "since_receipt": _since(came, month),
        "receipt_now": came,
        "last_receipt": _ratio(last, rate, 0.5, 0.5),
        "against_receipt": _ratio(stock, last, 0.5, 0.5),
    }


@dataclass(frozen=True)
class _State:
    """Flags and covers of every series and period, as the groups look at them."""

    empty: Flags
    seen: Flags
    fell: Flags
    could_fall: Flags
    came: Flags
    stocked: Flags
    cover: Doubles


def _group(name: str, group: NDArray[np.int64], state: _State, month: float) -> dict[str, NDArray]:
    """The others of the group (itself left out), and the group's own history of running empty."""
    now = _others(state.empty, state.seen, group, 2, 0.3)
    # A series counts as silent only once it has spoken: that it will appear later is not known yet.
    begun = np.logical_or.accumulate(state.seen, axis=1)
    columns: dict[str, NDArray] = {
        f"{name}_empty": now,
        f"{name}_emptied": _others(state.fell, state.could_fall, group, 5, BASE),
        f"{name}_received": _others(state.came & state.seen, state.seen, group, 2, 0.3),
        f"{name}_cover": _others(np.clip(state.cover, -3, 4), state.seen & state.stocked, group, 1, 1.5),
        f"{name}_unseen": _others(begun & ~state.seen, begun, group, 1, 0.2),
    }
    change = now.copy()
    change[:, 1:] -= now[:, :-1]
    change[:, 0] = 0
    columns[f"{name}_change"] = change
    falls, chances = (_summed(a, group) for a in (state.fell, state.could_fall))
    for label, memory in (("recent", 2 * month), ("year", 12 * month)):
        columns[f"{name}_falls_{label}"] = np.log(_decayed(falls, chances, memory, 5, BASE))[group]
    return columns


def _ratio(top: NDArray, bottom: NDArray, add: float, under: float) -> Doubles:
    return np.asarray(np.log((top + add) / (bottom + under)))


def _discounted(
    values: NDArray, seen: Flags, half_life: float, start: float = 0.0, at: float | Doubles = 0.0
) -> Doubles:
    """Discounted mean of the values seen up to and with each period; `start` pseudo-periods at `at` (one, or (T,))."""
    return _decayed(np.where(seen, values, 0.0), seen.astype(np.float64), half_life, start, at)


def _decayed(top: NDArray, bottom: NDArray, half_life: float, start: float, at: float | Doubles) -> Doubles:
    prior = start * np.broadcast_to(at, top.shape[1])
    keep = float(np.exp2(-1 / half_life))
    above, below = np.zeros(top.shape[0]), np.zeros(top.shape[0])
    out = np.empty(top.shape)
    for t in range(top.shape[1]):
        above = above * keep + top[:, t]
        below = below * keep + bottom[:, t]
        out[:, t] = (above + prior[t]) / np.maximum(below + start, 1e-9)
    return out


def _since(flag: Flags, month: float) -> Doubles:
    """log(1 + months since the flag was last up), three years at most."""
    t = np.arange(flag.shape[1])
    last = np.maximum.accumulate(np.where(flag, t, -(10**6)), axis=1)
    return np.log1p(np.minimum((t - last) / month, 36.0))


def _summed(values: NDArray, group: NDArray[np.int64]) -> Doubles:
    sums = np.zeros((int(group.max()) + 1, values.shape[1]))
    np.add.at(sums, group, values)
    return sums


def _others(values: NDArray, seen: Flags, group: NDArray[np.int64], start: float, at: float) -> Doubles:
    """Mean over the other members of the group in the same period; `start` pseudo-members at `at`."""
    mine = np.where(seen, values, 0.0)
    top, bottom = _summed(mine, group)[group] - mine, _summed(seen, group)[group] - seen
    return np.asarray((top + start * at) / (bottom + start))
