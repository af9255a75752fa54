"""What procurement asks of its two neighbours, in the words of a case: need from `shortage`, list status from `formulary`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from formulary.models import Alliance, Presentation
from shortage.models import Forecast, Risk


@dataclass(frozen=True, slots=True)
class NeedRow:
    """Need of one institution for one 品规 in a period, in minimal units, and the numbers it comes from."""

    institution_id: int
    presentation_id: int
    demand: int
    safety: int
    stock: int
    on_order: int


@dataclass(frozen=True, slots=True)
class Standing:
    """What the lists say of a 品规 on a date: 基药, 医保 (甲, 乙, 国谈, 无), 短缺清单."""

    essential: bool = False
    insurance: str = "无"
    shortage: bool = False


def needs_of(alliance: Alliance, *, as_of: dt.date, start: dt.date, end: dt.date) -> list[NeedRow]:
    """Forecast demand and safety stock against usable stock and what is on order, as seen at the end of `as_of`."""
    days = (end - start).days + 1
    risks = {
        (r.institution_id, r.presentation_id): (r.stock, r.on_order)
        for r in Risk.objects.filter(institution__alliance=alliance, as_of=as_of)
    }
    rows = Forecast.objects.filter(institution__alliance=alliance, as_of=as_of)
    return [
        NeedRow(
            f.institution_id,
            f.presentation_id,
            round(f.mean_30 * days / 30),
            f.safety_stock,
            *risks.get((f.institution_id, f.presentation_id), (0, 0)),
        )
        for f in rows
    ]


def standings_of(presentations: Iterable[Presentation], *, on: dt.date) -> dict[int, Standing]:
    """List status by presentation id on a date."""
    return {row.pk: Standing() for row in presentations}


def needed_anywhere(rows: Collection[NeedRow]) -> set[int]:
    return {row.presentation_id for row in rows}
