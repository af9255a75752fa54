"""Orders on their way, told by a file, the API or by hand: one row per institution, drug and order number.

An order is not a fact that another supersedes: what it said before is kept with the intake that changed it, and taking
the intake back says that again. What the intake created is cancelled then, unless it has arrived meanwhile.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from shortage.actions import positions
from shortage.actions.fact_tables import each
from shortage.models import ExpectedReceipt, Intake

KEYS = ("institution_id", "presentation_id", "reference")
VALUES = ("product_id", "supplier_code", "supplier_name", "quantity", "ordered_on", "due_on")
State = ExpectedReceipt.State


def plan(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with `outcome` per row; writes nothing."""
    known = _known(frame)
    outcomes = []
    for row in each(frame):
        order = known.get((row.institution_id, row.presentation_id, row.order_reference))
        if order is None:
            outcomes.append("created")
        else:
            outcomes.append("unchanged" if _says(order) == _said(row) and order.state != State.CANCELLED else "updated")
    return frame.assign(outcome=outcomes)


def put(frame: pd.DataFrame, *, intake: Intake) -> pd.DataFrame:
    """Writes new and changed orders in the caller's transaction; answers the frame with its outcomes."""
    planned = plan(frame)
    known = _known(frame)
    made, changed, before = [], [], []
    for row in each(planned[planned["outcome"] != "unchanged"]):
        key = (row.institution_id, row.presentation_id, row.order_reference)
        order = known.get(key)
        if order is None:
            order = ExpectedReceipt(**dict(zip(KEYS, key, strict=True)))
            made.append(order)
        else:
            before.append([order.pk, {**_as_json(order), "state": order.state, "intake": order.intake_id}])
            changed.append(order)
        for name, value in zip(VALUES, _said(row), strict=True):
            setattr(order, name, value)
        order.intake, order.state, order.arrived_on = intake, State.OPEN, None
    ExpectedReceipt.objects.bulk_create(made)
    ExpectedReceipt.objects.bulk_update(changed, [*VALUES, "intake", "state", "arrived_on"], batch_size=200)
    intake.institutions.add(*(int(x) for x in planned["institution_id"].unique()))
    if before:
        intake.counts = {**intake.counts, "orders_before": before}
        intake.save(update_fields=["counts"])
    positions.settle_expected(planned[["institution_id", "presentation_id", "order_reference"]])
    return planned


def withdraw(intake: Intake) -> int:
    """Takes the orders of an intake back, in the caller's transaction; answers how many it had written."""
    before = dict(intake.counts.get("orders_before", []))
    mine = list(ExpectedReceipt.objects.filter(intake=intake))
    for order in mine:
        said = before.get(order.pk)
        if said is None:
            if order.state == State.OPEN:
                order.state = State.CANCELLED
            continue
        for name in VALUES:
            setattr(order, name, said[name])
        order.state, order.arrived_on, order.intake_id = State.OPEN, None, said["intake"]
        if said["state"] == State.CANCELLED:
            order.state = State.CANCELLED
    ExpectedReceipt.objects.bulk_update(mine, [*VALUES, "intake", "state", "arrived_on"], batch_size=200)
    rows = [(order.institution_id, order.presentation_id, order.reference) for order in mine]
    named = pd.DataFrame.from_records(rows, columns=["institution_id", "presentation_id", "order_reference"])
    positions.settle_expected(named)
    return len(mine)


def _known(frame: pd.DataFrame) -> dict[tuple[int, int, str], ExpectedReceipt]:
    rows = ExpectedReceipt.objects.filter(
        institution_id__in=[int(x) for x in frame["institution_id"].unique()],
        reference__in=[str(x) for x in frame["order_reference"].unique()],
    )
    return {(row.institution_id, row.presentation_id, row.reference): row for row in rows}


def _says(order: ExpectedReceipt) -> tuple[Any, ...]:
    return tuple(getattr(order, name) for name in VALUES)


def _said(row: Any) -> tuple[Any, ...]:
    due = None if pd.isna(row.due) else row.due
    product = int(row.product_id) or None
    return product, row.supplier_code, row.supplier_name, int(row.quantity), row.date, due


def _as_json(order: ExpectedReceipt) -> dict[str, Any]:
    dated = {name: getattr(order, name) for name in VALUES}
    return {name: value.isoformat() if hasattr(value, "isoformat") else value for name, value in dated.items()}
