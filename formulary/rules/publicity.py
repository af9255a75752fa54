"""公示 in words: where it stands, and why it may not end or be published."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import Enum


class PublicityRefused(Exception):
    """This cannot be announced, objected, answered or ended now; the message is for the person who asked."""


class Standing(Enum):
    OPEN = ("公示中", "blue")
    WAITING = ("已到期，待答复异议", "orange")
    DUE = ("已到期，待结束", "orange")
    OVER = ("已结束", "gray")

    @classmethod
    def of(cls, closes: dt.date, ended: bool, unanswered: int, today: dt.date) -> Standing:
        if ended:
            return cls.OVER
        if today <= closes:
            return cls.OPEN
        return cls.WAITING if unanswered else cls.DUE

    @property
    def label(self) -> str:
        return self.value[0]

    @property
    def tone(self) -> str:
        return self.value[1]


@dataclass(frozen=True)
class ShortPublicity:
    """How long it was shown and how long it should have been, in working days."""

    number: str
    days: int
    asked: int

    def __str__(self) -> str:
        return f"公示 {self.number} 只有 {self.days} 个工作日，应不少于 {self.asked} 个"


CONDITION_WORDS = {
    "lowest_level": "最低使用级别",
    "restriction": "限制",
    "tier": "遴选层级",
}


def conditions_in_words(conditions: dict[str, object], restrictions: dict[str, str]) -> str:
    """What the committee attached to its yes: 最低使用级别 二级；6 个月后复评."""
    found = []
    for key, value in conditions.items():
        if value in (None, "", 0):
            continue
        label = CONDITION_WORDS.get(key, "")
        words = restrictions.get(str(value), str(value)) if key == "restriction" else str(value)
        found.append(f"{words} 个月后复评" if key == "review_months" else f"{label} {words}".strip())
    return "；".join(found) or "无附加条件"
