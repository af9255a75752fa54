"""Transfers between institutions: planned, signed by both sides, sent, received. Stock moves; use does not.

    order = transfers.plan(donor, receiver, {drug: 120}, reason="…", by=…, now=…)
    transfers.sign(order, by=…, now=…) → trips.dispatch → trips.receive → (trips.settle); loans in `loans`

What was sent is always received, on its way, given back or written off: the lines hold that in the database.
A release (动用储备) is a transfer whose goods come from the keeper's reserve; for the keeper's side the release is approved.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from config.access import Permission
from formulary.actions.history import record
from formulary.models import Alliance, Institution, Person, Presentation
from formulary.queries import scope_of
from shortage.actions import legs, relief, reserve_ledger
from shortage.actions import transfer_guards as guards
from shortage.actions.transfer_guards import Wanted
from shortage.models import Alert, Transfer, TransferLine, TransferState
from shortage.queries.settings import act_settings
from shortage.queries.shelves import shelves
from shortage.queries.whatif import bench
from shortage.rules import transfers as rules
from shortage.rules.transfers import Lot, Step


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
    words = guards.words(reason, "请写明调剂事由")
    alliance = _planner(donor, receiver, kind, by)
    on = timezone.localdate(now)
    with transaction.atomic():
        Alliance.objects.select_for_update().get(pk=alliance.pk)
        if kind != Transfer.Kind.RELEASE and not knowingly:
            _spare_or_refuse(alliance, donor, wanted, on)
        lots = reserve_ledger.chosen if kind == Transfer.Kind.RELEASE else _chosen
        goods: dict[int, list[Lot]] = defaultdict(list)
        for drug, lot in lots(donor, wanted, on):
            goods[drug].append(lot)
        due = on + dt.timedelta(days=act_settings(alliance, on).loan_days) if kind == Transfer.Kind.LOAN else None
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
        number=_number(alliance, timezone.localdate(now), facts.get("kind", Transfer.Kind.GIVEN)),
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
    record("拟定调剂", row, alliance=alliance, by=by, now=now, data=guards.told(row, lines))
    _sign_own_side(row, by=by, now=now)
    return row


def _planner(donor: Institution, receiver: Institution, kind: str, by: Person) -> Alliance:
    """The alliance in which the person may draw it up. Raises NotYourSide, QuantityWrong."""
    scope = scope_of(by, Permission.PLAN_TRANSFERS)
    ours = scope is not None and (scope.whole_alliance or bool({donor.pk, receiver.pk} & scope.institution_ids))
    if scope is None or not ours or {donor.alliance_id, receiver.alliance_id} != {scope.alliance.pk}:
        raise rules.NotYourSide("只能拟定本机构调出或调入的调剂单")
    if donor.pk == receiver.pk and kind != Transfer.Kind.RELEASE:
        raise rules.QuantityWrong("调出与调入应为两家不同的机构")
    return scope.alliance


def _chosen(donor: Institution, wanted: Wanted, on: dt.date) -> Iterator[tuple[int, Lot]]:
    """Lots from the donor's shelves that live long enough to be given. Raises NotEnough."""
    standing = shelves([donor.pk], list(wanted))
    least = act_settings(donor.alliance, on).least_life_days
    for presentation, units in wanted.items():
        lots = standing.get((donor.pk, presentation), (on, []))[1]
        for lot in rules.draw(lots, units, on=on, least_days=least):
            yield presentation, lot


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
    ).exclude(transfer__kind=Transfer.Kind.RELEASE)
    return dict(rows.order_by().values_list("presentation").annotate(Sum("quantity")))


def _number(alliance: Alliance, on: dt.date, kind: str) -> str:
    """DJ20261122-003, CB… for a release; the caller holds the alliance's row."""
    head = f"{'CB' if kind == Transfer.Kind.RELEASE else 'DJ'}{on:%Y%m%d}-"
    same = Transfer.objects.filter(alliance=alliance, number__startswith=head).count()
    return f"{head}{same + 1:03d}"


