"""Transfers between institutions: planned, signed by both sides, sent, received. Stock moves; use does not.

    order = transfers.plan(donor, receiver, {drug: 120}, reason="…", by=…, now=…)
    transfers.sign(order, by=…, now=…) → dispatch → receive → (settle)

What was sent is always received, on its way, given back or written off: the lines hold that in the database.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from config.access import Permission
from formulary.actions.history import record
from formulary.models import Alliance, Institution, Person, Presentation
from formulary.queries import scope_of
from shortage.actions import legs, moves, relief
from shortage.models import Alert, ExpectedReceipt, Transfer, TransferLine, TransferState
from shortage.queries.settings import act_settings
from shortage.queries.shelves import shelves
from shortage.queries.whatif import bench
from shortage.rules import transfers as rules
from shortage.rules.transfers import Lot, Step

Wanted = Mapping[int, int]


def plan(
    donor: Institution,
    receiver: Institution,
    wanted: Wanted,
    *,
    reason: str,
    by: Person,
    now: dt.datetime,
    kind: str = Transfer.Kind.GIVEN,
    alert: Alert | None = None,
    loan: Transfer | None = None,
    knowingly: bool = False,
) -> Transfer:
    """Draws up a transfer of `wanted` units by presentation, first expiring lots first; the planner's own side signs.

    Raises NotYourSide, NotEnough (also where the donor would fall under its own line, unless `knowingly`),
    QuantityWrong, WordsMissing.
    """
    words = _words(reason, "请写明调剂事由")
    scope = scope_of(by, Permission.PLAN_TRANSFERS)
    ours = scope is not None and (scope.whole_alliance or bool({donor.pk, receiver.pk} & scope.institution_ids))
    if scope is None or not ours or {donor.alliance_id, receiver.alliance_id} != {scope.alliance.pk}:
        raise rules.NotYourSide("只能拟定本机构调出或调入的调剂单")
    if donor.pk == receiver.pk:
        raise rules.QuantityWrong("调出与调入应为两家不同的机构")
    on = timezone.localdate(now)
    settings = act_settings(scope.alliance, on)
    with transaction.atomic():
        Alliance.objects.select_for_update().get(pk=scope.alliance.pk)
        if not knowingly:
            _spare_or_refuse(scope.alliance, donor, wanted, on)
        standing = shelves([donor.pk], list(wanted))
        goods = {
            presentation: rules.draw(
                standing.get((donor.pk, presentation), (on, []))[1], units, on=on, least_days=settings.least_life_days
            )
            for presentation, units in wanted.items()
        }
        due = on + dt.timedelta(days=settings.loan_days) if kind == Transfer.Kind.LOAN else None
        facts = {"kind": kind, "alert": alert, "loan": loan, "due_on": due}
        row = draw_up(donor, receiver, goods, reason=words, by=by, now=now, **facts)
    row.refresh_from_db()
    return row


def draw_up(
    donor: Institution, receiver: Institution, goods: Mapping[int, Sequence[Lot]], *, by: Person, now: dt.datetime,
    **facts: Any,
) -> Transfer:  # fmt: skip
    """Writes a transfer of these lots by presentation; the planner's own side signs. `facts`: further columns.

    Inside the caller's transaction, who holds the alliance's row and has asked whether the lots may be given.
    """
    alliance = donor.alliance
    row = Transfer.objects.create(
        alliance=alliance,
        number=_number(alliance, timezone.localdate(now)),
        donor=donor,
        receiver=receiver,
        planned_by=by,
        planned_at=now,
        **facts,
    )
    lines = [_line(row, presentation, lot) for presentation, lots in goods.items() for lot in lots]
    if not lines:
        raise rules.QuantityWrong("请至少填写一个品规的数量")
    TransferLine.objects.bulk_create(lines)
    record("拟定调剂", row, alliance=alliance, by=by, now=now, data=_told(row, lines))
    _sign_own_side(row, by=by, now=now)
    return row


def _line(row: Transfer, presentation: int, lot: Lot) -> TransferLine:
    return TransferLine(
        transfer=row,
        presentation_id=presentation,
        product_id=lot.product or None,
        batch=lot.batch,
        expiry=lot.expiry,
        quantity=lot.quantity,
    )


def _spare_or_refuse(alliance: Alliance, donor: Institution, wanted: Wanted, on: dt.date) -> None:
    """What other open transfers have already promised is not spare either."""
    seen = bench(alliance, list(wanted), on)
    if seen is None:
        return
    promised = promised_by(donor, list(wanted))
    for presentation, units in wanted.items():
        spare = max(0, seen.spare((donor.pk, presentation))[0] - promised.get(presentation, 0))
        if units > spare and (donor.pk, presentation) in seen.places:
            drug = Presentation.objects.get(pk=presentation)
            raise rules.NotEnough(
                f"{donor.short_name or donor.name} {drug} 保住自己的补货点后最多可调出 {spare:,} {drug.unit}"
            )


def promised_by(donor: Institution, presentations: list[int]) -> dict[int, int]:
    """Units agreed in open transfers and not yet sent, by presentation."""
    rows = TransferLine.objects.filter(
        transfer__donor=donor,
        transfer__state__in=[TransferState.PLANNED, TransferState.APPROVED],
        presentation__in=presentations,
    )
    return dict(rows.order_by().values_list("presentation").annotate(Sum("quantity")))


def _number(alliance: Alliance, on: dt.date) -> str:
    """DJ20261122-003; the caller holds the alliance's row."""
    head = f"DJ{on:%Y%m%d}-"
    same = Transfer.objects.filter(alliance=alliance, number__startswith=head).count()
    return f"{head}{same + 1:03d}"


