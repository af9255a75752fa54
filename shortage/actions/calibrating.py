"""Each night keeps what it foretold, compares older nights with what happened, and learns the calibration from them.

Only windows that ended by tonight are compared, so nothing is learned from the future; the same night run twice learns
the same. Items whose shelf is empty already, and institutions whose stock is not known to the window's end, do not count.
"""

from __future__ import annotations

import datetime as dt
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from formulary.models import Alliance
from shortage.actions.findings import Night
from shortage.forecasting import reliability
from shortage.forecasting.reliability import Learned, Tally
from shortage.forecasting.risk import Risk
from shortage.models import Feed, Prediction
from shortage.rules.assessment import Assessment
from shortage.rules.watching import Habits
from shortage.series import Gathered, Series, last_days
from shortage.series.reading import day

WINDOWS = {"7": 7, "14": 14, "30": 30, "out": 30}
"""What is foretold, and over how many days: empty within 7, 14, 30 days; "out": the share of 30 days it stands empty."""
GRACE_DAYS = 7
"""A feed may be so late: until then the counts of a window are made again."""
KEEP_DAYS = 400
_STEP = 65535.0
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Told:
    """(N,) keys; raw and shown (N, 4): what WINDOWS name, before and after calibration, each between 0 and 1."""

    institution: NDArray[np.int64]
    presentation: NDArray[np.int64]
    raw: Floats
    shown: Floats

    def pack(self) -> bytes:
        """Half a megabyte for 60,000 items: sixteen bits hold a probability."""
        chances = [np.round(np.clip(part, 0, 1) * _STEP).astype("<u2").T for part in (self.raw, self.shown)]
        keys = [np.asarray(part, dtype="<i8") for part in (self.institution, self.presentation)]
        return zlib.compress(b"".join(np.ascontiguousarray(part).tobytes() for part in (*keys, *chances)), 1)

    @staticmethod
    def unpack(packed: bytes) -> Told:
        raw = zlib.decompress(packed)
        n = len(raw) // (8 + 8 + 2 * 2 * len(WINDOWS))
        keys = np.frombuffer(raw, dtype="<i8", count=2 * n).reshape(2, n)
        chances = np.frombuffer(raw, dtype="<u2", offset=16 * n).reshape(2, len(WINDOWS), n) / _STEP
        return Told(keys[0], keys[1], chances[0].T, chances[1].T)


@dataclass(frozen=True)
class Past:
    """learned: by window; since, nights: what it was learned from; settled: predictions whose counts are new."""

    learned: Mapping[str, Learned]
    since: dt.date | None
    nights: int
    settled: list[Prediction] = field(default_factory=list)

    def applied(self, risk: Risk) -> Risk:
        """Tonight's risk as it is shown. An empty shelf stays what it is; later horizons are never less likely."""
        stocked = risk.usable >= 1
        told = np.stack([risk.p7, risk.p14, risk.p30, risk.days_out / 30], axis=1)
        shown = told.copy()
        for column, name in enumerate(WINDOWS):
            shown[stocked, column] = self.learned[name].map.apply(np.clip(told[stocked, column], 0.0, 1.0))
        p7, p14, p30 = np.clip(np.maximum.accumulate(shown[:, :3], axis=1), 0.0, 1.0).T
        return replace(risk, p7=p7, p14=p14, p30=p30, days_out=30 * shown[:, 3])

    def stored(self) -> dict[str, Any]:
        """For WatchRun.calibration."""
        maps: dict[str, Any] = {name: reliability.as_json(one) for name, one in self.learned.items()}
        return {"maps": maps, "since": self.since.isoformat() if self.since else None, "nights": self.nights}


def settle(alliance: Alliance, seen: Gathered, habits: Habits) -> Past:
    """Compares what earlier nights foretold with the stock known tonight, and learns. Writes nothing."""
    as_of = seen.series.as_of
    since = as_of - dt.timedelta(days=habits.calibration_days + max(WINDOWS.values()))
    rows = list(Prediction.objects.filter(alliance=alliance, as_of__gte=since, as_of__lt=as_of).order_by("as_of"))
    watched = Watched(alliance, seen.series)
    settled = [row for row in rows if compare(row, watched, watched.last)]
    return learn(rows, as_of, habits, settled)


