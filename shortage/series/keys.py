"""Which presentations an institution is watched for: what is in force at its level."""

from __future__ import annotations

import datetime as dt

import numpy as np
from numpy.typing import NDArray

from formulary.models import Alliance, Institution, Level, Presentation
from formulary.queries import version_in_force

RANK = {Level.VILLAGE: 0, Level.PRIMARY: 1, Level.SECONDARY: 2, Level.TERTIARY: 3}


def institutions(alliance: Alliance) -> list[Institution]:
    return list(alliance.institutions.filter(active=True).order_by("pk"))


def in_force(alliance: Alliance, on: dt.date) -> dict[int, NDArray[np.int64]]:
    """Presentation keys in force for each rank of level: an entry counts from its lowest level upwards."""
    version = version_in_force(alliance, on)
    rows = [] if version is None else list(version.entries.values_list("presentation_id", "lowest_level"))
    return {
        rank: np.array(sorted(pk for pk, lowest in rows if RANK[Level(lowest)] <= rank), dtype=np.int64)
        for rank in RANK.values()
    }


def active_presentations() -> NDArray[np.int64]:
    return np.array(sorted(Presentation.objects.filter(active=True).values_list("pk", flat=True)), dtype=np.int64)
