"""How often a 品种 was bought for a time, and how often it may be."""

from __future__ import annotations

import datetime as dt

from formulary.models import Adjustment, AdjustmentStep, Alliance
from formulary.queries.versions import rule_value
from formulary.rules.adjustment_life import Verb

TIMES_KEY = "adjustment.temporary_times"
TIMES = 3
YEAR_DAYS = 365


def times_allowed(alliance: Alliance, on: dt.date) -> int:
    return int(rule_value(TIMES_KEY, alliance=alliance, on=on, default=TIMES))


def approved_before(adjustment: Adjustment, on: dt.date) -> int:
    """Approvals of the same 品种 in the alliance within the year that ends on the day, this application left out."""
    if adjustment.presentation is None:
        return 0
    steps = AdjustmentStep.objects.filter(
        verb=Verb.APPROVE,
        at__date__gt=on - dt.timedelta(days=YEAR_DAYS),
        at__date__lte=on,
        adjustment__alliance=adjustment.alliance_id,
        adjustment__presentation__medicine=adjustment.presentation.medicine_id,
    )
    return steps.exclude(adjustment=adjustment.pk).count()
