"""Writes one event per action, chained by hash per alliance. Called inside the action's own transaction."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models, transaction

from formulary.models import Alliance, ChainHead, Event, Person
from formulary.rules import chain

SYSTEM_CHAIN = "system"
SYSTEM_NAME = "系统"


def record(
    verb: str,
    subject: models.Model,
    *,
    alliance: Alliance | None,
    by: Person | None,
    now: dt.datetime,
    data: Mapping[str, Any] | None = None,
) -> Event:
    """Appends what was done to `subject`; `by=None` is the system itself. `data` holds before/after or counts."""
    content = {
        "at": now.astimezone(dt.UTC).isoformat(),
        "by": by.username if by else "",
        "by_name": str(by) if by else SYSTEM_NAME,
        "verb": verb,
        "subject": f"{subject._meta.label}:{subject.pk}",
        "label": str(subject)[:200],
        "data": json.loads(json.dumps(dict(data or {}), cls=DjangoJSONEncoder)),
    }
    with transaction.atomic():
        name = alliance.code if alliance else SYSTEM_CHAIN
        ChainHead.objects.get_or_create(chain=name)
        head = ChainHead.objects.select_for_update().get(chain=name)
        link = chain.digest(head.digest, content)
        event = Event.objects.create(
            chain=name,
            number=head.number + 1,
            previous=head.digest,
            digest=link,
            **{**content, "at": now},
        )
        ChainHead.objects.filter(pk=head.pk).update(number=event.number, digest=link)
    return event


def home_alliance(by: Person | None) -> Alliance | None:
    """The chain that a person's deed on common data (lists, names) is written to; the system's own when there is none."""
    rows = by.active_memberships if by else []
    return rows[0].alliance if rows else None
