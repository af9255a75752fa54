"""Facts for the small world of tests/world.py, written day by day."""

import datetime as dt

from formulary.models import FormularyEntry, FormularyVersion
from shortage.models import Consumption, ExpectedReceipt, Feed, Intake, Receipt, StockLevel, StockLot
from tests.conftest import NOW, TODAY


def ago(days: int) -> dt.date:
    return TODAY - dt.timedelta(days=days)


class Facts:
    """Writes facts of one alliance through one intake."""

    def __init__(self, world):
        self.world = world
        self.intake = Intake.objects.create(alliance=world.alliance, source="seed", name="测试", received_at=NOW)

    def version(self, lowest="村", codes=("M1", "M2", "M3")):
        version = FormularyVersion.objects.create(
            alliance=self.world.alliance,
            number=1,
            title="目录",
            effective_from=ago(400),
            published_at=NOW,
            published_by=next(iter(self.world.people.values())),
        )
        FormularyEntry.objects.bulk_create(
            FormularyEntry(version=version, presentation=self.world.drugs[code], lowest_level=lowest) for code in codes
        )
        return version

    def feeds(self, *institutions, first=364, last=0):
        for institution in institutions or (self.world.h1, self.world.t1):
            for kind in ("stock", "consumption"):
                Feed.objects.update_or_create(
                    institution=institution,
                    kind=kind,
                    defaults={"first_date": ago(first), "last_date": ago(last), "received_at": NOW},
                )

    def use(self, institution, code, quantity, first=200, last=0, every=1):
        """`quantity` a day from `first` days ago to `last` days ago."""
        Consumption.objects.bulk_create(
            Consumption(**self._fact(institution, code), date=ago(days), quantity=quantity)
            for days in range(first, last - 1, -every)
        )

    def level(self, institution, code, quantity, days=0):
        return StockLevel.objects.create(**self._fact(institution, code), date=ago(days), quantity=quantity)

    def lot(self, institution, code, quantity, expires_in=None, days=0, batch="B1"):
        expiry = None if expires_in is None else TODAY + dt.timedelta(days=expires_in)
        return StockLot.objects.create(
            **self._fact(institution, code), date=ago(days), batch=batch, expiry=expiry, quantity=quantity
        )

    def order(self, institution, code, quantity, ordered=3, due=None, reference="PO1", supplier="B", **more):
        return ExpectedReceipt.objects.create(
            institution=institution,
            presentation=self.world.drugs[code],
            reference=reference,
            supplier_code=supplier,
            quantity=quantity,
            ordered_on=ago(ordered),
            due_on=None if due is None else ago(-due),
            **more,
        )

    def receipt(self, institution, code, quantity, days=0, reference="PO1"):
        return Receipt.objects.create(
            **self._fact(institution, code), date=ago(days), quantity=quantity, order_reference=reference
        )

    def _fact(self, institution, code):
        return {"institution": institution, "presentation": self.world.drugs[code], "intake": self.intake}
