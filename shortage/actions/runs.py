"""Delivery runs of the central store: proposed, changed with a reason, confirmed, loaded. Stock is moved by the transfers.

run = runs.open_run(on, "北线", by=…, now=…)          a proposal for everything that somebody needs
runs.change(run, institution, product, units, reason, …) → confirm → (receivers sign) → load → (receivers receive)
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import transaction
from django.utils import timezone

from config.access import Permission
from formulary.actions.history import record
from formulary.models import Alliance, Institution, Person, Presentation, Product
from formulary.queries import scope_of
from shortage.actions import transfers, trips
from shortage.models import Allocation, CentralStore, DeliveryRun, Transfer
from shortage.queries.central import free_lots, reaches, store_of, wishes
from shortage.rules import runs as rules
from shortage.rules.allocation import pick, share
from shortage.rules.runs import RunRefused, Step
from shortage.rules.transfers import Lot, NotEnough, NotYourSide, QuantityWrong, WordsMissing, less


def open_run(
    on: dt.date, route: str, *, by: Person, now: dt.datetime, institutions: Collection[int] | None = None
) -> DeliveryRun:
    """A run of the day with what the formula proposes for these institutions (all when not given)."""
    store = _store(by)
    today = timezone.localdate(now)
    if not route.strip():
        raise WordsMissing("请填写线路，如“北线”")
    if on < today:
        raise RunRefused("配送日应不早于今天")
    with transaction.atomic():
        Alliance.objects.select_for_update().get(pk=store.alliance_id)
        run = DeliveryRun.objects.create(
            alliance=store.alliance,
            number=_number(store.alliance, today),
            centre=store.institution,
            on=on,
            route=route.strip()[:60],
            state=rules.DRAFT,
            planned_by=by,
            planned_at=now,
        )
        made = _propose(store, run, today, institutions)
        data = {"on": on, "route": run.route, "lines": len(made), "units": sum(row.quantity for row in made)}
        record("拟定配送单", run, alliance=run.alliance, by=by, now=now, data=data)
    return run


def _number(alliance: Alliance, on: dt.date) -> str:
    """PS20261122-01; the caller holds the alliance's row."""
    head = f"PS{on:%Y%m%d}-"
    same = DeliveryRun.objects.filter(alliance=alliance, number__startswith=head).count()
    return f"{head}{same + 1:02d}"


def propose(run: DeliveryRun, *, by: Person, now: dt.datetime) -> DeliveryRun:
    """Computes the proposal anew; lines that a person changed stay as they are."""
    with _moving(run, Step.PROPOSE, by) as (store, found):
        places = None
        if not found.allocations.exists():
            raise RunRefused("配送单没有分配，请另拟一张")
        places = set(found.allocations.values_list("institution", flat=True))
        made = _propose(store, found, timezone.localdate(now), places)
        record("重新计算配送分配", found, alliance=found.alliance, by=by, now=now, data={"lines": len(made)})
    return found


def _propose(
    store: CentralStore, run: DeliveryRun, today: dt.date, institutions: Collection[int] | None
) -> list[Allocation]:
    """Writes what the formula gives; it shares what is left after the lines that people fixed, among all institutions:
    the share of those that this run does not serve stays in the store for theirs."""
    run.allocations.filter(reason="").delete()
    fixed = {(row.institution_id, row.presentation_id): row for row in run.allocations.all()}
    lots = free_lots(store, today, without=run.pk)
    for row in fixed.values():
        lots[row.presentation_id] = _left(lots.get(row.presentation_id, []), row.product_id or 0, row.quantity)
    needs = wishes(store, today, list(lots), without=run.pk)
    products = {lot.product for held in lots.values() for lot in held if lot.product}
    packs = dict(Product.objects.filter(pk__in=products).values_list("pk", "pack_size"))
    made = []
    for drug, held in lots.items():
        asked = {wish.institution: wish for wish in needs.get(drug, []) if (wish.institution, drug) not in fixed}
        shared = share(held, [wish.claim for wish in asked.values()], packs, today)
        for (site, product), units in shared.items():
            if institutions is not None and site not in institutions:
                continue
            wish = asked[site]
            made.append(
                Allocation(
                    run=run, institution_id=site, presentation_id=drug, product_id=product or None, proposed=units,
                    quantity=units, stock=wish.stock, coming=wish.coming, per_day=wish.per_day, risk=wish.risk,
                )
            )  # fmt: skip
    return Allocation.objects.bulk_create(made, batch_size=500)


