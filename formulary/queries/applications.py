"""Applications: lists, what one lacks, whose it is, what a person may do with it now."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from django.db.models import Q, QuerySet
from django.utils import timezone

from config.access import ROLES, Permission, Role, can
from formulary.models import Adjustment, AdjustmentStep, Alliance, Institution, Medicine, Office, Person
from formulary.queries.allowed import allowed
from formulary.queries.charter import body_of, charter, seat_of
from formulary.queries.deputies import acts_for, places_open_to, principals
from formulary.queries.reach import Scope
from formulary.queries.versions import matching
from formulary.rules.adjustment_life import OVER, Kind, State, Verb, possible
from formulary.rules.application import Given, faults
from formulary.rules.findings import Entry
from formulary.rules.names import parse_name
from formulary.rules.who import NotAllowed

BY_APPLICANT = (Verb.EDIT, Verb.SUBMIT, Verb.WITHDRAW)
BY_CHECKER = (Verb.ACCEPT, Verb.RETURN, Verb.REFUSE)
BY_OFFICE = (Verb.RATIFY, Verb.LAPSE)
OPEN_STATES = tuple(state for state in State if state not in OVER)


def applications(
    scope: Scope, *, words: str = "", kind: str = "", state: str = "", institution: int | None = None
) -> QuerySet[Adjustment]:
    """state: one state, "open" for those not over, "" for all. Governance is open to the whole alliance; drafts are seen
    by their own institution only."""
    rows = Adjustment.objects.filter(alliance=scope.alliance).select_related(
        "presentation", "drops", "institution", "applicant"
    )
    if not scope.whole_alliance:
        rows = rows.exclude(Q(state=State.DRAFT) & ~Q(institution__in=scope.institution_ids))
    if words:
        rows = rows.filter(matching(words, prefix="presentation__") | Q(number__icontains=words))
    if kind:
        rows = rows.filter(kind=kind)
    if state:
        rows = rows.filter(state__in=OPEN_STATES if state == "open" else [state])
    if institution:
        rows = rows.filter(institution=institution)
    return rows.order_by("-created_at", "-pk")


def waiting_application_count(person: Person) -> int:
    """The menu's counter: those that wait for this person's form check or answer."""
    rows = Adjustment.objects.filter(alliance__in={m.alliance_id for m in person.active_memberships})
    mine = Q(state=State.RETURNED, applicant=person)
    if can(person, Permission.CHECK_PROPOSALS):
        mine |= Q(state=State.SUBMITTED) & ~Q(kind=Kind.EMERGENCY)
    if person.seats.filter(office__in=(Office.CHAIR, Office.VICE_CHAIR)).exists():
        mine |= Q(state=State.SUBMITTED, kind=Kind.EMERGENCY)
    return rows.filter(mine).count()


def waiting_approvals(person: Person, alliance: Alliance) -> list[Adjustment]:
    """紧急临时采购 that only the chair or a vice chair can approve, and this person is one and did not write it."""
    chairs = person.seats.filter(body__alliance=alliance, office__in=(Office.CHAIR, Office.VICE_CHAIR))
    if not chairs.exists():
        return []
    rows = Adjustment.objects.filter(alliance=alliance, state=State.SUBMITTED, kind=Kind.EMERGENCY)
    rows = rows.exclude(applicant=person).select_related("presentation", "institution")
    on = timezone.localdate()
    return [row for row in rows if Verb.APPROVE in verbs_for(row, person, on)]


def steps(adjustment: Adjustment) -> list[AdjustmentStep]:
    return list(adjustment.steps.select_related("by", "on_behalf_of").order_by("at", "pk"))


def own_of(adjustment: Adjustment, person: Person, on: dt.date) -> Person | None:
    """None when it is the person's own (the applicant, or a colleague of the institution), else for whom the person
    stands in. Raises NotAllowed."""
    if person.pk == adjustment.applicant_id or _works_at(person, adjustment.institution_id):
        return None
    for principal in principals(person, on):
        if principal.pk == adjustment.applicant_id:
            return principal
    raise NotAllowed("只有申请人、本机构同事或受委托的代办人可以办理")


def _works_at(person: Person, institution: int) -> bool:
    return any(
        row.institution_id == institution and Permission.PROPOSE in ROLES[Role(row.role)].permissions
        for row in person.active_memberships
    )


def verbs_for(adjustment: Adjustment, person: Person, on: dt.date) -> list[Verb]:
    """What this person can do with it now: the buttons of the page."""
    rights: list[Verb] = []
    if _may(lambda: own_of(adjustment, person, on)):
        rights += BY_APPLICANT
    if _may(lambda: acts_for(person, Permission.CHECK_PROPOSALS, on, alliance=adjustment.alliance)):
        rights += BY_CHECKER if not wrote(adjustment, person) else ()
    if _may(lambda: acts_for(person, Permission.RUN_MEETINGS, on, alliance=adjustment.alliance)):
        rights += BY_OFFICE
    if adjustment.kind == Kind.EMERGENCY and _chairs(person, adjustment, on) and not wrote(adjustment, person):
        rights.append(Verb.APPROVE)
    return possible(adjustment.state, adjustment.kind, rights)


def wrote(adjustment: Adjustment, person: Person) -> bool:
    """Did this person write or hand in the application?"""
    hands = [Verb.CREATE.value, Verb.EDIT.value, Verb.SUBMIT.value]
    return adjustment.applicant_id == person.pk or adjustment.steps.filter(verb__in=hands, by=person).exists()


def _chairs(person: Person, adjustment: Adjustment, on: dt.date) -> bool:
    body = body_of(adjustment.alliance)
    seat = seat_of(person, body, on) if body else None
    return seat is not None and seat.office in (Office.CHAIR, Office.VICE_CHAIR)


def _may(ask: Callable[[], object]) -> bool:
    try:
        ask()
    except NotAllowed:
        return False
    return True


def application_faults(row: Adjustment, on: dt.date) -> list[str]:
    """What keeps this application from being handed in today."""
    may = allowed(row.alliance, on)
    pk, line = row.presentation_id or 0, may.lines.get(row.presentation_id or 0)
    asked = Entry(row.lowest_level, row.restriction, row.tier)
    given = Given(
        kind=row.kind,
        drug=str(row.presentation or ""),
        listed=line is not None,
        open_here=bool(pk) and pk in may.open_to(row.institution),
        same=line == asked,
        drops=str(row.drops or ""),
        drops_listed=(row.drops_id or 0) in may.lines,
        drops_itself=bool(pk) and pk == row.drops_id,
        lowest_level=row.lowest_level,
        department=row.department,
        reason=row.reason,
        indication=row.indication,
        monthly_use=row.monthly_use,
        interests=row.interests,
        until=row.until,
        quantity=row.quantity,
    )
    return faults(given, on=on, emergency_days=charter(row.alliance, on).emergency_days)


def places_for(person: Person, scope: Scope, on: dt.date) -> list[Institution]:
    """Institutions that the person may apply for, own ones and those of people stood in for."""
    ids = places_open_to(person, Permission.PROPOSE, on)
    return list(Institution.objects.filter(pk__in=ids, alliance=scope.alliance, active=True))


def listed_medicines(words: str, limit: int = 8) -> list[Medicine]:
    """品种 that the policy lists name and that have no 品规 yet, by every word given; none without words."""
    if not words.strip():
        return []
    rows = Medicine.objects.filter(presentations__isnull=True, links__isnull=False)
    for word in words.split():
        named = Q(name__icontains=word) | Q(pinyin__istartswith=word)
        rows = rows.filter(named | Q(substance=parse_name(word).substance))
    return list(rows.distinct().order_by("name", "form_group")[:limit])
