"""每周四级短缺状态 (domain.md §6.2: 1 充足 2 较充足 3 短缺 4 严重短缺; timing to be confirmed). Pure.

An institution confirms within `act.verify_hours` of the opening, the alliance answers what is short within
`act.answer_days` working days after that; what it cannot answer goes to the city.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

SUPPLY = {1: "充足", 2: "较充足", 3: "短缺", 4: "严重短缺"}
TONES = {1: "green", 2: "yellow", 3: "orange", 4: "red"}
SHORT = 3
OF_ALERT = {"red": 4, "orange": 3, "blue": 3, "yellow": 2}
"""What is filled in beforehand from a live alert (rule value status.of_alert)."""


class StatusRefused(Exception):
    """The weekly status cannot do this now; the message is for the person who asked."""


@dataclass(frozen=True)
class StatusRules:
    """Dated rule values `status.<field>`. weekday (1 Monday … 7), hour: when a round opens by itself; weeks: looked back
    over in the ranking; of_alert: supply state by level of the alert."""

    weekday: int = 5
    hour: int = 12
    weeks: int = 8
    of_alert: tuple[tuple[str, int], ...] = tuple(OF_ALERT.items())

    def supply(self, level: str) -> int:
        return dict(self.of_alert).get(level, 2)


def read(value_of: Callable[[str, Any], Any]) -> StatusRules:
    """Each field asked as `value_of("status.<field>", default)`; of_alert is a JSON object."""
    plain = StatusRules()
    told = value_of("status.of_alert", OF_ALERT)
    return StatusRules(
        weekday=int(value_of("status.weekday", plain.weekday)),
        hour=int(value_of("status.hour", plain.hour)),
        weeks=int(value_of("status.weeks", plain.weeks)),
        of_alert=tuple((str(level), int(state)) for level, state in dict(told).items()),
    )


def monday(on: dt.date) -> dt.date:
    return on - dt.timedelta(days=on.weekday())


def opens_now(moment: dt.datetime, rules: StatusRules) -> bool:
    """Has the hour of this week's round come? `moment` is local; a worker that slept opens it later in the week."""
    return (moment.isoweekday(), moment.hour) >= (rules.weekday, rules.hour)


@dataclass(frozen=True)
class Filing:
    """One institution in one round: when it was due and confirmed (None: not at all)."""

    institution: int
    due_at: dt.datetime
    confirmed_at: dt.datetime | None


@dataclass(frozen=True)
class Rank:
    """asked: rounds that are due or confirmed; filed: confirmed at all; on_time: confirmed before the end; hours: mean
    hours late of those that came late (None: none did)."""

    institution: int
    asked: int
    filed: int
    on_time: int
    hours: float | None
    place: int = 0

    @property
    def completeness(self) -> float:
        return self.filed / self.asked if self.asked else 0.0

    @property
    def punctuality(self) -> float:
        return self.on_time / self.asked if self.asked else 0.0


def ranking(filings: Iterable[Filing], now: dt.datetime) -> list[Rank]:
    """The most complete first, then the most punctual; equals share a place. A round still open counts once confirmed."""
    by_place: dict[int, list[Filing]] = {}
    for one in filings:
        rows = by_place.setdefault(one.institution, [])
        if one.confirmed_at is not None or one.due_at <= now:
            rows.append(one)
    ranks = [_rank(place, rows) for place, rows in by_place.items()]
    ranks.sort(key=lambda one: (-one.completeness, -one.punctuality, one.institution))
    found: list[Rank] = []
    for number, rank in enumerate(ranks, start=1):
        last = found[-1] if found else None
        same = last is not None and (last.completeness, last.punctuality) == (rank.completeness, rank.punctuality)
        found.append(replace(rank, place=last.place if same and last is not None else number))
    return found


def _rank(institution: int, rows: Sequence[Filing]) -> Rank:
    filed = [row for row in rows if row.confirmed_at is not None]
    late = [
        (row.confirmed_at - row.due_at).total_seconds() / 3600
        for row in filed
        if row.confirmed_at is not None and row.confirmed_at > row.due_at
    ]
    return Rank(institution, len(rows), len(filed), len(filed) - len(late), sum(late) / len(late) if late else None)
