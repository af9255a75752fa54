"""Several scorers, several subjects: means and spread, who ranks where, and whether the weights decide it. Exact fractions."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from formulary.rules.scorecard import Score, Template

SWING = Fraction(1, 5)
"""How far a dimension's weight is moved: ±20 %."""
Dimensions = Mapping[str, Fraction]


@dataclass(frozen=True)
class Summary:
    """One subject over its sheets. items: mean points of the items that every sheet answered; missing: labels of the rest."""

    sheets: int
    items: Mapping[str, Fraction]
    missing: tuple[str, ...]
    totals: tuple[Fraction, ...]

    @property
    def mean(self) -> Fraction:
        return sum(self.items.values(), Fraction())

    @property
    def low(self) -> Fraction:
        return min(self.totals, default=Fraction())

    @property
    def high(self) -> Fraction:
        return max(self.totals, default=Fraction())

    @property
    def deviation(self) -> float:
        """Sample standard deviation of the scorers' totals, 0 for one scorer."""
        if self.sheets < 2:
            return 0.0
        mean = sum(self.totals, Fraction()) / self.sheets
        return math.sqrt(sum((total - mean) ** 2 for total in self.totals) / (self.sheets - 1))

    @property
    def complete(self) -> bool:
        return self.sheets > 0 and not self.missing


def summarise(template: Template, scores: Sequence[Score]) -> Summary:
    """Mean over all sheets, none dropped; an item that one sheet left open is missing for the subject, not zero."""
    common = frozenset.intersection(*(one.answered for one in scores)) if scores else frozenset()
    items = {
        item.key: sum((Fraction(one.points[item.key]) for one in scores), Fraction()) / len(scores)
        for item in template.items
        if item.key in common
    }
    missing = tuple(item.label for item in template.items if item.key not in common)
    totals = tuple(sum((Fraction(one.points[key]) for key in common), Fraction()) for one in scores)
    return Summary(len(scores), items, missing, totals)


@dataclass(frozen=True)
class Comparison:
    """Subjects side by side on the items that all of them have. possible: dimension → points of those items."""

    subjects: Mapping[int, Dimensions]
    possible: Dimensions
    left_out: tuple[str, ...]

    @property
    def full(self) -> bool:
        return not self.left_out

    def total(self, subject: int, weights: Mapping[str, Fraction] | None = None) -> Fraction:
        """Points of a hundred under the weights (1 each by default)."""
        given = weights or {}
        one = Fraction(1)
        have = sum((given.get(d, one) * points for d, points in self.subjects[subject].items()), Fraction())
        may = sum((given.get(d, one) * points for d, points in self.possible.items()), Fraction())
        return 100 * have / may if may else Fraction()

    def ranking(self, weights: Mapping[str, Fraction] | None = None) -> tuple[tuple[int, ...], ...]:
        """Best first; equals stand together."""
        totals = {subject: self.total(subject, weights) for subject in self.subjects}
        ordered = sorted(set(totals.values()), reverse=True)
        return tuple(tuple(sorted(s for s, total in totals.items() if total == value)) for value in ordered)


def compare(template: Template, summaries: Mapping[int, Summary]) -> Comparison:
    """Only what every subject was scored on is compared."""
    scored = {subject: one for subject, one in summaries.items() if one.sheets}
    common = frozenset.intersection(*(frozenset(one.items) for one in scored.values())) if scored else frozenset()
    subjects = {
        subject: {
            dimension.label: sum((one.items[item.key] for item in dimension.items if item.key in common), Fraction())
            for dimension in template.dimensions
        }
        for subject, one in scored.items()
    }
    possible = {
        dimension.label: sum((Fraction(item.points) for item in dimension.items if item.key in common), Fraction())
        for dimension in template.dimensions
    }
    return Comparison(subjects, possible, tuple(item.label for item in template.items if item.key not in common))


@dataclass(frozen=True)
class Swing:
    """One dimension's weight moved alone: the candidate's total at −20 % and +20 %, and what changes."""

    dimension: str
    lower: Fraction
    upper: Fraction
    decision_changes: bool
    ranking_changes: bool


@dataclass(frozen=True)
class Sensitivity:
    """alone: each weight by itself; low, high: the candidate's least and greatest total over all weights in the box."""

    base: Fraction
    alone: tuple[Swing, ...]
    low: Fraction
    high: Fraction
    decisions: tuple[str, ...]
    ranking_changes: bool
    words: tuple[str, ...]


def sensitivity(template: Template, comparison: Comparison, candidate: int) -> Sensitivity:
    """Every dimension's weight within ±20 %, each alone and all together.

    A total is a ratio of sums, so it is monotone in each weight, and which of two subjects leads is linear in each: the
    corners of the box decide for every combination inside it. 2^dimensions corners are looked at, all exact.
    """
    names = [dimension.label for dimension in template.dimensions]
    base, order = comparison.total(candidate), comparison.ranking()
    decision = band_of(template, base)
    alone = tuple(_swing(template, comparison, candidate, name, decision, order) for name in names)
    corners = [
        dict(zip(names, corner, strict=True)) for corner in itertools.product((1 - SWING, 1 + SWING), repeat=len(names))
    ]
    totals = [comparison.total(candidate, corner) for corner in corners]
    low, high = min(totals), max(totals)
    starts = [Fraction(band.at_least) for band in template.bands]
    decisions = tuple(
        band.label
        for band, above in zip(template.bands, [Fraction(101), *starts[:-1]], strict=True)
        if high >= Fraction(band.at_least) and low < above
    )
    rank = any(comparison.ranking(corner) != order for corner in corners)
    words = _words(alone, decision, decisions, low, high, rank, len(comparison.subjects))
    return Sensitivity(base, alone, low, high, decisions, rank, words)


def band_of(template: Template, total: Fraction) -> str:
    return next(band.label for band in template.bands if total >= Fraction(band.at_least))


def _swing(template: Template, comparison: Comparison, candidate: int, name: str, decision: str, order: tuple) -> Swing:
    moved = [{name: 1 - SWING}, {name: 1 + SWING}]
    lower, upper = (comparison.total(candidate, weights) for weights in moved)
    return Swing(
        name,
        lower,
        upper,
        any(band_of(template, total) != decision for total in (lower, upper)),
        any(comparison.ranking(weights) != order for weights in moved),
    )


def _words(
    alone: Sequence[Swing],
    decision: str,
    decisions: Sequence[str],
    low: Fraction,
    high: Fraction,
    rank: bool,
    many: int,
) -> tuple[str, ...]:
    told = [_alone_words([one.dimension for one in alone if one.decision_changes], f"结论“{decision}”", "单独")]
    span = f"总分在 {float(low):.2f} 到 {float(high):.2f} 之间"
    if len(decisions) == 1:
        told.append(f"各维度权重在 ±20% 内任意组合，结论都是“{decision}”（{span}）。")
    else:
        told.append(f"各维度权重在 ±20% 内同时变动，结论可能是“{'”或“'.join(decisions)}”（{span}）。")
    if many > 1:
        told.append(_alone_words([one.dimension for one in alone if one.ranking_changes], "名次", "单独"))
        told.append(f"各维度权重在 ±20% 内任意组合，名次{'会' if rank else '都不'}改变。")
    return tuple(told)


def _alone_words(changing: Sequence[str], what: str, how: str) -> str:
    if not changing:
        return f"任一维度的权重{how}增减 20%，{what}不变。"
    return f"“{'”“'.join(changing)}”的权重{how}增减 20%，{what}会改变；其他维度不会。"
