"""约定量: progress against time, alerts A1–A3, forecast of completion, and passing volume on. Pure.

    时间进度  days since the start ÷ days of the period        执行进度  bought ÷ agreed
A1 bought < 80 % of time progress → yellow, < 60 % → red     A2 non-winners' share above the local limit, or a winner not
bought for 30 days → yellow     A3 the tender ends within 90 days → yellow, 30 → red     (domain.md §11.4; settings)
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass

YELLOW, RED = "yellow", "red"
# 80 % interval of a normal law: 10 % below, 10 % above.
Z = 1.2816


@dataclass(frozen=True, slots=True)
class Lines:
    """When an alert is due; shares 0–1, days."""

    behind: float = 0.8
    red: float = 0.6
    idle_days: int = 30
    end_warn: int = 90
    end_red: int = 30
    nonwinning: float = 0.5


def time_share(start: dt.date, end: dt.date, today: dt.date) -> float:
    """Share of the period that has passed at the end of `today`."""
    whole = (end - start).days + 1
    return min(1.0, max(0.0, ((today - start).days + 1) / whole))


def done_share(bought: int, agreed: int) -> float:
    return bought / agreed if agreed else 1.0


def behind(bought: int, agreed: int, passed: float, lines: Lines) -> str:
    """A1: "" when on the way. A volume that is complete is never behind; nothing is behind before the start."""
    if bought >= agreed or passed <= 0:
        return ""
    ratio = done_share(bought, agreed) / passed
    return RED if ratio < lines.red else YELLOW if ratio < lines.behind else ""


def ending(end: dt.date, today: dt.date, lines: Lines) -> str:
    """A3, while the tender runs."""
    left = (end - today).days
    if left < 0:
        return ""
    return RED if left <= lines.end_red else YELLOW if left <= lines.end_warn else ""


def idle(
    last: dt.date | None, start: dt.date, today: dt.date, *, complete: bool, lines: Lines, end: dt.date | None = None,
    backup: bool = False,
) -> bool:  # fmt: skip
    """A2 (domain.md §11.4): a winner not bought for so long (counted from the start when never) at a site that reported it.

    An agreed volume is what a site (or, where they reported together, the alliance) reported. Not for a 备供, bought only when the main supplier fails, nor
    for a volume that is complete, nor once the tender is over.
    """
    over = end is not None and today > end
    return not complete and not backup and not over and (today - (last or start)).days > lines.idle_days


def too_many_nonwinners(winning: int, other: int, lines: Lines) -> bool:
    """A2: non-winners as a share of all units of the same drug."""
    return winning + other > 0 and other / (winning + other) > lines.nonwinning


@dataclass(frozen=True, slots=True)
class Outlook:
    """Completion expected at the end, with its 80 % range (None: too short a history), and units a month to get there."""

    expected: int
    low: int | None
    high: int | None
    monthly_needed: int
    monthly_seen: float


def outlook(bought: int, agreed: int, monthly: Sequence[int], months_left: float) -> Outlook:
    """From what came in each whole month so far.

    expected = bought + mean × months left;  range ± 1.28 · sd · √(months left), never below what is bought.
    monthly_needed = what is missing ÷ months left, rounded up; all of it when less than a month is left.
    """
    mean = sum(monthly) / len(monthly) if monthly else 0.0
    left = max(0.0, months_left)
    low = high = None
    expected = bought + mean * left
    if len(monthly) >= 2:
        variance = sum((x - mean) ** 2 for x in monthly) / (len(monthly) - 1)
        spread = Z * math.sqrt(variance * left)
        low, high = max(bought, math.floor(expected - spread)), math.ceil(expected + spread)
    missing = max(0, agreed - bought)
    return Outlook(round(expected), low, high, math.ceil(missing / max(1.0, left)), mean)


@dataclass(frozen=True, slots=True)
class Holding:
    """One institution's agreed volume of a product: key, agreed, bought, signed minimum, expected by the end, pack."""

    key: int
    agreed: int
    bought: int
    minimum: int
    expected: int
    pack: int

    @property
    def spare(self) -> int:
        """What it can give in whole packs: above what it has bought, signed and is expected to use."""
        return max(0, self.agreed - max(self.bought, self.minimum, self.expected)) // self.pack * self.pack

    @property
    def wants(self) -> int:
        """What it is expected to buy beyond its own volume, in whole packs."""
        return max(0, self.expected - self.agreed) // self.pack * self.pack


def suggest(holdings: Sequence[Holding]) -> list[tuple[int, int, int]]:
    """(giver, taker, units): the largest spare to the largest want, until one side is empty. Of one product."""
    spare = {row.key: row.spare for row in holdings if row.spare}
    wants = {row.key: row.wants for row in holdings if row.wants}
    found = []
    while spare and wants:
        giver = max(spare, key=lambda key: (spare[key], -key))
        taker = max(wants, key=lambda key: (wants[key], -key))
        units = min(spare[giver], wants[taker])
        found.append((giver, taker, units))
        for side, key in ((spare, giver), (wants, taker)):
            side[key] -= units
            if not side[key]:
                del side[key]
    return found


def most_to_give(agreed: int, bought: int, minimum: int) -> int:
    """What may be handed on at all: never below what was bought or signed for."""
    return max(0, agreed - max(bought, minimum))


def agreed_share(winners: int, group: str, shares: dict[str, list[float]]) -> float:
    """约定采购比例 by number of winners (four and more alike) and group (domain.md §4.1)."""
    row = shares[group]
    return row[min(winners, len(row)) - 1]
