"""What stands on the shelves by lot right now: the newest count, brought to the newest closing stock."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection

from django.db.models import Max

from shortage.models import CURRENT, StockLot, StockPosition
from shortage.rules.transfers import Lot, drawn_down

Item = tuple[int, int]


def shelves(institutions: Collection[int], presentations: Collection[int]) -> dict[Item, tuple[dt.date, list[Lot]]]:
    """Per item the day it is known for and its lots, expired ones included (quantity > 0). Three queries."""
    reach = {"institution__in": list(institutions), "presentation__in": list(presentations)}
    known = {
        (row[0], row[1]): (row[2], row[3], row[4])
        for row in StockPosition.objects.filter(**reach).values_list(
            "institution", "presentation", "date", "quantity", "expired"
        )
    }
    counted = StockLot.objects.filter(CURRENT, **reach)
    newest = {
        (institution, presentation): day
        for institution, presentation, day in counted.order_by()
        .values_list("institution", "presentation")
        .annotate(Max("date"))
    }
    lots: dict[Item, list[Lot]] = defaultdict(list)
    fields = ("institution", "presentation", "date", "product", "batch", "expiry", "quantity")
    on = {"date__in": sorted(set(newest.values()))}
    for who, drug, day, product, batch, expiry, quantity in counted.filter(quantity__gt=0, **on).values_list(*fields):
        if newest[who, drug] == day:
            lots[who, drug].append(Lot(product or 0, batch, expiry, quantity))
    return {item: (day, _standing(lots[item], newest.get(item), day, level)) for item, (day, level, _) in known.items()}


def _standing(lots: list[Lot], counted: dt.date | None, day: dt.date, level: int) -> list[Lot]:
    """Lots of the closing stock's own day as they are; older ones without what had expired by then, used up to it."""
    if counted == day:
        return lots
    return drawn_down([lot for lot in lots if lot.expiry is None or lot.expiry >= day], level)


def usable(lots: Collection[Lot], on: dt.date) -> int:
    """Units that may still be given out after `on`."""
    return sum(lot.quantity for lot in lots if lot.expiry is None or lot.expiry > on)
