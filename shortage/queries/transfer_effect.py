"""What a transfer that has not left yet would do to both shelves."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass

from formulary.models import Presentation
from shortage.models import Transfer
from shortage.queries.whatif import bench
from shortage.rules import whatif


@dataclass(frozen=True)
class Effect:
    """One drug: units, outlook before and after at both ends (None where nothing is forecast), the donor's line."""

    presentation: Presentation
    quantity: int
    donor: tuple[whatif.Outlook, whatif.Outlook] | None
    receiver: tuple[whatif.Outlook, whatif.Outlook] | None
    donor_line: int
    under_line: bool


def transfer_effect(order: Transfer, on: dt.date) -> list[Effect]:
    """Per drug of a transfer that is planned or approved."""
    lots: dict[int, list[tuple[float, float]]] = defaultdict(list)
    drugs: dict[int, Presentation] = {}
    lines = list(order.lines.select_related("presentation"))
    seen = bench(order.alliance, {line.presentation_id for line in lines}, on)
    if seen is None:
        return []
    for line in lines:
        drugs[line.presentation_id] = line.presentation
        lasts = float("inf") if line.expiry is None else float((line.expiry - seen.as_of).days)
        lots[line.presentation_id].append((lasts, float(line.quantity)))
    found = []
    for pk, drug in drugs.items():
        units = sum(quantity for _, quantity in lots[pk])
        gives, takes = seen.places.get((order.donor_id, pk)), seen.places.get((order.receiver_id, pk))
        pairs = [
            (gives, gives.shelf.without(units) if gives else None),
            (takes, takes.shelf.with_lots(*lots[pk]) if takes else None),
        ]
        told: list[tuple[whatif.Outlook, whatif.Outlook] | None] = []
        for place, after in pairs:
            if place is None or after is None:
                told.append(None)
            else:
                was, will = whatif.outlooks([place.shelf, after], seen.night)
                told.append((was, will))
        line_ = gives.line(seen.rules) if gives else 0
        under = bool(told[0] and told[0][1].usable < line_)
        found.append(Effect(drug, int(units), told[0], told[1], line_, under))
    return found
