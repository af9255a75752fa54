"""The drawn history as facts of the shortage app, through its one bulk writer."""

from __future__ import annotations

from django.db import transaction

from fixtures import simulation, world
from formulary.actions.history import record
from procurement.actions.demo import frames
from procurement.actions.demo.indexes import built_afterwards
from procurement.actions.demo.steps import Loading
from shortage.actions import bulk, facts
from shortage.models import Consumption, ExpectedReceipt, Intake, StockLevel


def load_facts(loading: Loading) -> dict[str, int]:
    """Draws the history and writes stock, use, receipts and orders; nothing when the alliance has any intake."""
    if Intake.objects.filter(alliance=loading.alliance).exists():
        return {}
    drawn = world.build(loading.files, seed=loading.seed)
    result = simulation.simulate(drawn, last=loading.as_of, seed=loading.seed)
    keys = _keys(loading, result)
    with transaction.atomic():
        intake = Intake.objects.create(
            alliance=loading.alliance,
            source=Intake.Source.SEED,
            name=f"演示历史（种子 {loading.seed}，截至 {loading.as_of}）",
            received_at=loading.now,
            by=loading.by,
        )
        with built_afterwards(Consumption):
            used = facts.put_consumption(frames.use(result, keys), intake=intake, now=loading.now)
        came = facts.put_receipts(frames.receipts(result, keys), intake=intake, now=loading.now)
        with built_afterwards(StockLevel):
            levels = facts.put_levels(frames.levels(result, keys), intake=intake, now=loading.now)
        lots = facts.put_stock(frames.lots(result, keys), intake=intake, complete=True, now=loading.now)
        orders = frames.orders(result, keys)
        bulk.insert(ExpectedReceipt, orders)
        written = {"stock": levels, "consumption": used, "receipts": came}
        intake.counts = {"rows": {name: _all_new(len(change.rows)) for name, change in written.items()}}
        intake.save(update_fields=["counts"])
        counts = {
            "序列": len(drawn),
            "日末库存": len(levels.rows),
            "日消耗": len(used.rows),
            "到货": len(came.rows),
            "批次": len(lots.rows),
            "在途订单": int((orders["state"] == ExpectedReceipt.State.OPEN.value).sum()),
        }
        record("装入演示历史", intake, alliance=loading.alliance, by=loading.by, now=loading.now, data=counts)
    return counts


def _all_new(count: int) -> dict[str, int]:
    return dict.fromkeys(("updated", "unchanged", "rejected", "removed"), 0) | {"created": count}


def _keys(loading: Loading, result: simulation.Result) -> frames.Keys:
    sites, drugs, products = loading.institutions(), loading.presentations(), loading.products()
    files = loading.files
    return frames.Keys(
        institution=[sites[files.sites[s].code].pk for s in result.world.site],
        presentation=[drugs[files.drugs[d].code].pk for d in result.world.drug],
        product=[products[ware.code].pk for ware in files.wares],
    )
