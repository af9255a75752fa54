"""Messages to persons: told by any room about what waits for them, and marked as read by whom they are for."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from functools import partial

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from formulary.models import Alliance, Person
from shortage.actions import posting
from shortage.models import AlertLevel, Delivery, Notice, NoticeChannel

LEVEL = AlertLevel.ORANGE


def tell(alliance: Alliance, people: Collection[Person], text: str, path: str, *, kind: str, now: dt.datetime) -> int:
    """Tells each person, in the application and by his own channels, of what waits at `path`; in the caller's transaction.

    An unread message about the same is not repeated. Returns how many were told.
    """
    known = set(
        Notice.objects.filter(person__in=people, path=path, kind=kind, read_at=None).values_list("person", flat=True)
    )
    fresh = [person for person in people if person.pk not in known]
    on = timezone.localdate(now)
    common = {"path": path, "on": on, "level": LEVEL, "kind": kind, "text": text[:300], "created_at": now}
    Notice.objects.bulk_create(Notice(person=person, **common) for person in fresh)
    channels = NoticeChannel.objects.filter(alliance=alliance, active=True, digest=False, person__in=fresh)
    letters = [
        Delivery(
            channel=channel, kind=kind, on=on, level=LEVEL, subject=text[:200], body=f"{text}\n{settings.SITE_URL}{path}",
            next_at=posting.due_at(channel, LEVEL, now), created_at=now,
        )
        for channel in channels
    ]  # fmt: skip
    Delivery.objects.bulk_create(letters)
    if letters:
        transaction.on_commit(partial(posting.start, alliance, now=now))
    return len(fresh)


def read(*, by: Person, now: dt.datetime, notice: int | None = None) -> int:
    """Marks one message, or all, as read; returns how many were unread. No history: reading decides nothing."""
    mine = Notice.objects.filter(person=by, read_at__isnull=True)
    return (mine.filter(pk=notice) if notice else mine).update(read_at=now)
