"""The numbers of acting on shortages; each is a dated rule value `act.<field>` with this default (domain.md §6.2–6.4)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any


@dataclass(frozen=True)
class ActRules:
    """least_life_days: goods given away must be usable so long; donor_keep_days: a donor keeps its reorder point and at
    least so many days of use; loan_days: until a loan is due; transit_days: what a transfer needs; order_days: an order
    suggestion asks for the use of so many days; most_options: measures of one kind shown; verify_hours,
    answer_days: an institution verifies, the alliance answers (working days); meeting_days: until a 会商 is held."""

    least_life_days: int = 30
    donor_keep_days: int = 14
    loan_days: int = 30
    transit_days: int = 1
    order_days: int = 30
    most_options: int = 4
    verify_hours: int = 24
    answer_days: int = 3
    meeting_days: int = 3


def read(value_of: Callable[[str, Any], Any]) -> ActRules:
    """Each field asked as `value_of("act.<field>", default)`, kept in its default's type."""
    found: dict[str, Any] = {}
    for one in fields(ActRules):
        default: Any = one.default
        found[one.name] = type(default)(value_of(f"act.{one.name}", default))
    return ActRules(**found)
