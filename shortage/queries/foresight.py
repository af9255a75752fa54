"""How good the foresight was: what was foretold against what happened."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db.models import QuerySet

from formulary.models import Alliance
from shortage.forecasting import reliability
from shortage.forecasting.reliability import Tally
from shortage.forecasting.trial import METHODS
from shortage.models import Prediction, Trial, WatchRun
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
        return reliability_chart(self.shown)

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


def trials(alliance: Alliance, kind: str) -> QuerySet[Trial]:
    """The newest first."""
    return Trial.objects.filter(alliance=alliance, kind=kind).select_related("by").defer("result")


def trial(alliance: Alliance, kind: str, asked: str = "") -> Trial | None:
    """The one asked for by number, else the newest."""
    rows = Trial.objects.filter(alliance=alliance, kind=kind).select_related("by")
    return (rows.filter(pk=asked).first() if asked.isdigit() and len(asked) < 18 else None) or rows.first()


def chosen(table: list[dict[str, Any]], threshold: float) -> dict[str, Any]:
    """The row of the table nearest to a threshold."""
    return min(table, key=lambda row: abs(row["threshold"] - threshold))


def affordable(table: list[dict[str, Any]], per_day: float) -> dict[str, Any] | None:
    """The lowest threshold (most found) whose new warnings a pharmacist can handle in a day; None when none can."""
    return next((row for row in table if row["per_pharmacist"] <= per_day), None)


def why_missed(case: dict[str, Any], threshold: float) -> str:
    """Why nobody was warned of this empty shelf: what the last night before it knew, and what came."""
    when = f"{case['days']} 天前（{case['asked'][5:]}）"
    if not case["known"]:
        return f"{when}没有库存数据、已断货或没有用量历史，无法评估"
    told = f"{when}库存 {case['stock']:,.0f}，概率 {case['p14']:.0%}，低于 {threshold:.0%}"
    if case["used"] >= 1.8 * max(case["expected"], 0.5):
        return f"{told}：此后用了 {case['used']:,.0f}，平时只用 {case['expected']:,.0f}，用量突增"
    if case["on_order"] > 0 and case["late"] > 0:
        return f"{told}：有在途 {case['on_order']:,.0f} 已逾期 {case['late']} 天，按还会到货计算，结果未到"
    if case["on_order"] > 0:
        return f"{told}：有在途 {case['on_order']:,.0f}，按期到货即够用，结果未及时到"
    if case["p14"] >= threshold / 2:
        return f"{told}：已接近阈值"
    return f"{told}：按平时用量够用，补货周期内未补上"


def misses(found: Trial, threshold: float, institution_ids: frozenset[int]) -> list[dict[str, Any]]:
    """Empty shelves in reach that no warning at this threshold had foretold, the newest first."""
    cases = found.result.get("cases", [])
    return [row for row in cases if row["best"] < threshold - 1e-9 and row["institution"] in institution_ids]


def reliability_chart(tally: Tally) -> dict[str, Any]:
    """`bars` chart: told beside seen."""
    rows = reliability.bars(tally)
    told = [round(row["told"] * 100, 1) for row in rows]
    seen = [round(row["seen"] * 100, 1) for row in rows]
    series = [{"name": "预测", "tone": "gray", "values": told}, {"name": "实际断货", "tone": "teal", "values": seen}]
    labels = [f"{row['from']:.0%}–{row['to']:.0%}" for row in rows]
    return {"labels": labels, "series": series, "unit": "%", "stacked": False}


def scored(found: Trial) -> list[dict[str, Any]]:
    """Groups of a back-test with each method's figures, and the pinball loss against the moving average."""
    rows = []
    for group in found.result["groups"]:
        base = group.get("average", {}).get("pinball") or None
        methods = [
            {"key": key, "label": label, **group[key], "relative": group[key]["pinball"] / base if base else None}
            for key, label in METHODS.items()
            if key in group
        ]
        rows.append({"name": group["name"], "items": methods[0]["items"] if methods else 0, "methods": methods})
    return rows


def pinball_chart(found: Trial) -> dict[str, Any]:
    """`bars` chart: loss of each method by group, the moving average being 100."""
    rows = scored(found)
    tones = {"dmx": "teal", "average": "gray", "naive": "orange"}
    series = [
        {
            "name": label,
            "tone": tones[key],
            "values": [
                next(
                    (
                        round(100 * one["relative"], 1)
                        for one in row["methods"]
                        if one["key"] == key and one["relative"]
                    ),
                    None,
                )
                for row in rows
            ],
        }
        for key, label in METHODS.items()
    ]
    return {"labels": [row["name"] for row in rows], "series": series, "unit": "移动平均＝100", "stacked": False}
