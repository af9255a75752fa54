"""The watch's rule values in force, read with one query."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import F, Q

from formulary.models import Alliance, RuleValue
from shortage.rules import watching
from shortage.rules.grading import Thresholds
from shortage.rules.policy import ServiceLevels
from shortage.rules.watching import Habits


def watch_settings(alliance: Alliance, on: dt.date) -> tuple[Thresholds, ServiceLevels, Habits]:
    """Keys `watch.<name>`: the alliance's own value before the common one, the newest first, as `rule_value` answers;
    defaults where nobody set one."""
    rows = (
        RuleValue.objects.filter(Q(alliance=alliance) | Q(alliance=None), key__startswith="watch.", valid_from__lte=on)
        .exclude(valid_to__lt=on)
        .order_by(F("alliance").asc(nulls_first=True), "valid_from")
    )
    values: dict[str, Any] = dict(rows.values_list("key", "value"))
    return (
        watching.read(Thresholds, values.get),
        watching.read(ServiceLevels, values.get),
        watching.read(Habits, values.get),
    )
