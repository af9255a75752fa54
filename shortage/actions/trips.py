"""The goods of a transfer on their way: sent, received in one or more parts, and how what is missing ended."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict

from django.db import transaction
from django.utils import timezone

from formulary.actions.history import record
from formulary.models import Person
from shortage.actions import legs, moves, relief, reserve_ledger
from shortage.actions import transfer_guards as guards
from shortage.actions.transfer_guards import Wanted
from shortage.models import ExpectedReceipt, ReserveMove, Transfer, TransferLine, TransferState
from shortage.queries.settings import act_settings
from shortage.rules import transfers as rules
from shortage.rules.transfers import Lot, Step


def dispatch(order: Transfer, *, by: Person, now: dt.datetime, sent: Wanted | None = None) -> Transfer:
    """The goods leave: the donor's lots go down, the receiver expects them. `sent` by line; all of it when not given.

    Raises NotEnough when a lot no longer holds what was agreed.
    """
    on = timezone.localdate(now)
    with transaction.atomic():
        row = guards.locked(order, Step.DISPATCH)
        guards.side(row.donor_id, by, "只有调出机构的药师可以发出")
        lines = list(row.lines.select_related("presentation"))
        for line in lines:
            line.sent = _asked(sent, line.pk, line.quantity, line)
        if not any(line.sent for line in lines):
            raise rules.QuantityWrong("发出数量全为 0；不再调剂请点取消")
        _leave(row, _goods(lines, "sent"), on, by=by, now=now)
        TransferLine.objects.bulk_update(lines, ["sent"])
        row.state, row.dispatched_by, row.dispatched_at = TransferState.DISPATCHED, by, now
        row.save()
        _expect(row, lines, on)
        record("发出调剂", row, alliance=row.alliance, by=by, now=now, data=guards.told(row, lines))
        legs.follow(row, by=by, now=now)
    return guards.fresh(row)


def receive(
    order: Transfer, *, by: Person, now: dt.datetime, received: Wanted | None = None, note: str = ""
) -> Transfer:
    """Goods arrive: the receiver's lots go up by what came. `received` by line adds to what came before; all that is
    missing when not given. The last unit closes the transfer and its outcome returns to the alert."""
    on = timezone.localdate(now)
    with transaction.atomic():
        row = guards.locked(order, Step.RECEIVE)
        guards.side(row.receiver_id, by, "只有调入机构的药师可以收货")
        lines = list(row.lines.select_related("presentation"))
        came = {line.pk: _asked(received, line.pk, line.missing, line) for line in lines}
        if not any(came.values()):
            raise rules.QuantityWrong("收货数量全为 0；货未到请稍后再收")
        goods: dict[int, list[Lot]] = defaultdict(list)
        for line in lines:
            if came[line.pk]:
                goods[line.presentation_id].append(_lot(line, came[line.pk]))
                line.received += came[line.pk]
        moves.put(row.receiver, goods, name=f"调剂收货 {row.number}", on=on, by=by, now=now)
        TransferLine.objects.bulk_update(lines, ["received"])
        rest = sum(line.missing for line in lines)
        row.received_by, row.received_at = by, now
        row.state = TransferState.PARTLY if rest else TransferState.CLOSED
        row.outcome = note.strip()[:200]
        if not rest:
            row.closed_at, row.outcome = now, row.outcome or "全部收货"
        row.save()
        _expect(row, lines, on)
        data = {"received": {str(line.pk): came[line.pk] for line in lines}, "missing": rest, "note": note}
        record("调剂收货", row, alliance=row.alliance, by=by, now=now, data=data)
        relief.transfer_arrived(row, lines, by=by, now=now)
        legs.follow(row, by=by, now=now)
    return guards.fresh(row)


def settle(order: Transfer, ending: str, reason: str, *, by: Person, now: dt.datetime) -> Transfer:
    """Ends a partly received transfer: what is missing went back to the donor ("back") or is written off ("lost")."""
    words = guards.words(reason, "请写明差额原因")
    if ending not in ("back", "lost"):
        raise rules.WordsMissing("请选择差额去向：退回调出机构，或报损")
    with transaction.atomic():
        row = guards.locked(order, Step.SETTLE)
        guards.side(row.receiver_id, by, "只有调入机构的药师可以了结差额")
        lines = list(row.lines.select_related("presentation"))
        goods: dict[int, list[Lot]] = defaultdict(list)
        for line in lines:
            if line.missing:
                goods[line.presentation_id].append(_lot(line, line.missing))
                setattr(line, ending, line.missing)
        units = sum(lot.quantity for lots in goods.values() for lot in lots)
        if ending == "back":
            on = timezone.localdate(now)
            _come_back(row, goods, on, by=by, now=now)
        TransferLine.objects.bulk_update(lines, [ending])
        row.state, row.closed_at = TransferState.CLOSED, now
        row.outcome = f"{'退回' if ending == 'back' else '报损'} {units:,}：{words}"[:200]
        row.save()
        _expect(row, lines, timezone.localdate(now))
        record("了结调剂差额", row, alliance=row.alliance, by=by, now=now, data={"ending": ending, "reason": words})
        relief.transfer_arrived(row, lines, by=by, now=now)
        legs.follow(row, by=by, now=now)
    return guards.fresh(row)


def _leave(row: Transfer, goods: dict[int, list[Lot]], on: dt.date, *, by: Person, now: dt.datetime) -> None:
    """From the donor's shelves, or of a release from its reserve. Raises NotEnough."""
    if row.kind == Transfer.Kind.RELEASE:
        reserve_ledger.take(row.donor, goods, kind=ReserveMove.Kind.RELEASE, transfer=row, by=by, now=now)
    else:
        moves.take(row.donor, goods, name=f"调剂发出 {row.number}", on=on, by=by, now=now)


