"""How the stock of a removed drug is used up: here, passed on to who can use it in time, or sent back. Pure.

Nothing is lost: quantity = used here + passed on + sent back, and nobody is given more than can be used before expiry.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

NEVER = dt.date.max


@dataclass(frozen=True)
class Holding:
    """One institution's stock of one removed drug in minimal units; daily_use: mean of the last months.
    expires: the first lot's expiry; order_days: the institution's rhythm of ordering."""

    institution: int
    presentation: int
    quantity: int
    daily_use: Decimal
    expires: dt.date | None
    as_of: dt.date
    order_days: int = 7


@dataclass(frozen=True)
class Step:
    """What becomes of a holding."""

    holding: Holding
    cover_days: int | None
    last_order_on: dt.date
    use_up: int
    transfer: int
    transfer_to: int | None
    give_back: int


def cover(holding: Holding) -> int | None:
    """Whole days that the stock lasts at the present rate; None without use."""
    return int(holding.quantity / holding.daily_use) if holding.daily_use > 0 else None


def usable(holding: Holding) -> int:
    """Units that the institution uses before the first lot expires (all of them when no expiry is known and it is used)."""
    if holding.daily_use <= 0:
        return 0
    if holding.expires is None:
        return holding.quantity
    days = max(0, (holding.expires - holding.as_of).days)
    return min(holding.quantity, math.floor(holding.daily_use * days))


def last_order(holding: Holding, effective: dt.date) -> dt.date:
    """Orders after this day would still be on the shelf when the drug leaves the list: one order rhythm before the
    effective date, or at once where the stock already lasts that long."""
    days = cover(holding)
    lasts = days is None or holding.as_of + dt.timedelta(days=min(days, 3650)) >= effective
    if lasts:
        return holding.as_of
    return max(holding.as_of, effective - dt.timedelta(days=holding.order_days))


def plan(holdings: Iterable[Holding], *, effective: dt.date) -> list[Step]:
    """One step for each holding with stock. The soonest expiry passes its surplus on first, to who can use most."""
    rows = sorted(holdings, key=lambda one: (one.presentation, one.expires or NEVER, one.institution))
    by_drug: dict[int, list[Holding]] = {}
    for one in rows:
        by_drug.setdefault(one.presentation, []).append(one)
    return [step for drug in by_drug.values() for step in _of_drug(drug, effective)]


def _of_drug(rows: list[Holding], effective: dt.date) -> list[Step]:
    promised: dict[int, int] = {}
    steps = []
    for one in rows:
        if one.quantity <= 0:
            continue
        here = usable(one)
        surplus = one.quantity - here
        place, room = _room(rows, one, promised) if surplus else (None, 0)
        passed = min(surplus, room)
        if place is not None and passed:
            promised[place] = promised.get(place, 0) + passed
        steps.append(
            Step(
                one,
                cover(one),
                last_order(one, effective),
                use_up=here,
                transfer=passed,
                transfer_to=place if passed else None,
                give_back=surplus - passed,
            )
        )
    return steps


def _room(rows: list[Holding], giver: Holding, promised: Mapping[int, int]) -> tuple[int | None, int]:
    """Who else can use most of the giver's lot before it expires, on top of its own stock and what it was promised."""
    days = None if giver.expires is None else max(0, (giver.expires - giver.as_of).days)
    best: tuple[int | None, int] = (None, 0)
    for other in rows:
        if other.institution == giver.institution or other.daily_use <= 0:
            continue
        if days is None:
            room = giver.quantity
        else:
            room = math.floor(other.daily_use * days) - other.quantity - promised.get(other.institution, 0)
        if room > best[1]:
            best = (other.institution, room)
    return best
