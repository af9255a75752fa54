"""The buying rules in force on a day, read with one query."""

from __future__ import annotations

import datetime as dt

from django.db.models import F, Q

from formulary.models import Alliance, RuleValue
from procurement.rules.settings import DEFAULTS, Settings


def buying_settings(alliance: Alliance, on: dt.date) -> Settings:
    """The alliance's own value before the common one, the newest first; defaults where nobody set one."""
    rows = (
        RuleValue.objects.filter(Q(alliance=alliance) | Q(alliance=None), key__in=list(DEFAULTS), valid_from__lte=on)
        .exclude(valid_to__lt=on)
        .order_by(F("alliance").asc(nulls_first=True), "valid_from")
    )
    return Settings(dict(rows.values_list("key", "value")))
