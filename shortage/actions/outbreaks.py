"""暴发期: declared with a reason and an end, prolonged or ended by a person; the next pass of the watch uses it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone

from formulary.actions.history import record
from formulary.models import Alliance, Institution, Person, Presentation
from shortage.models import Outbreak
from shortage.queries import watch_settings


class OutbreakRefused(Exception):
    """The outbreak cannot be declared, prolonged or ended so; `field` names the entry at fault."""

    def __init__(self, message: str, *, field: str = "") -> None:
        self.field = field
        super().__init__(message)


def declare(
    alliance: Alliance,
    *,
    name: str,
    presentations: Sequence[Presentation],
    institutions: Sequence[Institution],
    ends_on: dt.date,
    window_days: int,
    reason: str,
    by: Person,
    now: dt.datetime,
) -> Outbreak:
    """From today to `ends_on` the forecast of these items (everywhere, or at `institutions`) follows the last `window_days`.

    Raises OutbreakRefused: no item, an end that is past or further than watch.outbreak_days, a stranger's institution.
    """
    today = timezone.localdate(now)
    if not presentations:
        raise OutbreakRefused("请至少选一个品规", field="words")
    if any(place.alliance_id != alliance.pk for place in institutions):
        raise OutbreakRefused("机构不属于本医共体", field="institutions")
    _refuse_end(alliance, today, today, ends_on)
    with transaction.atomic():
        made = Outbreak.objects.create(
            alliance=alliance,
            name=name,
            starts_on=today,
            ends_on=ends_on,
            window_days=window_days,
            reason=reason,
            declared_by=by,
            declared_at=now,
        )
        made.presentations.set(presentations)
        made.institutions.set(institutions)
        data = {
            "presentations": sorted(row.code for row in presentations),
            "institutions": sorted(row.code for row in institutions),
            "ends_on": ends_on,
            "window_days": window_days,
            "reason": reason,
        }
        record("启动暴发期", made, alliance=alliance, by=by, now=now, data=data)
    return made


def prolong(outbreak: Outbreak, ends_on: dt.date, *, by: Person, now: dt.datetime) -> Outbreak:
    """Moves the end. Raises OutbreakRefused."""
    with transaction.atomic():
        row = _live(outbreak, timezone.localdate(now))
        _refuse_end(row.alliance, timezone.localdate(now), row.starts_on, ends_on)
        before, row.ends_on = row.ends_on, ends_on
        row.save(update_fields=["ends_on"])
        record("调整暴发期", row, alliance=row.alliance, by=by, now=now, data={"ends_on": [before, ends_on]})
    return row


def end(outbreak: Outbreak, note: str, *, by: Person, now: dt.datetime) -> Outbreak:
    """Ends it before its day: from today on the usual method holds (declared today, it still holds today)."""
    if not note.strip():
        raise OutbreakRefused("请写明结束的原因", field="note")
    today = timezone.localdate(now)
    with transaction.atomic():
        row = _live(outbreak, today)
        row.ends_on = max(row.starts_on, today - dt.timedelta(days=1))
        row.ended_by, row.ended_at, row.end_note = by, now, note.strip()
        row.save(update_fields=["ends_on", "ended_by", "ended_at", "end_note"])
        record("结束暴发期", row, alliance=row.alliance, by=by, now=now, data={"note": note.strip()})
    return row


def _live(outbreak: Outbreak, today: dt.date) -> Outbreak:
    row = Outbreak.objects.select_for_update().get(pk=outbreak.pk)
    if row.ended_at is not None or not row.on(today):
        raise OutbreakRefused(f"{row.name} 已于 {row.ends_on} 结束")
    return row


def _refuse_end(alliance: Alliance, today: dt.date, starts_on: dt.date, ends_on: dt.date) -> None:
    _, _, habits = watch_settings(alliance, today)
    latest = starts_on + dt.timedelta(days=habits.outbreak_days)
    if not today <= ends_on <= latest:
        raise OutbreakRefused(f"结束日期“{ends_on}”有误，应在 {today} 与 {latest} 之间", field="ends_on")
