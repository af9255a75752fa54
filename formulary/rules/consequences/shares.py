"""Shares of varieties per level, 一品两规, and what of the chronic drugs a level may use."""

from __future__ import annotations

from collections.abc import Callable

from formulary.rules.consequences.shapes import Drug, Facts, Figure
from formulary.rules.versions import Lines

NOT_INSURED = "无"


def essential(facts: Facts, level: str) -> Figure:
    a, b, rows = changed_varieties(facts, level, lambda drug: drug.essential)
    return Figure(
        f"essential.{level}",
        f"基药品种占比（{level}可用）",
        "share",
        a,
        b,
        "目录内该级别可用的基药品种数 ÷ 该级别可用的全部品种数，按品种（通用名＋剂型组）计",
        "more",
        facts.targets.get(level),
        ("品种", "基药", "变化"),
        rows,
    )


def insured(facts: Facts, level: str) -> Figure:
    a, b, rows = changed_varieties(facts, level, lambda drug: drug.insurance != NOT_INSURED)
    return Figure(
        f"insured.{level}",
        f"医保品种占比（{level}可用）",
        "share",
        a,
        b,
        "该级别可用的医保（甲、乙、国谈）品种数 ÷ 该级别可用的全部品种数",
        "more",
        None,
        ("品种", "医保", "变化"),
        rows,
    )


def changed_varieties(
    facts: Facts, level: str, belongs: Callable[[Drug], bool]
) -> tuple[float | None, float | None, list[tuple[str, str, str]]]:
    """Share of varieties before and after, and the varieties that come or go."""
    every = {after: facts.varieties(level, after=after) for after in (False, True)}
    inside = {
        after: {drug.medicine for key in facts.opened(level, after=after) if belongs(drug := facts.drugs[key])}
        for after in (False, True)
    }
    moved = (every[False] ^ every[True]) | (inside[False] ^ inside[True])
    names = _names(facts, level, moved) if moved else {}
    rows = []
    for key in sorted(moved, key=lambda one: names[one]):
        now = key in every[True]
        word = "增加" if key not in every[False] else "减少" if not now else "标识变化"
        rows.append((names[key], "是" if key in inside[now] else "否", word))
    a, b = (len(inside[after]) / len(every[after]) if every[after] else None for after in (False, True))
    return a, b, rows


def _names(facts: Facts, level: str, wanted: set[int]) -> dict[int, str]:
    """A variety is called by its first drug, before the change where it stood then."""
    found: dict[int, str] = {}
    for after in (False, True):
        for key in sorted(facts.opened(level, after=after)):
            if facts.drugs[key].medicine in wanted:
                found.setdefault(facts.drugs[key].medicine, facts.drugs[key].name)
    return found


def specs(facts: Facts) -> Figure:
    def grouped(lines: Lines) -> dict[str, list[int]]:
        groups: dict[str, list[int]] = {}
        for key in lines:
            if group := facts.drugs[key].group:
                groups.setdefault(group, []).append(key)
        return groups

    was, will = grouped(facts.before), grouped(facts.after)
    a, b = ({name for name, keys in one.items() if len(keys) > facts.group_limit} for one in (was, will))
    touched = {facts.drugs[key].group for key in facts.touched}
    names = sorted({*a, *b}, key=lambda name: (name not in touched, name))
    rows = [
        (
            name,
            len(was.get(name, ())),
            len(will.get(name, ())),
            "、".join(facts.drugs[key].name for key in sorted(will[name] if name in b else was[name])),
            "本次涉及" if name in touched else "原有",
        )
        for name in names
    ]
    return Figure(
        "specs",
        "一品两规超限的品规组",
        "count",
        len(a),
        len(b),
        f"同一通用名＋给药途径的品规数超过 {facts.group_limit} 个的组数；基层慢病、国谈、中选等例外由规则核对另行判断",
        "less",
        None,
        ("品规组", "之前品规数", "之后品规数", "品规", ""),
        rows,
    )


def chronic(facts: Facts, level: str) -> Figure:
    def cover(*, after: bool) -> tuple[float | None, set[int]]:
        lines = facts.after if after else facts.before
        every = {drug.medicine for key in lines if (drug := facts.drugs[key]).chronic}
        here = {drug.medicine for key in facts.opened(level, after=after) if (drug := facts.drugs[key]).chronic}
        return (len(here) / len(every) if every else None), every - here

    a, _ = cover(after=False)
    b, missing = cover(after=True)
    names = {drug.medicine: drug.name for drug in facts.drugs.values()}
    return Figure(
        f"chronic.{level}",
        f"慢病用药覆盖（{level}）",
        "share",
        a,
        b,
        "该级别可用的慢病品种数 ÷ 统一目录全部慢病品种数",
        "more",
        None,
        (f"{level}还不能用的慢病品种",),
        [(name,) for name in sorted(names[key] for key in missing)],
    )
