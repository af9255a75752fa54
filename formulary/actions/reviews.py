"""Keeps the verdict of a review; one that asks for a change drafts the application."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from formulary.actions.drafts import draft
from formulary.actions.history import record
from formulary.models import Alliance, EntryReview, Person
from formulary.queries.reviews import Due
from formulary.rules.adjustment_life import Kind

Verdict = EntryReview.Verdict
WANTS = {Verdict.ADJUST: Kind.LEVEL, Verdict.REMOVE: Kind.REMOVE}


class ReviewRefused(Exception):
    """A review cannot be written as asked."""


def review(
    due: Due,
    *,
    alliance: Alliance,
    verdict: str,
    harm: str,
    note: str = "",
    next_on: dt.date | None = None,
    by: Person,
    now: dt.datetime,
) -> EntryReview:
    """Writes what was seen with the verdict. Raises ReviewRefused without words on harm, with a next day that is not after
    this one or not for keeping, or when the same review was written already."""
    if not harm.strip():
        raise ReviewRefused("请写明不良反应与用药问题，没有也请写“无”")
    if next_on is not None and verdict != Verdict.KEEP:
        raise ReviewRefused("只有结论为“保留”时才填下次复评日")
    if next_on is not None and next_on <= max(due.due_on, now.date()):
        raise ReviewRefused(f"下次复评日应晚于 {max(due.due_on, now.date())}")
    with transaction.atomic():
        Alliance.objects.select_for_update(no_key=True).get(pk=alliance.pk)
        if EntryReview.objects.filter(alliance=alliance, presentation=due.presentation, due_on=due.due_on).exists():
            raise ReviewRefused("此次复评已由他人完成，请刷新")
        row = EntryReview.objects.create(
            alliance=alliance,
            version=due.entry.version,
            presentation=due.presentation,
            due_on=due.due_on,
            forecast=due.forecast,
            actual=due.actual,
            months=due.months,
            harm=harm.strip(),
            verdict=Verdict(verdict),
            note=note.strip()[:300],
            next_on=next_on,
            by=by,
            at=now,
        )
        if row.verdict in WANTS:
            row.adjustment = draft(
                alliance=alliance,
                kind=WANTS[Verdict(row.verdict)],
                presentation=due.presentation,
                lowest_level=due.entry.lowest_level if row.verdict == Verdict.ADJUST else "",
                reason=reason_of(due, row),
                by=by,
                now=now,
            )
            row.save(update_fields=["adjustment"])
        data = {
            "品规": str(due.presentation),
            "结论": row.get_verdict_display(),
            "预计": due.forecast,
            "实际": due.actual,
        }
        record("复评目录品规", row, alliance=alliance, by=by, now=now, data=data)
    return row


def reason_of(due: Due, row: EntryReview) -> str:
    """The draft's reason: what was forecast, what came, what harm was seen."""
    unit = due.presentation.unit
    said = f"预计每月 {due.forecast:,} {unit}，" if due.forecast is not None else "申请时未写预计用量，"
    return (
        f"{due.why}复评：{said}实际月均 {due.actual:,} {unit}（{due.months} 个整月，{due.places} 家机构）；"
        f"不良反应与用药问题：{row.harm}；结论：{row.get_verdict_display()}。{row.note}"
    )
