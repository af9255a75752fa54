"""Stock that leaves one shelf and comes to another: facts of both institutions, and never a use.

Each side's whole shelf of the drug is stated anew for the day of the move through `facts`, so the institution's next own
report replaces it. How far the feeds reach is left alone: a moved box does not tell that the other drugs were counted.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

import pandas as pd

from formulary.models import Alliance, Institution, Person
from shortage.actions import facts, positions
from shortage.models import Intake
from shortage.queries.shelves import shelves
from shortage.rules.transfers import Lot, less, more

Shelf = Mapping[int, Sequence[Lot]]


def take(
    institution: Institution, goods: Shelf, *, name: str, on: dt.date, by: Person | None, now: dt.datetime
) -> Intake:
    """The lots by presentation leave the institution's shelves. Raises NotEnough; inside the caller's transaction."""
    return _move(institution, goods, less, name=name, on=on, by=by, now=now)


def put(
    institution: Institution, goods: Shelf, *, name: str, on: dt.date, by: Person | None, now: dt.datetime
) -> Intake:
    """The lots by presentation are put on the institution's shelves; inside the caller's transaction."""
    return _move(institution, goods, more, name=name, on=on, by=by, now=now)


def _move(institution, goods, change, *, name, on, by, now) -> Intake:  # type: ignore[no-untyped-def]
    alliance: Alliance = institution.alliance
    intake = Intake.objects.create(
        alliance=alliance, source=Intake.Source.TRANSFER, name=name[:200], received_at=now, by=by
    )
    facts.lock(pd.DataFrame({"institution_id": [institution.pk]}))
    standing = shelves([institution.pk], list(goods))
    rows = []
    for presentation, lots in goods.items():
        day, before = standing.get((institution.pk, presentation), (on, []))
        for lot in change(before, lots):
            rows.append(
                {
                    "institution_id": institution.pk,
                    "presentation_id": presentation,
                    "date": max(on, day),
                    "product_id": lot.product,
                    "batch": lot.batch,
                    "expiry": lot.expiry,
                    "quantity": lot.quantity,
                }
            )
    frame = pd.DataFrame(rows)
    moved = facts.plan_stock(frame, complete=True)
    facts.write(moved, intake=intake)
    intake.institutions.add(institution)
    positions.refresh({institution.pk}, set(goods))
    intake.counts = {"rows": {"stock": moved.counts}}
    intake.save(update_fields=["counts"])
    return intake