def _left(lots: list[Lot], product: int, units: int) -> list[Lot]:
    return [lot for lot in less(lots, pick(lots, product, units)) if lot.quantity]


def change(
    run: DeliveryRun, institution: Institution, good: Product | Presentation, packs: int, reason: str,
    *, by: Person, now: dt.datetime,
) -> Allocation:  # fmt: skip
    """What an institution is to get of a product, in whole packs, with a reason; `good` is the drug itself where the
    store's own count names no maker (a pack is one unit then). Raises NotEnough over what is free."""
    if not reason.strip():
        raise WordsMissing("请写明调整原因")
    if packs < 0:
        raise QuantityWrong("包数应为不小于 0 的整数")
    product = good if isinstance(good, Product) else None
    drug, pack = (product.presentation_id, product.pack_size) if product else (good.pk, 1)
    same = {"product": product, "presentation": drug}
    with _moving(run, Step.EDIT, by) as (store, found):
        if institution.alliance_id != found.alliance_id or institution.pk == found.centre_id:
            raise RunRefused("应选择本医共体中除中心药房外的机构")
        today = timezone.localdate(now)
        row = found.allocations.filter(institution=institution, **same).first()
        others = found.allocations.filter(**same).exclude(institution=institution)
        taken = sum(others.values_list("quantity", flat=True))
        lots = free_lots(store, today, [drug], without=found.pk).get(drug, [])
        free = sum(lot.quantity for lot in lots if lot.product == (product.pk if product else 0)) - taken
        units = packs * pack
        if units > free:
            raise NotEnough(
                f"中心药房 {good} 可分配 {max(0, free) // pack:,} 包，不足 {packs:,} 包"
                "（已扣除自留、其他单据和本单其他机构的数量）"
            )
        before = row.quantity if row else 0
        row = row or _blank(store, found, institution, drug, product, today)
        row.quantity, row.reason = units, reason.strip()[:200]
        row.save()
        data = {"institution": institution.code, "good": good.code, "from": before, "to": units, "reason": row.reason}
        record("调整配送分配", found, alliance=found.alliance, by=by, now=now, data=data)
    return row


def _blank(
    store: CentralStore, run: DeliveryRun, institution: Institution, drug: int, product: Product | None, today: dt.date
) -> Allocation:
    """A line that the formula did not propose, with what is known of the institution."""
    known = wishes(store, today, [drug], without=run.pk).get(drug, [])
    wish = next((each for each in known if each.institution == institution.pk), None)
    facts: dict[str, Any] = (
        {"stock": wish.stock, "coming": wish.coming, "per_day": wish.per_day, "risk": wish.risk} if wish else {}
    )
    return Allocation(run=run, institution=institution, presentation_id=drug, product=product, proposed=0, **facts)


def confirm(run: DeliveryRun, *, by: Person, now: dt.datetime) -> DeliveryRun:
    """The store's pharmacist agrees and signs for the store: one transfer for each institution, lots first expiring first.

    Raises NotEnough, naming the drug, when the store no longer holds what was allocated; nothing is written then.
    """
    with _moving(run, Step.CONFIRM, by) as (store, found):
        _keeper(found, by, Permission.SIGN_TRANSFERS, "签字确认")
        today = timezone.localdate(now)
        rows = list(found.allocations.filter(quantity__gt=0).select_related("institution__alliance", "presentation"))
        if not rows:
            raise RunRefused("没有任何分配，不能确认")
        for place, goods in _goods(store, found, rows, today).items():
            transfers.draw_up(
                found.centre,
                place,
                goods,
                run=found,
                reason=f"中心药房配送 {found.number}（{found.route}）",
                by=by,
                now=now,
            )
        found.state, found.confirmed_by, found.confirmed_at = rules.SIGNING, by, now
        found.save(update_fields=["state", "confirmed_by", "confirmed_at"])
        data = {"legs": found.legs.count(), "units": sum(row.quantity for row in rows)}
        record("确认配送分配", found, alliance=found.alliance, by=by, now=now, data=data)
    return found


