"""What the steps of loading share: who loads what when, and a step that is skipped when its rows are there."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from fixtures.tables import Files
from formulary.models import Alliance, Institution, Person, Presentation, Product

ALLIANCE_CODE = "CHUNCHUAN"
ALLIANCE_NAME = "淳川县县域医共体（演示）"
PASSWORD = "Yaoheng-demo-2026"
SECRETARY = "mishu"
# How long before the as-of day the alliance began: a little before the first day of the drawn history.
BEGAN_DAYS = 600


@dataclass(frozen=True)
class Loading:
    """`as_of` is the last day of stock and use. `by` is None when a command loads."""

    files: Files
    alliance: Alliance
    as_of: dt.date
    seed: int
    by: Person | None
    now: dt.datetime

    @property
    def began(self) -> dt.date:
        return self.as_of - dt.timedelta(days=BEGAN_DAYS)

    def institutions(self) -> dict[str, Institution]:
        return {each.code: each for each in self.alliance.institutions.all()}

    def presentations(self) -> dict[str, Presentation]:
        return Presentation.objects.in_bulk([drug.code for drug in self.files.drugs], field_name="code")

    def products(self) -> dict[str, Product]:
        return Product.objects.in_bulk([ware.code for ware in self.files.wares], field_name="code")
