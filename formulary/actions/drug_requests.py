"""缺药登记: registered by an institution, answered by the office or the purchasing centre, closed without a contact."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from config.access import Permission
from formulary.actions import applications
from formulary.actions.history import record
from formulary.models import (
    Adjustment,
    Alliance,
    DrugRequest,
    DrugRequestStep,
    Institution,
    Medicine,
    Person,
    Presentation,
)
from formulary.queries.drug_requests import gathered, request_rules
from formulary.queries.reach import scope_of
from formulary.rules import working_days
from formulary.rules.adjustment_life import Kind
from formulary.rules.contacts import digest
from formulary.rules.request_life import BY_CENTRE, OVER, RequestRefused, State, Verb, check
from formulary.rules.who import NotAllowed

MONTH_DAYS = 30


def register(
    alliance: Alliance,
    *,
    institution: Institution,
    name: str,
    quantity: int,
    unit: str,
    strength: str = "",
    contact: str = "",
    note: str = "",
    presentation: Presentation | None = None,
    medicine: Medicine | None = None,
    by: Person,
    now: dt.datetime,
) -> DrugRequest:
    """Writes down what could not be given. `repeated` marks a contact that did not come for its drug several times."""
    _at_place(by, institution.pk)
    if not name.strip() or quantity < 1 or not unit.strip():
        raise RequestRefused("请填写所缺药品、数量和单位，数量应为正整数")
    on = timezone.localdate(now)
    rules = request_rules(alliance, on)
    mark = digest(contact, settings.SECRET_KEY)
    missed = DrugRequest.objects.filter(alliance=alliance, caller=mark, state=State.NO_SHOW) if mark else None
    with transaction.atomic():
        row = DrugRequest.objects.create(
            alliance=alliance,
            institution=institution,
            presentation=presentation,
            medicine=medicine or (presentation.medicine if presentation else None),
            name=name.strip(),
            strength=strength.strip(),
            quantity=quantity,
            unit=unit.strip(),
            contact=contact.strip(),
            repeated=missed is not None and missed.count() >= rules.no_show_times,
            note=note.strip(),
            created_at=now,
            by=by,
            due_on=working_days.after(on, rules.answer_days).closes,
        )
        _step(row, Verb.REGISTER, State.REGISTERED, "", by=by, now=now)
    return row


def act(row: DrugRequest, verb: Verb, *, by: Person, now: dt.datetime, note: str = "") -> DrugRequest:
    """One move. A closed case keeps no contact. Raises RequestRefused, NotAllowed."""
    if verb in BY_CENTRE:
        centre_of(by, row.alliance)
    else:
        _at_place(by, row.institution_id, centre_too=verb is Verb.CANCEL, alliance=row.alliance)
    with transaction.atomic():
        held = DrugRequest.objects.select_for_update().select_related("alliance").get(pk=row.pk)
        after = check(verb, held.state, note=note)
        fields: dict[str, Any] = {"state": after}
        if held.answered_at is None and verb in (*BY_CENTRE, Verb.DELIVER):
            fields["answered_at"] = now
        if after in OVER:
            fields |= {"closed_at": now, "contact": ""}
            if after is State.NO_SHOW:
                fields["caller"] = digest(held.contact, settings.SECRET_KEY)
        if DrugRequest.objects.filter(pk=held.pk, state=held.state).update(**fields) != 1:
            raise RequestRefused("登记刚被他人处理，请刷新后再试")
        _step(held, verb, after, note.strip()[:300], by=by, now=now)
    row.refresh_from_db()
    return row


def draft_application(
    alliance: Alliance, key: str, *, presentation: Presentation, by: Person, now: dt.datetime
) -> Adjustment:
    """One application out of all open registrations of the same drug, with their counts as its reason.

    key: that of `queries.drug_requests.gathered`. Raises RequestRefused when none is left without an application.
    """
    group = next((one for one in gathered(alliance) if one.key == key), None)
    if group is None or not group.free:
        raise RequestRefused("这一药品的登记都已有申请或已结案")
    lead = alliance.institutions.filter(active=True).order_by("-is_lead", "code").first()
    if lead is None:
        raise RequestRefused("医共体没有在用的机构")
    with transaction.atomic():
        adjustment = applications.create(
            alliance,
            kind=Kind.ADD,
            institution=lead,
            presentation=presentation,
            lowest_level=group.lowest_level,
            monthly_use=group.quantity,
            department="药学部",
            reason=group.sentence,
            by=by,
            now=now,
        )
        DrugRequest.objects.filter(pk__in=group.free).update(adjustment=adjustment)
    return adjustment


def forget_old_marks(alliance: Alliance, on: dt.date) -> int:
    """Erases no-show marks older than the rule's months; running it again does nothing."""
    months = request_rules(alliance, on).no_show_months
    before = on - dt.timedelta(days=months * MONTH_DAYS)
    old = DrugRequest.objects.filter(alliance=alliance, closed_at__date__lt=before).exclude(caller="")
    return old.update(caller="")


def centre_of(by: Person, alliance: Alliance) -> None:
    """The committee's office or the purchasing centre. Raises NotAllowed."""
    scope = scope_of(by, Permission.ANSWER_REQUESTS)
    if scope is None or scope.alliance.pk != alliance.pk:
        raise NotAllowed("由委员会办公室或采购中心答复")


def _at_place(by: Person, institution: int, *, centre_too: bool = False, alliance: Alliance | None = None) -> None:
    scope = scope_of(by, Permission.REQUEST_DRUGS)
    if scope is not None and institution in scope.institution_ids:
        return
    if centre_too and alliance is not None:
        centre_of(by, alliance)
        return
    raise NotAllowed("只能办理本机构的缺药登记")


def _step(row: DrugRequest, verb: Verb, after: State, note: str, *, by: Person, now: dt.datetime) -> None:
    DrugRequestStep.objects.create(request=row, at=now, verb=verb, state=after, by=by, note=note)
    data = {"之后状态": after, "数量": row.quantity, "说明": note}
    record(f"缺药登记：{verb.label}", row, alliance=row.alliance, by=by, now=now, data=data)
