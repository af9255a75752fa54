"""The published floors on real series (series/README.md, forecasting.md §10) must be beaten, through the files."""

import csv
import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from shortage.forecasting import outlook
from shortage.forecasting.files import replay_file

pytestmark = pytest.mark.shared
DECILES = outlook.DECILES


def mase(actual: np.ndarray, point: np.ndarray, past: np.ndarray, season: int) -> float:
    """Mean over series; scale: seasonal naive error in the past."""
    with np.errstate(invalid="ignore", divide="ignore"):
        steps = np.abs(past[:, season:] - past[:, :-season])
        error = np.abs(actual - point)
        count = np.isfinite(steps).sum(axis=1)
        scale = np.nansum(steps, axis=1) / count
        each = np.nansum(error, axis=1) / np.isfinite(error).sum(axis=1) / scale
    return float(each[(scale > 0) & np.isfinite(each)].mean())


def wql(actual: np.ndarray, quantiles: np.ndarray) -> float:
    gap = actual[None] - quantiles
    tau = np.array(DECILES)[:, None, None]
    return float(np.nansum(2 * np.maximum(tau * gap, (tau - 1) * gap)) / len(DECILES) / np.nansum(np.abs(actual)))


def lmis(shared: Path) -> pd.DataFrame:
    path = shared / "series/ci-contraceptive-lmis/logistics_2016_2018.csv"
    frame = pd.read_csv(path, dtype={"site_code": str, "product_code": str})
    frame["unique_id"] = frame.site_code + "_" + frame.product_code
    frame["t"] = (frame.year - 2016) * 12 + frame.month - 1
    return frame


def wide(frame: pd.DataFrame, column: str) -> np.ndarray:
    return frame.pivot(index="unique_id", columns="t", values=column).to_numpy(float)


def test_carparts_floors_are_beaten(shared):
    y = pd.read_csv(shared / "series/carparts/carparts_wide.csv", index_col=0).T.to_numpy(float)
    past, actual = y[:, :-12], y[:, -12:]
    found = outlook.forecast(past, "M", 12, DECILES)
    assert mase(actual, found.quantiles[4], past, 12) < 0.81
    assert mase(actual, found.mean, past, 12) < 0.90  # AutoARIMA 0.958, seasonal naive 1.2015
    assert wql(actual, found.quantiles) < 0.895


@pytest.mark.parametrize("origin", [24, 33])
def test_lmis_mean_of_three_months_is_beaten(shared, origin):
    frame = lmis(shared)
    y, stock = wide(frame, "stock_distributed"), wide(frame, "stock_end")
    rows = (np.isfinite(y[:, :origin]).sum(axis=1) >= 6) & np.isfinite(y[:, origin : origin + 3]).any(axis=1)
    past, actual = y[rows, :origin], y[rows, origin : origin + 3]
    found = outlook.forecast(past, "M", 3, DECILES, stock_end=stock[rows, :origin])
    recent = past[:, -3:]
    count = np.isfinite(recent).sum(axis=1)
    simple = np.where(count > 0, np.nansum(recent, axis=1) / np.maximum(count, 1), np.nan)[:, None] * np.ones(3)
    seen = count > 0
    floor = mase(actual[seen], simple[seen], past[seen], 12)
    assert mase(actual[seen], found.mean[seen], past[seen], 12) < 0.96 * floor
    assert mase(actual[seen], found.quantiles[4][seen], past[seen], 12) < 0.95 * floor


@pytest.mark.parametrize(("file", "freq", "season", "horizon"), [("weekly", "W", 52, 8), ("daily", "D", 7, 28)])
def test_pharmacy_seasonal_naive_is_beaten(shared, file, freq, season, horizon):
    path = shared / f"series/kaggle-pharma-sales/sales{file}.csv"
    y = pd.read_csv(path).iloc[:-1, 1:9].T.to_numpy(float)
    past, actual = y[:, :-horizon], y[:, -horizon:]
    ends = np.full(8, past.shape[1] - 1)
    found = outlook.forecast(past, freq, horizon, DECILES, ends=ends)
    naive = np.tile(past[:, -season:], (1, horizon // season + 1))[:, :horizon]
    assert mase(actual, found.mean, past, season) < 0.8 * mase(actual, naive, past, season)


def test_lmis_replay_beats_months_of_stock(shared, tmp_path):
    """AUC .757 and F1 .32 of closing stock ÷ 3-month mean; here on half of the sites to stay quick."""
    frame = lmis(shared)
    half = frame[frame.site_code.rank(method="dense").astype(int) % 2 == 0]
    source = tmp_path / "history.csv"
    names = {"stock_distributed": "y", "stock_received": "received", "site_code": "site", "product_code": "item"}
    series = half.rename(columns=names)
    series["ds"] = [dt.date(a, b, 1).isoformat() for a, b in zip(half.year, half.month, strict=True)]
    series[["unique_id", "ds", "y", "stock_end", "received", "site", "item"]].to_csv(source, index=False)
    told = replay_file(
        source, "M", 1, dt.date(2017, 1, 1), alerts=tmp_path / "a.csv", scores=tmp_path / "s.csv", report=None
    )
    scores = told["scores"]["stock_on_hand"]
    assert scores["auc"] > 0.78
    assert scores["best_f1"] > 0.33
    assert scores["brier_skill"] > 0.05
    with (tmp_path / "s.csv").open() as stream:
        assert sum(1 for _ in csv.reader(stream)) - 1 == (series.ds >= "2017-01-01").sum()
