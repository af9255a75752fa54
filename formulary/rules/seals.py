"""What a seal covers: the content of a decision or of a meeting, hashed like a link of the history."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from formulary.rules.chain import digest


def item_seal(
    *,
    meeting: str,
    position: int,
    title: str,
    adjustment: str,
    secret: bool,
    conditions: Mapping[str, Any],
    declarations: Sequence[Sequence[Any]],
    outcome: str,
    tally: Mapping[str, Any],
    decided_at: dt.datetime,
) -> str:
    """Over one decided topic; the seals of its ballot boxes are inside `tally`. declarations: (seat, recused, reason)."""
    content = {
        "meeting": meeting,
        "position": position,
        "title": title,
        "adjustment": adjustment,
        "secret": secret,
        "conditions": dict(conditions),
        "declarations": sorted(list(one) for one in declarations),
        "outcome": outcome,
        "tally": dict(tally),
        "decided_at": decided_at.astimezone(dt.UTC).isoformat(),
    }
    return digest("", content)


def meeting_seal(
    *,
    number: str,
    title: str,
    charter: Mapping[str, Any],
    attendance: Sequence[Sequence[Any]],
    items: Sequence[str],
    minutes: Mapping[str, Any],
    minutes_sha256: str,
    opened_at: dt.datetime,
    closed_at: dt.datetime,
    signed_at: dt.datetime,
) -> str:
    """Over everything that was signed: who was there, the seals of all topics in order, the text and the file."""
    content = {
        "number": number,
        "title": title,
        "charter": dict(charter),
        "attendance": [list(one) for one in attendance],
        "items": list(items),
        "minutes": dict(minutes),
        "minutes_sha256": minutes_sha256,
        "times": [moment.astimezone(dt.UTC).isoformat() for moment in (opened_at, closed_at, signed_at)],
    }
    return digest("", content)
