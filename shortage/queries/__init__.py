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
from shortage.queries.option import Option
from shortage.queries.options import Choices, choices
from shortage.queries.settings import act_settings, watch_settings
from shortage.queries.store import gives_only, store_of
from shortage.queries.transfer_effect import transfer_effect
from shortage.queries.transfers import (
    alerts_of,
    balances,
    debts,
    measure_counts,
    measures,
    purchase_suggestions,
    transfers,
    waiting_for,
    waiting_transfer_count,
)

__all__ = [
    "Choices",
    "Dossier",
    "FeedState",
    "Freshness",
    "NoForecast",
    "Option",
    "act_settings",
    "alerts",
    "alerts_of",
    "balances",
    "choices",
    "debts",
    "dossier",
    "feed_states",
    "freshness",
    "gives_only",
    "latest_run",
    "level_counts",
    "measure_counts",
    "measures",
    "need",
    "notices",
    "open_alert_count",
    "purchase_suggestions",
    "store_of",
    "transfer_effect",
    "transfers",
    "unread_notice_count",
    "waiting_for",
    "waiting_transfer_count",
    "watch_settings",
    "watch_summary",
]
