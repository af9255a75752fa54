"""What is not as it should be with a committee, in words (domain.md §1; practice, so every number is a rule value)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Any


@dataclass(frozen=True)
class Size:
    """committee.fewest / committee.most: voting seats of the committee; committee.term_days: how long before its end a
    term is called ending; committee.group_fewest: seats of a standing group."""

    fewest: int = 15
    most: int = 35
    term_days: int = 60
    group_fewest: int = 3


KEYS = tuple(f"committee.{field.name}" for field in fields(Size))


def read_size(value_of: Callable[[str, Any], Any]) -> Size:
    """Each field asked as `value_of("committee.<field>", default)`."""
    return Size(**{field.name: int(value_of(f"committee.{field.name}", field.default)) for field in fields(Size)})


@dataclass(frozen=True)
class Sitting:
    """One seat in force. place: the institution it speaks for, None for none."""

    person: str
    office: str
    votes: bool
    place: int | None
    valid_to: dt.date | None


def committee_warnings(
    seats: Sequence[Sitting], places: dict[int, str], size: Size, *, on: dt.date, whole: bool = True
) -> list[str]:
    """Every shortcoming on a date. places: member institutions by id; whole False for a standing group."""
    voting = [seat for seat in seats if seat.votes]
    found = list(_offices(seats, whole=whole))
    if whole:
        found += _numbers(len(voting), size)
        found += _places(voting, places)
    elif len(voting) < size.group_fewest:
        found.append(f"表决席位 {len(voting)} 个，少于 {size.group_fewest} 个")
    return found + list(_terms(seats, size, on))


def _offices(seats: Sequence[Sitting], *, whole: bool) -> Iterable[str]:
    if not any(seat.office == "chair" for seat in seats):
        yield "没有主任委员" if whole else "没有组长（主任委员）"
    if whole and not any(seat.office == "secretary" for seat in seats):
        yield "没有秘书"


def _numbers(voting: int, size: Size) -> Iterable[str]:
    if not size.fewest <= voting <= size.most:
        yield f"表决席位 {voting} 个，应为 {size.fewest}–{size.most} 个"
    if voting % 2 == 0:
        yield f"表决席位 {voting} 个是双数，表决可能出现平票，宜为单数"


def _places(voting: Sequence[Sitting], places: dict[int, str]) -> Iterable[str]:
    absent = [name for pk, name in places.items() if pk not in {seat.place for seat in voting}]
    if absent:
        yield f"{len(absent)} 家成员机构没有表决席位（可轮值）：{'、'.join(absent)}"


def _terms(seats: Sequence[Sitting], size: Size, on: dt.date) -> Iterable[str]:
    ending = [s for s in seats if s.valid_to is not None and (s.valid_to - on).days <= size.term_days]
    for seat in sorted(ending, key=lambda seat: (str(seat.valid_to), seat.person)):
        yield f"{seat.person}的任期 {seat.valid_to} 届满，还有 {(seat.valid_to - on).days} 天"  # type: ignore[operator]
