"""Goods at the door: accepted, refused or short; accepted goods become stock, agreed volume done and money due."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from config.access import Permission
from formulary.actions.history import record
from formulary.models import Institution, Person
from formulary.queries import scope_of
from formulary.rules.tables import DataRefused, Fault
from procurement.models import Commitment, Delivery, DeliveryLine, Order, OrderLine, Payable
from procurement.queries.settings import buying_settings
from procurement.rules import acceptance
from procurement.rules import orders as rules
from procurement.rules.acceptance import Came
from procurement.rules.orders import OrderRefused, Verb
from shortage.actions import supply

CENT = Decimal("0.01")


def receive(
    order: Order,
    institution: Institution,
    arrived_on: dt.date,
    came: Mapping[int, Sequence[Came]],
    *,
    slip: str = "",
    by: Person,
    now: dt.datetime,
) -> Delivery:
    """Signs for one van: `came` holds per order line (by id) its batches; lines that did not come are left out.

    Raises OrderRefused, or DataRefused with every fault of every line. Second vans are further deliveries.
    """
    with transaction.atomic():
        found, lines = _locked(order, institution, by)
        today = timezone.localdate(now)
        if not (timezone.localdate(found.sent_at) if found.sent_at else today) <= arrived_on <= today:
            raise OrderRefused("到货日应在订单发送日与今天之间")
        rows = [(line, one) for line in lines for one in came.get(line.pk, ()) if one.delivered]
        if not rows:
            raise OrderRefused("没有填写任何到货数量")
        settings = buying_settings(found.alliance, today)
        _refuse_faults(rows, on=arrived_on, min_days=int(settings["receipt.min_life_days"]))
        made = Delivery.objects.create(
            order=found,
            institution=institution,
            arrived_on=arrived_on,
            slip=slip.strip()[:60],
            received_by=by,
            received_at=now,
            amount=sum((line.price * one.accepted for line, one in rows), Decimal(0)).quantize(CENT),
        )
        DeliveryLine.objects.bulk_create(
            DeliveryLine(
                delivery=made,
                line=line,
                delivered=one.delivered,
                refused=one.refused,
                batch=one.batch.strip(),
                expiry=one.expiry,
                reason=one.reason if one.refused else "",
                note=one.note.strip()[:200],
            )
            for line, one in rows
        )
        _count(found, rows, on=arrived_on)
        _stock(made, rows, by=by, now=now)
        _owe(made, term=str(settings["payment.term"]), days=int(settings["payment.days"]))
        facts = {
            "delivered": sum(one.delivered for _line, one in rows),
            "refused": sum(one.refused for _line, one in rows),
            "amount": made.amount,
            "institution": institution.code,
        }
        record("收货验收", made, alliance=found.alliance, by=by, now=now, data=facts)
    return made


def _locked(order: Order, institution: Institution, by: Person) -> tuple[Order, list[OrderLine]]:
    scope = scope_of(by, Permission.RECEIVE_GOODS)
    if scope is None or institution.pk not in scope.institution_ids or scope.alliance.pk != order.alliance_id:
        raise OrderRefused("只能验收本机构的货")
    Order.objects.select_for_update().get(pk=order.pk)
    found = Order.objects.select_related("alliance", "supplier").get(pk=order.pk)
    rules.check(Verb.RECEIVE, found.state)
    lines = list(found.lines.filter(institution=institution).select_related("product__presentation"))
    if not lines:
        raise OrderRefused("这张订单没有本机构的药品")
    return found, lines


def _refuse_faults(rows: Sequence[tuple[OrderLine, Came]], *, on: dt.date, min_days: int) -> None:
    """Batches of one line are judged together: their sum may not exceed what is still open."""
    taken: dict[int, int] = defaultdict(int)
    batches: set[tuple[int, str]] = set()
    found = []
    for number, (line, one) in enumerate(rows, start=1):
        left = line.open_packs - taken[line.pk]
        taken[line.pk] += one.accepted
        texts = acceptance.faults(
            Came(one.delivered, one.refused, left, one.batch, one.expiry, one.reason, one.note),
            on=on,
            min_days=min_days,
        )
        if (line.pk, one.batch.strip()) in batches:
            texts.append(f"批号“{one.batch}”重复，请合并为一行")
        batches.add((line.pk, one.batch.strip()))
        name = f"{line.product.presentation} {line.product.maker}"
        found += [Fault("收货", number, name, str(one.delivered), text) for text in texts]
    if found:
        raise DataRefused(found, source="收货验收")


def _count(order: Order, rows: Sequence[tuple[OrderLine, Came]], *, on: dt.date) -> None:
    """Packs accepted per line, agreed volume done, and whether the order is complete."""
    lines: dict[int, OrderLine] = {}
    units: dict[tuple[int, int], int] = defaultdict(int)
    for line, one in rows:
        line.accepted += one.accepted
        lines[line.pk] = line
        units[line.institution_id, line.product_id] += one.accepted * line.product.pack_size
    OrderLine.objects.bulk_update(lines.values(), ["accepted"], batch_size=500)
    for (site, product), quantity in units.items():
        running = Commitment.objects.filter(
            Q(institution=site) | Q(institution=None), product=product, tender__start__lte=on, tender__end__gte=on
        )
        running.update(bought=F("bought") + quantity)
    whole = order.lines.filter(packs__gt=F("accepted") + F("stopped")).exists()
    order.state = rules.PART if whole else rules.DONE
    order.save(update_fields=["state"])


def _stock(made: Delivery, rows: Sequence[tuple[OrderLine, Came]], *, by: Person, now: dt.datetime) -> None:
    order = made.order
    arrivals = [
        supply.Arrival(
            institution_id=made.institution_id,
            presentation_id=line.product.presentation_id,
            product_id=line.product_id,
            date=made.arrived_on,
            quantity=one.accepted * line.product.pack_size,
            batch=one.batch.strip(),
            expiry=one.expiry,
            supplier_code=order.supplier.code,
            reference=order.number,
        )
        for line, one in rows
        if one.accepted
    ]
    if arrivals:
        name = f"订单 {order.number} {made.institution.short_name}验收"
        made.intake = supply.receive(arrivals, alliance=order.alliance, name=name, by=by, now=now)
        made.save(update_fields=["intake"])


def _owe(made: Delivery, *, term: str, days: int) -> None:
    if made.amount:
        Payable.objects.create(
            delivery=made,
            amount=made.amount,
            accepted_on=made.arrived_on,
            due_on=rules.due_on(made.arrived_on, term=term, days=days),
        )


def pay(row: Payable, paid_on: dt.date, voucher: str, *, by: Person, now: dt.datetime) -> Payable:
    """Notes that a delivery was paid. Raises OrderRefused when it was, or the day does not fit."""
    with transaction.atomic():
        found = Payable.objects.select_for_update().select_related("delivery__order__alliance").get(pk=row.pk)
        alliance = found.delivery.order.alliance
        scope = scope_of(by, Permission.RUN_PLANS)
        if scope is None or scope.alliance.pk != alliance.pk:
            raise OrderRefused("您的角色不能登记付款")
        if found.paid_on is not None:
            raise OrderRefused("这笔货款已登记付款")
        if not found.accepted_on <= paid_on <= timezone.localdate(now):
            raise OrderRefused("付款日应在验收日与今天之间")
        found.paid_on, found.voucher, found.paid_by = paid_on, voucher.strip()[:60], by
        found.save(update_fields=["paid_on", "voucher", "paid_by"])
        data = {"amount": found.amount, "paid_on": paid_on, "late_days": max(0, (paid_on - found.due_on).days)}
        record("登记付款", found, alliance=alliance, by=by, now=now, data=data)
    return found
