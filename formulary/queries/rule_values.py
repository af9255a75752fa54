"""Dated rule values of one family, read with one query."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import F, Q

from formulary.models import Alliance, RuleValue


def values(alliance: Alliance | None, prefix: str, on: dt.date) -> dict[str, Any]:
    """Key → value on a date, for keys that begin with `prefix`; the alliance's own rows before the common ones."""
    rows = rows_in_force(alliance, prefix, on)
    return {key: row.value for key, row in rows.items()}


def rows_in_force(alliance: Alliance | None, prefix: str, on: dt.date) -> dict[str, RuleValue]:
    """Key → the row that holds on a date."""
    owner = Q(alliance=None) | Q(alliance=alliance) if alliance else Q(alliance=None)
    rows = RuleValue.objects.filter(owner, key__startswith=prefix, valid_from__lte=on).exclude(valid_to__lt=on)
    return {row.key: row for row in rows.order_by(F("alliance").asc(nulls_first=True), "valid_from")}