def learn(rows: list[Prediction], as_of: dt.date, habits: Habits, settled: list[Prediction] | None = None) -> Past:
    """The maps from the windows of `rows` that ended by `as_of`."""
    learned: dict[str, Learned] = {}
    nights: set[dt.date] = set()
    for name, days in WINDOWS.items():
        ended = [row for row in rows if name in row.tallies and row.as_of + dt.timedelta(days=days) <= as_of]
        tally = sum((Tally.from_lists(row.tallies[name]["raw"]) for row in ended), Tally.nothing())
        share = reliability.independent_share((day(row.as_of) for row in ended), days)
        least: float = habits.calibration_events
        if name == "out":  # a share of days, not a count of events: as good as the window that it belongs to
            least = 0 if learned["30"].trusted else np.inf
        learned[name] = reliability.learn(tally, share=share, least_events=least, steady=habits.calibration_steady)
        nights |= {row.as_of for row in ended}
    return Past(learned, min(nights, default=None), len(nights), settled or [])


def keep(alliance: Alliance, tonight: Night, computed: Assessment, past: Past) -> None:
    """Writes the new counts and tonight's own predictions; drops what is too old. In the caller's transaction."""
    as_of = tonight.seen.series.as_of
    Prediction.objects.bulk_update(past.settled, ["tallies"], batch_size=50)
    told = told_of(tonight, computed)
    Prediction.objects.update_or_create(
        alliance=alliance,
        as_of=as_of,
        defaults={"source": Prediction.Source.WATCH, "packed": told.pack(), "tallies": {}},
    )
    mine = Prediction.objects.filter(alliance=alliance)
    over = as_of - dt.timedelta(days=max(WINDOWS.values()) + GRACE_DAYS)
    mine.filter(as_of__lt=over).exclude(packed=b"").update(packed=b"")
    mine.filter(as_of__lt=as_of - dt.timedelta(days=KEEP_DAYS)).delete()


def told_of(tonight: Night, computed: Assessment) -> Told:
    """The items that had stock and could be judged."""
    rows = tonight.rows[computed.risk.usable[tonight.rows] >= 1]
    series = tonight.seen.series
    chances = [
        np.stack([risk.p7[rows], risk.p14[rows], risk.p30[rows], risk.days_out[rows] / 30], axis=1)
        for risk in (computed.risk, tonight.found.risk)
    ]
    return Told(series.institution[rows], series.presentation[rows], *chances)


class Watched:
    """The stock that is known: where it was empty, and up to when each institution told."""

    def __init__(self, alliance: Alliance, series: Series) -> None:
        self.as_of, self.last = series.as_of, day(series.as_of)
        self.first = self.last - series.use.shape[1] + 1
        empty = series.exposure < 1
        self.emptied = np.concatenate([np.zeros((series.size, 1)), empty.cumsum(axis=1)], axis=1).astype(np.int32)
        self.width = int(max(series.presentation.max(initial=0), 1)) + 1
        self.keys = series.institution * self.width + series.presentation
        told = last_days(alliance)
        until = {pk: kinds.get(Feed.Kind.STOCK) for pk, kinds in told.items()}
        self.until = {pk: day(date) for pk, date in until.items() if date}

    def rows(self, told: Told) -> NDArray[np.int64]:
        """Place of each item told in the series, −1 where it is not among them."""
        wanted = told.institution * self.width + told.presentation
        at = np.searchsorted(self.keys, wanted).clip(max=max(len(self.keys) - 1, 0))
        mine = (self.keys[at] == wanted) & (told.presentation < self.width) if len(self.keys) else wanted < 0
        return np.where(mine, at, -1)

    def outcome(self, told: Told, start: int, days: int) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
        """(known, days empty) per item told at the end of day number `start`, over the next `days`."""
        at, asked = self.rows(told), len(told.institution)
        if not len(self.keys) or start < self.first:
            return np.zeros(asked, dtype=bool), np.zeros(asked, dtype=np.int64)
        reach = np.array([self.until.get(pk, 0) for pk in told.institution.tolist()], dtype=np.int64)
        column = start - self.first + 1
        emptied = self.emptied[at, column + days] - self.emptied[at, column]
        return (at >= 0) & (reach >= start + days), emptied.astype(np.int64)


def compare(row: Prediction, watched: Watched, until: int, told: Told | None = None) -> bool:
    """Fills in the counts of the windows that ended by day number `until`; True when some changed."""
    changed, start = False, day(row.as_of)
    for column, (name, days) in enumerate(WINDOWS.items()):
        behind = until - (start + days)
        if behind < 0 or not (row.packed or told) or (behind > GRACE_DAYS and name in row.tallies):
            continue
        told = told or Told.unpack(bytes(row.packed))
        known, emptied = watched.outcome(told, start, days)
        came = emptied[known] / days if name == "out" else emptied[known] > 0
        raw, shown = (Tally.count(part[known, column], came) for part in (told.raw, told.shown))
        counts = {"raw": raw.as_lists(), "shown": shown.as_lists()}
        if row.tallies.get(name) != counts:
            row.tallies[name] = counts
            changed = True
    return changed
