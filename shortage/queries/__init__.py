"""What other apps and pages may ask of stock, forecasts and alerts."""

from shortage.queries.alerts import alerts, level_counts, notices, open_alert_count, unread_notice_count
from shortage.queries.dossier import Dossier, dossier
from shortage.queries.freshness import (
    FeedState,
    Freshness,
    feed_states,
    freshness,
    latest_run,
    watch_summary,
)
from shortage.queries.need import NoForecast, need
from shortage.queries.settings import watch_settings

__all__ = [
    "Dossier",
    "FeedState",
    "Freshness",
    "NoForecast",
    "alerts",
    "dossier",
    "feed_states",
    "freshness",
    "latest_run",
    "level_counts",
    "need",
    "notices",
    "open_alert_count",
    "unread_notice_count",
    "watch_settings",
    "watch_summary",
]