def sign(order: Transfer, *, by: Person, now: dt.datetime) -> Transfer:
    """The person's side agrees; with both signatures the transfer is approved. Raises SamePerson, AlreadySigned."""
    with transaction.atomic():
        row = guards.locked(order, Step.SIGN)
        sides = sides_of(row, by)
        if not sides:
            raise rules.NotYourSide(
                "动用储备由采购中心或储备机构负责人批准，由领用机构人员签字"
                if row.kind == Transfer.Kind.RELEASE
                else "只有调出、调入机构的人员可以签字"
            )
        unsigned = [side for side in sides if getattr(row, f"{side}_by_id") is None]
        if not unsigned:
            raise rules.AlreadySigned("本机构已经签字，等待对方签字")
        if by.pk in (row.donor_by_id, row.receiver_by_id):
            raise rules.SamePerson("同一人不能代表双方签字，请由另一方人员签字")
        _signed(row, unsigned[0], by=by, now=now)
    return guards.fresh(row)


def sides_of(row: Transfer, by: Person) -> list[str]:
    """For which sides the person may sign: of a release the keeper's side is the approval."""
    reach = guards.reach(by, Permission.SIGN_TRANSFERS)
    may = {"donor": row.donor_id in reach, "receiver": row.receiver_id in reach}
    if row.kind == Transfer.Kind.RELEASE:
        scope = scope_of(by, Permission.APPROVE_RELEASE)
        may["donor"] = scope is not None and row.donor_id in scope.institution_ids
    return [side for side, allowed in may.items() if allowed]


def _sign_own_side(row: Transfer, *, by: Person, now: dt.datetime) -> None:
    """Who draws it up for an institution agrees for it: one click less. The receiver's side first: it asks. Nobody
    approves a release by drawing it up."""
    sides = sides_of(row, by)
    for side in ("receiver", "donor"):
        if side in sides and (side == "receiver" or row.kind != Transfer.Kind.RELEASE):
            _signed(row, side, by=by, now=now)
            return


def _signed(row: Transfer, side: str, *, by: Person, now: dt.datetime) -> None:
    setattr(row, f"{side}_by", by)
    setattr(row, f"{side}_at", now)
    if row.donor_by_id and row.receiver_by_id:
        row.state = TransferState.APPROVED
    row.save()
    label = "调出方签字" if side == "donor" else "调入方签字"
    if row.kind == Transfer.Kind.RELEASE:
        label = "批准动用储备" if side == "donor" else "领用方签字"
    record(label, row, alliance=row.alliance, by=by, now=now, data={"state": row.state})


def refuse(order: Transfer, reason: str, *, by: Person, now: dt.datetime) -> Transfer:
    """Either side says no before anything is sent."""
    return _stop(order, Step.REFUSE, TransferState.REFUSED, reason, by=by, now=now)


def cancel(order: Transfer, reason: str, *, by: Person, now: dt.datetime) -> Transfer:
    """Whoever planned it, or either side, takes it back before anything is sent."""
    return _stop(order, Step.CANCEL, TransferState.CANCELLED, reason, by=by, now=now)


def _stop(order: Transfer, step: Step, state: str, reason: str, *, by: Person, now: dt.datetime) -> Transfer:
    words = guards.words(reason, f"请写明{rules.MOVES[step].label}的原因")
    with transaction.atomic():
        row = guards.locked(order, step)
        own = step is Step.CANCEL and row.planned_by_id == by.pk
        if (
            not own
            and not {row.donor_id, row.receiver_id} & guards.reach(by, Permission.SIGN_TRANSFERS)
            and not sides_of(row, by)
        ):
            raise rules.NotYourSide(f"只有调出、调入机构的人员可以{rules.MOVES[step].label}")
        row.state, row.closed_at, row.outcome = state, now, words
        row.save()
        record(f"{rules.MOVES[step].label}调剂", row, alliance=row.alliance, by=by, now=now, data={"reason": words})
        relief.transfer_failed(row, by=by, now=now)
        legs.follow(row, by=by, now=now)
    return guards.fresh(row)
