"""Versions as values: the lines of a version, what differs between two, and what an application does to them.

A version is a mapping presentation → Line. diff(a, b) applied to a is b; every change knows what stood before, so a
change that no longer fits is refused instead of overwriting somebody else's.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from formulary.rules.adjustment_life import Kind
from formulary.rules.moves import Labelled

LEVELS = ("村", "基层", "二级", "三级")
"""Low to high: a line is open to its lowest level and everything above."""
RESTRICTIONS = {
    "none": "无",
    "specialist": "专科医师开具",
    "special": "特殊使用级",
    "limited": "限制使用级",
    "emergency": "仅限急救",
    "review": "限期评估",
}


@dataclass(frozen=True)
class Line:
    """What a version says of one presentation; codes as stored."""

    lowest_level: str
    restriction: str = "none"
    tier: int = 1
    reason: str = ""
    review_on: dt.date | None = None


Lines = Mapping[int, Line]


class Change(Labelled):
    ADDED = "added", "调入"
    REMOVED = "removed", "调出"
    CHANGED = "changed", "调整"


@dataclass(frozen=True)
class Difference:
    """One presentation's difference between two versions."""

    presentation: int
    before: Line | None
    after: Line | None

    @property
    def kind(self) -> Change:
        if self.before is None:
            return Change.ADDED
        return Change.REMOVED if self.after is None else Change.CHANGED


class VersionRefused(Exception):
    """A version cannot be changed or published like this; the message is for the person who asked."""


def diff(a: Lines, b: Lines) -> list[Difference]:
    """What turns version a into version b, by presentation."""
    return [Difference(key, a.get(key), b.get(key)) for key in sorted({*a, *b}) if a.get(key) != b.get(key)]


def applied(lines: Lines, differences: Iterable[Difference]) -> dict[int, Line]:
    """`lines` with the differences applied. Raises VersionRefused where something else stands than was before."""
    result = dict(lines)
    for one in differences:
        if result.get(one.presentation) != one.before:
            raise VersionRefused("目录已有变化，请重新生成草案")
        if one.after is None:
            del result[one.presentation]
        else:
            result[one.presentation] = one.after
    return result


@dataclass(frozen=True)
class Wish:
    """What a passed application asks of the list, conditions of the vote included."""

    kind: str
    presentation: int
    line: Line
    drops: int | None = None


def wanted(lines: Lines, wish: Wish) -> list[Difference]:
    """The changes of one application. Raises VersionRefused when the list already is as asked, or lacks what it names.

    A change of level says level, restriction and tier, as its form does.
    """
    here = lines.get(wish.presentation)
    if wish.kind in (Kind.ADD, Kind.REPLACE) and here is not None:
        raise VersionRefused("要调入的品规已在目录中")
    if wish.kind in (Kind.REMOVE, Kind.LEVEL) and here is None:
        raise VersionRefused("目录中没有要调整的品规")
    if wish.kind == Kind.REMOVE:
        return [Difference(wish.presentation, here, None)]
    if wish.kind == Kind.LEVEL and here is not None:
        after = replace(here, **{name: getattr(wish.line, name) for name in ("lowest_level", "restriction", "tier")})
        after = replace(after, review_on=wish.line.review_on or here.review_on)
        if after == here:
            raise VersionRefused("目录中此品规已是所申请的级别与限制")
        return [Difference(wish.presentation, here, after)]
    if wish.kind not in (Kind.ADD, Kind.REPLACE):
        raise VersionRefused("紧急临时采购不进入目录版本")
    found = [Difference(wish.presentation, None, wish.line)]
    if wish.drops is not None:
        if wish.drops not in lines:
            raise VersionRefused("目录中没有要替换下的品规")
        found.append(Difference(wish.drops, lines[wish.drops], None))
    return found


def with_conditions(line: Line, conditions: Mapping[str, Any], *, effective: dt.date, trial_months: int) -> Line:
    """The applicant's line under what the committee set: level, restriction, tier, months until review.

    trial_months: months until review where the vote set none (0: no review).
    """
    given = {name: conditions[name] for name in ("lowest_level", "restriction", "tier") if conditions.get(name)}
    months = int(conditions.get("review_months") or trial_months)
    return replace(line, **given, review_on=months_later(effective, months) if months else None)


def months_later(day: dt.date, months: int) -> dt.date:
    """The same day some months on; the last of the month where that day does not exist."""
    years, month = divmod(day.month - 1 + months, 12)
    first = dt.date(day.year + years, month + 1, 1)
    following = first.replace(day=28) + dt.timedelta(days=4)
    last = (following - dt.timedelta(days=following.day)).day
    return first.replace(day=min(day.day, last))


def as_stored(line: Line | None) -> dict[str, Any]:
    """JSON of a line, {} for none."""
    if line is None:
        return {}
    return asdict(line) | {"review_on": line.review_on.isoformat() if line.review_on else None}


def from_stored(data: Mapping[str, Any]) -> Line | None:
    if not data:
        return None
    review = data.get("review_on")
    return Line(**{**data, "review_on": dt.date.fromisoformat(review) if review else None})


def in_words(one: Difference) -> list[tuple[str, str, str]]:
    """(what, before, after) of every point that differs, in the words of the pages; added and removed lines say all."""
    before, after = _words(one.before), _words(one.after)
    points = [key for key in (*before, *after) if before.get(key, "") != after.get(key, "")]
    return [(key, before.get(key, "") or "无", after.get(key, "") or "无") for key in dict.fromkeys(points)]


def sentence(one: Difference) -> str:
    """One plain sentence: 最低使用级别由“二级”改为“基层” …"""
    if one.before is not None and one.after is not None:
        return "；".join(f"{what}由“{a}”改为“{b}”" for what, a, b in in_words(one))
    line = one.after or one.before
    said = {what: words for what, words in _words(line).items() if what != "说明"}
    points = [f"{what} {words}" for what, words in said.items() if words and words != "无"]
    head = "新列入目录" if one.before is None else "移出目录，原"
    return f"{head}：{'，'.join(points)}" if one.before is None else f"{head}{'，'.join(points)}"


def _words(line: Line | None) -> dict[str, str]:
    if line is None:
        return {}
    return {
        "最低使用级别": line.lowest_level,
        "限制": RESTRICTIONS.get(line.restriction, line.restriction),
        "遴选层级": str(line.tier),
        "复评日": line.review_on.isoformat() if line.review_on else "",
        "说明": line.reason,
    }


def seal(number: int, effective: dt.date, lines: Mapping[str, Line]) -> str:
    """SHA-256 over a version's number, date and every line by drug code: what was published can be proven later."""
    content = {
        "number": number,
        "effective_from": effective.isoformat(),
        "lines": {code: as_stored(lines[code]) for code in sorted(lines)},
    }
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
