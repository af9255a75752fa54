"""What a period needs: the question that purchase planning asks."""

from __future__ import annotations

import datetime as dt

import pandas as pd

from formulary.models import Alliance
from shortage import series
from shortage.models import Forecast
from shortage.queries.freshness import latest_run
from shortage.queries.settings import watch_settings

SERIES = ["institution", "presentation"]


class NoForecast(Exception):
    """Nothing has been forecast for this alliance up to the day asked for."""


def need(alliance: Alliance, as_of: dt.date, period_days: int) -> pd.DataFrame:
    """What every institution needs of every forecast presentation in the `period_days` after `as_of`.

    One row per series, sorted by institution and presentation; all quantities in minimal units:
    institution, presentation   primary keys
    demand          int, expected use over the period (mean of the forecast, scaled from its 30 days)
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
    frame["demand"] = (frame.pop("mean_30").astype(float) * period_days / 30).round().astype("int64")
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
