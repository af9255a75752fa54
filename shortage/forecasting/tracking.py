"""Keeps probabilities true while time goes on: odds told so far against what came, period by period.

logit p′ = a + b·logit p (Platt 1999), refitted at every period from the cases whose outcome is known by then, older ones
fading; a and b are held near 0 and 1 until enough has happened. Counts are kept by steps of the log odds, so a period
costs the same however many cases there were.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

Doubles = NDArray[np.float64]
Flags = NDArray[np.bool_]
EDGES: Doubles = np.linspace(-8.0, 6.0, 57)
SHIFT, SLOPE = 1.5, 0.3
"""How far a and b may stray before anything is known: standard deviations of their normal priors."""
ROUNDS = 12


def tracked(odds: Doubles, cases: Flags, happened: Flags, lead: int, memory: float) -> Doubles:
    """(N, T) log odds, each corrected by what was known at its period.

    odds (N, T): as told, NaN where nothing was asked; cases: told and the outcome of the `lead` periods after is known;
    memory: periods after which a case counts half. Windows of one series overlap, so a case counts 1/lead.
    """
    n_steps = EDGES.size + 1
    step = np.searchsorted(EDGES, np.nan_to_num(odds))
    count, hits, total = (np.zeros(n_steps) for _ in range(3))
    keep = float(np.exp2(-1 / memory))
    line = np.array([0.0, 1.0])
    found = np.full(odds.shape, np.nan)
    for t in range(odds.shape[1]):
        ended = t - lead
        if ended >= 0:
            mine = cases[:, ended] & np.isfinite(odds[:, ended])
            at = step[mine, ended]
            count = count * keep + np.bincount(at, minlength=n_steps)
            hits = hits * keep + np.bincount(at, happened[mine, ended].astype(np.float64), n_steps)
            total = total * keep + np.bincount(at, odds[mine, ended], n_steps)
            line = _line(count / lead, hits / lead, total / np.maximum(count, 1e-9), line)
        found[:, t] = line[0] + line[1] * odds[:, t]
    return found


def _line(count: Doubles, hits: Doubles, centre: Doubles, start: Doubles) -> Doubles:
    """(a, b) of greatest posterior; Newton's steps from where the last period left off."""
    design = np.stack([np.ones_like(centre), centre], axis=1)
    precision = np.array([1 / SHIFT**2, 1 / SLOPE**2])
    line = start
    for _ in range(ROUNDS):
        p = expit(design @ line)
        gradient = design.T @ (hits - count * p) - precision * (line - [0.0, 1.0])
        curvature = (design * (count * p * (1 - p))[:, None]).T @ design + np.diag(precision)
        move = np.clip(np.linalg.solve(curvature, gradient), -1.0, 1.0)
        line = line + move
        if np.abs(move).max() < 1e-6:
            break
    return np.array([line[0], max(line[1], 0.05)])
