"""What a period needs: the question that purchase planning asks."""

from __future__ import annotations

import datetime as dt

import pandas as pd

from formulary.models import Alliance
from shortage import series
from shortage.models import Forecast, Outbreak
from shortage.queries.freshness import latest_run
from shortage.queries.settings import watch_settings

SERIES = ["institution", "presentation"]


class NoForecast(Exception):
    """Nothing has been forecast for this alliance up to the day asked for."""


def need(alliance: Alliance, as_of: dt.date, period_days: int) -> pd.DataFrame:
    """What every institution needs of every forecast presentation in the `period_days` after `as_of`.

    One row per series, sorted by institution and presentation; all quantities in minimal units:
    institution, presentation   primary keys
    demand          int, expected use over the period (mean of the forecast, scaled from its 30 days; what a declared
                    outbreak adds counts only until its end)
    safety_stock    int, what is to be left at the end of it
    usable_stock    int, on the shelf at the end of `as_of` and not expired, known facts only
    on_order        int, ordered by `as_of`, not yet arrived, and to be counted on: an overdue order counts only as far as
                    it is likely to come within the period (rules.coming)
    ordered         int, ordered by `as_of` and not yet arrived, overdue or not
    daily_rate      float, expected use of a day
    forecast_on     date the forecast was made (the newest pass of the watch not after `as_of`)

    A presentation that is no longer in force is still listed while it has use or stock: which of them may be bought
    is the buyer's question to the version in force. Raises NoForecast when the watch has never run.
    """
    run = latest_run(alliance, as_of)
    if run is None:
        raise NoForecast(f"{alliance} 截至 {as_of} 还没有需求预测，请先运行每日监测（manage.py watch）")
    rows = Forecast.objects.filter(institution__alliance=alliance, as_of=run.as_of).order_by(*SERIES)
    frame = pd.DataFrame.from_records(
        rows.values_list(*SERIES, "daily_rate", "mean_30", "safety_stock"),
        columns=[*SERIES, "daily_rate", "mean_30", "safety_stock"],
    ).astype({"institution": "int64", "presentation": "int64", "safety_stock": "int64"})
    days = period_days * _lasting(frame, alliance, run.as_of, period_days)
    frame["demand"] = (frame.pop("mean_30").astype(float) * days / 30).round().astype("int64")
    held = series.holdings(alliance, as_of).stock.set_index(SERIES).quantity
    _, _, habits = watch_settings(alliance, as_of)
    orders = series.coming(alliance, as_of, period_days, overdue_after=habits.overdue_days).groupby(SERIES)
    index = pd.MultiIndex.from_frame(frame[SERIES])
    frame["usable_stock"] = held.reindex(index, fill_value=0).to_numpy(dtype="int64")
    for name, column in (("on_order", "counted"), ("ordered", "quantity")):
        frame[name] = orders[column].sum().reindex(index, fill_value=0).to_numpy(dtype="int64")
    frame["forecast_on"] = run.as_of
    return frame[
        [*SERIES, "demand", "safety_stock", "usable_stock", "on_order", "ordered", "daily_rate", "forecast_on"]
    ]


def _lasting(frame: pd.DataFrame, alliance: Alliance, as_of: dt.date, period_days: int) -> pd.Series:
    """By row the share of the forecast rate that holds on average over the period: after an outbreak the usual rate."""
    kept: dict[tuple[int, int], float] = {}
    for outbreak in Outbreak.objects.filter(alliance=alliance, starts_on__lte=as_of, ends_on__gte=as_of):
        rows = Forecast.objects.filter(
            institution__alliance=alliance,
            as_of=as_of,
            presentation__in=outbreak.presentations.all(),
            working__outbreak_days=outbreak.window_days,
            daily_rate__gt=0,
        )
        after = max(0, period_days - (outbreak.ends_on - as_of).days) / period_days
        for place, drug, rate, usual in rows.values_list(*SERIES, "daily_rate", "working__usual_rate"):
            kept[place, drug] = max(kept.get((place, drug), 0.0), 1 - after * (1 - usual / rate))
    keys = zip(frame.institution, frame.presentation, strict=True)
    return pd.Series([kept.get(key, 1.0) for key in keys] if kept else 1.0, index=frame.index)
