"""评分表 as data: dimensions → items → options with points, cut-offs or a cost formula, and bands for the decision.

药品评价与遴选快速指南（第二版）, 100 points (second-hand, so items say 待确认 where the text was not read). Points are exact
decimals; a missing answer is missing, not zero.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from formulary.rules.chain import digest
from formulary.rules.moves import Labelled

FULL = Decimal(100)
CENT = Decimal("0.01")


class How(Labelled):
    """How an item is scored."""

    OPTION = "option", "选项"
    CUTOFF = "cutoff", "分档"
    COST = "cost", "费用"


class ScoreRefused(Exception):
    """An answer or a step of scoring cannot be taken; the message is for the person who asked."""


@dataclass(frozen=True)
class Option:
    """label: what is chosen; fact: the list fact (甲, 基药△, 中选 …) that chooses it beforehand."""

    label: str
    points: Decimal
    fact: str = ""


@dataclass(frozen=True)
class Item:
    """cutoffs: (from, points), highest first. fact of a cost item: which lowest cost it is compared with."""

    key: str
    label: str
    points: Decimal
    how: How
    options: tuple[Option, ...] = ()
    cutoffs: tuple[tuple[Decimal, Decimal], ...] = ()
    unit: str = ""
    fact: str = ""
    confirm: bool = False
    note: str = ""


@dataclass(frozen=True)
class Dimension:
    label: str
    items: tuple[Item, ...]

    @property
    def points(self) -> Decimal:
        return sum((item.points for item in self.items), Decimal())


@dataclass(frozen=True)
class Band:
    """A total from `at_least` on is called `label`."""

    at_least: Decimal
    label: str
    advice: str = ""


@dataclass(frozen=True)
class Template:
    dimensions: tuple[Dimension, ...]
    bands: tuple[Band, ...]

    @property
    def items(self) -> tuple[Item, ...]:
        return tuple(item for dimension in self.dimensions for item in dimension.items)

    def item(self, key: str) -> Item:
        return next(item for item in self.items if item.key == key)

    def band(self, total: Decimal) -> Band:
        return next(band for band in self.bands if total >= band.at_least)

    @property
    def seal(self) -> str:
        return digest("", as_data(self))


@dataclass(frozen=True)
class Answer:
    """option: number of the chosen option; value: the number asked for; own, lowest: yuan a day. reason: why it differs
    from what was filled in beforehand."""

    option: int | None = None
    value: Decimal | None = None
    own: Decimal | None = None
    lowest: Decimal | None = None
    reason: str = ""

    @property
    def given(self) -> bool:
        return self.option is not None or self.value is not None or (self.own is not None and self.lowest is not None)


@dataclass(frozen=True)
class Score:
    """points: item key → points, answered items only; missing: labels of the others; possible: points of the answered."""

    points: Mapping[str, Decimal]
    by_dimension: Mapping[str, Decimal]
    missing: tuple[str, ...]
    possible: Decimal
    answered: frozenset[str] = field(default_factory=frozenset)

    @property
    def total(self) -> Decimal:
        return sum(self.points.values(), Decimal())

    @property
    def complete(self) -> bool:
        return not self.missing


def points_of(item: Item, answer: Answer) -> Decimal | None:
    """What an answer earns; None without one. Raises ScoreRefused for an answer that does not fit the item."""
    if not answer.given:
        return None
    if item.how is How.OPTION:
        if answer.option is None or not 0 <= answer.option < len(item.options):
            raise ScoreRefused(f"{item.label}：请从列出的选项中选择")
        return item.options[answer.option].points
    if item.how is How.CUTOFF:
        if answer.value is None or answer.value < 0:
            raise ScoreRefused(f"{item.label}：应为不小于 0 的数")
        return next((points for start, points in item.cutoffs if answer.value >= start), Decimal())
    own, lowest = answer.own, answer.lowest
    if own is None or lowest is None or own <= 0 or lowest <= 0:
        raise ScoreRefused(f"{item.label}：日费用应大于 0")
    if lowest > own:
        raise ScoreRefused(f"{item.label}：最低日费用不应高于本品日费用")
    return (item.points * lowest / own).quantize(CENT, ROUND_HALF_UP)


def score(template: Template, answers: Mapping[str, Answer]) -> Score:
    points: dict[str, Decimal] = {}
    missing: list[str] = []
    for item in template.items:
        earned = points_of(item, answers.get(item.key, Answer()))
        if earned is None:
            missing.append(item.label)
        else:
            points[item.key] = earned
    by_dimension = {
        dimension.label: sum((points.get(item.key, Decimal()) for item in dimension.items), Decimal())
        for dimension in template.dimensions
    }
    possible = sum((item.points for item in template.items if item.key in points), Decimal())
    return Score(points, by_dimension, tuple(missing), possible, frozenset(points))


def prefilled(template: Template, facts: Mapping[str, str]) -> dict[str, Answer]:
    """What is known beforehand. facts: 医保, 基药, 集采, 贮藏, 费用位置 → word; 日费用, 最低.<fact> → yuan a day."""
    found: dict[str, Answer] = {}
    for item in template.items:
        if item.how is How.COST:
            own, lowest = facts.get("日费用"), facts.get(f"最低.{item.fact}")
            if own and lowest:
                found[item.key] = Answer(own=Decimal(own), lowest=min(Decimal(lowest), Decimal(own)))
            continue
        known = facts.get(FACT_OF.get(item.label, ""), "")
        chosen = next((n for n, option in enumerate(item.options) if known and option.fact == known), None)
        if chosen is not None:
            found[item.key] = Answer(option=chosen)
    return found


FACT_OF = {"医保": "医保", "基本药物": "基药", "集中带量采购": "集采", "贮藏温度": "贮藏", "日费用": "费用位置"}
"""Which fact an item of this name is filled in from."""


def same_answer(one: Answer, other: Answer) -> bool:
    return (one.option, one.value, one.own, one.lowest) == (other.option, other.value, other.own, other.lowest)


def checked(template: Template, answers: Mapping[str, Answer], facts: Mapping[str, str]) -> Score:
    """The score, when every answer fits and each change of a known fact says why. Raises ScoreRefused."""
    for key, known in prefilled(template, facts).items():
        item, answer = template.item(key), answers.get(key, Answer())
        if answer.given and not same_answer(answer, known) and not answer.reason.strip():
            raise ScoreRefused(f"{item.label}：与已知资料不同，请写明更改的理由")
    return score(template, answers)


def read_answers(stored: Mapping[str, Mapping[str, Any]]) -> dict[str, Answer]:
    return {key: _answer(row) for key, row in stored.items()}


def store_answers(answers: Mapping[str, Answer]) -> dict[str, dict[str, Any]]:
    """Given answers only, numbers as text."""
    stored: dict[str, dict[str, Any]] = {}
    for key, answer in sorted(answers.items()):
        if answer.given:
            numbers = {name: getattr(answer, name) for name in ("value", "own", "lowest")}
            row: dict[str, Any] = {name: str(value) for name, value in numbers.items() if value is not None}
            if answer.option is not None:
                row["option"] = answer.option
            if answer.reason.strip():
                row["reason"] = answer.reason.strip()
            stored[key] = row
    return stored


def _answer(row: Mapping[str, Any]) -> Answer:
    def number(name: str) -> Decimal | None:
        try:
            return Decimal(str(row[name])) if row.get(name) not in (None, "") else None
        except InvalidOperation:
            return None

    option = row.get("option")
    return Answer(
        option=int(option) if option is not None else None,
        value=number("value"),
        own=number("own"),
        lowest=number("lowest"),
        reason=str(row.get("reason", "")),
    )


def as_data(template: Template) -> dict[str, Any]:
    """The template as JSON; `from_data` reads it back."""
    return {
        "dimensions": [
            {
                "label": dimension.label,
                "items": [
                    {
                        "key": item.key,
                        "label": item.label,
                        "points": str(item.points),
                        "how": item.how.value,
                        "options": [[one.label, str(one.points), one.fact] for one in item.options],
                        "cutoffs": [[str(start), str(points)] for start, points in item.cutoffs],
                        "unit": item.unit,
                        "fact": item.fact,
                        "confirm": item.confirm,
                        "note": item.note,
                    }
                    for item in dimension.items
                ],
            }
            for dimension in template.dimensions
        ],
        "bands": [[str(band.at_least), band.label, band.advice] for band in template.bands],
    }


def from_data(data: Mapping[str, Any]) -> Template:
    dimensions = [
        Dimension(dimension["label"], tuple(_item(one) for one in dimension["items"]))
        for dimension in data["dimensions"]
    ]
    bands = [Band(Decimal(start), label, advice) for start, label, advice in data["bands"]]
    return Template(tuple(dimensions), tuple(bands))


def _item(row: Mapping[str, Any]) -> Item:
    return Item(
        key=row["key"],
        label=row["label"],
        points=Decimal(row["points"]),
        how=How(row["how"]),
        options=tuple(Option(label, Decimal(points), fact) for label, points, fact in row["options"]),
        cutoffs=tuple((Decimal(start), Decimal(points)) for start, points in row["cutoffs"]),
        unit=row["unit"],
        fact=row["fact"],
        confirm=row["confirm"],
        note=row["note"],
    )


def faults_of(template: Template) -> list[str]:
    """Everything that makes a template unusable, in words; none means it can be used."""
    found: list[str] = []
    total = sum((dimension.points for dimension in template.dimensions), Decimal())
    if total != FULL:
        found.append(f"各项满分合计 {total} 分，应为 {FULL} 分")
    for item in template.items:
        found += _item_faults(item)
    starts = [band.at_least for band in template.bands]
    if not starts or starts[-1] != 0:
        found.append("结论的最低一档下限应为 0")
    if sorted(set(starts), reverse=True) != starts:
        found.append("结论的下限应从高到低，互不相同")
    return found


def _item_faults(item: Item) -> Sequence[str]:
    if item.how is How.COST:
        return []
    given = [option.points for option in item.options] or [points for _start, points in item.cutoffs]
    if len(given) < 2:
        return [f"{item.label}：至少应有两个{item.how.label}"]
    if max(given) != item.points:
        return [f"{item.label}：最高分值 {max(given)} 应等于满分 {item.points}"]
    if min(given) < 0:
        return [f"{item.label}：分值不应小于 0"]
    starts = [start for start, _points in item.cutoffs]
    if item.how is How.CUTOFF and (sorted(set(starts), reverse=True) != starts or starts[-1] != 0):
        return [f"{item.label}：分档下限应从高到低，最后一档为 0"]
    return []
