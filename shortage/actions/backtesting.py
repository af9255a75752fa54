"""Once a month: what would have been forecast at its beginning, against what was used, beside the rules of thumb."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import numpy as np
from django.db import transaction

from formulary.actions.history import record
from formulary.models import Alliance, Job, Person
from shortage import series
from shortage.forecasting import trial
from shortage.models import Feed, Trial
from shortage.queries.settings import watch_settings
from shortage.rules import assessment
from shortage.series.reading import day

Report = Callable[[int, str], None]
GROUPS = ("全部", "常用", "间断", "稀用", "A 类", "B 类", "C 类", "三级", "二级", "基层", "村")
LEAST_DAYS = 60
"""Items known for fewer days before the month are not judged: no method has anything to go by."""


class BacktestRefused(Exception):
    """The month cannot be tested."""


def due(alliance: Alliance, today: dt.date) -> dt.date | None:
    """The newest whole month that is known and not yet tested; None when there is none."""
    feeds = Feed.objects.filter(institution__alliance=alliance, kind=Feed.Kind.CONSUMPTION)
    newest = feeds.order_by("-last_date").values_list("last_date", flat=True).first()
    if newest is None:
        return None
    month = (min(newest, today) + dt.timedelta(days=1)).replace(day=1) - dt.timedelta(days=1)
    month = month.replace(day=1)
    tested = Trial.objects.filter(alliance=alliance, kind=Trial.Kind.BACKTEST, first=month).exists()
    started = feeds.filter(first_date__lt=month - dt.timedelta(days=LEAST_DAYS)).exists()
    return month if started and not tested else None


def backtest(
    alliance: Alliance,
    month: dt.date,
    *,
    by: Person | None,
    now: dt.datetime,
    report: Report | None = None,
    job: Job | None = None,
) -> Trial:
    """Tests the forecasts of the month that holds `month`. Raises BacktestRefused when it is not over or not known."""
    first = month.replace(day=1)
    last = (first + dt.timedelta(days=31)).replace(day=1) - dt.timedelta(days=1)
    feeds = Feed.objects.filter(institution__alliance=alliance, kind=Feed.Kind.CONSUMPTION, last_date__gte=last)
    if not feeds.exists():
        raise BacktestRefused(f"{first:%Y 年 %m 月} 的用量还没有报全，应选已结束的月份")
    if report is not None:
        report(10, f"按 {first:%Y-%m} 月初的数据预测")
    result = _result(alliance, first, last)
    if not result["series"]:
        raise BacktestRefused(f"{first:%Y 年 %m 月} 之前的历史不足 {LEAST_DAYS} 天，无法回测")
    with transaction.atomic():
        made = Trial.objects.create(
            alliance=alliance, kind=Trial.Kind.BACKTEST, first=first, last=last, step_days=(last - first).days + 1,
            finished_at=now, by=by, job=job, result=result,
        )  # fmt: skip
        record("预测回测", made, alliance=alliance, by=by, now=now, data={"month": first, "series": result["series"]})
    return made


def _result(alliance: Alliance, first: dt.date, last: dt.date) -> dict[str, Any]:
    eve, days = first - dt.timedelta(days=1), (last - first).days + 1
    _, levels, habits = watch_settings(alliance, eve)
    seen = series.gather(alliance, eve, habits)
    demand = assessment.forecast(seen.inputs, levels)
    came = series.load(alliance, last, days=days)
    width = int(max(seen.series.presentation.max(initial=0), came.presentation.max(initial=0))) + 1
    keys, later = (one.institution * width + one.presentation for one in (seen.series, came))
    at = np.searchsorted(later, keys).clip(max=max(len(later) - 1, 0))
    here = later[at] == keys if len(later) else np.zeros(len(keys), dtype=bool)
    use = came.use[at].astype(np.float64) if len(later) else np.zeros((len(keys), days))
    whole = here & ~np.isnan(use).any(axis=1)
    stocked = (came.exposure[at] >= 1).all(axis=1) if len(later) else here
    judged = whole & (demand.observed >= LEAST_DAYS) & (demand.total > 0)
    actual = np.nan_to_num(use).sum(axis=1)
    horizon = min(days, demand.mean.shape[1])
    scale = days / horizon
    mean, variance = demand.mean[:, horizon - 1] * scale, demand.variance[:, horizon - 1] * scale**2
    told = {
        "dmx": trial.by_law(mean, variance),
        "average": trial.by_rule(seen.series.use, days, trial.WINDOWS),
        "naive": trial.by_rule(seen.series.use, days, 1),
    }
    usual = np.nan_to_num(seen.series.use).sum(axis=1) / np.maximum(demand.observed, 1) * days
    rows = judged & stocked
    kinds = _groups(alliance, seen, rows)
    return {
        "series": int(rows.sum()),
        "out": int((judged & ~stocked).sum()),
        "short": int((whole & (demand.total > 0) & (demand.observed < LEAST_DAYS)).sum()),
        "eve": eve.isoformat(),
        "known": day(last) - day(first) + 1,
        "groups": [
            {"name": name, **{method: asdict(one) for method, law in told.items() if (one := trial.score(law, actual, usual, mine))}}
            for name, mine in kinds.items()
            if mine.any()
        ],
    }  # fmt: skip


def _groups(alliance: Alliance, seen: series.Gathered, rows: np.ndarray) -> dict[str, np.ndarray]:
    level = dict(alliance.institutions.values_list("pk", "level"))
    levels = np.array([level[pk] for pk in seen.series.institution.tolist()])
    paces, letters = trial.pace(seen.series.use), seen.inputs.criticality
    found = {"全部": rows}
    for name in GROUPS[1:]:
        mine = paces == name if name in ("常用", "间断", "稀用") else levels == name
        found[name] = rows & (letters == name[0] if name.endswith(" 类") else mine)
    return found
