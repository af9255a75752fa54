"""Replays the nightly pass on the alliance's own stored history, day by day, and counts what the warnings were worth.

Each day is computed by the very code of the night, from facts of that day and before (as they are known today: later
corrections are in them), and calibrated only by windows of the replay that had ended. What it foretold and what came
is kept for the calibration of the nights to come, where no night had been watched.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from django.db import transaction
from numpy.typing import NDArray

from config.access import Role
from formulary.actions.history import record
from formulary.models import Alliance, Job, Membership, Person
from shortage import series
from shortage.actions import calibrating, findings
from shortage.actions.calibrating import Told
from shortage.forecasting import hindsight
from shortage.forecasting.hindsight import Falls, Walk
from shortage.forecasting.reliability import Tally
from shortage.models import Feed, Prediction, Trial
from shortage.queries.settings import watch_settings
from shortage.rules.assessment import assess
from shortage.series import Series
from shortage.series.reading import date_of, day

Report = Callable[[int, str], None]
MOST_STEPS = 400
MOST_FALLS = 5_000


class ReplayRefused(Exception):
    """The span cannot be replayed."""


@dataclass(frozen=True)
class _Step:
    """What one replayed night knew of the items it judged; row: place in the true history, −1 where it is not there."""

    told: Told
    row: NDArray[np.int64]
    stock: NDArray[np.float64]
    rate: NDArray[np.float64]
    on_order: NDArray[np.int64]
    late: NDArray[np.int64]
    red: NDArray[np.bool_]


def replay(
    alliance: Alliance,
    first: dt.date,
    last: dt.date,
    step_days: int,
    *,
    by: Person | None,
    now: dt.datetime,
    report: Report | None = None,
    job: Job | None = None,
) -> Trial:
    """Walks from `first` to `last`; raises ReplayRefused where the span is empty, too long or without history."""
    days = [first + dt.timedelta(days=k) for k in range(0, (last - first).days + 1, step_days)]
    if not days or len(days) > MOST_STEPS:
        raise ReplayRefused(f"应回放 1 至 {MOST_STEPS} 夜，请调整起止日期或间隔")
    feeds = Feed.objects.filter(institution__alliance=alliance, kind=Feed.Kind.STOCK)
    if not feeds.filter(first_date__lte=first).exists():
        raise ReplayRefused(f"{first} 之前没有库存数据，无法回放")
    end = max(feeds.values_list("last_date", flat=True))
    truth = series.load(alliance, end, days=(end - first).days + 2)
    watched = calibrating.Watched(alliance, truth)
    steps: list[_Step] = []
    rows: list[Prediction] = []
    for number, night in enumerate(days):
        if report is not None:
            report(2 + 88 * number // len(days), f"回放 {night}（{number + 1}/{len(days)}）")
        for row, step in zip(rows, steps, strict=True):
            calibrating.compare(row, watched, day(night), step.told)
        steps.append(_night(alliance, night, rows, watched))
        rows.append(Prediction(alliance=alliance, as_of=night, source=Prediction.Source.REPLAY))
    for row, step in zip(rows, steps, strict=True):
        calibrating.compare(row, watched, watched.last, step.told)
    result = _result(alliance, steps, rows, watched, truth)
    with transaction.atomic():
        own = Prediction.objects.filter(alliance=alliance, as_of__in=days).exclude(source=Prediction.Source.REPLAY)
        nights = set(own.values_list("as_of", flat=True))
        Prediction.objects.filter(alliance=alliance, as_of__in=days, source=Prediction.Source.REPLAY).delete()
        Prediction.objects.bulk_create([row for row in rows if row.as_of not in nights and row.tallies])
        trial = Trial.objects.create(
            alliance=alliance, kind=Trial.Kind.REPLAY, first=first, last=last, step_days=step_days, finished_at=now,
            by=by, job=job, result=result,
        )  # fmt: skip
        data = {"first": first, "last": last, "nights": len(days), "falls": result["falls"]}
        record("预警回放", trial, alliance=alliance, by=by, now=now, data=data)
    return trial


def _night(alliance: Alliance, night: dt.date, rows: list[Prediction], watched: calibrating.Watched) -> _Step:
    """The pass of one night as it would have been: what it would have told of every item it could judge."""
    rules, levels, habits = watch_settings(alliance, night)
    seen = series.gather(alliance, night, habits)
    computed = assess(seen.inputs, levels, overdue_after=habits.overdue_days)
    past = calibrating.learn(rows, night, habits)
    tonight = findings.night(seen, replace(computed, risk=past.applied(computed.risk)), {}, {})
    told = calibrating.told_of(tonight, computed)
    mine = tonight.rows[computed.risk.usable[tonight.rows] >= 1]
    return _Step(
        told=told,
        row=watched.rows(told),
        stock=computed.risk.usable[mine],
        rate=computed.demand.mean[mine, 29] / 30,
        on_order=tonight.on_order[mine],
        late=tonight.late_days[mine],
        red=told.shown[:, 0] >= rules.red_p7,
    )


def _result(
    alliance: Alliance, steps: list[_Step], rows: list[Prediction], watched: calibrating.Watched, truth: Series
) -> dict[str, Any]:
    rules, _, _ = watch_settings(alliance, rows[-1].as_of)
    walk = _walk(steps, rows, watched, truth)
    fell = hindsight.falls(walk)
    table = [hindsight.consequence(walk, fell, threshold, rules.off) for threshold in hindsight.THRESHOLDS]
    people = _pharmacists(alliance, rows[-1].as_of)
    tallies = [row.tallies["14"] for row in rows if "14" in row.tallies]
    shown, raw = (sum((Tally.from_lists(one[kind]) for one in tallies), Tally.nothing()) for kind in ("shown", "raw"))
    best = np.zeros(len(fell.item))
    for one in table:
        best = np.where(one.on, one.threshold, best)
    return {
        "nights": len(steps),
        "items": int(np.isfinite(walk.p14).any(axis=1).sum()),
        "pharmacists": people,
        "falls": len(fell.item),
        "table": [
            {
                "threshold": one.threshold, "new": one.new, "per_day": round(one.per_day, 3),
                "per_pharmacist": round(one.per_day / people, 3), "judged": one.judged, "right": one.right,
                "precision": one.precision, "recall": one.recall, "recall_7": one.recall_7, "ahead": one.ahead,
            }
            for one in table
        ],
        "tally": shown.as_lists(),
        "raw_tally": raw.as_lists(),
        "cases": _cases(steps, walk, fell, best, truth),
    }  # fmt: skip


def _walk(steps: list[_Step], rows: list[Prediction], watched: calibrating.Watched, truth: Series) -> Walk:
    p14 = np.full((truth.size, len(steps)), np.nan)
    urgent = np.zeros((truth.size, len(steps)), dtype=bool)
    for column, step in enumerate(steps):
        here = step.row >= 0
        p14[step.row[here], column] = step.told.shown[here, 1]
        urgent[step.row[here], column] = step.red[here]
    until = np.array([watched.until.get(pk, 0) for pk in truth.institution.tolist()], dtype=np.int64)
    days = np.array([day(row.as_of) for row in rows], dtype=np.int64)
    return Walk(days, p14, urgent, watched.first, truth.exposure < 1, ~np.isnan(truth.use), until)


def _pharmacists(alliance: Alliance, on: dt.date) -> int:
    """Who shares the warnings: pharmacists of the alliance, at least one for each institution that reports."""
    people = Membership.objects.filter(alliance=alliance, role=Role.PHARMACIST, valid_from__lte=on)
    return max(people.values("person").distinct().count(), alliance.institutions.filter(active=True).count(), 1)


def _cases(
    steps: list[_Step], walk: Walk, fell: Falls, best: NDArray[np.float64], truth: Series
) -> list[dict[str, Any]]:
    """Every shelf that ran empty, the newest first: what the last night before it knew, and what came."""
    place = [dict(zip(step.row.tolist(), range(len(step.row)), strict=True)) for step in steps]
    found = []
    order = np.argsort(-fell.day, kind="stable")[:MOST_FALLS]
    for k in order.tolist():
        item, fall, last = int(fell.item[k]), int(fell.day[k]), int(fell.step[k])
        asked = int(walk.days[last])
        at = place[last].get(item)
        used = float(np.nansum(truth.use[item, asked + 1 - walk.first : fall + 1 - walk.first]))
        row: dict[str, Any] = {
            "institution": int(truth.institution[item]), "presentation": int(truth.presentation[item]),
            "day": date_of(fall).isoformat(), "asked": date_of(asked).isoformat(), "days": fall - asked,
            "best": float(best[k]), "used": round(used, 1), "known": at is not None,
        }  # fmt: skip
        if at is not None:
            step = steps[last]
            row |= {
                "p14": round(float(step.told.shown[at, 1]), 4), "stock": round(float(step.stock[at]), 1),
                "expected": round(float(step.rate[at]) * (fall - asked), 1), "on_order": int(step.on_order[at]),
                "late": int(step.late[at]),
            }  # fmt: skip
        found.append(row)
    return found
