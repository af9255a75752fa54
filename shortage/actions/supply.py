"""What procurement tells of goods: ordered (expected), stopped, and accepted at the door (received).

    supply.expect(orders, now=now)                       an order was sent
    supply.expect_less(reference, {(site, drug): units}) some of it will not come
    supply.receive(arrivals, alliance=…, name=…, by=…, now=…)   it came and was accepted
Each belongs in the caller's transaction; quantities in minimal units.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from django.db import transaction

from formulary.actions.history import record
from formulary.models import Alliance, Person
from shortage.actions import facts, positions
from shortage.actions.fact_tables import LEVELS, RECEIPTS, each
from shortage.models import CURRENT, ExpectedReceipt, Intake, Receipt, StockLevel, StockLot, StockPosition

Item = tuple[int, int]
LOT = ["institution_id", "presentation_id", "product_id", "batch", "expiry", "quantity"]
State = ExpectedReceipt.State


@dataclass(frozen=True, slots=True)
class Expected:
    """One order's units of one 品规 for one institution. `product_id` None when several products make it up."""

    institution_id: int
    presentation_id: int
    product_id: int | None
    reference: str
    supplier_code: str
    supplier_name: str
    quantity: int
    ordered_on: dt.date
    due_on: dt.date | None


@dataclass(frozen=True, slots=True)
class Arrival:
    """Accepted units of one batch."""

    institution_id: int
    presentation_id: int
    product_id: int
    date: dt.date
    quantity: int
    batch: str
    expiry: dt.date | None
    supplier_code: str
    reference: str


def expect(orders: Iterable[Expected], *, now: dt.datetime) -> int:  # noqa: ARG001 (every writer is told the time)
    """Writes open expected receipts; one that is there already (same order, place and drug) takes the new numbers."""
    rows = [
        ExpectedReceipt(**{name: getattr(order, name) for name in Expected.__dataclass_fields__}) for order in orders
    ]
    ExpectedReceipt.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["institution", "presentation", "reference"],
        update_fields=["product", "supplier_code", "supplier_name", "quantity", "ordered_on", "due_on"],
        batch_size=1000,
    )
    return len(rows)


def expect_less(reference: str, total: Mapping[Item, int], *, now: dt.datetime) -> None:  # noqa: ARG001
    """What an order will bring in all, by institution and 品规: 0 cancels, less closes it once that has come."""
    wanted = ExpectedReceipt.objects.filter(
        reference=reference, institution_id__in={site for site, _drug in total}
    ).exclude(state=State.CANCELLED)
    rows = [row for row in wanted if (row.institution_id, row.presentation_id) in total]
    for row in rows:
        quantity = total[row.institution_id, row.presentation_id]
        row.state = State.CANCELLED if quantity == 0 else row.state
        row.quantity = quantity or row.quantity
    ExpectedReceipt.objects.bulk_update(rows, ["state", "quantity"], batch_size=500)
    left = [(row.institution_id, row.presentation_id, reference) for row in rows if row.state != State.CANCELLED]
    columns = ["institution_id", "presentation_id", "order_reference"]
    positions.settle_expected(pd.DataFrame.from_records(left, columns=columns))


def receive(
    arrivals: Sequence[Arrival], *, alliance: Alliance, name: str, by: Person | None, now: dt.datetime
) -> Intake:
    """Accepted goods as receipts, and on top of the stock last reported until the institution reports again.

    Stock already reported for the day of arrival or later is left alone: that count knows the goods. The feed is not
    moved: an institution that reports late stays late.
    """
    frame = pd.DataFrame(
        {
            "institution_id": [x.institution_id for x in arrivals],
            "presentation_id": [x.presentation_id for x in arrivals],
            "product_id": [x.product_id for x in arrivals],
            "date": [pd.Timestamp(x.date) for x in arrivals],
            "quantity": [x.quantity for x in arrivals],
            "batch": [x.batch for x in arrivals],
            "expiry": [pd.Timestamp(x.expiry) if x.expiry else pd.NaT for x in arrivals],
            "supplier_code": [x.supplier_code for x in arrivals],
            "order_reference": [x.reference for x in arrivals],
            "row": list(range(1, len(arrivals) + 1)),
        }
    )
    with transaction.atomic():
        facts.lock(frame)
        intake = Intake.objects.create(
            alliance=alliance, source=Intake.Source.ORDER, name=name[:200], received_at=now, by=by
        )
        facts.put_receipts(_with_earlier(frame), intake=intake, now=now)
        raised = _raise_stock(frame, intake)
        intake.counts = {
            "rows": {"receipts": {"created": len(frame), "updated": 0, "unchanged": 0, "rejected": 0, "removed": 0}}
        }
        intake.save(update_fields=["counts"])
        data = {"rows": len(frame), "quantity": sum(x.quantity for x in arrivals), "stock_raised": raised}
        record("采购验收入库", intake, alliance=alliance, by=by, now=now, data=data)
    return intake


