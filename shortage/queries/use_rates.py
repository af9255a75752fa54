"""日均用量 as every page, list and plan asks for it: what the newest pass of the watch measured (rules.use_rate)."""

from __future__ import annotations

from collections.abc import Collection

from formulary.models import Alliance
from shortage.models import Forecast
from shortage.queries.freshness import latest_run
from shortage.queries.shelves import Item
from shortage.rules.use_rate import UseRate, restored


def use_rates(
    alliance: Alliance, presentations: Collection[int], institutions: Collection[int] | None = None
) -> dict[Item, UseRate]:
    """By (institution, presentation); items without a pass, or of which nothing was ever seen, are left out. Two queries."""
    run = latest_run(alliance)
    if run is None:
        return {}
    rows = Forecast.objects.filter(
        institution__alliance=alliance, as_of=run.as_of, presentation__in=list(presentations)
    )
    if institutions is not None:
        rows = rows.filter(institution__in=list(institutions))
    found = {}
    for institution, presentation, working in rows.values_list("institution", "presentation", "working"):
        rate = restored(working)
        if rate is not None:
            found[institution, presentation] = rate
    return found
