"""Is an application complete? Every fault at once, each in one sentence (domain.md §2.4)."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from formulary.rules.adjustment_life import Kind

REASON_LEAST = 10
LISTING = (Kind.ADD, Kind.REPLACE, Kind.LEVEL)
NEW = (Kind.ADD, Kind.REPLACE)
# Fields that must be filled before the application is handed in; a draft may leave them empty.
MUST: dict[str, frozenset[str]] = {
    Kind.ADD: frozenset({"lowest_level", "department", "reason", "indication", "monthly_use", "interests"}),
    Kind.REMOVE: frozenset({"department", "reason", "interests"}),
    Kind.REPLACE: frozenset(
        {"drops", "lowest_level", "department", "reason", "indication", "monthly_use", "interests"}
    ),
    Kind.LEVEL: frozenset({"lowest_level", "department", "reason", "interests"}),
    Kind.EMERGENCY: frozenset({"department", "reason", "indication", "quantity", "until", "interests"}),
}

_PERSONAL = (
    (re.compile(r"(?<!\d)\d{17}[\dXx](?!\d)"), "身份证号"),
    (re.compile(r"(?<!\d)1[3-9]\d{9}(?!\d)"), "手机号"),
    (re.compile(r"患者(?:姓名)?[:：]\s*[\u4e00-\u9fff]{2,4}"), "患者姓名"),
    (re.compile(r"(?:住院号|病案号|门诊号)[:：]?\s*\d{4,}"), "病案号"),
)


class ApplicationFaults(Exception):
    """The application cannot be handed in; `faults` holds every sentence."""

    def __init__(self, faults: Iterable[str]) -> None:
        self.faults = list(faults)
        super().__init__("；".join(self.faults))


@dataclass(frozen=True)
class Given:
    """What was filled in. listed: the 品规 is in the version in force; open_here: the institution may already use it;
    same: the line asked for is the line that stands."""

    kind: str
    drug: str = ""
    listed: bool = False
    open_here: bool = False
    same: bool = False
    drops: str = ""
    drops_listed: bool = False
    drops_itself: bool = False
    lowest_level: str = ""
    department: str = ""
    reason: str = ""
    indication: str = ""
    monthly_use: int | None = None
    interests: str = ""
    until: dt.date | None = None
    quantity: int | None = None


def faults(given: Given, *, on: dt.date, emergency_days: int) -> list[str]:
    """What keeps the application from being handed in on a day."""
    return [
        *_drug(given),
        *_words(given),
        *(_emergency(given, on, emergency_days) if given.kind == Kind.EMERGENCY else ()),
        *(f"“{label}”中似有{kind}，请删去：申请不记录患者身份" for label, kind in personal(given)),
    ]


def _drug(given: Given) -> Iterator[str]:
    if not given.drug:
        yield "请选择品规"
        return
    if given.kind in NEW and given.listed:
        yield f"{given.drug} 已在目录中，如要改级别请用“调整使用级别”"
    if given.kind in (Kind.REMOVE, Kind.LEVEL) and not given.listed:
        yield f"目录中没有 {given.drug}"
    if given.kind == Kind.LEVEL and given.listed and given.same:
        yield f"{given.drug} 现行的级别与限制已如所申请"
    if given.kind == Kind.EMERGENCY and given.open_here:
        yield f"{given.drug} 本机构已可使用，无须临时采购"
    if given.kind == Kind.REPLACE:
        if not given.drops:
            yield "替换须写明换下的品规（引一退一）"
        elif given.drops_itself:
            yield "换下的品规不能是它自己"
        elif not given.drops_listed:
            yield f"目录中没有要换下的 {given.drops}"


def _words(given: Given) -> Iterator[str]:
    if given.kind in LISTING and not given.lowest_level:
        yield "请选择最低使用级别"
    if not given.department.strip():
        yield "请填写科室"
    if len(given.reason.strip()) < REASON_LEAST:
        yield f"申请理由至少 {REASON_LEAST} 个字"
    if given.kind in NEW and not given.indication.strip():
        yield "请填写适应证"
    if given.kind in NEW and not given.monthly_use:
        yield "请填写预计月用量"
    if not given.interests.strip():
        yield "请声明与生产、配送企业的利益关系，没有则写“无”"


def _emergency(given: Given, on: dt.date, days: int) -> Iterator[str]:
    if not given.indication.strip():
        yield "请写明病情或适应证（不写患者身份）"
    if not given.quantity:
        yield "请填写临时采购数量"
    if given.until is None:
        yield "请填写临时使用至哪一天"
    elif not on <= given.until <= on + dt.timedelta(days=days):
        yield f"临时使用不超过 {days} 天，最晚 {on + dt.timedelta(days=days)}"


def personal(given: Given) -> list[tuple[str, str]]:
    """(which field, what it seems to hold) for texts that look like a patient's identity."""
    texts = (("申请理由", given.reason), ("适应证", given.indication), ("利益关系声明", given.interests))
    return [(label, kind) for label, text in texts for pattern, kind in _PERSONAL if pattern.search(text)]
