"""Open orders with how much of each can be counted on."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from formulary.models import Alliance
from shortage.forecasting import arrivals
from shortage.rules import lead_times
from shortage.rules.coming import counted_on
from shortage.series.orders import lead_samples, open_orders
from shortage.series.reading import NEVER, day


def coming(alliance: Alliance, as_of: dt.date, days: int, *, overdue_after: float) -> pd.DataFrame:
    """`open_orders` with overdue (days), chance and counted (units) of coming within `days`."""
    orders, took = open_orders(alliance, as_of), lead_samples(alliance, as_of)
    laws = lead_times.learn(took.supplier, took.days)
    drugs, drug = np.unique(orders.presentation.to_numpy(), return_inverse=True)
    newest = took.groupby("presentation").ordered.max().reindex(drugs).to_numpy(dtype=float)
    since = np.where(np.isnan(newest), np.inf, day(as_of) - newest)
    age = orders.age.to_numpy(dtype=float)
    lead = laws.rows(list(orders.supplier))
    short, _ = arrivals.shortage_posterior(
        drug, orders.institution.to_numpy(), age, since, len(drugs), laws.of(lead), overdue_after=overdue_after
    )
    promised = np.where(orders.due == NEVER, np.nan, (orders.due - day(as_of)).astype(float))
    found = counted_on(
        orders.quantity.to_numpy(dtype=float), age, promised, lead, laws, short[drug], np.full(len(orders), float(days))
    )
    return orders.assign(overdue=found.overdue, chance=found.chance, counted=found.counted)
