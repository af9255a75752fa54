"""Calls a consultation, keeps the agenda it had, its minutes and decisions, and follows them up."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.utils import timezone

from config.access import Permission
from formulary.actions.history import record
from formulary.models import Alliance, Person
from formulary.queries import Scope, scope_of
from procurement.models import Consultation, Decision
from procurement.queries.consultations import topics_of
from procurement.queries.settings import buying_settings
from procurement.rules import consultations as rules
from procurement.rules.consultations import ConsultationRefused, Verb


def call(title: str, on: dt.date, place: str, members: str, *, by: Person, now: dt.datetime) -> Consultation:
    """A meeting whose agenda is what is wrong today."""
    scope = _organiser(by)
    if not title.strip():
        raise ConsultationRefused("请填写会商名称")
    with transaction.atomic():
        made = Consultation.objects.create(
            alliance=scope.alliance,
            title=title.strip()[:120],
            on=on,
            place=place.strip()[:80],
            members=members.strip()[:300],
            state=rules.PLANNED,
            agenda=_agenda(scope, timezone.localdate(now)),
            agenda_at=now,
            created_at=now,
            created_by=by,
        )
        record("发起会商", made, alliance=scope.alliance, by=by, now=now, data={"topics": len(made.agenda)})
    return made


def refresh(row: Consultation, *, by: Person, now: dt.datetime) -> Consultation:
    """Builds the agenda anew while the meeting is still to come."""
    scope = _organiser(by)
    with transaction.atomic():
        found = _locked(row, Verb.REFRESH, scope.alliance)
        found.agenda, found.agenda_at = _agenda(scope, timezone.localdate(now)), now
        found.save(update_fields=["agenda", "agenda_at"])
        record("更新会商议题", found, alliance=scope.alliance, by=by, now=now, data={"topics": len(found.agenda)})
    return found


def hold(row: Consultation, minutes: str, *, by: Person, now: dt.datetime) -> Consultation:
    """待召开 → 已召开, with its minutes; the agenda stays as it was on the day."""
    scope = _organiser(by)
    if not minutes.strip():
        raise ConsultationRefused("请填写纪要")
    with transaction.atomic():
        found = _locked(row, Verb.HOLD, scope.alliance)
        found.state, found.minutes = rules.HELD, minutes.strip()
        found.save(update_fields=["state", "minutes"])
        record("召开会商", found, alliance=scope.alliance, by=by, now=now, data={"minutes": found.minutes})
    return found


def decide(
    row: Consultation,
    text: str,
    owner: Person | None,
    due_on: dt.date | None,
    *,
    topic: str = "",
    by: Person,
    now: dt.datetime,
) -> Decision:
    """One decision with the person who does it and the day by which. Raises ConsultationRefused with all that lacks."""
    scope = _organiser(by)
    found = rules.problems(text, owner, due_on, today=timezone.localdate(now))
    if owner is not None and not any(m.alliance_id == scope.alliance.pk for m in owner.active_memberships):
        found.append("责任人应为本医共体人员")
    if found or owner is None or due_on is None:
        raise ConsultationRefused("；".join(found))
    with transaction.atomic():
        meeting = _locked(row, Verb.DECIDE, scope.alliance)
        made = Decision.objects.create(
            consultation=meeting,
            topic=topic.strip()[:200],
            text=text.strip()[:300],
            owner=owner,
            due_on=due_on,
            made_at=now,
            made_by=by,
        )
        data = {"owner": owner.username, "due": due_on, "topic": made.topic}
        record("会商决定", made, alliance=scope.alliance, by=by, now=now, data=data)
    return made


def finish(row: Decision, outcome: str, *, by: Person, now: dt.datetime) -> Decision:
    """The owner (or the organiser) says how it was done."""
    if not outcome.strip():
        raise ConsultationRefused("请写明办结情况")
    with transaction.atomic():
        found = Decision.objects.select_for_update().get(pk=row.pk)
        alliance = found.consultation.alliance
        scope = scope_of(by, Permission.RUN_PLANS)
        if found.owner_id != by.pk and (scope is None or scope.alliance.pk != alliance.pk):
            raise ConsultationRefused("只有责任人或采购员可以办结")
        if found.done_at is not None:
            raise ConsultationRefused("这项决定已经办结")
        found.outcome, found.done_at, found.done_by = outcome.strip()[:300], now, by
        found.save(update_fields=["outcome", "done_at", "done_by"])
        data = {"outcome": found.outcome, "late_days": max(0, (timezone.localdate(now) - found.due_on).days)}
        record("办结会商决定", found, alliance=alliance, by=by, now=now, data=data)
    return found


def close(row: Consultation, *, by: Person, now: dt.datetime) -> Consultation:
    """已召开 → 已办结, when every decision has been done."""
    scope = _organiser(by)
    with transaction.atomic():
        found = _locked(row, Verb.CLOSE, scope.alliance)
        waiting = found.decisions.filter(done_at=None).count()
        if waiting:
            raise ConsultationRefused(f"还有 {waiting} 项决定没有办结")
        found.state = rules.CLOSED
        found.save(update_fields=["state"])
        record("办结会商", found, alliance=scope.alliance, by=by, now=now)
    return found


def _agenda(scope: Scope, today: dt.date) -> list[dict[str, str]]:
    most = int(buying_settings(scope.alliance, today)["consultation.topics"])
    return [topic.to_json() for topic in rules.agenda(topics_of(scope, today=today), most_of_a_kind=most)]


def _organiser(by: Person) -> Scope:
    scope = scope_of(by, Permission.RUN_PLANS)
    if scope is None:
        raise ConsultationRefused("您的角色不能组织会商")
    return scope


def _locked(row: Consultation, verb: Verb, alliance: Alliance) -> Consultation:
    found = Consultation.objects.select_for_update().get(pk=row.pk)
    if found.alliance_id != alliance.pk:
        raise ConsultationRefused("不是本医共体的会商")
    rules.check(verb, found.state)
    return found
