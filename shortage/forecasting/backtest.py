"""Discounted rates now and at past origins, and what happened after each origin: all of it matrix products.

r_k(t) = Σ_s 2^{−(t−s)/h_k} y_s / Σ_s 2^{−(t−s)/h_k} e_s  (forecasting.md §1). One product of the issues with a
(T, columns) matrix holds every half-life at every origin, and a second one every window after an origin.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shortage.forecasting.panel import Floats, Panel

ROWS = 8192
"""Series handled at a time: keeps temporaries in tens of megabytes whatever N is."""


@dataclass(frozen=True)
class Design:
    """Weights of one panel length. decay: (T, O+1, K), origin 0 = now; windows: (T, 2, O), halves of each window."""

    origins: tuple[int, ...]
    lead: int
    spacing: int
    decay: Floats
    windows: Floats


@dataclass(frozen=True)
class Backtest:
    """rates (N, O+1, K) with now first; total and exposed (N, O): y and e summed over the window after an origin;
    squares (5, N, 2, O): Σy, Σe, Σy², Σye, Σe² of the window's first and second half; known (N, O): window and
    history both hold something."""

    design: Design
    rates: Floats
    total: Floats
    exposed: Floats
    squares: Floats
    known: NDArray[np.bool_]
    overlap: float
    """Independent share of an origin: windows that overlap count less."""


def design(periods: int, lead: int, half_lives: tuple[float, ...], most: int) -> Design:
    """Origins go back from T − lead, `lead` apart where the history allows ten of them, closer where not."""
    room = periods - lead - max(1, min(3, periods // 4))
    spacing = int(np.clip(room // 10, 1, lead)) if room > 0 else lead
    origins = tuple(range(periods - lead, periods - lead - room - 1, -spacing))[:most] if room >= 0 else ()
    at = np.array((periods, *origins))
    age = at[None, :, None] - 1 - np.arange(periods)[:, None, None]
    decay = np.where(age >= 0, np.exp2(-np.maximum(age, 0) / np.asarray(half_lives)), 0.0)
    after = np.arange(periods)[:, None] - np.asarray(origins, dtype=int)[None, :]
    half = (lead + 1) // 2
    windows = np.stack([(after >= 0) & (after < half), (after >= half) & (after < lead)], axis=1)
    return Design(origins, lead, spacing, decay.astype(np.float32), windows.astype(np.float32))


def backtest(panel: Panel, plan: Design, *, own: float = 0.5) -> Backtest:
    """Runs the design over all series. `own` periods of each series' long-run rate steady the short memories."""
    n, t = panel.y.shape
    o, k = len(plan.origins), plan.decay.shape[2]
    rates = np.empty((n, o + 1, k), dtype=np.float32)
    squares = np.empty((5, n, 2, o), dtype=np.float32)
    known = np.empty((n, o), dtype=bool)
    decay, windows = plan.decay.reshape(t, -1), plan.windows.reshape(t, -1)
    plain = (np.ones((1, t), dtype=np.float32) @ decay, np.ones((1, t), dtype=np.float32) @ windows)
    for start in range(0, n, ROWS):
        rows = slice(start, min(start + ROWS, n))
        y = panel.y[rows]
        e = None if panel.exposure is None else panel.exposure[rows]
        m = y.shape[0]
        top = (y @ decay).reshape(m, o + 1, k)
        bottom = (plain[0] if e is None else e @ decay).reshape(-1, o + 1, k)
        long_run = top[:, :, -1:] / np.maximum(bottom[:, :, -1:], 1e-9)
        rates[rows] = (top + own * long_run) / (bottom + own)
        sums = [y @ windows, (y * y) @ windows]
        with_e = [plain[1], sums[0], plain[1]] if e is None else [e @ windows, (y * e) @ windows, (e * e) @ windows]
        for place, value in zip((0, 2, 1, 3, 4), (*sums, *with_e), strict=True):
            squares[place, rows] = value.reshape(value.shape[0], 2, o)
        known[rows] = (squares[1, rows].sum(axis=1) > 0) & (bottom[:, 1:, -1] > 0)
    total, exposed = squares[0].sum(axis=1), squares[1].sum(axis=1)
    return Backtest(plan, rates, total, exposed, squares, known, min(1.0, plan.spacing / plan.lead))
