"""Sharing out what lies in the central store: who runs out first is served first, pack by pack. Pure.

    days of cover before a pack = (stock + coming + given so far) ÷ use per day
    each whole pack, the first expiring first, goes to the institution with the fewest days of cover that still needs some

Ties go to the higher probability of a stock-out, then to the greater use, then by key. Nobody gets more than it needs (its
own order-up-to level, rounded up to a pack), nor a pack that it would not use before the pack expires.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from shortage.rules.transfers import Lot

Share = dict[tuple[int, int], int]
NEVER = 10**6


@dataclass(frozen=True, slots=True)
class Claim:
    """One institution. position: stock and what is coming, wanted: units it needs, risk: of running out in 14 days."""

    key: int
    position: int
    per_day: float
    wanted: int
    risk: float = 0.0


def free(
    lots: Sequence[Lot], promised: Mapping[tuple[int, str], int], *, keep: int, on: dt.date, least_days: int
) -> list[Lot]:
    """What may be given out, first expiring first: usable for `least_days`, less what other papers have promised (units by
    product and batch) and `keep` units for the store's own patients, which are held back from the last expiring."""
    until = on + dt.timedelta(days=max(least_days, 1))
    left = []
    for lot in _by_expiry(lots, on):
        units = lot.quantity - promised.get((lot.product, lot.batch), 0)
        if units > 0 and (lot.expiry is None or lot.expiry >= until):
            left.append(Lot(lot.product, lot.batch, lot.expiry, units))
    held, kept = keep, []
    for lot in reversed(left):
        back = min(held, lot.quantity)
        held -= back
        if lot.quantity > back:
            kept.append(Lot(lot.product, lot.batch, lot.expiry, lot.quantity - back))
    return kept[::-1]


def share(lots: Sequence[Lot], claims: Sequence[Claim], packs: Mapping[int, int], on: dt.date) -> Share:
    """Units by (institution, product). lots: what is free of one drug; packs: units of a pack by product (1 when unknown).

    A loose rest of a lot smaller than a pack stays where it is.
    """
    given: dict[int, int] = {claim.key: 0 for claim in claims}
    shared: Share = {}
    for lot in _by_expiry(lots, on):
        size = packs.get(lot.product, 1)
        days = NEVER if lot.expiry is None else (lot.expiry - on).days
        for _ in range(lot.quantity // size):
            waiting = [claim for claim in claims if _takes(claim, given[claim.key], size, days)]
            if not waiting:
                break
            first = min(waiting, key=lambda claim: _urgency(claim, given[claim.key]))
            given[first.key] += size
            shared[first.key, lot.product] = shared.get((first.key, lot.product), 0) + size
    return shared


def _takes(claim: Claim, given: int, size: int, days: int) -> bool:
    if claim.per_day <= 0 or given >= claim.wanted:
        return False
    return (claim.position + given + size) / claim.per_day <= days


def _urgency(claim: Claim, given: int) -> tuple[float, float, float, int]:
    return ((claim.position + given) / claim.per_day, -claim.risk, -claim.per_day, claim.key)


def pick(lots: Sequence[Lot], product: int, units: int) -> list[Lot]:
    """`units` of one product from the free lots, first expiring first; fewer when the lots do not hold them."""
    taken, rest = [], units
    for lot in lots:
        if lot.product == product and rest:
            part = min(rest, lot.quantity)
            taken.append(Lot(lot.product, lot.batch, lot.expiry, part))
            rest -= part
    return taken


def _by_expiry(lots: Sequence[Lot], on: dt.date) -> list[Lot]:
    return sorted(lots, key=lambda lot: (lot.expiry is None, lot.expiry or on, lot.batch, lot.product))
