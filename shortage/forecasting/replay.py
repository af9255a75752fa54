"""Walks through a history and answers, at the end of every period, how likely the shelf is empty by the next one.

Never looks ahead: features of a period use it and earlier ones, a model used at period t was learned from cases whose
outcome was known at t, and when it is learned again depends on what was known, not on where the replay starts.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from shortage.forecasting import learner, tracking
from shortage.forecasting.evidence import MONTH, Doubles, Features, Flags, History, gather
from shortage.rules import grading

LEAST_CASES, LEAST_OF_EACH, MOST_CASES = 150, 10, 40_000
STEADY_EVENTS = 40.0
"""Events known at which the learner counts as much as what is true of any shelf."""
GROWTH, GROWTH_LATER = 1.12, 1.6
"""A model is learned again when the cases known have grown by this factor (the second beyond MOST_CASES)."""
OBSERVED = 0.8
"""Share of the lead time that must be observed for "it did not run out" to count."""
PRIOR = {True: (0.5, 0.35, 0.7), False: (1.7, 0.0, 0.0)}
"""Before anything was learned, with stock on hand and without: intercept, and weights on the raw log odds and on the log
odds of the series' own share of periods that ran empty. Round figures over unlike histories; `tracking` corrects them."""
MEMORY = 36.0
"""Months after which an outcome counts half in the correction of what is told."""
ALERT_RANGE, FIRST_THRESHOLD = (0.1, 0.4), 0.2


@dataclass(frozen=True)
class Replay:
    """(N, T) arrays. risk: probability of an empty shelf at the end of the next period (or within the lead time);
    happened / known: what came and whether it can be told; level: grading codes, as seen at each period's end;
    threshold (T,): the risk from which a yellow level was raised; stock, rate, row: last known stock, use per period,
    and whether the file has a row."""

    risk: Doubles
    happened: Flags
    known: Flags
    level: NDArray[np.int8]
    threshold: Doubles
    stock: Doubles
    rate: Doubles
    row: Flags


def replay(history: History, lead: int) -> Replay:
    """Risk and level of every series at every period of the history."""
    features = gather(history, lead)
    happened, known = outcomes(history.stock, lead)
    row = np.isfinite(history.y) | np.isfinite(history.stock)
    risk = np.full(history.stock.shape, np.nan)
    seen = np.isfinite(history.stock)
    for stocked in (True, False):
        cases = seen & ((features.stock > 0) == stocked)
        asked = row & ((features.stock > 0) == stocked)
        mine = _walk(features, cases & known, happened, asked, lead, history.freq, stocked)
        risk = np.where(asked, mine, risk)
    threshold = thresholds(risk, happened, known & (features.stock > 0), lead)
    level = _levels(features, risk, threshold, row, history.freq)
    return Replay(risk, happened, known, level, threshold, features.stock, features.rate, row)


def outcomes(stock: Doubles, lead: int) -> tuple[Flags, Flags]:
    """(N, T) whether stock was 0 at the end of any of the next `lead` periods, and whether that can be told."""
    n, t = stock.shape
    empty, seen = np.zeros((n, t + lead)), np.zeros((n, t + lead))
    empty[:, :t], seen[:, :t] = stock <= 0, np.isfinite(stock)
    counts = []
    for flags in (empty, seen):
        total = np.concatenate([np.zeros((n, 1)), flags.cumsum(axis=1)], axis=1)
        counts.append(total[:, lead + 1 : lead + 1 + t] - total[:, 1 : t + 1])
    within = np.arange(t) + lead < t
    return counts[0] > 0, (counts[1] >= OBSERVED * lead) & within


def _walk(
    features: Features, cases: Flags, happened: Flags, asked: Flags, lead: int, freq: str, stocked: bool
) -> Doubles:
    """(N, T) risk where `asked`, period by period, from the cases known at each.

    First what is true of any shelf, corrected by what came; from LEAST_CASES on a learner too, which counts the more the
    more events it has learned from.
    """
    told = cases & asked
    memory = MEMORY * MONTH[freq]
    first = tracking.tracked(np.where(asked, _prior(features, stocked), np.nan), told, happened, lead, memory)
    learned = _learned_odds(features, first, told, happened, asked, lead)
    ended = np.concatenate([np.zeros(lead), np.cumsum((told & happened).sum(axis=0))])[: first.shape[1]]
    share = ended / (ended + STEADY_EVENTS)
    found = np.where(np.isfinite(learned), share * learned + (1 - share) * first, first)
    return np.where(asked, np.clip(expit(found), 0.001, 0.999), np.nan)


