"""Orders of a locked round: made per supplier and month, sent (and expected in stock), stopped or cancelled."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from config.access import Permission
from formulary.actions.history import record
from formulary.models import Person
from formulary.queries import scope_of
from procurement.actions.rounds import _arrive, _moving
from procurement.models import Order, OrderLine, PurchaseRound, RoundLine, Supplier
from procurement.rules import orders as rules
from procurement.rules.orders import OrderRefused, Verb
from procurement.rules.rounds import Incomplete
from procurement.rules.rounds import Verb as RoundVerb
from shortage.actions import supply

BATCH = 2000
Part = tuple[RoundLine, int]


def send_round(row: PurchaseRound, *, by: Person, now: dt.datetime) -> list[Order]:
    """已锁定 → 执行中: one order per supplier and month. The first month's orders are sent at once, later ones wait."""
    with _moving(row, RoundVerb.SEND, by, Permission.RUN_PLANS) as found:
        made = _make(found, now=now)
        if not made:
            raise Incomplete("没有要采购的行，不能下达订单")
        first = min(order.month for order in made)
        for order in made:
            if order.month == first:
                send(order, by=by, now=now)
        _arrive(found, RoundVerb.SEND, by=by, now=now, data={"orders": [order.number for order in made]})
    return made


def send(order: Order, *, by: Person, now: dt.datetime) -> Order:
    """待发送 → 已发送; its units become expected receipts of each institution."""
    with transaction.atomic():
        found = _locked(order, by, Verb.SEND)
        found.state, found.sent_at, found.sent_by = rules.SENT, now, by
        found.save()
        today = timezone.localdate(now)
        units: dict[tuple[int, int], int] = defaultdict(int)
        products: dict[tuple[int, int], set[int]] = defaultdict(set)
        for line in found.lines.select_related("product"):
            key = (line.institution_id, line.product.presentation_id)
            units[key] += line.quantity
            products[key].add(line.product_id)
        supply.expect(
            (
                supply.Expected(
                    institution_id=site,
                    presentation_id=drug,
                    product_id=next(iter(products[site, drug])) if len(products[site, drug]) == 1 else None,
                    reference=found.number,
                    supplier_code=found.supplier.code,
                    supplier_name=found.supplier.name,
                    quantity=quantity,
                    ordered_on=today,
                    due_on=max(today, found.due_on),
                )
                for (site, drug), quantity in units.items()
            ),
            now=now,
        )
        record("发送采购订单", found, alliance=found.alliance, by=by, now=now, data={"amount": found.amount})
    return found


def stop_rest(order: Order, why: str, *, by: Person, now: dt.datetime) -> Order:
    """What has not come will not come: the order is settled, the rest is no longer expected."""
    if not why.strip():
        raise OrderRefused("请写明不再供货的原因")
    with transaction.atomic():
        found = _locked(order, by, Verb.SHORT)
        lines = list(found.lines.select_related("product"))
        for line in lines:
            line.stopped = line.packs - line.accepted
        OrderLine.objects.bulk_update(lines, ["stopped"], batch_size=500)
        found.state, found.ended_for = rules.CLOSED, why.strip()[:200]
        found.save(update_fields=["state", "ended_for"])
        supply.expect_less(found.number, _coming(lines), now=now)
        data = {"stopped": sum(line.stopped for line in lines), "why": why}
        record("余量不再供货", found, alliance=found.alliance, by=by, now=now, data=data)
    return found


def cancel(order: Order, why: str, *, by: Person, now: dt.datetime) -> Order:
    """An order of which nothing has come yet is dropped."""
    if not why.strip():
        raise OrderRefused("请写明取消原因")
    with transaction.atomic():
        found = _locked(order, by, Verb.CANCEL)
        if found.deliveries.exists():
            raise OrderRefused("订单已有到货记录，不能取消；剩余部分请办理“余量不再供货”")
        was_sent = found.state == rules.SENT
        found.state, found.ended_for = rules.CANCELLED, why.strip()[:200]
        found.save(update_fields=["state", "ended_for"])
        if was_sent:
            none = dict.fromkeys(_coming(found.lines.select_related("product")), 0)
            supply.expect_less(found.number, none, now=now)
        record("取消采购订单", found, alliance=found.alliance, by=by, now=now, data={"why": why})
    return found


def _coming(lines: object) -> dict[tuple[int, int], int]:
    """Units that came in all, by institution and 品规."""
    total: dict[tuple[int, int], int] = defaultdict(int)
    for line in lines:  # type: ignore[attr-defined]
        total[line.institution_id, line.product.presentation_id] += line.accepted * line.product.pack_size
    return dict(total)


def _make(row: PurchaseRound, *, now: dt.datetime) -> list[Order]:
    starts = rules.months_of(row.period_start, row.period_end)
    parts: dict[tuple[int, dt.date], list[Part]] = defaultdict(list)
    for line in row.lines.filter(packs__gt=0).select_related("product"):
        for start, packs in zip(
            starts, rules.instalments(line.packs, line.minimum_packs, starts, row.period_end), strict=True
        ):
            if packs:
                parts[line.supplier_id, start].append((line, packs))
    suppliers = Supplier.objects.in_bulk({supplier for supplier, _start in parts})
    serial = Order.objects.filter(alliance=row.alliance).count()
    made = []
    for number, (supplier, start) in enumerate(
        sorted(parts, key=lambda key: (key[1], suppliers[key[0]].code)), start=serial + 1
    ):
        firm, lines = suppliers[supplier], parts[supplier, start]
        order = Order.objects.create(
            alliance=row.alliance,
            number=rules.number_of(start, firm.code, number),
            round=row,
            supplier=firm,
            month=start,
            due_on=start + dt.timedelta(days=firm.lead_days),
            state=rules.DRAFT,
            amount=sum((line.price * packs for line, packs in lines), Decimal(0)),
            created_at=now,
        )
        OrderLine.objects.bulk_create(
            (
                OrderLine(
                    order=order,
                    institution_id=line.institution_id,
                    product_id=line.product_id,
                    packs=packs,
                    price=line.price,
                )
                for line, packs in lines
            ),
            batch_size=BATCH,
        )
        record("生成采购订单", order, alliance=row.alliance, by=None, now=now, data={"lines": len(lines)})
        made.append(order)
    return made


def _locked(order: Order, by: Person, verb: Verb) -> Order:
    scope = scope_of(by, Permission.RUN_PLANS)
    if scope is None or scope.alliance.pk != order.alliance_id:
        raise OrderRefused("您的角色不能办理订单")
    Order.objects.select_for_update().get(pk=order.pk)
    found = Order.objects.select_related("alliance", "supplier").get(pk=order.pk)
    rules.check(verb, found.state)
    return found
