"""How good the foresight was: what was foretold against what happened."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import numpy as np

from formulary.models import Alliance
from shortage.forecasting import reliability
from shortage.forecasting.reliability import Tally
from shortage.models import Prediction, WatchRun
from shortage.queries.freshness import latest_run
from shortage.queries.settings import watch_settings

HORIZONS = (7, 14, 30)


@dataclass(frozen=True)
class Judged:
    """One horizon over the nights since `since`. shown: as people saw it; raw: before calibration; source: how many
    nights were watched and how many replayed; learned: the map that tonight uses, with what it rests on."""

    days: int
    run: WatchRun | None
    since: dt.date | None
    until: dt.date | None
    nights: dict[str, int]
    shown: Tally
    raw: Tally
    learned: dict[str, Any]
    least_events: int

    @property
    def trusted(self) -> bool:
        return bool(self.learned.get("trusted"))

    @property
    def why_not(self) -> str:
        """Why the computed probability is shown as it is; "" when a calibration is used."""
        if self.trusted:
            return ""
        if not self.nights:
            return f"还没有一次预测满 {self.days} 天，无法与实际对照"
        seen = self.learned.get("events", 0)
        return f"折合独立断货 {seen:g} 次，不足 {self.least_events} 次，暂用未校准的计算值"

    @property
    def span(self) -> str:
        return f"{self.since:%Y-%m-%d} 至 {self.until:%m-%d}" if self.since and self.until else ""

    @property
    def raw_brier(self) -> str:
        return "" if self.raw.brier is None else f"校准前 {self.raw.brier:.4f}"

    def bars(self) -> list[dict[str, float]]:
        return reliability.bars(self.shown)

    def chart(self) -> dict[str, Any]:
        """`bars` chart: told beside seen."""
        rows = self.bars()
        told = [round(row["told"] * 100, 1) for row in rows]
        seen = [round(row["seen"] * 100, 1) for row in rows]
        series = [
            {"name": "预测", "tone": "gray", "values": told},
            {"name": "实际断货", "tone": "teal", "values": seen},
        ]
        labels = [f"{row['from']:.0%}–{row['to']:.0%}" for row in rows]
        return {"labels": labels, "series": series, "unit": "%", "stacked": False}

    def map_chart(self) -> dict[str, Any]:
        """`lines` chart: computed probability to what is shown."""
        steps = [k / 20 for k in range(21)]
        shown = reliability.from_json(self.learned or None).apply(np.array(steps))
        values = [round(float(x) * 100, 1) for x in shown]
        series = [
            {"name": "显示的概率", "tone": "teal", "values": values},
            {"name": "不校准", "tone": "gray", "values": [round(x * 100) for x in steps], "dashed": True},
        ]
        return {"labels": [f"{x:.0%}" for x in steps], "series": series, "unit": "%"}


def judged(alliance: Alliance, days: int, today: dt.date) -> Judged:
    """What became of the predictions of `days` days, over the span that the calibration is learned from."""
    _, _, habits = watch_settings(alliance, today)
    run = latest_run(alliance)
    last = run.as_of if run else today
    since = last - dt.timedelta(days=habits.calibration_days + max(HORIZONS))
    key = str(days)
    rows = Prediction.objects.filter(alliance=alliance, as_of__gte=since, tallies__has_key=key).defer("packed")
    shown = raw = Tally.nothing()
    nights: dict[str, int] = {}
    dates = []
    for row in rows:
        shown += Tally.from_lists(row.tallies[key]["shown"])
        raw += Tally.from_lists(row.tallies[key]["raw"])
        nights[row.source] = nights.get(row.source, 0) + 1
        dates.append(row.as_of)
    learned = (run.calibration if run else {}).get("maps", {}).get(key, {})
    least = habits.calibration_events
    return Judged(days, run, min(dates, default=None), max(dates, default=None), nights, shown, raw, learned, least)
