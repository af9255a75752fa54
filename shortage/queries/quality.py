"""Doubts about facts, within somebody's reach."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import QuerySet, Sum

from config.access import Permission
from formulary.models import Person
from formulary.queries import Scope, matching, scope_of
from shortage.models import CURRENT, Consumption, DataFinding, Receipt, StockLevel

State = DataFinding.State
AROUND = 7


def findings(
    scope: Scope, *, state: str = "open", kind: str = "", institution: str = "", words: str = ""
) -> QuerySet[DataFinding]:
    """The newest first; state: open, decided (by a person or by new facts) or all."""
    rows = DataFinding.objects.filter(institution__in=scope.institution_ids)
    if state == "open":
        rows = rows.filter(state=State.OPEN)
    elif state == "decided":
        rows = rows.exclude(state=State.OPEN)
    if kind:
        rows = rows.filter(kind=kind)
    if institution:
        rows = rows.filter(institution__code=institution)
    if words:
        rows = rows.filter(matching(words, prefix="presentation__"))
    return rows.select_related("institution", "presentation", "decided_by", "intake")


def open_finding_count(person: Person) -> int:
    """The number beside the menu: what waits for this person's word."""
    scope = scope_of(person, Permission.IMPORT_STOCK)
    if scope is None:
        return 0
    return DataFinding.objects.filter(institution__in=scope.institution_ids, state=State.OPEN).count()


def findings_of(institution: int, presentation: int) -> QuerySet[DataFinding]:
    """Open doubts about one item."""
    return DataFinding.objects.filter(institution=institution, presentation=presentation, state=State.OPEN)


def around(row: DataFinding) -> list[dict[str, Any]]:
    """The week before and after: closing stock, receipts, use of the item by day; of a whole place, rows of use."""
    last = row.until or row.date
    days = [row.date + dt.timedelta(days=k) for k in range(-AROUND, min((last - row.date).days, 31) + AROUND + 1)]
    mine: dict[str, Any] = {"institution": row.institution_id, "date__gte": days[0], "date__lte": days[-1]}
    if row.presentation_id is None:
        dates = Consumption.objects.filter(CURRENT, **mine).order_by().values_list("date", flat=True)
        counted: dict[dt.date, int] = {}
        for date in dates:
            counted[date] = counted.get(date, 0) + 1
        return [{"date": day, "rows": counted.get(day, 0), "here": row.date <= day <= last} for day in days]
    mine["presentation"] = row.presentation_id
    tables = [
        dict(model._default_manager.filter(CURRENT, **mine).order_by().values_list("date").annotate(Sum("quantity")))
        for model in (StockLevel, Receipt, Consumption)
    ]
    told: list[dict[str, Any]] = [
        {"date": day, "stock": tables[0].get(day), "came": tables[1].get(day), "used": tables[2].get(day)}
        for day in days
    ]
    while told[-1]["date"] > row.date and not any(told[-1][name] for name in ("stock", "came", "used")):
        told.pop()  # days to come, or not told yet
    return [{**one, "here": one["date"] == row.date} for one in told]
