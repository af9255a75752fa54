"""Use and stock as the committee reads them (formulary.rules.evidence); each a fixed number of queries."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable
from itertools import starmap
from typing import TypeVar

from formulary.models import Alliance
from formulary.rules.evidence import StockRow, UseRow
from shortage.models import CURRENT, MonthlyUse, StockLot, StockPosition

FEW = 5_000
Row = TypeVar("Row", UseRow, StockRow)
Drugs = Collection[int] | None


def use(
    alliance: Alliance, presentations: Drugs, on: dt.date, *, months: int = 12, institutions: Drugs = None
) -> list[UseRow]:
    """Use of the `months` calendar months before the month of `on`, and that month as far as it is known."""
    rows = MonthlyUse.objects.filter(
        institution__alliance=alliance,
        month__gte=_began(on, months),
        month__lte=on,
        **_few(presentations),
    )
    if institutions is not None:
        rows = rows.filter(institution__in=institutions)
    found = starmap(UseRow, rows.order_by().values_list("institution_id", "presentation_id", "month", "quantity"))
    return _kept(found, presentations)


def used(alliance: Alliance, presentations: Drugs, on: dt.date, *, months: int) -> list[tuple[int, int]]:
    """(institution, presentation) of everything used in the months that `use` would tell of."""
    rows = MonthlyUse.objects.filter(institution__alliance=alliance, month__gte=_began(on, months), month__lte=on)
    rows = rows.filter(quantity__gt=0, **_few(presentations)).order_by()
    return list(rows.values_list("institution_id", "presentation_id").distinct())


def stock(alliance: Alliance, presentations: Drugs, on: dt.date) -> list[StockRow]:
    """The newest counted stock; lots that expired after the count and before `on` are taken off."""
    fields = ("institution_id", "presentation_id", "quantity", "nearest_expiry", "date")
    counted = StockPosition.objects.filter(institution__alliance=alliance, **_few(presentations)).order_by()
    rows = _kept(starmap(StockRow, counted.values_list(*fields)), presentations)
    ageing = {(row.institution, row.presentation): row for row in rows if row.soonest and row.soonest < on}
    lots = _lots(list(ageing.values()))
    return [
        _aged(row, lots[key], on) if (key := (row.institution, row.presentation)) in ageing else row for row in rows
    ]


def _began(on: dt.date, months: int) -> dt.date:
    """The first day of the month so many months before that of `on`."""
    began = on.year * 12 + on.month - 1 - months
    return dt.date(began // 12, began % 12 + 1, 1)


def _few(presentations: Drugs) -> dict[str, list[int]]:
    """The database filters a page's drugs; a longer list is quicker to filter here."""
    if presentations is None or len(presentations) > FEW:
        return {}
    return {"presentation_id__in": list(presentations)}


def _kept(rows: Iterable[Row], presentations: Drugs) -> list[Row]:
    """What the database did not filter: `presentations` may be a list, so it is looked up as a set."""
    if presentations is None or len(presentations) <= FEW:
        return list(rows)
    wanted = frozenset(presentations)
    return [row for row in rows if row.presentation in wanted]


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