def _prior(features: Features, stocked: bool) -> Doubles:
    at, raw, falls = PRIOR[stocked]
    own = features.values[:, :, features.names.index("own_falls")].astype(np.float64)
    odds = features.values[:, :, features.names.index("raw")].astype(np.float64)
    return np.asarray(at + raw * np.where(features.known, odds, 0.0) + falls * logit(np.clip(own, 1e-4, 0.99)))


def _learned_odds(features: Features, first: Doubles, told: Flags, happened: Flags, asked: Flags, lead: int) -> Doubles:
    """(N, T) log odds of the learners, NaN before the first; each knows the cases that had ended by its period."""
    counts = np.cumsum(told.sum(axis=0))
    many = np.log(np.maximum(counts / MOST_CASES, 1)) / np.log(GROWTH_LATER)
    steps = np.floor(np.log(np.clip(counts, 1, MOST_CASES)) / np.log(GROWTH)) + np.floor(many)
    odds = np.full(first.shape, np.nan)
    model, learned = None, -1.0
    for t in range(first.shape[1]):
        last = t - lead
        if last >= 0 and steps[last] > learned:
            learned = steps[last]
            cut = int(np.searchsorted(steps, learned))
            model = _learned(features, told[:, : cut + 1], happened)
        rows = np.flatnonzero(asked[:, t])
        if rows.size and model is not None:
            odds[rows, t] = model.log_odds(features.values[rows, t].astype(np.float64))
    return odds


def _learned(features: Features, cases: Flags, happened: Flags) -> learner.Learner | None:
    # Period by period, so that a series appearing later cannot change the order of earlier cases.
    period, series = np.nonzero(cases.T)
    if series.size > MOST_CASES:
        pick = np.linspace(0, series.size - 1, MOST_CASES).astype(np.int64)
        series, period = series[pick], period[pick]
    came = happened[series, period]
    if came.size < LEAST_CASES or min(came.sum(), (~came).sum()) < LEAST_OF_EACH:
        return None
    x = features.values[series, period].astype(np.float64)
    return learner.learn(x, came, features.hinged)


def thresholds(risk: Doubles, happened: Flags, cases: Flags, lead: int) -> Doubles:
    """(T,) the risk with the best F1 among the cases whose outcome was known at each period."""
    found = np.full(risk.shape[1], FIRST_THRESHOLD)
    grid = np.linspace(*ALERT_RANGE, 31)
    usable = cases & np.isfinite(risk)
    period = np.nonzero(usable)[1]
    place = np.searchsorted(grid, risk[usable], side="right")
    t, g = risk.shape[1], grid.size
    came = happened[usable]
    # Histogram by period and place, cumulated over time and from the top: cases and hits at or above each grid value.
    above, hits = (
        np.bincount(period * (g + 1) + place, weights, t * (g + 1))
        .reshape(t, g + 1)
        .cumsum(axis=0)[:, ::-1]
        .cumsum(axis=1)[:, ::-1]
        for weights in (np.ones(came.size), came.astype(np.float64))
    )
    f1 = 2 * hits[:, 1:] / np.maximum(above[:, 1:] + hits[:, :1], 1)
    enough = hits[:, 0] >= 2 * LEAST_OF_EACH
    best = grid[f1.argmax(axis=1)]
    later = np.arange(lead, t)
    found[later] = np.where(enough[later - lead], best[later - lead], FIRST_THRESHOLD)
    return found


def _levels(features: Features, risk: Doubles, threshold: Doubles, row: Flags, freq: str) -> NDArray[np.int8]:
    """Grades every period. Days keep the hysteresis of the nightly job; a week or month is a decision of its own."""
    rules = grading.Thresholds() if freq == "D" else grading.Thresholds(off=1.0, clear_days=1)
    n, t = risk.shape
    level = np.zeros((n, t), dtype=np.int8)
    standing = grading.Standing.nothing(n)
    nowhere = np.zeros(n)
    wanted = features.rate * MONTH[freq] >= 0.5
    for k in range(t):
        p = np.where(row[:, k], np.nan_to_num(risk[:, k]), 0.0)
        empty = row[:, k] & features.known[:, k] & (features.stock[:, k] <= 0) & wanted[:, k]
        urgent = np.where(empty | (features.stock[:, k] > 0), p, 0.0)
        seen = grading.Evidence(
            p7=urgent,
            p14=urgent,
            days_out=urgent / threshold[k] * rules.yellow_days_out,
            empty_with_demand=empty,
            shortage=nowhere,
            overdue=nowhere.astype(np.int64),
            notice=nowhere.astype(bool),
        )
        standing = grading.grade(seen, standing, rules)
        level[:, k] = np.where(row[:, k], standing.level, 0)
    return level
