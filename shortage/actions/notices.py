"""Messages are marked as read by the person they are for."""

from __future__ import annotations

import datetime as dt

from formulary.models import Person
from shortage.models import Notice


def read(*, by: Person, now: dt.datetime, notice: int | None = None) -> int:
    """Marks one message, or all, as read; returns how many were unread. No history: reading decides nothing."""
    mine = Notice.objects.filter(person=by, read_at__isnull=True)
    return (mine.filter(pk=notice) if notice else mine).update(read_at=now)
