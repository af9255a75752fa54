"""What is on its way, and how long such orders took so far."""

from __future__ import annotations

import datetime as dt

import pandas as pd
from django.db.models import F, Min, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from formulary.models import Alliance
from shortage.models import CURRENT, ExpectedReceipt, Receipt
from shortage.series.reading import NEVER, day

KEY = ["institution", "presentation"]


def open_orders(alliance: Alliance, as_of: dt.date, *, only: tuple[int, int] | None = None) -> pd.DataFrame:
    """Orders placed and not yet fully arrived at the end of `as_of`: institution, presentation, reference, supplier,
    quantity (still to come), ordered (day number), age (days), due (day number, NEVER when nobody said)."""
    State = ExpectedReceipt.State
    rows = (
        _orders(alliance, as_of, only)
        .filter(Q(state=State.OPEN) | Q(state=State.ARRIVED, arrived_on__gt=as_of))
        .annotate(came=Coalesce(Subquery(_receipts(as_of).annotate(came=Sum("quantity")).values("came")), 0))
        .filter(quantity__gt=F("came"))
    )
    frame = pd.DataFrame.from_records(
        rows.values_list(*KEY, "reference", "supplier_code", "quantity", "came", "ordered_on", "due_on"),
        columns=[*KEY, "reference", "supplier", "quantity", "came", "ordered", "due"],
    )
    frame["ordered"] = [day(when) for when in frame.ordered]
    frame["due"] = [NEVER if when is None else day(when) for when in frame.due]
    frame = frame.astype(dict.fromkeys((*KEY, "quantity", "came", "ordered", "due"), "int64"))
    return frame.assign(quantity=frame.quantity - frame.came, age=day(as_of) - frame.ordered).drop(columns="came")


def lead_samples(alliance: Alliance, as_of: dt.date) -> pd.DataFrame:
    """Orders of two years that arrived by `as_of`: institution, presentation, supplier, ordered (day number), days
    until the first goods came."""
    first = _receipts(as_of).annotate(first=Min("date")).values("first")
    rows = (
        _orders(alliance, as_of, None)
        .filter(ordered_on__gte=as_of - dt.timedelta(days=730))
        .annotate(arrival=Coalesce("arrived_on", Subquery(first)))
        .filter(arrival__lte=as_of)
    )
    frame = pd.DataFrame.from_records(
        rows.values_list(*KEY, "supplier_code", "ordered_on", "arrival"),
        columns=[*KEY, "supplier", "ordered", "arrival"],
    )
    frame["ordered"] = [day(when) for when in frame.ordered]
    frame["arrival"] = [day(when) for when in frame.arrival]
    frame = frame.astype(dict.fromkeys((*KEY, "ordered", "arrival"), "int64"))
    return frame.assign(days=frame.arrival - frame.ordered).drop(columns="arrival")


def _orders(alliance: Alliance, as_of: dt.date, only: tuple[int, int] | None) -> QuerySet[ExpectedReceipt]:
    rows = ExpectedReceipt.objects.filter(
        institution__alliance=alliance, institution__active=True, ordered_on__lte=as_of
    ).order_by("institution", "presentation", "ordered_on", "pk")
    return rows.filter(institution=only[0], presentation=only[1]) if only else rows


def _receipts(as_of: dt.date) -> QuerySet[Receipt]:
    """What came under an order's reference by `as_of`, one group per order."""
    return (
        Receipt.objects.filter(
            CURRENT,
            institution=OuterRef("institution"),
            presentation=OuterRef("presentation"),
            order_reference=OuterRef("reference"),
            date__gte=OuterRef("ordered_on"),
            date__lte=as_of,
        )
        .order_by()
        .values("order_reference")
    )
