"""What the left-hand room tidies every night, called by the watch before it begins. Running it twice changes nothing."""

from __future__ import annotations

import datetime as dt

from formulary.actions.drug_requests import forget_old_marks
from formulary.actions.emergency import lapse_due
from formulary.actions.publicity import end_due
from formulary.models import Alliance


def tidy(alliance: Alliance, on: dt.date, *, now: dt.datetime) -> dict[str, int]:
    """Temporary uses that ended become 已失效; old no-show marks are erased; publicities that may end are ended. Counts by
    what was done."""
    return {
        "失效": lapse_due(alliance, on, now=now),
        "清除标记": forget_old_marks(alliance, on),
        "结束公示": len(end_due(alliance, now=now)),
    }
