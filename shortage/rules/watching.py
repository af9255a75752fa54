"""The numbers of the watch that are neither levels nor service levels; each is a dated rule value with this default."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any, TypeVar

from shortage.rules.grading import Thresholds
from shortage.rules.policy import ServiceLevels


@dataclass(frozen=True)
class Habits:
    """late_stock_days, late_use_days: a feed further behind has no data; overdue_days: an order so old speaks of a
    shortage; notices_per_day: messages a person gets in a day, the rest stays in the list; snooze_days: an alert
    closed by a person is not opened again by the same level for so long; relapse_days: until then a new rise belongs
    to the old alert; least_monthly_use: an empty shelf is red only where a month asks for at least this.
    thin_share: a stock file with less than this part of an institution's items is asked about before it counts as its
    report of the day; check_days: how far back facts are looked at for faults;
    use_days: window of 日均用量 (rules.use_rate);
    calibration_days: how far back told and observed probabilities are compared; calibration_events: shelves that must
    have run empty before the map is used; calibration_steady: cases per step that hold it near the computed value;
    outbreak_days: how long a declared outbreak may last at most."""

    late_stock_days: int = 2
    late_use_days: int = 7
    overdue_days: int = 9
    notices_per_day: int = 5
    snooze_days: int = 3
    relapse_days: int = 14
    least_monthly_use: float = 1.0
    thin_share: float = 0.2
    check_days: int = 62
    use_days: int = 90
    calibration_days: int = 180
    calibration_events: int = 20
    calibration_steady: float = 10.0
    outbreak_days: int = 90


Values = TypeVar("Values", Thresholds, ServiceLevels, Habits)


def read(kind: type[Values], value_of: Callable[[str, Any], Any]) -> Values:
    """One of the value classes, each field asked as `value_of("watch.<field>", default)`; kept in its default's type."""
    found: dict[str, Any] = {}
    for field in fields(kind):
        default: Any = field.default
        found[field.name] = type(default)(value_of(f"watch.{field.name}", default))
    return kind(**found)
