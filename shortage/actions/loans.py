"""Lending between institutions: what a loan still owes, its return, and giving it up."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.db.models import Sum

from formulary.actions.history import record
from formulary.models import Person
from shortage.actions import transfer_guards as guards
from shortage.actions.transfer_guards import Wanted
from shortage.actions.transfers import plan
from shortage.models import Transfer, TransferLine
from shortage.rules import transfers as rules


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
        guards.side(row.donor_id, by, "只有借出机构的药师可以把借用改为划转")
        if row.kind != Transfer.Kind.LOAN or row.converted_at is not None or not any(owes(row).values()):
            raise rules.WrongState("该借单没有尚欠数量")
        row.converted_at = now
        row.save(update_fields=["converted_at"])
        record("借用改为划转", row, alliance=row.alliance, by=by, now=now, data={"owed": owes(row)})
    return guards.fresh(row)


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
