"""Which approval a round awaits, and in whose name a person may give it."""

from __future__ import annotations

import datetime as dt

from config.access import Role
from formulary.models import Alliance, Deputy, Person
from formulary.queries.deputies import principals
from procurement.models import PurchaseRound
from procurement.queries.settings import buying_settings
from procurement.rules import approvals as levels
from procurement.rules.approvals import Step

ROLE_OF = {levels.COMMITTEE: Role.COMMITTEE, levels.HEAD: Role.HEAD}


def steps_of(row: PurchaseRound, on: dt.date) -> tuple[Step, ...]:
    """The levels this round's amount needs."""
    head_amount = buying_settings(row.alliance, on).decimal("approval.head_amount")
    return levels.steps_for(row.amount or head_amount * 0, head_amount)


def awaited(row: PurchaseRound, on: dt.date) -> Step | None:
    """The level that the current submission waits for."""
    given = row.approvals.filter(attempt=row.attempt, agreed=True).count()
    return levels.next_step(steps_of(row, on), given)


def principals_of(person: Person, alliance: Alliance, role: str, on: dt.date) -> list[Person]:
    """In whose name `person` may give this level: his own first, then those he is deputy of that day."""
    candidates = [person, *principals(person, on)]
    return [holder for holder in candidates if _holds(holder, alliance, role)]


def approvers(row: PurchaseRound, step: Step, on: dt.date) -> list[Person]:
    """Whom this level waits for: who holds it and may give it (not the applicant), and their deputies of the day."""
    members = Person.objects.filter(memberships__alliance=row.alliance, memberships__role=ROLE_OF[step.role])
    holders = [person for person in members.distinct() if _holds(person, row.alliance, step.role)]
    standing_in = Deputy.objects.filter(
        alliance=row.alliance, person__in=holders, valid_from__lte=on, valid_to__gte=on, ended_at=None
    )
    people = {
        person.pk: person for person in [*holders, *(each.deputy for each in standing_in.select_related("deputy"))]
    }
    people.pop(row.applicant_id or 0, None)
    return list(people.values())


def _holds(person: Person, alliance: Alliance, role: str) -> bool:
    """A committee member anywhere; the head only of the lead institution."""
    wanted = ROLE_OF[role]
    rows = [row for row in person.active_memberships if row.alliance_id == alliance.pk and row.role == wanted]
    if not person.is_active:
        return False
    return any(wanted is Role.COMMITTEE or (row.institution is not None and row.institution.is_lead) for row in rows)