def _come_back(row: Transfer, goods: dict[int, list[Lot]], on: dt.date, *, by: Person, now: dt.datetime) -> None:
    if row.kind == Transfer.Kind.RELEASE:
        reserve_ledger.put(row.donor, goods, kind=ReserveMove.Kind.BACK, transfer=row, by=by, now=now)
    else:
        moves.put(row.donor, goods, name=f"调剂退回 {row.number}", on=on, by=by, now=now)


def _expect(row: Transfer, lines: list[TransferLine], on: dt.date) -> None:
    """What is on its way stands among the receiver's open orders, so that nobody orders it a second time."""
    days = act_settings(row.alliance, on).transit_days
    waiting: dict[int, int] = defaultdict(int)
    for line in lines:
        waiting[line.presentation_id] += line.missing
    for presentation, units in waiting.items():
        open_ = units > 0
        ExpectedReceipt.objects.update_or_create(
            institution=row.receiver,
            presentation_id=presentation,
            reference=row.number,
            defaults={"quantity": units or 1, "internal": True}
            | ({"state": "open", "arrived_on": None} if open_ else {"state": "arrived", "arrived_on": on}),
            create_defaults={
                "quantity": units or 1,
                "internal": True,
                "supplier_name": f"{row.donor.short_name or row.donor.name}（{_way(row)}）",
                "ordered_on": on,
                "due_on": on + dt.timedelta(days=days),
            },
        )


def _goods(lines: list[TransferLine], which: str) -> dict[int, list[Lot]]:
    goods: dict[int, list[Lot]] = defaultdict(list)
    for line in lines:
        units = getattr(line, which)
        if units:
            goods[line.presentation_id].append(_lot(line, units))
    return goods


def _lot(line: TransferLine, units: int) -> Lot:
    return Lot(line.product_id or 0, line.batch, line.expiry, units)


def _asked(given: Wanted | None, line: int, most: int, row: TransferLine) -> int:
    if given is None:
        return most
    units = given.get(line, 0)
    if not 0 <= units <= most:
        raise rules.QuantityWrong(
            f"{row.presentation} 批号 {row.batch or '未分批'}：数量 {units:,} 有误，应为 0 到 {most:,}"
        )
    return units


def _way(row: Transfer) -> str:
    if row.kind == Transfer.Kind.RELEASE:
        return "储备"
    return "中心药房配送" if row.run_id else "调剂"
