"""What is on its way, and how long such orders took so far."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

import pandas as pd
from django.db.models import F, Min, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from formulary.models import Alliance, Institution
from shortage.models import CURRENT, ExpectedReceipt, Receipt
from shortage.series.reading import NEVER, chunks, day, day_sql, table

KEY = ["institution", "presentation"]
LOOK_BACK_DAYS = 365
State = ExpectedReceipt.State


def open_orders(
    alliance: Alliance, as_of: dt.date, *, only: tuple[int, int] | None = None, drugs: Collection[int] | None = None
) -> pd.DataFrame:
    """Orders (of one series, or of some drugs) placed and not yet fully arrived at the end of `as_of`: institution, presentation, reference, supplier,
    quantity (still to come), ordered (day number), age (days), due (day number, NEVER when nobody said).

    Goods on their way from another institution of the alliance are listed with age 0: they say nothing of a shortage."""
    rows = (
        _orders(alliance, as_of)
        .filter(Q(state=State.OPEN) | Q(state=State.ARRIVED, arrived_on__gt=as_of))
        .annotate(came=Coalesce(Subquery(_receipts(as_of).annotate(came=Sum("quantity")).values("came")), 0))
        .filter(quantity__gt=F("came"))
    )
    if only:
        rows = rows.filter(institution=only[0], presentation=only[1])
    if drugs is not None:
        rows = rows.filter(presentation__in=list(drugs))
    frame = pd.DataFrame.from_records(
        rows.values_list(*KEY, "reference", "supplier_code", "quantity", "came", "ordered_on", "due_on", "internal"),
        columns=[*KEY, "reference", "supplier", "quantity", "came", "ordered", "due", "internal"],
    )
    frame["ordered"] = [day(when) for when in frame.ordered]
    frame["due"] = [NEVER if when is None else day(when) for when in frame.due]
    frame = frame.astype(dict.fromkeys((*KEY, "quantity", "came", "ordered", "due"), "int64"))
    age = (day(as_of) - frame.ordered).where(~frame.internal.astype(bool), 0)
    return frame.assign(quantity=frame.quantity - frame.came, age=age).drop(columns=["came", "internal"])


def lead_samples(alliance: Alliance, as_of: dt.date) -> pd.DataFrame:
    """Orders of the last year that arrived by `as_of`: institution, presentation, supplier, ordered (day number),
    days until the first goods came. An order still marked open counts from its first receipt; goods from another
    institution of the alliance say nothing of suppliers and are left out."""
    since = as_of - dt.timedelta(days=LOOK_BACK_DAYS)
    sql = (
        f"SELECT o.institution_id, o.presentation_id, o.supplier_code, {day_sql('o.ordered_on')}, "
        f"{day_sql('o.arrived_on')} - {day_sql('o.ordered_on')} FROM {table(ExpectedReceipt)} o "
        f"JOIN {table(Institution)} i ON i.id = o.institution_id AND i.alliance_id = %s AND i.active "
        "WHERE o.state = 'arrived' AND o.ordered_on >= %s AND o.arrived_on <= %s AND NOT o.internal"
    )
    arrived = [row for rows in chunks(sql, [alliance.pk, since, as_of]) for row in rows]
    partly = (
        _orders(alliance, as_of)
        .filter(state=State.OPEN, ordered_on__gte=since, internal=False)
        .annotate(first=Subquery(_receipts(as_of).annotate(first=Min("date")).values("first")))
        .filter(first__isnull=False)
        .values_list(*KEY, "supplier_code", "ordered_on", "first")
    )
    begun = [(*row[:3], day(row[3]), (row[4] - row[3]).days) for row in partly]
    frame = pd.DataFrame.from_records(arrived + begun, columns=[*KEY, "supplier", "ordered", "days"])
    return frame.astype(dict.fromkeys((*KEY, "ordered", "days"), "int64"))


def _orders(alliance: Alliance, as_of: dt.date) -> QuerySet[ExpectedReceipt]:
    return ExpectedReceipt.objects.filter(
        institution__alliance=alliance, institution__active=True, ordered_on__lte=as_of
    ).order_by("institution", "presentation", "ordered_on", "pk")


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
