"""The bridge between facts in the database and arrays: what the forecast and the plan start from.

    panel = series.load(alliance, as_of)      daily use and in-stock exposure of every watched series
    held = series.holdings(alliance, as_of)   usable units by expiry, from batches and closing stock
    coming = series.open_orders(alliance, as_of)
    took = series.lead_samples(alliance, as_of)

Rows come by raw cursor, one institution at a time: 60,000 series × 365 days never stand in memory as Python objects.
"""

from shortage.series.coming import coming
from shortage.series.holdings import Holdings, holdings
from shortage.series.inputs import Gathered, gather, is_late, last_days
from shortage.series.orders import lead_samples, open_orders
from shortage.series.use import HISTORY_DAYS, Series, load

__all__ = [
    "HISTORY_DAYS",
    "Gathered",
    "Holdings",
    "Series",
    "coming",
    "gather",
    "holdings",
    "is_late",
    "last_days",
    "lead_samples",
    "load",
    "open_orders",
]
