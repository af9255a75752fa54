"""File in, file out: the commands `forecast` and `replay` of interfaces.md §3, without Django and without a database."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import numpy as np

from formulary.rules.tables import DataRefused, Fault
from shortage.forecasting import outlook, verdict
from shortage.forecasting.evidence import History
from shortage.forecasting.outlook import Point
from shortage.forecasting.replay import Replay, replay
from shortage.rules import series_file
from shortage.rules.series_days import Freq, day_of, later, period_number
from shortage.rules.series_layout import SeriesFile


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
    header = ["unique_id", "ds", "mean", *(quantile_name(tau) for tau in taus)]
    days = file.coming_days(horizon)
    rows = (
        [uid, days[n][step], f"{result.mean[n, step]:.6g}", *(f"{value:.6g}" for value in result.quantiles[:, n, step])]
        for n, uid in enumerate(file.ids)
        for step in range(horizon)
    )
    series_file.write_csv(target, header, rows)
    return len(file.ids), len(file.ids) * horizon


def quantile_name(tau: float) -> str:
    """q0.1, q0.995, q0.00001: the level in its shortest exact digits."""
    return f"q{Decimal(repr(tau)):f}"


def replay_file(
    source: Path, freq: Freq, lead: int, start: dt.date, *, alerts: Path, scores: Path, report: Path | None = None
) -> dict[str, object]:
    """Replays `source` from the period that holds `start`; writes scores, alerts and, if asked, the report.

    SCORES has one row for every row of the file from `start` on. Raises DataRefused with every fault of the file.
    """
    file = series_file.read(source, freq, need_stock=True)
    if file.stock_end is None or not np.isfinite(file.stock_end).any():
        raise DataRefused([Fault("", None, "stock_end", "", "全列为空，回放需要期末库存")], source=source.name)
    origin = int(file.period.min())
    first = period_number(start, freq) - origin
    if first > int(file.period.max()) - origin:
        raise DataRefused([Fault("", None, "ds", "", f"没有 {start.isoformat()} 及以后的数据")], source=source.name)
    received = None if file.received is None else file.on_calendar(file.received)
    history = History(file.on_calendar(file.y), file.on_calendar(file.stock_end), received, file.site, file.item, freq)
    result = replay(history, lead)
    sites = len(file.site_names) or 1
    summary = verdict.report(result, max(first, 0), lead, sites)
    series_file.write_csv(scores, ("unique_id", "ds", "risk"), _score_rows(file, result, origin, first))
    header = ("unique_id", "ds", "level", "risk", "expected_stockout")
    series_file.write_csv(alerts, header, _alert_rows(file, result, origin, first, lead))
    if report is not None:
        series_file.write_text(report, json.dumps(summary, ensure_ascii=False, indent=2) + "\n")
    return summary


def _score_rows(file: SeriesFile, result: Replay, origin: int, first: int) -> Iterator[tuple[str, str, str]]:
    column = file.period - origin
    risk = result.risk[file.series, column]
    day = _written(file)
    for k in np.flatnonzero((column >= first) & np.isfinite(risk)):
        yield file.ids[file.series[k]], day[int(file.days[k])], f"{risk[k]:.6f}"


def _alert_rows(
    file: SeriesFile, result: Replay, origin: int, first: int, lead: int
) -> Iterator[tuple[str, str, str, str, str]]:
    days = np.zeros(result.risk.shape, dtype=np.int64)
    days[file.series, file.period - origin] = file.days
    for alarm in verdict.alarms(result, first, lead):
        day = day_of(int(days[alarm.series, alarm.period]))
        due = "" if alarm.periods is None else file.written(later(day, alarm.periods, file.freq))
        yield file.ids[alarm.series], file.written(day), alarm.level, f"{alarm.risk:.6f}", due


def _written(file: SeriesFile) -> dict[int, str]:
    """Each day of the file in the file's own writing."""
    return {int(day): file.written(day_of(int(day))) for day in np.unique(file.days)}
