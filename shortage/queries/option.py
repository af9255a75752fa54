"""One measure on an alert with its effect, and how measures are ranked."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from formulary.models import Institution, Presentation
from shortage.rules import whatif
from shortage.rules.transfers import Lot, distance_km

ORDER = {"transfer": 0, "release": 1, "order": 2, "substitute": 3}
"""The guide's order of disposal (domain.md §6.3), where the effect is the same."""
TWENTIETHS = 20


@dataclass(frozen=True)
class Option:
    """One measure. before, after: the alert's own shelf; donor_before, donor_after: the giver's; for a substitute `after`
    is the substitute's shelf when it has to serve both. facts: what decides it, in words; stops: why it may not be done."""

    kind: str
    title: str
    before: whatif.Outlook
    after: whatif.Outlook
    quantity: int = 0
    institution: Institution | None = None
    presentation: Presentation | None = None
    supplier: str = ""
    km: float | None = None
    donor_after: whatif.Outlook | None = None
    donor_before: whatif.Outlook | None = None
    lots: tuple[Lot, ...] = ()
    facts: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    stops: tuple[str, ...] = ()
    tier: int = 0
    enough: bool = False

    @property
    def rank(self) -> tuple:
        """What ends the risk comes first, in the guide's order; among the others the fewest days without the drug."""
        effect = (round(self.after.days_out * 2), round(self.after.p14 * TWENTIETHS))
        order = (ORDER[self.kind], *effect) if self.enough else (*effect, ORDER[self.kind])
        return (bool(self.stops), not self.enough, *order, self.tier, self.km or 0.0, self.title)


def days_left(lot: Lot, on: dt.date) -> float:
    return float("inf") if lot.expiry is None else float((lot.expiry - on).days)


def km_between(first: Institution, second: Institution) -> float | None:
    if None in (first.latitude, first.longitude, second.latitude, second.longitude):
        return None
    return distance_km((first.latitude, first.longitude), (second.latitude, second.longitude))  # type: ignore[arg-type]
