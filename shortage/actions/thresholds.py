"""From when on an item is pushed: a dated rule value of the alliance, chosen from what a replay showed."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from formulary.actions.history import record
from formulary.models import Alliance, Person, RuleValue
from shortage.models import Trial

KEY = "watch.orange_p14"


class ThresholdRefused(Exception):
    """The threshold cannot be set so."""


def set_orange(
    alliance: Alliance, value: float, *, trial: Trial, by: Person, now: dt.datetime, today: dt.date
) -> RuleValue:
    """Orange from this 14-day probability on, from `today`; what was in force before stays under its own days.

    Raises ThresholdRefused outside 0.05…0.95, or when today already has a value.
    """
    if not 0.05 <= value <= 0.95:
        raise ThresholdRefused("阈值应在 5% 与 95% 之间")
    with transaction.atomic():
        rows = RuleValue.objects.select_for_update().filter(alliance=alliance, key=KEY)
        if rows.filter(valid_from=today).exists():
            raise ThresholdRefused("今天已改过一次阈值，请明天再改：同一天只能有一个值")
        row = RuleValue.objects.create(
            key=KEY,
            alliance=alliance,
            value=value,
            valid_from=today,
            document=f"预警回放 {trial.first} 至 {trial.last}（编号 {trial.pk}）",
            confirmed_by=str(by)[:60],
            note="14 日缺货概率达到此值即为橙色并推送",
        )
        record("修改预警阈值", row, alliance=alliance, by=by, now=now, data={"value": value, "trial": trial.pk})
    return row
