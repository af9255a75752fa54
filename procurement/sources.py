"""What procurement asks of its two neighbours, in the words of a case: need from `shortage`, list status from `formulary`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from formulary.models import Alliance, Presentation
from formulary.queries import drug_statuses
from shortage.queries import NoForecast, need


@dataclass(frozen=True, slots=True)
class NeedRow:
    """Need of one institution for one 品规 in a period, in minimal units, and the numbers it comes from.

    on_order: what can be counted on of all that is `ordered` (overdue orders only as far as they are likely to come)."""

    institution_id: int
    presentation_id: int
    demand: int
    safety: int
    stock: int
    on_order: int
    ordered: int


@dataclass(frozen=True, slots=True)
class Reported:
    """报量 in place of the forecast: the rows, the 品规 it is about (None: all), and a remark for the plan."""

    needs: list[NeedRow]
    only: frozenset[int] | None
    note: str


@dataclass(frozen=True, slots=True)
class Standing:
    """What the lists say of a 品规 on a date: 基药, 医保 (甲, 乙, 国谈, 无), 短缺清单."""

    essential: bool = False
    insurance: str = "无"
    shortage: bool = False


def needs_of(alliance: Alliance, *, as_of: dt.date, end: dt.date) -> tuple[list[NeedRow], dt.date | None]:
    """Need from the day after `as_of` up to `end`, and the day its forecast was made; nothing when there is no forecast.

    Counted from `as_of` even when the plan's period starts later, because the stock on the shelf is used up until then.
    """
    try:
        frame = need(alliance, as_of, (end - as_of).days)
    except NoForecast:
        return [], None
    columns = ["institution", "presentation", "demand", "safety_stock", "usable_stock", "on_order", "ordered"]
    rows = [NeedRow(*values) for values in zip(*(frame[name].tolist() for name in columns), strict=True)]
    return rows, frame["forecast_on"].iloc[0] if rows else None


def standings_of(presentations: Iterable[Presentation], *, on: dt.date) -> dict[int, Standing]:
    """List status by presentation id on a date. Only official shortage lists count: a class of the plan hangs on it."""
    return {
        pk: Standing(
            essential=status.is_essential,
            insurance=status.insurance_class,
            shortage=any(mark.official for mark in status.shortage),
        )
        for pk, status in drug_statuses(presentations, on).items()
    }
