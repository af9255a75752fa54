"""A calibrated probability learned from past cases: ridge logistic and shallow boosted trees, averaged in log odds.

The logistic carries the smooth part and the trees the corners (a receipt this month with little stock); together they
rank better than either on LMIS months (docs/measurements-forecasting.md). Plain numpy; the same rows give the same answer.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

Doubles = NDArray[np.float64]
KNOTS = (0.1, 0.25, 0.5, 0.75, 0.9)


@dataclass(frozen=True)
class Settings:
    """ridge: penalty of the logistic; trees, depth, rate, leaf: boosting; bins: steps a feature is cut into."""

    ridge: float = 20.0
    trees: int = 60
    depth: int = 3
    rate: float = 0.1
    leaf: float = 30.0
    bins: int = 32
    rounds: int = 12


@dataclass(frozen=True)
class Logistic:
    """Linear in standardised features and in hinges at the knots of some of them."""

    centre: Doubles
    scale: Doubles
    knots: tuple[tuple[int, Doubles], ...]
    weights: Doubles

    def log_odds(self, x: Doubles) -> Doubles:
        return np.asarray(self.weights[0] + _expanded(x, self.centre, self.scale, self.knots) @ self.weights[1:])


@dataclass(frozen=True)
class Trees:
    """Oblivious trees: every level of a tree asks the same question. cuts: per feature; splits: (feature, bin)."""

    cuts: tuple[Doubles, ...]
    start: float
    splits: tuple[tuple[tuple[int, int], ...], ...]
    leaves: tuple[Doubles, ...]

    def log_odds(self, x: Doubles) -> Doubles:
        codes = _codes(x, self.cuts)
        odds = np.full(len(x), self.start)
        for questions, values in zip(self.splits, self.leaves, strict=True):
            leaf = np.zeros(len(x), dtype=np.int64)
            for feature, cut in questions:
                leaf = leaf * 2 + (codes[feature] > cut)
            odds += values[leaf]
        return odds


@dataclass(frozen=True)
class Learner:
    logistic: Logistic
    trees: Trees

    def log_odds(self, x: Doubles) -> Doubles:
        """(n,) for features (n, p)."""
        return np.asarray((self.logistic.log_odds(x) + self.trees.log_odds(x)) / 2)

    def probability(self, x: Doubles) -> Doubles:
        return np.asarray(expit(self.log_odds(x)))


def learn(x: Doubles, happened: NDArray[np.bool_], hinged: list[int], settings: Settings = Settings()) -> Learner:
    """From cases (n, p) and what happened (n,); `hinged` are the features that may bend."""
    y = happened.astype(np.float64)
    return Learner(_logistic(x, y, hinged, settings), _trees(x, y, settings))


def _logistic(x: Doubles, y: Doubles, hinged: list[int], settings: Settings) -> Logistic:
    centre, scale = x.mean(axis=0), x.std(axis=0) + 1e-6
    bent = np.clip((x[:, hinged] - centre[hinged]) / scale[hinged], -5, 5)
    knots = tuple((j, np.unique(np.quantile(bent[:, k], KNOTS))) for k, j in enumerate(hinged))
    design = np.concatenate([np.ones((len(x), 1)), _expanded(x, centre, scale, knots)], axis=1)
    penalty = np.full(design.shape[1], settings.ridge)
    penalty[0] = 1e-6
    weights = np.zeros(design.shape[1])
    weights[0] = logit(np.clip(y.mean(), 1e-4, 1 - 1e-4))
    return Logistic(centre, scale, knots, _newton(design, y, weights, penalty, settings.rounds))


def _newton(design: Doubles, y: Doubles, weights: Doubles, penalty: Doubles, rounds: int) -> Doubles:
    """Newton steps, each halved until the penalised likelihood rises: undamped steps swing apart on rare events."""
    worth = -np.inf
    odds = design @ weights
    for _ in range(rounds):
        p = expit(odds)
        gradient = design.T @ (y - p) - penalty * weights
        curvature = (design * (p * (1 - p))[:, None]).T @ design + np.diag(penalty)
        step = np.linalg.solve(curvature, gradient)
        moved = design @ step
        before, worth = worth, -np.inf
        for share in (1.0, 0.5, 0.25, 0.125, 0.06, 0.03):
            tried, tried_odds = weights + share * step, odds + share * moved
            worth = float((y * tried_odds - np.logaddexp(0, tried_odds)).sum() - (penalty * tried**2).sum() / 2)
            if worth > before:
                break
        if worth <= before:
            break
        weights, odds = tried, tried_odds
        if np.abs(step).max() < 1e-3 or worth - before < 1e-4 * abs(worth):
            break
    return weights


def _expanded(x: Doubles, centre: Doubles, scale: Doubles, knots: tuple[tuple[int, Doubles], ...]) -> Doubles:
    z = np.clip((x - centre) / scale, -5, 5)
    hinges = [np.maximum(z[:, j, None] - at[None, :], 0) for j, at in knots]
    return np.concatenate([z, *hinges], axis=1)


def _codes(x: Doubles, cuts: tuple[Doubles, ...]) -> NDArray[np.int64]:
    """(p, n) bin of every value."""
    return np.stack([np.searchsorted(at, x[:, j]) for j, at in enumerate(cuts)])


def _trees(x: Doubles, y: Doubles, settings: Settings) -> Trees:
    inner = np.linspace(0, 1, settings.bins + 1)[1:-1]
    cuts = tuple(np.unique(np.quantile(x[:, j], inner)) for j in range(x.shape[1]))
    codes = _codes(x, cuts)
    start = float(logit(np.clip(y.mean(), 1e-4, 1 - 1e-4)))
    odds = np.full(len(y), start)
    splits, leaves = [], []
    # Trees take turns at the features: half the work, and they learn less of the same noise.
    turns = [codes[k::2] + settings.bins * np.arange(len(codes[k::2]))[:, None] for k in (0, 1)]
    for tree in range(settings.trees):
        turn, offered = tree % 2, turns[tree % 2]
        p = expit(odds)
        gradient, curvature = y - p, p * (1 - p)
        slopes = (np.tile(gradient, len(offered)), np.tile(curvature, len(offered)))
        leaf = np.zeros(len(y), dtype=np.int64)
        questions = []
        for level in range(settings.depth):
            chosen, cut = _question(offered, leaf, slopes, 1 << level, settings)
            feature = turn + 2 * chosen
            questions.append((feature, cut))
            leaf = leaf * 2 + (codes[feature] > cut)
        size = 1 << settings.depth
        top, bottom = (np.bincount(leaf, a, size) for a in (gradient, curvature))
        values = settings.rate * top / (bottom + settings.leaf)
        odds += values[leaf]
        splits.append(tuple(questions))
        leaves.append(values)
    return Trees(cuts, start, tuple(splits), tuple(leaves))


def _question(
    offered: NDArray[np.int64], leaf: NDArray[np.int64], slopes: tuple[Doubles, Doubles], size: int, settings: Settings
) -> tuple[int, int]:
    """(place among those offered, bin) that, asked of every leaf, gains most.

    offered (f, n): codes with each feature's own stretch of the histogram added; all features are counted at once.
    """
    f, bins = len(offered), settings.bins
    place = (offered + (leaf * (f * bins))[None, :]).ravel()
    top, bottom = (np.bincount(place, a, size * f * bins).reshape(size, f, bins) for a in slopes)
    left_top, left = top.cumsum(axis=2)[:, :, :-1], bottom.cumsum(axis=2)[:, :, :-1]
    right_top, right = top.sum(axis=2, keepdims=True) - left_top, bottom.sum(axis=2, keepdims=True) - left
    gain = (left_top**2 / (left + settings.leaf) + right_top**2 / (right + settings.leaf)).sum(axis=0)
    feature, cut = np.unravel_index(int(gain.argmax()), gain.shape)
    return int(feature), int(cut)
