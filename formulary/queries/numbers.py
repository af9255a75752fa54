"""Numbers of applications, meetings and publicities: each its own series in a year."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet


def next_in_year(rows: QuerySet[Any, Any], year: int, digits: int) -> str:
    """The number after the highest taken: “2026-007” with three digits. `rows`: those of one alliance and one series.

    The caller holds the alliance's row, so that two people do not get the same number.
    """
    taken = rows.filter(number__startswith=f"{year}-").values_list("number", flat=True)
    tails = (number.split("-", 1)[1] for number in taken)
    highest = max((int(tail) for tail in tails if tail.isdecimal()), default=0)
    return f"{year}-{highest + 1:0{digits}d}"