def sign(order: Transfer, *, by: Person, now: dt.datetime) -> Transfer:
    """The person's side agrees; with both signatures the transfer is approved. Raises SamePerson, AlreadySigned."""
    with transaction.atomic():
        row = _locked(order, Step.SIGN)
        reach = _reach(by, Permission.SIGN_TRANSFERS)
        sides = [side for side in ("donor", "receiver") if getattr(row, f"{side}_id") in reach]
        if not sides:
            raise rules.NotYourSide("只有调出、调入机构的人员可以签字")
        unsigned = [side for side in sides if getattr(row, f"{side}_by_id") is None]
        if not unsigned:
            raise rules.AlreadySigned("本机构已经签字，等待对方签字")
        if by.pk in (row.donor_by_id, row.receiver_by_id):
            raise rules.SamePerson("同一人不能代表双方签字，请由另一方人员签字")
        _signed(row, unsigned[0], by=by, now=now)
    return _fresh(row)


def _sign_own_side(row: Transfer, *, by: Person, now: dt.datetime) -> None:
    """Who draws it up for an institution agrees for it: one click less. The receiver's side first: it asks."""
    reach = _reach(by, Permission.SIGN_TRANSFERS)
    for side in ("receiver", "donor"):
        if getattr(row, f"{side}_id") in reach:
            _signed(row, side, by=by, now=now)
            return


def _signed(row: Transfer, side: str, *, by: Person, now: dt.datetime) -> None:
    setattr(row, f"{side}_by", by)
    setattr(row, f"{side}_at", now)
    if row.donor_by_id and row.receiver_by_id:
        row.state = TransferState.APPROVED
    row.save()
    label = "调出方签字" if side == "donor" else "调入方签字"
    record(label, row, alliance=row.alliance, by=by, now=now, data={"state": row.state})


def refuse(order: Transfer, reason: str, *, by: Person, now: dt.datetime) -> Transfer:
    """Either side says no before anything is sent."""
    return _stop(order, Step.REFUSE, TransferState.REFUSED, reason, by=by, now=now)


