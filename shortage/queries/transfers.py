"""Transfers, measures and what is lent, always within somebody's reach."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet, Sum

from config.access import Permission
from formulary.models import Institution, Person, Presentation
from formulary.queries import Scope, scope_of
from shortage.models import Alert, Disposition, Transfer, TransferLine, TransferState
from shortage.rules.transfers import LIVE, Loan

FOR_ME = "mine"


def transfers(scope: Scope, *, state: str = "", words: str = "", institution: int | None = None) -> QuerySet[Transfer]:
    """Transfers from or to the institutions in reach, the newest first. state: live, closed or one state; words look in
    number, drug and batch."""
    rows = Transfer.objects.filter(alliance=scope.alliance)
    if not scope.whole_alliance:
        rows = rows.filter(Q(donor__in=scope.institution_ids) | Q(receiver__in=scope.institution_ids))
    if state == "live":
        rows = rows.filter(state__in=LIVE)
    elif state:
        rows = rows.filter(state=state)
    if institution:
        rows = rows.filter(Q(donor=institution) | Q(receiver=institution))
    for word in words.split():
        lines = TransferLine.objects.filter(
            Q(presentation__name__icontains=word)
            | Q(presentation__code__iexact=word)
            | Q(presentation__pinyin__istartswith=word)
            | Q(batch__iexact=word)
        )
        rows = rows.filter(Q(number__icontains=word) | Q(pk__in=lines.values("transfer")))
    return rows.select_related("donor", "receiver", "planned_by", "donor_by", "receiver_by").prefetch_related(
        "lines__presentation", "lines__product"
    )


def waiting_for(scope: Scope) -> Q:
    """Transfers whose next step these institutions have to take; releases are approved by others (`to_approve`)."""
    mine = scope.institution_ids
    return (
        (Q(state=TransferState.PLANNED, donor__in=mine, donor_by__isnull=True) & ~Q(kind=Transfer.Kind.RELEASE))
        | Q(state=TransferState.PLANNED, receiver__in=mine, receiver_by__isnull=True)
        | Q(state=TransferState.APPROVED, donor__in=mine)
        | Q(state__in=[TransferState.DISPATCHED, TransferState.PARTLY], receiver__in=mine)
    )


def waiting_transfer_count(person: Person) -> int:
    """Transfers that wait for this person's institutions: the number beside the menu."""
    scope = scope_of(person, Permission.SIGN_TRANSFERS)
    if scope is None:
        return 0
    return Transfer.objects.filter(waiting_for(scope), alliance=scope.alliance).count()


def to_approve(person: Person) -> QuerySet[Transfer]:
    """Releases of a reserve that wait for this person's approval, the oldest first."""
    scope = scope_of(person, Permission.APPROVE_RELEASE)
    rows = Transfer.objects.filter(kind=Transfer.Kind.RELEASE, state=TransferState.PLANNED, donor_by__isnull=True)
    if scope is None:
        return rows.none()
    mine = rows.filter(alliance=scope.alliance, donor__in=scope.institution_ids).exclude(receiver_by=person)
    return (
        mine.select_related("donor", "receiver", "planned_by")
        .prefetch_related("lines__presentation")
        .order_by("planned_at")
    )


def alerts_of(order: Transfer, scope: Scope) -> QuerySet[Alert]:
    """Alerts in reach that the trip was made for."""
    rows = Alert.objects.filter(Q(pk=order.alert_id) | Q(dispositions__transfer=order))
    return rows.filter(institution__in=scope.institution_ids).select_related("presentation").distinct().order_by("pk")


def release_duty_count(person: Person) -> int:
    """The number beside 储备 in the menu."""
    return to_approve(person).count()


@dataclass(frozen=True)
class Debt:
    """What one loan owes of one drug."""

    loan: Transfer
    presentation: Presentation
    account: Loan
    overdue: int


def debts(scope: Scope, on: dt.date, *, open_only: bool = True) -> list[Debt]:
    """The lending ledger in reach, what is longest overdue first. Three queries."""
    loans = transfers(scope).filter(kind=Transfer.Kind.LOAN, received_at__isnull=False)
    back: dict[tuple[int, int], int] = defaultdict(int)
    returns = TransferLine.objects.filter(transfer__loan__in=loans.values("pk")).order_by()
    for loan, drug, units in returns.values_list("transfer__loan", "presentation").annotate(Sum("received")):
        back[loan, drug] = units
    found = []
    for row in loans:
        lent: dict[int, int] = defaultdict(int)
        drugs = {}
        for line in row.lines.all():
            lent[line.presentation_id] += line.received
            drugs[line.presentation_id] = line.presentation
        for drug, units in lent.items():
            account = Loan(units, back[row.pk, drug], row.converted_at is not None)
            late = (on - row.due_on).days if row.due_on and account.owed else 0
            if account.owed or not open_only:
                found.append(Debt(row, drugs[drug], account, max(0, late)))
    return sorted(found, key=lambda debt: (-debt.overdue, debt.loan.planned_at))


def balances(found: list[Debt]) -> list[tuple[Institution, Institution, int]]:
    """(borrower, lender, open items) of a ledger."""
    counted: dict[tuple[Institution, Institution], int] = defaultdict(int)
    for debt in found:
        if debt.account.owed:
            counted[debt.loan.receiver, debt.loan.donor] += 1
    return sorted(((a, b, n) for (a, b), n in counted.items()), key=lambda row: -row[2])


def measures(scope: Scope, *, kind: str = "", state: str = "started", words: str = "") -> QuerySet[Disposition]:
    """Measures on alerts in reach, those with the nearest term first."""
    rows = Disposition.objects.filter(alert__institution__in=scope.institution_ids)
    if kind:
        rows = rows.filter(kind=kind)
    if state:
        rows = rows.filter(state=state) if state == "started" else rows.exclude(state="started")
    for word in words.split():
        rows = rows.filter(
            Q(alert__presentation__name__icontains=word)
            | Q(alert__presentation__code__iexact=word)
            | Q(alert__presentation__pinyin__istartswith=word)
        )
    joined = rows.select_related("alert__institution", "alert__presentation", "by", "transfer", "presentation")
    return joined.order_by("due_on", "-at", "-pk")


def measure_counts(scope: Scope) -> dict[str, int]:
    """Measures under way by kind, zeros included."""
    rows = measures(scope).order_by().values_list("kind").annotate(n=Count("pk"))
    return dict.fromkeys(Disposition.Kind.values, 0) | dict(rows)


def purchase_suggestions(scope: Scope) -> QuerySet[Disposition]:
    """What pharmacies ask to be bought at once: alert, quantity (minimal units), and in `detail` the supplier's code."""
    return measures(scope, kind=Disposition.Kind.ORDER)