def _goods(
    store: CentralStore, run: DeliveryRun, rows: list[Allocation], today: dt.date
) -> dict[Institution, dict[int, list[Lot]]]:
    """Lots by institution and drug; who has the fewest days of cover gets what expires first: it is used at once."""
    lots = free_lots(store, today, {row.presentation_id for row in rows}, without=run.pk)
    goods: dict[Institution, dict[int, list[Lot]]] = defaultdict(lambda: defaultdict(list))
    missing = []
    for row in sorted(rows, key=lambda row: (row.days_before is None, row.days_before or 0, row.institution.code)):
        held = lots.get(row.presentation_id, [])
        taken = pick(held, row.product_id or 0, row.quantity)
        if sum(lot.quantity for lot in taken) < row.quantity:
            missing.append(f"{row.presentation}（{row.institution.short_name}）")
            continue
        lots[row.presentation_id] = [lot for lot in less(held, taken) if lot.quantity]
        goods[row.institution][row.presentation_id] += taken
    if missing:
        raise NotEnough(f"中心药房已不够分配：{'、'.join(missing)}；请重新计算或调整后再确认")
    return goods


def load(run: DeliveryRun, *, by: Person, now: dt.datetime) -> DeliveryRun:
    """All signed legs leave the store at once; refused while one has not been signed by its receiver."""
    with _moving(run, Step.LOAD, by) as (_store, found):
        _keeper(found, by, Permission.MOVE_TRANSFERS, "装车发出")
        legs = list(found.legs.select_related("receiver").order_by("pk"))
        unsigned = [leg.receiver.short_name or leg.receiver.name for leg in legs if leg.state == "planned"]
        if unsigned:
            raise RunRefused(f"{'、'.join(unsigned)} 尚未签字；请等其签字，或先取消该机构的单据再装车")
        for leg in legs:
            if leg.state == "approved":
                trips.dispatch(leg, by=by, now=now)
        found.refresh_from_db()
        data = {"legs": len(legs)}
        record("装车发出", found, alliance=found.alliance, by=by, now=now, data=data)
    return found


def cancel(run: DeliveryRun, reason: str, *, by: Person, now: dt.datetime) -> DeliveryRun:
    """Drops a run of which nothing has left."""
    if not reason.strip():
        raise WordsMissing("请写明取消配送的原因")
    with _moving(run, Step.CANCEL, by) as (_store, found):
        legs = list(Transfer.objects.filter(run=found))
        if any(leg.dispatched_at for leg in legs):
            raise RunRefused("已有机构的药品发出，不能取消整张配送单；请在各机构的单据上办理")
        if legs:
            _keeper(found, by, Permission.SIGN_TRANSFERS, "取消")
        for leg in legs:
            if leg.state in ("planned", "approved"):
                transfers.refuse(leg, f"配送取消：{reason.strip()}", by=by, now=now)
        found.refresh_from_db()
        found.state, found.closed_at, found.outcome = rules.CANCELLED, now, reason.strip()[:200]
        found.save(update_fields=["state", "closed_at", "outcome"])
        record("取消配送", found, alliance=found.alliance, by=by, now=now, data={"reason": found.outcome})
    found.refresh_from_db()
    return found


@contextmanager
def _moving(run: DeliveryRun, step: Step, by: Person) -> Iterator[tuple[CentralStore, DeliveryRun]]:
    """(store, run): both locked, the step checked."""
    store = _store(by)
    with transaction.atomic():
        Alliance.objects.select_for_update().get(pk=store.alliance_id)
        found = DeliveryRun.objects.select_related("alliance", "centre__alliance").get(pk=run.pk)
        if found.alliance_id != store.alliance_id:
            raise NotYourSide("不是本医共体的配送单")
        rules.check(step, found.state)
        yield store, found


def _store(by: Person) -> CentralStore:
    scope = scope_of(by, Permission.PLAN_TRANSFERS)
    store = store_of(scope.alliance) if scope else None
    if scope is None or (store is not None and not reaches(scope, store)):
        raise NotYourSide("只有采购员和中心药房的药师可以拟定配送")
    if store is None:
        raise RunRefused("还没有设定中心药房，请采购员先设定")
    return store


def _keeper(run: DeliveryRun, by: Person, permission: Permission, what: str) -> None:
    scope = scope_of(by, permission)
    if scope is None or scope.whole_alliance or run.centre_id not in scope.institution_ids:
        raise NotYourSide(f"只有中心药房（{run.centre}）的药师可以{what}")


__all__ = ["cancel", "change", "confirm", "load", "open_run", "propose"]
