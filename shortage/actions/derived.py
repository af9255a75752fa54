"""Writes the forecasts and risks of a day in bulk, replacing that day's rows, and drops what is too old to be asked."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from django.db import connection, models

from formulary.models import Alliance
from shortage.models import Forecast, Risk, WatchRun
from shortage.rules.assessment import Assessment
from shortage.rules.sentences import stockout_on
from shortage.rules.use_rate import measured
from shortage.series import Gathered

KEEP_DAYS = 8
KEEP_MONTHS_DAYS = 400
FORECAST = (
    "institution_id", "presentation_id", "as_of", "daily_rate", "mean_30", "q10_30", "q90_30", "safety_stock",
    "reorder_point", "order_up_to", "lead_days", "working",
)  # fmt: skip
RISK = (
    "institution_id", "presentation_id", "as_of", "stock", "on_order", "days_of_supply", "p7", "p14", "p30",
    "expected_days_out", "stockout_on", "level", "cause", "computed_p14", "coming",
)  # fmt: skip


def replace_day(alliance: Alliance, as_of: dt.date, forecasts: Iterable[tuple], risks: Iterable[tuple]) -> None:
    """The rows of this alliance and day become these. Inside the caller's transaction."""
    for model in (Forecast, Risk):
        model.objects.filter(institution__alliance=alliance, as_of=as_of)._raw_delete(connection.alias)
    _insert(Forecast, FORECAST, forecasts)
    _insert(Risk, RISK, risks)


def prune(alliance: Alliance, as_of: dt.date) -> int:
    """Keeps the last days, and of each month the first day watched for 13 months (what a back-test compares)."""
    days = list(WatchRun.objects.filter(alliance=alliance).order_by("as_of").values_list("as_of", flat=True))
    first: dict[tuple[int, int], dt.date] = {}
    for day in days:
        first.setdefault((day.year, day.month), day)
    keep = {day for day in first.values() if (as_of - day).days <= KEEP_MONTHS_DAYS}
    keep |= {day for day in days if (as_of - day).days < KEEP_DAYS}
    old = [day for day in days if day not in keep and day < as_of]
    rows = [model.objects.filter(institution__alliance=alliance, as_of__in=old) for model in (Forecast, Risk)]
    return sum(queryset._raw_delete(connection.alias) for queryset in rows) if old else 0


def forecast_rows(seen: Gathered, found: Assessment, wanted: np.ndarray, *, use_days: int) -> Iterable[tuple]:
    """Tuples for FORECAST of the series numbers `wanted`; 日均用量 is measured over the last `use_days`."""
    demand, policy = found.demand, found.demand.policy
    columns = _lists(
        wanted, seen.series.institution, seen.series.presentation, demand.rate, demand.mean[:, 29], demand.q10_30,
        demand.q90_30, policy.safety_stock, policy.reorder_point, policy.order_up_to, demand.lead_days,
    )  # fmt: skip
    workings = _workings(seen, found, wanted, use_days)
    for (who, drug, *numbers), working in zip(zip(*columns, strict=True), workings, strict=True):
        *rates, safety, point, target, lead = numbers
        yield (
            who,
            drug,
            seen.series.as_of,
            *(round(x, 4) for x in rates),
            safety,
            point,
            target,
            round(lead, 1),
            working,
        )


def _workings(seen: Gathered, found: Assessment, wanted: np.ndarray, use_days: int) -> Iterable[str]:
    """How each number came about: inputs and the law, enough to draw the projection again."""
    demand, given = found.demand, seen.inputs
    at = (np.arange(len(demand.rate)), demand.cover - 1)
    supplied = given.leads.counts[given.own_lead]
    columns = _lists(
        wanted, demand.observed, demand.exposed, demand.total, demand.recent, demand.before, demand.cover,
        demand.mean[at], np.sqrt(demand.variance[at]), demand.variance[:, 29], given.review, demand.service,
        seen.suppliers, supplied, given.lag, found.shortage, demand.own_weight, demand.peers,
        given.window, demand.usual,
    )  # fmt: skip
    names = (
        "observed_days", "exposed_days", "used", "recent_14", "before_90", "cover_days", "cover_mean", "cover_sd",
        "variance_30", "review_days", "service", "supplier", "deliveries", "stock_lag_days", "short", "own_weight", "peers",
        "outbreak_days", "usual_rate",
    )  # fmt: skip
    shared = {"method": "DMX", "growth": round(demand.growth, 4), "power": round(demand.power, 4)}
    used = measured(seen.series.use[wanted, -use_days:], seen.series.exposure[wanted, -use_days:])
    for values, rate in zip(zip(*columns, strict=True), used, strict=True):
        rounded = (round(value, 3) if isinstance(value, float) else value for value in values)
        told = shared | dict(zip(names, rounded, strict=True)) | {"use": rate.stored()}
        yield json.dumps(told, ensure_ascii=False)


def risk_rows(
    seen: Gathered,
    found: Assessment,
    wanted: np.ndarray,
    on_order: np.ndarray,
    coming: np.ndarray,
    levels: Sequence[str],
    causes: Sequence[str],
    computed: np.ndarray,
) -> Iterable[tuple]:
    """Tuples for RISK; levels and causes are per series, "" for none; computed (N,): 14-day chance before calibration."""
    as_of, risk = seen.series.as_of, found.risk
    columns = _lists(
        wanted, seen.series.institution, seen.series.presentation, np.floor(risk.usable).astype(np.int64), on_order,
        found.supply, computed, coming, risk.p7, risk.p14, risk.p30, risk.days_out,
    )  # fmt: skip
    for at, (who, drug, stock, ordered, supply, plain, counted, *chances) in zip(
        wanted.tolist(), zip(*columns, strict=True), strict=True
    ):
        days = None if supply != supply else round(supply, 2)
        rounded = (round(value, 6) for value in chances)
        yield (
            who,
            drug,
            as_of,
            stock,
            ordered,
            days,
            *rounded,
            stockout_on(as_of, days),
            levels[at],
            causes[at],
            round(plain, 6),
            counted,
        )


def _lists(wanted: np.ndarray, *columns: Any) -> list[list[Any]]:
    return [np.asarray(column)[wanted].tolist() for column in columns]


def _insert(model: type[models.Model], columns: tuple[str, ...], rows: Iterable[tuple]) -> None:
    quote = connection.ops.quote_name
    names, marks = ", ".join(map(quote, columns)), ", ".join(["%s"] * len(columns))
    with connection.cursor() as cursor:
        cursor.executemany(f"INSERT INTO {quote(model._meta.db_table)} ({names}) VALUES ({marks})", list(rows))
