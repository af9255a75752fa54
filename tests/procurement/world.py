"""The small world ready to be planned: 2026-11-22 to 2026-12-21, as seen at the end of 2026-11-21.

version 1   M1 and M2 from 基层 upwards, M3 for 二级 and above
need        H1: M1 300+50−100 = 250, M2 240+0−0 = 240, M3 15+5−0 = 20      T1: M1 60+10−0 = 70 (M3 5: not allowed)
offers      M1-P1 (28): S1 10.00 to all, S2 9.50 to H1 only (中选)      M2-P1 (24) S1 5.00      M3-P1 (10) S1 20.00
budgets     a month: H1 3000, T1 900      tender to 2026-12-31: M1-P1 1000 agreed by the alliance, 600 bought
"""

import datetime as dt
from decimal import Decimal

from config.access import Role
from formulary.models import FormularyEntry, FormularyVersion
from procurement.models import Budget, Commitment, Offer, Supplier, Tender
from shortage.models import Feed, Forecast, Intake, StockLevel, WatchRun
from tests.conftest import NOW, TODAY

START, END = dt.date(2026, 11, 22), dt.date(2026, 12, 21)
LEVELS = {"M1": "基层", "M2": "基层", "M3": "二级"}
FORECASTS = (("h1", "M1", 300, 50), ("h1", "M2", 240, 0), ("h1", "M3", 15, 5), ("t1", "M1", 60, 10), ("t1", "M3", 5, 0))


def make_ready(world):
    """Everything a plan needs; answers the world again."""
    publish(world)
    forecast(world)
    s1 = Supplier.objects.create(alliance=world.alliance, code="S1", name="国药江宁")
    s2 = Supplier.objects.create(alliance=world.alliance, code="S2", name="县城配送")
    s2.delivers_to.add(world.h1)
    offer(world, s1, "M1-P1", "10.00", vbp_status="中选")
    offer(world, s2, "M1-P1", "9.50", vbp_status="中选")
    offer(world, s1, "M2-P1", "5.00")
    offer(world, s1, "M3-P1", "20.00")
    for site, amount in ((world.h1, 3000), (world.t1, 900)):
        Budget.objects.create(
            alliance=world.alliance, institution=site, valid_from=dt.date(2026, 1, 1), monthly_amount=amount
        )
    tender = Tender.objects.create(
        alliance=world.alliance, code="第11批", name="第十一批", start=dt.date(2026, 1, 1), end=dt.date(2026, 12, 31)
    )
    Commitment.objects.create(tender=tender, product=world.products["M1-P1"], quantity=1000, bought=600)
    return world


def publish(world):
    version = FormularyVersion.objects.create(
        alliance=world.alliance,
        number=1,
        title="统一用药目录",
        effective_from=dt.date(2026, 1, 1),
        published_at=NOW,
        published_by=world.people[Role.SECRETARY],
    )
    for code, level in LEVELS.items():
        FormularyEntry.objects.create(version=version, presentation=world.drugs[code], lowest_level=level)
    return version


def forecast(world, rows=FORECASTS):
    WatchRun.objects.create(alliance=world.alliance, as_of=TODAY, finished_at=NOW)
    intake = Intake.objects.create(alliance=world.alliance, source="file", name="库存.xlsx", received_at=NOW)
    for site, code, mean, safety in rows:
        Forecast.objects.create(
            institution=getattr(world, site),
            presentation=world.drugs[code],
            as_of=TODAY,
            daily_rate=mean / 30,
            mean_30=mean,
            q10_30=mean,
            q90_30=mean,
            safety_stock=safety,
        )
    StockLevel.objects.create(
        institution=world.h1, presentation=world.drugs["M1"], intake=intake, date=TODAY, quantity=100
    )
    for site in (world.h1, world.t1):
        for kind in Feed.Kind:
            Feed.objects.create(
                institution=site, kind=kind, first_date=dt.date(2026, 1, 1), last_date=TODAY, received_at=NOW
            )


def offer(world, supplier, product, price, **terms):
    return Offer.objects.create(
        supplier=supplier,
        product=world.products[product],
        price=Decimal(price),
        valid_from=terms.pop("valid_from", dt.date(2026, 1, 1)),
        **terms,
    )
