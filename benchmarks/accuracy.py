"""Forecasts and replay measured on the real series beside the project (../shared/series): `python -m benchmarks.accuracy`.

MASE is the mean over series against the seasonal naive error of the past; WQL over the nine deciles; coverage of the
.95 quantile of single periods; bias of the total. Not part of `make bench`: it measures accuracy, not time.
"""

from __future__ import annotations

import datetime as dt
import json
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

from shortage.forecasting import outlook
from shortage.forecasting.files import replay_file

SERIES = Path(__file__).resolve().parents[2] / "shared" / "series"
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


def lmis() -> pd.DataFrame:
    path = SERIES / "ci-contraceptive-lmis" / "logistics_2016_2018.csv"
    frame = pd.read_csv(path, dtype={"site_code": str, "product_code": str})
    names = {"stock_distributed": "y", "stock_received": "received", "site_code": "site", "product_code": "item"}
    frame = frame.rename(columns=names)
    frame["unique_id"] = frame.site + "_" + frame["item"]
    frame["ds"] = [dt.date(a, b, 1).isoformat() for a, b in zip(frame.year, frame.month, strict=True)]
    return frame[["unique_id", "ds", "y", "stock_end", "received", "site", "item"]]


def replayed(frame: pd.DataFrame) -> dict:
    with tempfile.TemporaryDirectory() as folder:
        source, alerts, scores = (Path(folder) / name for name in ("h.csv", "a.csv", "s.csv"))
        frame.to_csv(source, index=False)
        return replay_file(source, "M", 1, dt.date(2017, 1, 1), alerts=alerts, scores=scores)


def run() -> dict:
    """All figures, by data set."""
    parts = pd.read_csv(SERIES / "carparts" / "carparts_wide.csv", index_col=0).T.to_numpy(float)
    found = {"carparts": measure(parts, "M", 12, 12, 12)}
    frame = lmis()
    y, stock = (
        frame.pivot(index="unique_id", columns="ds", values=name).to_numpy(float) for name in ("y", "stock_end")
    )
    for origin in (24, 27, 30, 33):
        found[f"lmis {origin}"] = measure(y[:, : origin + 3], "M", 3, 12, 3, stock)
    for name, freq, horizon, season, window in (("daily", "D", 28, 7, 28), ("weekly", "W", 8, 52, 13)):
        sales = pd.read_csv(SERIES / "kaggle-pharma-sales" / f"sales{name}.csv").iloc[:-1, 1:9].T.to_numpy(float)
        for back in range(0, 4 * horizon, horizon):
            found[f"pharmacy {name} −{back}"] = measure(
                sales[:, : sales.shape[1] - back], freq, horizon, season, window
            )
    found["lmis replay 2017–2018"] = replayed(frame)
    return found


if __name__ == "__main__":
    for name, figures in run().items():
        print(name, json.dumps(figures, ensure_ascii=False))
