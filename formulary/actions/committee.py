"""The committee: bodies, seats, the pool of experts and the draw, and its rules. Everything here is MANAGE_COMMITTEE."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Mapping

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from config.access import Permission
from formulary.actions.history import record
from formulary.models import Alliance, Body, Expert, ExpertDraw, Institution, Office, Person, RuleValue, Seat
from formulary.queries.reach import scope_of
from formulary.rules import charter as rules
from formulary.rules.draw import DrawRefused, draw
from formulary.rules.who import NotAllowed


class CommitteeRefused(Exception):
    """A body, seat, expert or rule cannot be changed as asked; the message is for the person who asked."""


def found_body(
    alliance: Alliance,
    *,
    kind: str,
    name: str,
    founded_on: dt.date,
    duties: str = "",
    document: str = "",
    by: Person,
    now: dt.datetime,
) -> Body:
    """A standing body; there is one of a kind at a time."""
    _may(by, alliance)
    with transaction.atomic():
        if Body.objects.filter(alliance=alliance, kind=kind, dissolved_on__isnull=True).exists():
            raise CommitteeRefused("同类委员会或工作组已存在，请先撤销原有的")
        body = Body.objects.create(
            alliance=alliance, kind=kind, name=name, duties=duties, document=document, founded_on=founded_on
        )
        record("设立委员会", body, alliance=alliance, by=by, now=now, data={"文号": document, "成立日": founded_on})
    return body


def dissolve_body(body: Body, *, on: dt.date, by: Person, now: dt.datetime) -> Body:
    """Ends the body and the terms of its seats; nothing is deleted."""
    _may(by, body.alliance)
    with transaction.atomic():
        row = Body.objects.select_for_update().get(pk=body.pk)
        if row.dissolved_on is not None:
            raise CommitteeRefused("已经撤销")
        if on < row.founded_on:
            raise CommitteeRefused("撤销日不能早于成立日")
        row.dissolved_on = on
        row.save(update_fields=["dissolved_on"])
        row.seats.filter(Q(valid_to__isnull=True) | Q(valid_to__gt=on), valid_from__lte=on).update(valid_to=on)
        record("撤销委员会", row, alliance=row.alliance, by=by, now=now, data={"撤销日": on})
    return row


def appoint(
    body: Body,
    person: Person,
    *,
    office: str,
    valid_from: dt.date,
    valid_to: dt.date | None = None,
    institution: Institution | None = None,
    specialty: str = "",
    by: Person,
    now: dt.datetime,
) -> Seat:
    """Gives a person a seat for a term. Raises CommitteeRefused on overlapping terms or a second chair."""
    _may(by, body.alliance)
    with transaction.atomic():
        row = Body.objects.select_for_update().get(pk=body.pk)
        _fits(row, person, office, institution, valid_from, valid_to)
        seat = Seat.objects.create(
            body=row,
            person=person,
            office=office,
            institution=institution,
            specialty=specialty,
            valid_from=valid_from,
            valid_to=valid_to,
        )
        data = {"委员会": row.name, "职务": seat.get_office_display(), "任期起": valid_from, "任期止": valid_to}
        record("任命委员", seat, alliance=row.alliance, by=by, now=now, data=data)
    return seat


def end_seat(seat: Seat, *, on: dt.date, reason: str, by: Person, now: dt.datetime) -> Seat:
    """Ends a term on a day; the row stays, so earlier meetings keep their members."""
    _may(by, seat.body.alliance)
    if not reason.strip():
        raise CommitteeRefused("请写明离任原因")
    with transaction.atomic():
        row = Seat.objects.select_for_update().select_related("body__alliance", "person").get(pk=seat.pk)
        if row.valid_to is not None and row.valid_to <= on:
            raise CommitteeRefused(f"任期已于 {row.valid_to} 结束")
        if on < row.valid_from:
            raise CommitteeRefused("离任日不能早于任期起")
        row.valid_to = on
        row.save(update_fields=["valid_to"])
        data = {"任期止": on, "原因": reason.strip()}
        record("委员离任", row, alliance=row.body.alliance, by=by, now=now, data=data)
    return row


def add_expert(
    alliance: Alliance,
    *,
    name: str,
    title: str,
    unit: str,
    specialty: str,
    person: Person | None = None,
    by: Person,
    now: dt.datetime,
) -> Expert:
    """Puts an expert into the pool, or back into it."""
    _may(by, alliance)
    with transaction.atomic():
        known = Expert.objects.filter(alliance=alliance, name=name, unit=unit).first()
        if known is not None and known.active:
            raise CommitteeRefused(f"{unit}的{name}已在专家库")
        expert, _made = Expert.objects.update_or_create(
            alliance=alliance,
            name=name,
            unit=unit,
            defaults={"title": title, "specialty": specialty, "person": person, "active": True},
        )
        record("专家入库", expert, alliance=alliance, by=by, now=now, data={"职称": title})
    return expert


def retire_expert(expert: Expert, *, by: Person, now: dt.datetime) -> Expert:
    _may(by, expert.alliance)
    with transaction.atomic():
        if Expert.objects.filter(pk=expert.pk, active=True).update(active=False) != 1:
            raise CommitteeRefused("该专家已不在库")
        record("专家出库", expert, alliance=expert.alliance, by=by, now=now)
    expert.refresh_from_db()
    return expert


def draw_experts(
    alliance: Alliance,
    *,
    wanted: int,
    purpose: str,
    specialty: str = "",
    conflicts: Mapping[int, str] | None = None,
    seed: str = "",
    by: Person,
    now: dt.datetime,
) -> ExpertDraw:
    """Draws from the active pool and records pool, seed and exclusions. conflicts: reason by expert id.

    seed: left empty outside of tests; it is then made by the machine at this moment. Raises CommitteeRefused.
    """
    _may(by, alliance)
    reasons = {pk: reason.strip() for pk, reason in (conflicts or {}).items()}
    if not all(reasons.values()):
        raise CommitteeRefused("排除的专家须写明利益关系")
    experts = Expert.objects.filter(alliance=alliance, active=True).order_by("pk")
    if specialty:
        experts = experts.filter(specialty=specialty)
    pool = [
        {"expert": e.pk, "name": e.name, "unit": e.unit, "specialty": e.specialty, "excluded": reasons.get(e.pk, "")}
        for e in experts
    ]
    seed = seed or secrets.token_hex(8)
    try:
        drawn = draw([int(str(row["expert"])) for row in pool if not row["excluded"]], wanted, seed)
    except DrawRefused as refused:
        raise CommitteeRefused(str(refused)) from refused
    with transaction.atomic():
        made = ExpertDraw.objects.create(
            alliance=alliance,
            purpose=purpose,
            specialty=specialty,
            wanted=wanted,
            seed=seed,
            pool=pool,
            drawn=drawn,
            at=now,
            by=by,
        )
        names = [str(row["name"]) for pk in drawn for row in pool if row["expert"] == pk]
        record("抽取专家", made, alliance=alliance, by=by, now=now, data={"种子": seed, "抽中": names})
    return made


def change_rule(
    alliance: Alliance,
    field: str,
    text: str,
    *,
    valid_from: dt.date,
    document: str,
    confirmed_by: str,
    note: str = "",
    by: Person,
    now: dt.datetime,
) -> RuleValue:
    """A new dated row of one charter value for this alliance; what was decided before stays under the old one.

    Raises CommitteeRefused when the day has passed, a row of that day exists, or the value does not fit.
    """
    _may(by, alliance)
    if field not in rules.LABELS:
        raise CommitteeRefused("没有这条议事规则")
    try:
        value = rules.value_from_text(field, text)
    except rules.ValueRefused as refused:
        raise CommitteeRefused(str(refused)) from refused
    if valid_from < timezone.localdate(now):
        raise CommitteeRefused("生效日不能早于今天：已开过的会按当时的规则")
    if not document.strip() or not confirmed_by.strip():
        raise CommitteeRefused("请写明文号（或会议决议）和确认人")
    key = f"charter.{field}"
    with transaction.atomic():
        if RuleValue.objects.filter(alliance=alliance, key=key, valid_from=valid_from).exists():
            raise CommitteeRefused("这一天已有该规则的新值，请改选生效日")
        row = RuleValue.objects.create(
            key=key,
            alliance=alliance,
            value=value,
            valid_from=valid_from,
            document=document.strip(),
            confirmed_by=confirmed_by.strip(),
            note=note.strip() or rules.LABELS[field],
        )
        record("修改议事规则", row, alliance=alliance, by=by, now=now, data={"值": value, "生效日": valid_from})
    return row


def _may(by: Person, alliance: Alliance) -> None:
    scope = scope_of(by, Permission.MANAGE_COMMITTEE)
    if scope is None or scope.alliance.pk != alliance.pk:
        raise NotAllowed("只有委员会办公室可以维护委员会")


def _fits(
    body: Body,
    person: Person,
    office: str,
    institution: Institution | None,
    valid_from: dt.date,
    valid_to: dt.date | None,
) -> None:
    if body.dissolved_on is not None:
        raise CommitteeRefused(f"{body.name}已撤销")
    if valid_to is not None and valid_to < valid_from:
        raise CommitteeRefused("任期止不能早于任期起")
    if institution is not None and institution.alliance_id != body.alliance_id:
        raise CommitteeRefused("代表机构不属于本医共体")
    if not person.memberships.filter(alliance=body.alliance).exists():
        raise CommitteeRefused(f"{person}不是本医共体的人员")
    same_time = body.seats.exclude(valid_to__lt=valid_from)
    if valid_to is not None:
        same_time = same_time.filter(valid_from__lte=valid_to)
    if same_time.filter(person=person).exists():
        raise CommitteeRefused(f"{person}在此期间已有席位")
    if office == Office.CHAIR and same_time.filter(office=Office.CHAIR).exists():
        raise CommitteeRefused("此期间已有主任委员，请先让其离任")
