"""The shapes of the consequence sheet: what it reads (Facts), what it tells (Figure), and what several figures ask alike."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import Any

from formulary.rules.evidence import CommitmentRow, PriceRow, StockRow
from formulary.rules.versions import LEVELS, Lines

FORBIDDEN_LABEL = "红3"
WINNER = "中选"


@dataclass(frozen=True)
class Drug:
    """One presentation as the sheet needs it; insurance 甲 乙 国谈 无; daily_dose in minimal units."""

    key: int
    name: str
    medicine: int
    group: str
    essential: bool
    insurance: str
    chronic: bool
    daily_dose: Decimal = Decimal(1)
    unit: str = ""


@dataclass(frozen=True)
class Place:
    key: int
    name: str
    level: str
    lead: bool = False


@dataclass(frozen=True)
class Facts:
    """before, after: the lines. successors: dropped → new of 引一退一. expected: units a year of newly added drugs.
    yearly: units by (institution, presentation); lately: which of them were used in the last months;
    rates: units a day; prices: yuan a unit; targets: 基药 share asked of a level; group_limit of 一品两规."""

    drugs: Mapping[int, Drug]
    places: Sequence[Place]
    before: Lines
    after: Lines
    successors: Mapping[int, int] = field(default_factory=dict)
    expected: Mapping[int, int] = field(default_factory=dict)
    yearly: Mapping[tuple[int, int], int] = field(default_factory=dict)
    lately: Collection[tuple[int, int]] = ()
    rates: Mapping[tuple[int, int], Decimal] = field(default_factory=dict)
    prices: Mapping[int, Decimal] = field(default_factory=dict)
    stock: Sequence[StockRow] = ()
    commitments: Sequence[CommitmentRow] = ()
    targets: Mapping[str, float] = field(default_factory=dict)
    group_limit: int = 2

    @cached_property
    def _opened(self) -> dict[tuple[str, bool], set[int]]:
        return {
            (level, after): open_to(self.after if after else self.before, level)
            for level in LEVELS
            for after in (False, True)
        }

    @cached_property
    def _varieties(self) -> dict[tuple[str, bool], set[int]]:
        return {key: {self.drugs[drug].medicine for drug in found} for key, found in self._opened.items()}

    @cached_property
    def touched(self) -> list[int]:
        """Drugs whose lines differ."""
        keys = {*self.before, *self.after}
        return sorted(key for key in keys if self.before.get(key) != self.after.get(key))

    def opened(self, level: str, *, after: bool) -> set[int]:
        """Drugs that a level may use before or after; read once for all figures."""
        return self._opened[level, after]

    def varieties(self, level: str, *, after: bool) -> set[int]:
        """品种 of those drugs."""
        return self._varieties[level, after]


@dataclass(frozen=True)
class Figure:
    """unit: share, yuan, count or units. before None: the figure only says what is touched. good: whether more or less
    is better, "" neither."""

    key: str
    label: str
    unit: str
    before: float | Decimal | int | None
    after: float | Decimal | int | None
    how: str
    good: str = ""
    target: float | None = None
    header: Sequence[str] = ()
    rows: Sequence[Sequence[Any]] = ()

    @property
    def change(self) -> float | Decimal | int | None:
        if self.before is None or self.after is None:
            return None
        return self.after - self.before  # type: ignore[operator]

    @property
    def tone(self) -> str:
        """green better, red worse, gray the same or neither."""
        change = self.change
        if not change or not self.good:
            return "gray"
        return "green" if (change > 0) is (self.good == "more") else "red"

    @property
    def meets(self) -> bool | None:
        """Whether the value after reaches its target; None without one."""
        return None if self.target is None or self.after is None else float(self.after) >= self.target


def open_to(lines: Lines, level: str) -> set[int]:
    """Presentations that an institution of this level may use."""
    allowed = LEVELS[: LEVELS.index(level) + 1]
    return {key for key, line in lines.items() if line.lowest_level in allowed}


def unit_prices(rows: Iterable[PriceRow]) -> dict[int, Decimal]:
    """Yuan per minimal unit: the cheapest winner of 集采, else the cheapest on offer; 红3 is never bought."""
    found: dict[int, tuple[bool, Decimal]] = {}
    for row in rows:
        if row.label == FORBIDDEN_LABEL or row.pack_size <= 0:
            continue
        offer = (row.vbp != WINNER, Decimal(row.price) / row.pack_size)
        if row.presentation not in found or offer < found[row.presentation]:
            found[row.presentation] = offer
    return {key: price for key, (_, price) in found.items()}


def equivalents(facts: Facts, drug: int, among: Collection[int]) -> list[int]:
    """Of `among` what can stand in: the same 品规组 or the same 品种, cheapest a day first."""
    mine = facts.drugs[drug]
    found = [
        key
        for key in among
        if key != drug
        and (facts.drugs[key].medicine == mine.medicine or (mine.group and facts.drugs[key].group == mine.group))
    ]
    return sorted(found, key=lambda key: (a_day(facts, key) is None, a_day(facts, key) or 0, key))


def lost(facts: Facts) -> list[tuple[Place, int]]:
    """(place, drug) that was open and no longer is."""
    gone = {
        level: sorted(facts.opened(level, after=False) - facts.opened(level, after=True))
        for level in {place.level for place in facts.places}
    }
    return [(place, key) for place in facts.places for key in gone[place.level]]


def successor(facts: Facts, drug: int, level: str) -> int | None:
    """Who takes over at an institution of this level: the named replacement, else the cheapest equivalent."""
    among = facts.opened(level, after=True)
    named = facts.successors.get(drug)
    if named in among:
        return named
    return next(iter(equivalents(facts, drug, among)), None)


def a_day(facts: Facts, drug: int) -> Decimal | None:
    price = facts.prices.get(drug)
    return None if price is None else price * facts.drugs[drug].daily_dose
