"""What a person has still to look at does not count: days in doubt are unknown, stock in doubt is no stock."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from formulary.models import Alliance
from shortage.models import DataFinding
from shortage.series.reading import day
from shortage.series.use import Series

Kind, State = DataFinding.Kind, DataFinding.State
UNKNOWN_USE = {
    Kind.MISSING_DAY: {State.OPEN},
    Kind.USE_JUMP: {State.OPEN, State.WITHDRAWN},
    Kind.DOUBLED_MONTH: {State.OPEN, State.WITHDRAWN},
}
"""Kinds whose days say nothing of use, and in which states: what was withdrawn left no row, which is not zero use."""


def without_doubts(series: Series, alliance: Alliance) -> tuple[Series, NDArray[np.bool_]]:
    """The series with the use of doubtful days unknown, and (N,) whether tonight's stock is in doubt.

    Stock is in doubt only where it rose: a fall that may be a wrong unit may also be a shelf running empty.
    """
    doubtful = np.zeros(series.size, dtype=bool)
    first = day(series.as_of) - series.use.shape[1] + 1
    rows = DataFinding.objects.filter(institution__alliance=alliance, date__lte=series.as_of).exclude(
        state__in=[State.ACCEPTED, State.GONE, State.CORRECTED]
    )
    fields = ("kind", "state", "institution_id", "presentation_id", "date", "until", "value", "before")
    use: NDArray[np.float32] | None = None
    for kind, state, institution, item, date, until, value, before in rows.values_list(*fields):
        mine = series.institution == institution
        if item is not None:
            mine &= series.presentation == item
        if kind == Kind.STOCK_JUMP and state == State.OPEN and before is not None and value > before:
            doubtful |= mine
        if state in UNKNOWN_USE.get(kind, ()) and day(until or date) >= first:
            use = series.use.copy() if use is None else use
            use[mine, max(0, day(date) - first) : day(until or date) - first + 1] = np.nan
    return (series if use is None else replace(series, use=use)), doubtful
