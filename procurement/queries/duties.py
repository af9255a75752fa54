"""What in the purchase rounds waits for this very person: reports to fill, lines to confirm, rounds to approve or move."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Q
from django.utils import timezone

from config.access import Permission
from formulary.models import Person
from formulary.queries import scope_of
from procurement.models import NeedReport, PurchaseRound
from procurement.queries import approvals
from procurement.rules import approvals as levels
from procurement.rules import rounds as rules


@dataclass(frozen=True)
class Duty:
    """One thing to do: the round, what, and the institution when it is about one."""

    round: PurchaseRound
    what: str
    institution: int | None = None


def round_duties(person: Person) -> list[Duty]:
    """Everything that waits for this person, in a fixed number of queries per open approval."""
    return [*_reports(person), *_approvals(person), *_moves(person)]


def round_duty_count(person: Person) -> int:
    """The counter in the menu."""
    return len(round_duties(person))


def _reports(person: Person) -> list[Duty]:
    scope = scope_of(person, Permission.REPORT_NEED)
    if scope is None:
        return []
    fill = Q(round__state=rules.REPORTING, state__in=["filling", "returned"])
    agree = Q(round__state=rules.CONFIRMING, confirmed_at=None)
    rows = NeedReport.objects.filter(fill | agree, institution__in=scope.institution_ids).select_related("round")
    return [
        Duty(row.round, "填写报量" if row.round.state == rules.REPORTING else "确认采购行", row.institution_id)
        for row in rows
    ]


def _approvals(person: Person) -> list[Duty]:
    scope = scope_of(person, Permission.SEE_PLANS)
    if scope is None:
        return []
    today, found = timezone.localdate(), []
    waiting = PurchaseRound.objects.filter(alliance=scope.alliance, state=rules.APPROVING).select_related("alliance")
    for row in waiting:
        step = approvals.awaited(row, today)
        for principal in approvals.principals_of(person, row.alliance, step.role, today) if step else []:
            stand_in = None if principal.pk == person.pk else principal.pk
            if not levels.objection(applicant=row.applicant_id, person=person.pk, principal=stand_in, earlier=()):
                found.append(Duty(row, "审批"))
                break
    return found


def _moves(person: Person) -> list[Duty]:
    scope = scope_of(person, Permission.RUN_PLANS)
    if scope is None:
        return []
    rows = PurchaseRound.objects.filter(alliance=scope.alliance)
    words = {rules.CHECKING: "核对并优化", rules.LOCKED: "下达订单", rules.CLOSED: "考核"}
    return [Duty(row, words[row.state]) for row in rows.filter(state__in=list(words))]