def cancel(order: Transfer, reason: str, *, by: Person, now: dt.datetime) -> Transfer:
    """Whoever planned it, or either side, takes it back before anything is sent."""
    return _stop(order, Step.CANCEL, TransferState.CANCELLED, reason, by=by, now=now)


def _stop(order: Transfer, step: Step, state: str, reason: str, *, by: Person, now: dt.datetime) -> Transfer:
    words = _words(reason, f"请写明{rules.MOVES[step].label}的原因")
    with transaction.atomic():
        row = _locked(order, step)
        own = step is Step.CANCEL and row.planned_by_id == by.pk
        if not own and not {row.donor_id, row.receiver_id} & _reach(by, Permission.SIGN_TRANSFERS):
            raise rules.NotYourSide(f"只有调出、调入机构的人员可以{rules.MOVES[step].label}")
        row.state, row.closed_at, row.outcome = state, now, words
        row.save()
        record(f"{rules.MOVES[step].label}调剂", row, alliance=row.alliance, by=by, now=now, data={"reason": words})
        relief.transfer_failed(row, by=by, now=now)
        legs.follow(row, by=by, now=now)
    return _fresh(row)


def dispatch(order: Transfer, *, by: Person, now: dt.datetime, sent: Wanted | None = None) -> Transfer:
    """The goods leave: the donor's lots go down, the receiver expects them. `sent` by line; all of it when not given.

    Raises NotEnough when a lot no longer holds what was agreed.
    """
    on = timezone.localdate(now)
    with transaction.atomic():
        row = _locked(order, Step.DISPATCH)
        _side(row.donor_id, by, "只有调出机构的药师可以发出")
        lines = list(row.lines.select_related("presentation"))
        for line in lines:
            line.sent = _asked(sent, line.pk, line.quantity, line)
        if not any(line.sent for line in lines):
            raise rules.QuantityWrong("发出数量全为 0；不再调剂请点取消")
        moves.take(row.donor, _goods(lines, "sent"), name=f"调剂发出 {row.number}", on=on, by=by, now=now)
        TransferLine.objects.bulk_update(lines, ["sent"])
        row.state, row.dispatched_by, row.dispatched_at = TransferState.DISPATCHED, by, now
        row.save()
        _expect(row, lines, on)
        record("发出调剂", row, alliance=row.alliance, by=by, now=now, data=_told(row, lines))
        legs.follow(row, by=by, now=now)
    return _fresh(row)


def receive(
    order: Transfer, *, by: Person, now: dt.datetime, received: Wanted | None = None, note: str = ""
) -> Transfer:
    """Goods arrive: the receiver's lots go up by what came. `received` by line adds to what came before; all that is
    missing when not given. The last unit closes the transfer and its outcome returns to the alert."""
    on = timezone.localdate(now)
    with transaction.atomic():
        row = _locked(order, Step.RECEIVE)
        _side(row.receiver_id, by, "只有调入机构的药师可以收货")
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
    return _fresh(row)


def settle(order: Transfer, ending: str, reason: str, *, by: Person, now: dt.datetime) -> Transfer:
    """Ends a partly received transfer: what is missing went back to the donor ("back") or is written off ("lost")."""
    words = _words(reason, "请写明差额原因")
    if ending not in ("back", "lost"):
        raise rules.WordsMissing("请选择差额去向：退回调出机构，或报损")
    with transaction.atomic():
        row = _locked(order, Step.SETTLE)
        _side(row.receiver_id, by, "只有调入机构的药师可以了结差额")
        lines = list(row.lines.select_related("presentation"))
        goods: dict[int, list[Lot]] = defaultdict(list)
        for line in lines:
            if line.missing:
                goods[line.presentation_id].append(_lot(line, line.missing))
                setattr(line, ending, line.missing)
        units = sum(lot.quantity for lots in goods.values() for lot in lots)
        if ending == "back":
            on = timezone.localdate(now)
            moves.put(row.donor, goods, name=f"调剂退回 {row.number}", on=on, by=by, now=now)
        TransferLine.objects.bulk_update(lines, [ending])
        row.state, row.closed_at = TransferState.CLOSED, now
        row.outcome = f"{'退回' if ending == 'back' else '报损'} {units:,}：{words}"[:200]
        row.save()
        _expect(row, lines, timezone.localdate(now))
        record("了结调剂差额", row, alliance=row.alliance, by=by, now=now, data={"ending": ending, "reason": words})
        relief.transfer_arrived(row, lines, by=by, now=now)
        legs.follow(row, by=by, now=now)
    return _fresh(row)


