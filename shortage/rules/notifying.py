"""When a message may go out, when it is tried again, and whom silence is told to. Pure: moments in, moments out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

LEVELS = ("yellow", "blue", "orange", "red")
"""Least to most pressing for the purse of a telephone: blue plans for the alliance, orange and red call one place."""
TIERS = ("institution", "alliance")
TIER_NAMES = {"institution": "机构负责人", "alliance": "医共体采购与主管部门"}


@dataclass(frozen=True)
class NotifyRules:
    """Dated rule values `notice.<field>`. attempts: tries of one message; retry_minutes: waits between them, the last one
    repeats; red_hours, orange_hours, blue_hours: hours without anyone taking on before the institution's head, then the
    alliance is told; idle_hours: an alert taken on without any step for so long reminds its handler; digest_hour: of the
    day's summary."""

    attempts: int = 5
    retry_minutes: tuple[int, ...] = (1, 5, 30, 120)
    red_hours: tuple[int, ...] = (4, 24)
    orange_hours: tuple[int, ...] = (24, 72)
    blue_hours: tuple[int, ...] = (24, 72)
    idle_hours: int = 72
    digest_hour: int = 8

    def hours(self, level: str) -> tuple[int, ...]:
        return {"red": self.red_hours, "orange": self.orange_hours, "blue": self.blue_hours}.get(level, ())


def read(value_of: Callable[[str, Any], Any]) -> NotifyRules:
    """Each field asked as `value_of("notice.<field>", default)`."""
    default = NotifyRules()
    found: dict[str, Any] = {}
    for name in NotifyRules.__dataclass_fields__:
        usual = getattr(default, name)
        value = value_of(f"notice.{name}", usual)
        found[name] = tuple(int(x) for x in value) if isinstance(usual, tuple) else int(value)
    return NotifyRules(**found)


def loud_enough(level: str, least: str) -> bool:
    return LEVELS.index(level) >= LEVELS.index(least)


def not_before(moment: dt.datetime, start: dt.time | None, end: dt.time | None) -> dt.datetime:
    """`moment` (local), or the end of the quiet hours it falls into. Hours may pass midnight; equal ends: never quiet."""
    if start is None or end is None or start == end:
        return moment
    at = moment.timetz().replace(tzinfo=None)
    inside = start <= at < end if start < end else at >= start or at < end
    if not inside:
        return moment
    day = moment.date() + dt.timedelta(days=1) if start > end and at >= start else moment.date()
    return dt.datetime.combine(day, end, tzinfo=moment.tzinfo)


def next_try(moment: dt.datetime, attempts: int, rules: NotifyRules) -> dt.datetime | None:
    """When a message that failed `attempts` times is tried again; None when it is given up."""
    if attempts >= rules.attempts:
        return None
    waits: Sequence[int] = rules.retry_minutes or (1,)
    return moment + dt.timedelta(minutes=waits[min(attempts - 1, len(waits) - 1)])


def tiers_due(hours_open: float, level: str, told: int, rules: NotifyRules) -> list[int]:
    """Numbers of the tiers that have to be told now: those whose hours have passed, beyond the `told` first ones."""
    return [k for k, limit in enumerate(rules.hours(level)[: len(TIERS)]) if k >= told and hours_open >= limit]
