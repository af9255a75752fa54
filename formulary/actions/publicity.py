"""公示: announce what was passed, take objections, answer each, end it; what stands is then cleared for publication."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Collection

from django.db import transaction
from django.utils import timezone

from formulary.actions.adjustments import move
from formulary.actions.history import record
from formulary.models import Adjustment, Alliance, Institution, Objection, Person, Publicity
from formulary.queries.charter import charter
from formulary.queries.numbers import next_in_year
from formulary.queries.publicity import due_publicities
from formulary.rules import working_days
from formulary.rules.adjustment_life import State, Verb
from formulary.rules.publicity import PublicityRefused

SLUG_BYTES = 9
LONGEST_TEXT = 4000


def announce(
    alliance: Alliance,
    adjustments: Collection[Adjustment],
    *,
    title: str,
    contact: str = "",
    days: int | None = None,
    by: Person,
    now: dt.datetime,
) -> Publicity:
    """Shows passed applications to everybody from today for `days` working days (None: as the charter sets).

    Raises PublicityRefused when nothing is chosen, or fewer days are asked than the charter sets.
    """
    today = timezone.localdate(now)
    asked = charter(alliance, today).publicity_days
    days = asked if days is None else days
    if not adjustments:
        raise PublicityRefused("请选择要公示的申请")
    if days < asked:
        raise PublicityRefused(f"公示应不少于 {asked} 个工作日")
    if not title.strip():
        raise PublicityRefused("请填写公示标题")
    period = working_days.after(today, days)
    with transaction.atomic():
        Alliance.objects.select_for_update().get(pk=alliance.pk)
        publicity = Publicity.objects.create(
            alliance=alliance,
            number=next_in_year(Publicity.objects.filter(alliance=alliance), today.year, 1),
            title=title.strip(),
            slug=secrets.token_hex(SLUG_BYTES),
            opens_on=today,
            closes_on=period.closes,
            working_days=days,
            announced_by=by,
            announced_at=now,
            contact=contact.strip(),
        )
        for row in sorted(adjustments, key=lambda one: one.number):
            move(row, Verb.ANNOUNCE, by=by, now=now, note=f"公示 {publicity.number}，至 {period.closes}")
            publicity.adjustments.add(row)
        numbers = [row.number for row in adjustments]
        data = {"adjustments": sorted(numbers), "closes_on": period.closes, "working_days": days, "note": period.note}
        record("发布公示", publicity, alliance=alliance, by=by, now=now, data=data)
    return publicity


def object_to(
    publicity: Publicity,
    adjustment: Adjustment,
    *,
    institution: Institution,
    text: str,
    by: Person,
    now: dt.datetime,
) -> Objection:
    """An objection of a member institution, while the publicity runs. Raises PublicityRefused."""
    words = text.strip()
    if not words:
        raise PublicityRefused("请写明异议内容")
    if len(words) > LONGEST_TEXT:
        raise PublicityRefused(f"异议内容应不超过 {LONGEST_TEXT} 字")
    with transaction.atomic():
        row = Publicity.objects.select_for_update().get(pk=publicity.pk)
        if row.ended_at is not None or timezone.localdate(now) > row.closes_on:
            raise PublicityRefused(f"公示已于 {row.closes_on} 截止，不再接受异议")
        if institution.alliance_id != row.alliance_id:
            raise PublicityRefused("只有本医共体成员机构可以提出异议")
        shown = row.adjustments.filter(pk=adjustment.pk, state=State.PUBLICITY).first()
        if shown is None:
            raise PublicityRefused("此申请不在公示中")
        objection = Objection.objects.create(
            publicity=row, adjustment=shown, institution=institution, by=by, at=now, text=words
        )
        data = {"adjustment": shown.number, "institution": institution.code, "text": words}
        record("提出异议", objection, alliance=row.alliance, by=by, now=now, data=data)
    return objection


def answer(objection: Objection, *, outcome: str, text: str, by: Person, now: dt.datetime) -> Objection:
    """Answers an objection once; upheld sends the application back to the committee. Raises PublicityRefused."""
    words = text.strip()
    if outcome not in Objection.Outcome.values:
        raise PublicityRefused("请选择异议成立或不成立")
    if not words:
        raise PublicityRefused("请写明答复理由")
    with transaction.atomic():
        row = (
            Objection.objects.select_for_update()
            .select_related("publicity__alliance", "adjustment")
            .get(pk=objection.pk)
        )
        if row.answered_at is not None:
            raise PublicityRefused("此异议已答复，答复不能改动")
        row.outcome, row.answer, row.answered_by, row.answered_at = outcome, words, by, now
        row.save(update_fields=["outcome", "answer", "answered_by", "answered_at"])
        if outcome == Objection.Outcome.UPHELD and row.adjustment.state == State.PUBLICITY:
            move(row.adjustment, Verb.UPHOLD, by=by, now=now, note=f"{row.institution}异议成立：{words}")
        data = {"adjustment": row.adjustment.number, "outcome": outcome, "answer": words}
        record("答复异议", row, alliance=row.publicity.alliance, by=by, now=now, data=data)
    objection.refresh_from_db()
    return objection


def end(publicity: Publicity, *, by: Person | None, now: dt.datetime) -> Publicity:
    """Ends a publicity whose time is over; what was not upheld is cleared. Ending twice changes nothing.

    Raises PublicityRefused before the last day is over or while an objection waits for an answer.
    """
    with transaction.atomic():
        row = Publicity.objects.select_for_update().select_related("alliance").get(pk=publicity.pk)
        if row.ended_at is not None:
            return row
        if timezone.localdate(now) <= row.closes_on:
            raise PublicityRefused(f"公示至 {row.closes_on} 止，期满后方可结束")
        waiting = row.objections.filter(answered_at=None).count()
        if waiting:
            raise PublicityRefused(f"还有 {waiting} 条异议没有答复")
        cleared = list(row.adjustments.filter(state=State.PUBLICITY).order_by("number"))
        for adjustment in cleared:
            move(adjustment, Verb.CLEAR, by=by, now=now, note=f"公示 {row.number} 期满，无未决异议")
        row.ended_at = now
        row.save(update_fields=["ended_at"])
        data = {"cleared": [one.number for one in cleared]}
        record("结束公示", row, alliance=row.alliance, by=by, now=now, data=data)
    publicity.refresh_from_db()
    return row


def end_due(alliance: Alliance, *, now: dt.datetime) -> list[Publicity]:
    """The nightly pass: ends every publicity that may end. Running it again changes nothing."""
    return [end(row, by=None, now=now) for row in due_publicities(alliance, timezone.localdate(now))]
