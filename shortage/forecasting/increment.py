"""One day on without reading the past: discounted sums of issues and exposure at every half-life.

A full fit gives each series' weights over the half-lives; until the next one, a day costs two small updates.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from shortage.forecasting.panel import HALF_LIVES, Floats, Panel


@dataclass(frozen=True)
class State:
    """(K, N) discounted issues and exposure, and the factor a period fades by (K, 1)."""

    issued: Floats
    exposed: Floats
    fade: Floats

    def rates(self, own: float = 0.5) -> Floats:
        """(K, N) discounted rates, steadied by `own` periods of the long-run rate as in the full fit."""
        long_run = self.issued[-1] / np.maximum(self.exposed[-1], np.float32(1e-9))
        return np.asarray((self.issued + np.float32(own) * long_run) / (self.exposed + np.float32(own)))


def start(panel: Panel) -> State:
    """State at the panel's end: two matrix products."""
    half_lives = np.asarray(HALF_LIVES[panel.freq])
    age = panel.periods - 1 - np.arange(panel.periods)
    weights = np.exp2(-age[None, :] / half_lives[:, None]).astype(np.float32)
    exposed = np.repeat(weights.sum(axis=1)[:, None], panel.series, axis=1)
    if panel.exposure is not None:
        exposed = np.ascontiguousarray((panel.exposure @ weights.T).T)
    issued = np.ascontiguousarray((panel.y @ weights.T).T)
    return State(issued, exposed, np.exp2(-1 / half_lives)[:, None].astype(np.float32))


def advance(state: State, y: Floats, exposure: Floats | None = None) -> State:
    """State one period later, from that period's issues (N,) and exposure (N,); NaN issues are missing."""
    missing = ~np.isfinite(y)
    seen = np.where(missing, np.float32(0), np.float32(1) if exposure is None else exposure)
    issued = state.issued * state.fade + np.where(missing, np.float32(0), y)
    return State(issued, state.exposed * state.fade + seen, state.fade)
