"""The watch's rule values in force, read with one query."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import F, Q

from formulary.models import Alliance, RuleValue
from shortage.rules import acting, notifying, watching
from shortage.rules.acting import ActRules
from shortage.rules.grading import Thresholds
from shortage.rules.notifying import NotifyRules
from shortage.rules.policy import ServiceLevels
from shortage.rules.watching import Habits


def watch_settings(alliance: Alliance, on: dt.date) -> tuple[Thresholds, ServiceLevels, Habits]:
    """Keys `watch.<name>`: the alliance's own value before the common one, the newest first, as `rule_value` answers;
    defaults where nobody set one."""
    values = rule_values(alliance, on, "watch.")
    return (
        watching.read(Thresholds, values.get),
        watching.read(ServiceLevels, values.get),
        watching.read(Habits, values.get),
    )


def act_settings(alliance: Alliance, on: dt.date) -> ActRules:
    """Keys `act.<name>`, as `watch_settings` reads its own."""
    return acting.read(rule_values(alliance, on, "act.").get)


def notify_settings(alliance: Alliance, on: dt.date) -> NotifyRules:
    """Keys `notice.<name>`."""
    return notifying.read(rule_values(alliance, on, "notice.").get)


def rule_values(alliance: Alliance, on: dt.date, prefix: str) -> dict[str, Any]:
    """Every rule value in force whose key begins so, the alliance's own before the common one."""
    rows = (
        RuleValue.objects.filter(Q(alliance=alliance) | Q(alliance=None), key__startswith=prefix, valid_from__lte=on)
        .exclude(valid_to__lt=on)
        .order_by(F("alliance").asc(nulls_first=True), "valid_from")
    )
    return dict(rows.values_list("key", "value"))