def give_back(loan: Transfer, wanted: Wanted, *, by: Person, now: dt.datetime) -> Transfer:
    """Draws up the return of what a loan still owes. Raises QuantityWrong above that."""
    owed = owes(loan)
    for presentation, units in wanted.items():
        if units > owed.get(presentation, 0):
            raise rules.QuantityWrong(f"归还数量 {units:,} 超过尚欠的 {owed.get(presentation, 0):,}")
    return plan(
        loan.receiver,
        loan.donor,
        wanted,
        reason=f"归还 {loan.number}",
        kind=Transfer.Kind.BACK,
        loan=loan,
        knowingly=True,
        by=by,
        now=now,
    )


def convert(loan: Transfer, *, by: Person, now: dt.datetime) -> Transfer:
    """借用 becomes 划转: the lender gives up what is still owed. Only the lender's people."""
    with transaction.atomic():
        row = Transfer.objects.select_for_update().select_related("alliance").get(pk=loan.pk)
        _side(row.donor_id, by, "只有借出机构的药师可以把借用改为划转")
        if row.kind != Transfer.Kind.LOAN or row.converted_at is not None or not any(owes(row).values()):
            raise rules.WrongState("该借单没有尚欠数量")
        row.converted_at = now
        row.save(update_fields=["converted_at"])
        record("借用改为划转", row, alliance=row.alliance, by=by, now=now, data={"owed": owes(row)})
    return _fresh(row)


def owes(loan: Transfer) -> dict[int, int]:
    """Units still owed by presentation; returns that are on their way count as returned when received."""
    if loan.kind != Transfer.Kind.LOAN or loan.converted_at is not None:
        return {}
    lent = dict(loan.lines.order_by().values_list("presentation").annotate(Sum("received")))
    back = dict(
        TransferLine.objects.filter(transfer__loan=loan)
        .order_by()
        .values_list("presentation")
        .annotate(Sum("received"))
    )
    return {drug: rules.Loan(units, back.get(drug, 0), False).owed for drug, units in lent.items()}


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
                "supplier_name": f"{row.donor.short_name or row.donor.name}（{'中心药房配送' if row.run_id else '调剂'}）",
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


def _locked(order: Transfer, step: Step) -> Transfer:
    row = (
        Transfer.objects.select_for_update(of=("self",))
        .select_related("alliance", "donor__alliance", "receiver__alliance", "alert")
        .get(pk=order.pk)
    )
    rules.check(step, row.state)
    return row


def _fresh(row: Transfer) -> Transfer:
    row.refresh_from_db()
    return row


def _reach(by: Person, permission: Permission) -> frozenset[int]:
    """Institutions the person works in under this permission; nobody signs or moves goods for the whole alliance."""
    scope = scope_of(by, permission)
    return frozenset() if scope is None or scope.whole_alliance else scope.institution_ids


def _side(institution: int, by: Person, refusal: str) -> None:
    if institution not in _reach(by, Permission.MOVE_TRANSFERS):
        raise rules.NotYourSide(refusal)


def _words(text: str, ask: str) -> str:
    if not text.strip():
        raise rules.WordsMissing(ask)
    return text.strip()[:200]


def _told(row: Transfer, lines: list[TransferLine]) -> dict[str, Any]:
    told = [[line.presentation_id, line.batch, line.quantity, line.sent] for line in lines]
    return {"donor": row.donor_id, "receiver": row.receiver_id, "kind": row.kind, "lines": told}
