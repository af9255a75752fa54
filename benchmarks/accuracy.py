"""Forecasts and replay measured on real series (`histories`): `python -m benchmarks.accuracy [part of a name]`.

MASE is the mean over series against the seasonal naive error of the past; WQL over the nine deciles; coverage of the
.95 quantile of single periods; bias of the total. Not part of `make bench`: it measures accuracy, not time.
"""

from __future__ import annotations

import datetime as dt
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks import histories
from shortage.forecasting import outlook
from shortage.forecasting.files import replay_file

TAUS = [*outlook.DECILES, 0.95]


def mase(actual: np.ndarray, point: np.ndarray, past: np.ndarray, season: int) -> float:
    with np.errstate(all="ignore"):
        steps, error = np.abs(past[:, season:] - past[:, :-season]), np.abs(actual - point)
        scale = np.nansum(steps, axis=1) / np.isfinite(steps).sum(axis=1)
        each = np.nansum(error, axis=1) / np.isfinite(error).sum(axis=1) / scale
    return float(each[(scale > 0) & np.isfinite(each)].mean())


def measure(y: np.ndarray, freq: str, horizon: int, season: int, window: int, stock: np.ndarray | None = None) -> dict:
    """Figures of one origin beside the means of the last `window` periods and the seasonal naive."""
    past, actual = y[:, :-horizon], y[:, -horizon:]
    rows = np.isfinite(actual).any(axis=1) & (np.isfinite(past).sum(axis=1) >= 6)
    past, actual = past[rows], actual[rows]
    stock = None if stock is None else stock[rows, : past.shape[1]]
    ends = np.full(len(past), past.shape[1] - 1)
    told = outlook.forecast(past, freq, horizon, TAUS, stock_end=stock, ends=ends)
    whole = outlook.forecast(past, freq, horizon, [0.5], stock_end=stock, ends=ends, point="expectation")
    seen = np.isfinite(actual)
    gap = actual[None] - told.quantiles[:9]
    tau = np.array(TAUS[:9])[:, None, None]
    total = np.nansum(np.abs(actual))
    with np.errstate(all="ignore"):
        recent = np.nansum(past[:, -window:], axis=1) / np.isfinite(past[:, -window:]).sum(axis=1)
    naive = np.tile(past[:, -season:], (1, horizon // season + 1))[:, :horizon]
    figures = {
        "series": len(past),
        "wql": np.nansum(2 * np.maximum(tau * gap, (tau - 1) * gap)) / 9 / total,
        "mase_median": mase(actual, told.quantiles[4], past, season),
        "mase_mean": mase(actual, told.mean, past, season),
        "mase_expectation": mase(actual, whole.mean, past, season),
        "mase_recent_mean": mase(actual, recent[:, None] + 0 * actual, past, season),
        "mase_seasonal_naive": mase(actual, naive, past, season),
        "coverage_95": (actual <= told.quantiles[9])[seen].mean(),
        "bias_mean": np.nansum((told.mean - actual)[seen]) / total,
        "bias_expectation": np.nansum((whole.mean - actual)[seen]) / total,
    }
    return {name: round(float(value), 4) for name, value in figures.items()}


def replayed(frame: pd.DataFrame, freq: str, lead: int, start: str) -> dict:
    """The report's own figures, from the file on."""
    with tempfile.TemporaryDirectory() as folder:
        source, alerts, scores = (Path(folder) / name for name in ("h.csv", "a.csv", "s.csv"))
        frame.to_csv(source, index=False)
        began = time.process_time()
        told = replay_file(source, freq, lead, dt.date.fromisoformat(start), alerts=alerts, scores=scores)
    kept = ("precision", "recall", "median_warning", "alerts_per_site_and_period")
    return {
        **told["scores"]["stock_on_hand"],
        "brier_skill_all": told["scores"]["all"].get("brier_skill"),
        **{name: told[name] for name in kept},
        "cpu": round(time.process_time() - began, 1),
    }


def forecasts() -> Iterator[tuple[str, dict]]:
    """Every set at several origins: (name −periods held back besides, figures)."""
    for back in (0, 12):
        parts = histories.carparts()
        yield f"carparts −{back}", measure(parts[:, : parts.shape[1] - back], "M", 12, 12, 12)
    frame = histories.lmis()
    y, stock = (
        frame.pivot(index="unique_id", columns="ds", values=name).to_numpy(float) for name in ("y", "stock_end")
    )
    for origin in (24, 27, 30, 33):
        yield f"lmis {origin}", measure(y[:, : origin + 3], "M", 3, 12, 3, stock)
    daily, weekly = histories.pharmacy("daily"), histories.pharmacy("weekly")
    shared = histories.thinned(daily, 12)[:, -900:]
    for name, series, freq, horizon, season, window in (
        ("pharmacy days", daily, "D", 28, 7, 28),
        ("pharmacy weeks", weekly, "W", 8, 52, 13),
        ("pharmacy days, 12 sites", shared, "D", 28, 7, 28),
        ("chaoyang days", histories.chaoyang(), "D", 14, 7, 28),
        ("chaoyang weeks", histories.chaoyang(7), "W", 4, 4, 6),
        ("purchases months", histories.purchases(), "M", 3, 12, 6),
    ):
        for back in range(0, 4 * horizon, horizon):
            yield f"{name} −{back}", measure(series[:, : series.shape[1] - back], freq, horizon, season, window)


def run(only: str = "") -> Iterator[tuple[str, dict]]:
    """All figures by data set, one after the other; `only` those whose name holds it."""
    yield from (found for found in forecasts() if only in found[0])
    for name, (frame, freq, lead, start) in histories.worlds().items():
        if only in f"replay {name}":
            yield f"replay {name}", replayed(frame, freq, lead, start)


if __name__ == "__main__":
    for name, figures in run(*sys.argv[1:2]):
        print(name, json.dumps(figures, ensure_ascii=False), flush=True)
