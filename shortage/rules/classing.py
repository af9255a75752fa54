"""分类分级: how grave a shortage is, by an editable table (domain.md §6.3; text of the NHC guide still to confirm)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from shortage.rules.substitutes import NOT, PARTLY, REPLACEABLE

GRADES = {"Ⅰ": "red", "Ⅱ": "orange", "Ⅲ": "yellow", "关注": "blue"}
DEFAULT_MATRIX: list[dict[str, Any]] = [
    {"级别": "Ⅰ", "临床必需": True, "可替代性": [NOT], "库存天数低于": 7},
    {"级别": "Ⅰ", "临床必需": True, "可替代性": [NOT], "断供": True},
    {"级别": "Ⅱ", "临床必需": True, "可替代性": [NOT, PARTLY]},
    {"级别": "Ⅱ", "库存天数低于": 15, "可替代性": [NOT, PARTLY]},
    {"级别": "Ⅱ", "库存天数低于": 15, "断供": True},
    {"级别": "Ⅲ", "库存天数低于": 30},
    {"级别": "Ⅲ", "断供": True},
]
"""Rows are tried from the top; a row speaks when every condition it names holds. Nothing speaks: 关注."""
CONDITIONS = ("临床必需", "可替代性", "库存天数低于", "断供", "机构数不少于")


@dataclass(frozen=True)
class Situation:
    """necessary: clinically needed; replaceable: 可替代, 不完全可替代, 不可替代; days: of supply, None where nothing is
    used; cut_off: nothing in stock or on its way, or the drug itself is short; institutions: how many are affected."""

    necessary: bool
    replaceable: str
    days: float | None
    cut_off: bool
    institutions: int = 1


@dataclass(frozen=True)
class Grade:
    """code Ⅰ, Ⅱ, Ⅲ or 关注, and the row of the table that said so (0: none)."""

    code: str
    row: int
    why: str

    @property
    def tone(self) -> str:
        return GRADES[self.code]


def grade(found: Situation, matrix: Sequence[Mapping[str, Any]]) -> Grade:
    """The first row of the matrix that fits."""
    for number, row in enumerate(matrix, start=1):
        if _fits(found, row):
            return Grade(str(row["级别"]), number, _said(found))
    return Grade("关注", 0, _said(found))


def _fits(found: Situation, row: Mapping[str, Any]) -> bool:
    days = found.days if found.days is not None else float("inf")
    checks = {
        "临床必需": lambda value: found.necessary is bool(value),
        "可替代性": lambda value: found.replaceable in value,
        "库存天数低于": lambda value: days < float(value),
        "断供": lambda value: found.cut_off is bool(value),
        "机构数不少于": lambda value: found.institutions >= int(value),
    }
    return all(checks[name](row[name]) for name in CONDITIONS if name in row)


def _said(found: Situation) -> str:
    days = "无用量" if found.days is None else f"库存可用 {found.days:.0f} 天"
    parts = ["临床必需" if found.necessary else "临床一般", found.replaceable, days]
    if found.cut_off:
        parts.append("断供")
    if found.institutions > 1:
        parts.append(f"涉及 {found.institutions} 家机构")
    return "，".join(parts)


def checked(matrix: Any) -> list[dict[str, Any]]:
    """A matrix as a person wrote it. Raises ValueError with the row and what is expected."""
    if not isinstance(matrix, Sequence) or isinstance(matrix, str) or not matrix:
        raise ValueError("分级表应为非空列表")
    for number, row in enumerate(matrix, start=1):
        if not isinstance(row, Mapping) or row.get("级别") not in GRADES:
            raise ValueError(f"分级表第 {number} 行“级别”应为 {'、'.join(GRADES)} 之一")
        unknown = set(row) - {"级别", *CONDITIONS}
        if unknown:
            raise ValueError(f"分级表第 {number} 行有不认识的条件：{'、'.join(sorted(unknown))}")
        wrong = set(row.get("可替代性", ())) - {REPLACEABLE, PARTLY, NOT}
        if wrong:
            raise ValueError(f"分级表第 {number} 行“可替代性”应为 {REPLACEABLE}、{PARTLY}、{NOT}")
    return [dict(row) for row in matrix]
