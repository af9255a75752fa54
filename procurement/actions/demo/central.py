"""The county's central store with its stock; after the first watch, a delivery run on its way and one being drawn up."""

from __future__ import annotations

import datetime as dt

import pandas as pd

from fixtures.tables import rows
from formulary.actions.history import record
from formulary.models import Institution, Membership, Person
from procurement.actions.demo.steps import Loading
from shortage.actions import central, facts, runs, transfers
from shortage.models import CentralStore, DeliveryRun, Intake, WatchRun

CODE, KEEPER, OFFICER = "CC-C00", "yaoshi-c00", "caigou"
NORTH, SOUTH = ("CC-T01", "CC-T03", "CC-T09"), ("CC-T04", "CC-T07", "CC-T08", "CC-T10")


def load_central(loading: Loading) -> dict[str, int]:
    """Makes the store, its pharmacist and its lots when the alliance has no central store."""
    if CentralStore.objects.filter(alliance=loading.alliance).exists():
        return {}
    store = Institution.objects.create(
        alliance=loading.alliance, code=CODE, name="淳川县中心药房", short_name="中心药房", level="二级", kind="中心药房",
        latitude=31.4801, longitude=118.9512,
    )  # fmt: skip
    first = Person.objects.filter(memberships__alliance=loading.alliance).order_by("pk").first()
    person = Person.objects.create(
        username=KEEPER,
        name="顾瑶",
        title="主管药师",
        password=first.password if first else "!",
        must_change_password=False,
    )
    Membership.objects.create(
        person=person, role="pharmacist", alliance=loading.alliance, institution=store, valid_from=loading.began
    )
    lots = _stock(loading, store)
    central.mark(store, by=loading.by, now=loading.now)
    return {"批次": lots}


def _stock(loading: Loading, store: Institution) -> int:
    products = loading.products()
    listed = [(products[row["产品编码"]], row) for row in rows("central_stock.csv") if row["产品编码"] in products]
    if not listed:
        return 0
    frame = pd.DataFrame(
        {
            "institution_id": store.pk,
            "presentation_id": product.presentation_id,
            "product_id": product.pk,
            "date": pd.Timestamp(loading.as_of),
            "batch": row["批号"],
            "expiry": pd.Timestamp(loading.as_of + dt.timedelta(days=int(row["距有效期天数"]))),
            "quantity": int(row["包数"]) * product.pack_size,
            "row": number,
        }
        for number, (product, row) in enumerate(listed, start=2)
    )
    intake = Intake.objects.create(
        alliance=loading.alliance,
        source=Intake.Source.SEED,
        name="演示中心药房库存",
        received_at=loading.now,
        by=loading.by,
    )
    facts.put_stock(frame, intake=intake, complete=True, now=loading.now)
    record(
        "装入演示中心库存", intake, alliance=loading.alliance, by=loading.by, now=loading.now, data={"rows": len(frame)}
    )
    return len(frame)


def load_runs(loading: Loading) -> dict[str, int]:
    """A run to the north on its way and one to the south being drawn up, by the formula; nothing before the first watch."""
    alliance = loading.alliance
    known = DeliveryRun.objects.filter(alliance=alliance).exists()
    if known or not WatchRun.objects.filter(alliance=alliance).exists():
        return {}
    people = Person.objects.in_bulk([OFFICER, KEEPER], field_name="username")
    sites = loading.institutions()
    officer, keeper = people[OFFICER], people[KEEPER]
    today = loading.now.date()
    made = 0
    for route, codes in (("北线（青埠—望河—云鹤）", NORTH), ("南线（枫岭—沙塘—鹭湖—南漪）", SOUTH)):
        places = {sites[code].pk for code in codes if code in sites}
        run = runs.open_run(today, route, institutions=places, by=officer, now=loading.now)
        made += run.allocations.count()
        if codes is NORTH and run.allocations.exists():
            run = runs.confirm(run, by=keeper, now=loading.now)
            for leg in run.legs.select_related("receiver"):
                signer = Person.objects.filter(memberships__institution=leg.receiver, memberships__role="pharmacist")
                transfers.sign(leg, by=signer.order_by("pk")[0], now=loading.now)
            runs.load(run, by=keeper, now=loading.now)
    return {"配送单": 2, "分配": made}