def _with_earlier(frame: pd.DataFrame) -> pd.DataFrame:
    """A second van of the same day, order and batch adds to the first: the fact of a key is its total."""
    whole = [name for name in frame.columns if name not in ("quantity", "row", "expiry")]
    summed = frame.groupby(whole, as_index=False, sort=False).agg({"quantity": "sum", "row": "min", "expiry": "first"})
    keys = list(RECEIPTS.keys)
    known = pd.DataFrame.from_records(
        list(
            Receipt.objects.filter(
                CURRENT,
                institution_id__in=summed["institution_id"].unique().tolist(),
                order_reference__in=summed["order_reference"].unique().tolist(),
            ).values_list(*keys, "quantity")
        ),
        columns=[*keys, "before"],
    )
    if known.empty:
        return summed
    known["date"] = pd.to_datetime(known["date"])
    joined = summed.merge(known, on=keys, how="left")
    return joined.assign(quantity=joined["quantity"] + joined["before"].fillna(0).astype("int64")).drop(
        columns="before"
    )


def _raise_stock(frame: pd.DataFrame, intake: Intake) -> int:
    """Stock of the day of arrival = the last count + what came, with the last count's batches where they add up."""
    sites, drugs = {int(x) for x in frame["institution_id"]}, {int(x) for x in frame["presentation_id"]}
    last = {
        (row.institution_id, row.presentation_id): row
        for row in StockPosition.objects.filter(institution_id__in=sites, presentation_id__in=drugs)
    }
    counted = _counted_by_institutions(sites, drugs, {day.date() for day in frame["date"]})
    carried = _lots(last)
    lots: list[pd.DataFrame] = []
    levels: list[dict[str, Any]] = []
    for _key, fresh in frame.groupby(["institution_id", "presentation_id", "date"]):
        first = next(each(fresh))
        site, drug, day = int(first.institution_id), int(first.presentation_id), first.date
        known = last.get((site, drug))
        if known is not None and (known.date > day.date() or (site, drug, day.date()) in counted):
            continue
        before = carried.get((site, drug), [])
        if known is None or sum(lot["quantity"] for lot in before) == known.quantity + known.expired:
            lots += [pd.DataFrame(before, columns=LOT).assign(date=day), fresh[[*LOT, "date"]]]
        else:
            quantity = known.quantity + int(fresh["quantity"].sum())
            levels.append({"institution_id": site, "presentation_id": drug, "date": day, "quantity": quantity})
    if lots:
        whole = pd.concat([part for part in lots if len(part)], ignore_index=True).assign(row=0)
        keys = ["institution_id", "presentation_id", "product_id", "batch", "date"]
        summed = whole.groupby(keys, as_index=False).agg({"quantity": "sum", "expiry": "first", "row": "min"})
        facts.write(facts.plan_stock(summed, complete=True), intake=intake)
    if levels:
        facts.write(facts.plan(LEVELS, pd.DataFrame(levels).assign(row=0)), intake=intake)
    if lots or levels:
        positions.refresh(sites, drugs)
    return len(lots) // 2 + len(levels)


def _counted_by_institutions(sites: set[int], drugs: set[int], days: set[dt.date]) -> set[tuple[int, int, dt.date]]:
    """Items whose stock of the very day an institution has reported itself."""
    rows = StockLevel.objects.filter(
        CURRENT, institution_id__in=sites, presentation_id__in=drugs, date__in=days
    ).exclude(intake__source=Intake.Source.ORDER)
    return set(rows.values_list("institution_id", "presentation_id", "date"))


def _lots(last: Mapping[Item, StockPosition]) -> dict[Item, list[dict[str, Any]]]:
    """The batches of each item on the day of its last count."""
    found: dict[Item, list[dict[str, Any]]] = defaultdict(list)
    rows = StockLot.objects.filter(
        CURRENT,
        institution_id__in={item[0] for item in last},
        presentation_id__in={item[1] for item in last},
        date__in={position.date for position in last.values()},
        quantity__gt=0,
    )
    for lot in rows.values(*LOT, "date"):
        item = (lot["institution_id"], lot["presentation_id"])
        if item in last and last[item].date == lot.pop("date"):
            expiry = pd.Timestamp(lot["expiry"]) if lot["expiry"] else pd.NaT
            found[item].append(lot | {"product_id": lot["product_id"] or 0, "expiry": expiry})
    return found
