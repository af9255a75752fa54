"""What was done, by whom, and whether the record still holds."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from django.db.models import Q, QuerySet

from formulary.models import ChainHead, Event
from formulary.queries.reach import Scope
from formulary.rules import chain

CONTENT = ("by", "by_name", "verb", "subject", "label", "data")


def events(scope: Scope, *, words: str = "", verb: str = "", since: dt.date | None = None) -> QuerySet[Event]:
    """The alliance's events, newest first; `words` looks in person and object."""
    rows = Event.objects.filter(chain=scope.alliance.code)
    if words:
        rows = rows.filter(Q(by_name__icontains=words) | Q(label__icontains=words) | Q(by__icontains=words))
    if verb:
        rows = rows.filter(verb=verb)
    if since:
        rows = rows.filter(at__date__gte=since)
    return rows


def verbs(scope: Scope) -> list[str]:
    rows = Event.objects.filter(chain=scope.alliance.code)
    return list(rows.order_by("verb").values_list("verb", flat=True).distinct())


def verify_history(name: str | None = None) -> Iterator[tuple[str, int, list[chain.Break]]]:
    """Per chain: name, number of events, and every place where it does not hold."""
    heads = ChainHead.objects.order_by("chain")
    for head in heads.filter(chain=name) if name else heads:
        rows = Event.objects.filter(chain=head.chain).order_by("number")
        links = (
            chain.Link(
                row.number,
                {"at": row.at.astimezone(dt.UTC).isoformat(), **{field: getattr(row, field) for field in CONTENT}},
                row.previous,
                row.digest,
            )
            for row in rows.iterator()
        )
        yield head.chain, head.number, chain.verify(links, head_number=head.number, head_digest=head.digest)
