"""Declared outbreaks laid over the series: the reference window of those in force, and the days of those that are over."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from formulary.models import Alliance
from shortage.models import Outbreak
from shortage.rules.outbreaks import forgotten
from shortage.series.reading import date_of, day
from shortage.series.use import Series


def with_outbreaks(series: Series, alliance: Alliance) -> tuple[Series, NDArray[np.int64]]:
    """The series without the days of outbreaks that are over, and (N,) the reference window in days, 0 where none is
    in force. Of two outbreaks of one series the shorter window counts."""
    days = series.use.shape[1]
    first = day(series.as_of) - days + 1
    window = np.zeros(series.size, dtype=np.int64)
    over: NDArray[np.bool_] | None = None
    rows = Outbreak.objects.filter(alliance=alliance, starts_on__lte=series.as_of, ends_on__gte=date_of(first))
    for outbreak in rows.prefetch_related("presentations", "institutions"):
        mine = _concerned(series, outbreak)
        if outbreak.on(series.as_of):
            window[mine] = np.where(
                window[mine] > 0, np.minimum(window[mine], outbreak.window_days), outbreak.window_days
            )
            continue
        over = np.zeros(series.use.shape, dtype=bool) if over is None else over
        over[mine, max(0, day(outbreak.starts_on) - first) : day(outbreak.ends_on) - first + 1] = True
    return (series if over is None else replace(series, use=forgotten(series.use, over))), window


def _concerned(series: Series, outbreak: Outbreak) -> NDArray[np.bool_]:
    mine = np.isin(series.presentation, [row.pk for row in outbreak.presentations.all()])
    places = _places(outbreak)
    return mine & np.isin(series.institution, list(places)) if places else mine


def _places(outbreak: Outbreak) -> set[int]:
    """Primary keys; empty for the whole alliance."""
    return {row.pk for row in outbreak.institutions.all()}
