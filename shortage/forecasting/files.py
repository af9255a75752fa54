"""File in, file out: the commands `forecast` and `replay` of interfaces.md §3, without Django and without a database."""

from __future__ import annotations

from pathlib import Path

from shortage.forecasting import outlook
from shortage.forecasting.outlook import Point
from shortage.rules import series_file
from shortage.rules.series_file import Freq


def forecast_file(
    source: Path, target: Path, freq: Freq, horizon: int, taus: list[float], *, point: Point = "trimmed"
) -> tuple[int, int]:
    """Forecasts every series of `source` and writes `unique_id,ds,mean,q…`. Answers (series, rows written).

    Raises DataRefused with every fault of the file; nothing is written then.
    """
    file = series_file.read(source, freq)
    y = file.right_aligned(file.y)
    stock = None if file.stock_end is None else file.right_aligned(file.stock_end)
    result = outlook.forecast(y, freq, horizon, taus, stock_end=stock, ends=file.ends(), point=point)
    header = ["unique_id", "ds", "mean", *(f"q{tau:g}" for tau in taus)]
    days = file.coming_days(horizon)
    rows = (
        [uid, days[n][step], f"{result.mean[n, step]:.6g}", *(f"{value:.6g}" for value in result.quantiles[:, n, step])]
        for n, uid in enumerate(file.ids)
        for step in range(horizon)
    )
    series_file.write_csv(target, header, rows)
    return len(file.ids), len(file.ids) * horizon
