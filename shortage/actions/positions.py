"""What is kept beside the facts: current stock per item, how far each institution's data reaches, orders arrived."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from typing import Any

import pandas as pd
from django.db.models import Max, Min, Sum

from shortage.models import CURRENT, Consumption, ExpectedReceipt, Feed, Intake, Receipt, StockLevel, StockLot
from shortage.models import StockPosition as Position

Item = tuple[int, int]


def refresh(institutions: Collection[int], presentations: Collection[int]) -> None:
    """Brings the current stock of these items in line with the facts in force."""
    reach: dict[str, Any] = {"institution_id__in": list(institutions)}
    if len(presentations) <= 1000:
        reach["presentation_id__in"] = list(presentations)
    newest: dict[Item, dt.date] = {
        (institution, presentation): date
        for institution, presentation, date in StockLevel.objects.filter(CURRENT, **reach)
        .order_by()
        .values_list("institution_id", "presentation_id")
        .annotate(Max("date"))
    }
    days = {"date__in": sorted(set(newest.values()))} if len(set(newest.values())) <= 500 else {}
    levels = StockLevel.objects.filter(CURRENT, **reach, **days)
    rows = {
        (institution, presentation): Position(
            institution_id=institution, presentation_id=presentation, date=date, quantity=quantity
        )
        for institution, presentation, date, quantity in levels.values_list(
            "institution_id", "presentation_id", "date", "quantity"
        ).iterator()
        if newest[institution, presentation] == date
    }
    _add_expiry(rows, StockLot.objects.filter(CURRENT, quantity__gt=0, **reach, **days).order_by())
    stale = [
        pk
        for pk, *item in Position.objects.filter(**reach).values_list("pk", "institution_id", "presentation_id")
        if tuple(item) not in rows and (item[1] in presentations)
    ]
    Position.objects.filter(pk__in=stale).delete()
    Position.objects.bulk_create(
        rows.values(),
        update_conflicts=True,
        unique_fields=["institution", "presentation"],
        update_fields=["date", "quantity", "expired", "nearest_expiry"],
        batch_size=2000,
    )


def _add_expiry(rows: dict[Item, Position], lots: Any) -> None:
    fields = ("institution_id", "presentation_id", "date", "expiry", "quantity")
    for institution, presentation, date, expiry, quantity in lots.exclude(expiry=None).values_list(*fields).iterator():
        row = rows.get((institution, presentation))
        if row is None or row.date != date:
            continue
        if expiry < date:
            row.expired += quantity
        elif row.nearest_expiry is None or expiry < row.nearest_expiry:
            row.nearest_expiry = expiry


def extend_feeds(rows: pd.DataFrame, kind: Feed.Kind, *, now: dt.datetime) -> None:
    """Data of these days has arrived, whether it was new or said the same as before."""
    reached = rows.groupby("institution_id")["date"].agg(["min", "max"])
    known = {feed.institution_id: feed for feed in Feed.objects.filter(kind=kind, institution_id__in=reached.index)}
    for institution, first, last in reached.itertuples():
        feed = known.get(institution) or Feed(institution_id=institution, kind=kind)
        feed.first_date = min(feed.first_date or first.date(), first.date())
        feed.last_date = max(feed.last_date or last.date(), last.date())
        feed.received_at = now
        feed.save()


def recount_feeds(institutions: Iterable[int]) -> None:
    """After taking back: a feed reaches as far as the facts still in force; without facts there is no feed."""
    for institution in institutions:
        for kind, model in ((Feed.Kind.STOCK, StockLevel), (Feed.Kind.CONSUMPTION, Consumption)):
            reported = model._default_manager.filter(CURRENT, institution_id=institution)
            # Goods accepted at the door raise the stock, but nobody has counted it.
            reported = reported.exclude(intake__source=Intake.Source.ORDER)
            span = reported.aggregate(first=Min("date"), last=Max("date"))
            feed = Feed.objects.filter(institution_id=institution, kind=kind)
            if span["first"] is None:
                feed.delete()
                continue
            accepted = Intake.objects.filter(institutions=institution, undone_at=None, counts__rows__has_key=kind.value)
            latest = accepted.aggregate(at=Max("received_at"))["at"]
            changes = {"received_at": latest} if latest else {}
            feed.update(first_date=span["first"], last_date=span["last"], **changes)


def settle_expected(orders: pd.DataFrame) -> None:
    """Closes an expected receipt whose order has arrived in full, and opens it again when that was taken back."""
    named = orders[orders["order_reference"] != ""].drop_duplicates()
    if named.empty:
        return
    wanted = set(named.itertuples(index=False, name=None))
    fields = ("institution_id", "presentation_id", "order_reference")
    arrived = {
        tuple(key): (total, last)
        for *key, total, last in Receipt.objects.filter(
            CURRENT,
            institution_id__in=named["institution_id"].unique().tolist(),
            order_reference__in=named["order_reference"].unique().tolist(),
        )
        .order_by()
        .values_list(*fields)
        .annotate(Sum("quantity"), Max("date"))
    }
    changed = []
    for order in ExpectedReceipt.objects.filter(
        institution_id__in=named["institution_id"].unique().tolist(),
        reference__in=named["order_reference"].unique().tolist(),
    ).exclude(state=ExpectedReceipt.State.CANCELLED):
        key = (order.institution_id, order.presentation_id, order.reference)
        if key not in wanted:
            continue
        total, last = arrived.get(key, (0, None))
        full = total >= order.quantity
        order.state = ExpectedReceipt.State.ARRIVED if full else ExpectedReceipt.State.OPEN
        order.arrived_on = max(last, order.ordered_on) if full else None
        changed.append(order)
    ExpectedReceipt.objects.bulk_update(changed, ["state", "arrived_on"], batch_size=200)
