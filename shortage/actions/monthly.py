"""Keeps use by month in line with the facts in force."""

from __future__ import annotations

import datetime as dt

import pandas as pd
from django.db.models import Sum

from shortage.actions import bulk
from shortage.models import CURRENT, Consumption, MonthlyUse

FEW = 500
KEY = ["institution_id", "presentation_id"]


def refresh(changed: pd.DataFrame) -> None:
    """Adds up again every month in which a day changed. Columns institution_id, presentation_id, date; in the caller's
    transaction."""
    if changed.empty:
        return
    months = pd.to_datetime(changed["date"]).dt.to_period("M")
    for month, rows in changed.groupby(months):
        first: dt.date = month.start_time.date()
        _refresh_month(rows, first, month.end_time.date())


def _refresh_month(rows: pd.DataFrame, first: dt.date, last: dt.date) -> None:
    reach: dict[str, list[int]] = {"institution_id__in": [int(x) for x in rows["institution_id"].unique()]}
    drugs = [int(x) for x in rows["presentation_id"].unique()]
    if len(drugs) <= FEW:
        reach["presentation_id__in"] = drugs
    days = Consumption.objects.filter(CURRENT, date__gte=first, date__lte=last, **reach)
    totals = days.order_by().values_list(*KEY).annotate(Sum("quantity"))
    frame = pd.DataFrame.from_records(list(totals), columns=[*KEY, "quantity"]).assign(month=pd.Timestamp(first))
    MonthlyUse.objects.filter(month=first, **reach).delete()
    if len(frame):
        bulk.insert(MonthlyUse, frame)
