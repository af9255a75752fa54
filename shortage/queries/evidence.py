"""Use and stock as the committee reads them (formulary.rules.evidence); each a fixed number of queries."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection
from itertools import starmap

from formulary.models import Alliance
from formulary.rules.evidence import StockRow, UseRow
from shortage.models import CURRENT, MonthlyUse, StockLot, StockPosition

FEW = 5_000
Drugs = Collection[int] | None


def use(
    alliance: Alliance, presentations: Drugs, on: dt.date, *, months: int = 12, institutions: Drugs = None
) -> list[UseRow]:
    """Use of the `months` calendar months before the month of `on`, and that month as far as it is known."""
    began = on.year * 12 + on.month - 1 - months
    rows = MonthlyUse.objects.filter(
        institution__alliance=alliance,
        month__gte=dt.date(began // 12, began % 12 + 1, 1),
        month__lte=on,
        **_few(presentations),
    )
    if institutions is not None:
        rows = rows.filter(institution__in=institutions)
    found = starmap(UseRow, rows.order_by().values_list("institution_id", "presentation_id", "month", "quantity"))
    return [row for row in found if _wanted(presentations, row.presentation)]


def stock(alliance: Alliance, presentations: Drugs, on: dt.date) -> list[StockRow]:
    """The newest counted stock; lots that expired after the count and before `on` are taken off."""
    fields = ("institution_id", "presentation_id", "quantity", "nearest_expiry", "date")
    counted = StockPosition.objects.filter(institution__alliance=alliance, **_few(presentations)).order_by()
    rows = [row for row in starmap(StockRow, counted.values_list(*fields)) if _wanted(presentations, row.presentation)]
    ageing = {(row.institution, row.presentation): row for row in rows if row.soonest and row.soonest < on}
    lots = _lots(list(ageing.values()))
    return [
        _aged(row, lots[key], on) if (key := (row.institution, row.presentation)) in ageing else row for row in rows
    ]


def _few(presentations: Drugs) -> dict[str, list[int]]:
    """The database filters a page's drugs; a longer list is quicker to filter here."""
    if presentations is None or len(presentations) > FEW:
        return {}
    return {"presentation_id__in": list(presentations)}


def _wanted(presentations: Drugs, one: int) -> bool:
    return presentations is None or len(presentations) <= FEW or one in presentations


def _lots(rows: list[StockRow]) -> dict[tuple[int, int], list[tuple[dt.date, int]]]:
    found: dict[tuple[int, int], list[tuple[dt.date, int]]] = defaultdict(list)
    if not rows:
        return found
    counted = {(row.institution, row.presentation): row.as_of for row in rows}
    lots = StockLot.objects.filter(
        CURRENT,
        institution_id__in={row.institution for row in rows},
        date__in={row.as_of for row in rows},
        quantity__gt=0,
        expiry__isnull=False,
    ).order_by()
    fields = ("institution_id", "presentation_id", "date", "expiry", "quantity")
    for institution, presentation, date, expiry, quantity in lots.values_list(*fields):
        if counted.get((institution, presentation)) == date and expiry is not None and expiry >= date:
            found[institution, presentation].append((expiry, quantity))
    return found


def _aged(row: StockRow, lots: list[tuple[dt.date, int]], on: dt.date) -> StockRow:
    gone = sum(quantity for expiry, quantity in lots if expiry < on)
    left = [expiry for expiry, _quantity in lots if expiry >= on]
    return row._replace(quantity=max(0, row.quantity - gone), soonest=min(left, default=None))
