"""Institutions: who is left without a drug, and what members and the lead hospital have in common."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from formulary.rules.consequences.shapes import Facts, Figure, lost, successor


def without(facts: Facts) -> Figure:
    """Institutions that used a drug which goes, and have nothing of the same kind afterwards."""
    held = {(row.institution, row.presentation): row.quantity for row in facts.stock}
    rows = []
    for place, key in lost(facts):
        units, stock = facts.yearly.get((place.key, key), 0), held.get((place.key, key), 0)
        if (units or stock) and successor(facts, key, place.level) is None:
            rows.append((place.name, place.level, facts.drugs[key].name, units, stock))
    return Figure(
        "without",
        "用过而没有替代的机构×药品",
        "count",
        None,
        len(rows),
        "近 12 个月用过或现有库存，之后目录中该级别没有同品种、同品规组或指定替换的品规",
        "less",
        None,
        ("机构", "级别", "药品", "年用量", "现有库存"),
        rows,
    )


def link(facts: Facts) -> Figure:
    """Of the varieties that members use today, how many both they and the lead institution have in the list."""
    lead = next((place for place in facts.places if place.lead), None)
    used_at: dict[int, set[int]] = {}
    for site, key in facts.lately:
        if key in facts.drugs:
            used_at.setdefault(site, set()).add(facts.drugs[key].medicine)
    rows: list[tuple[Any, ...]] = []
    totals = [0, 0, 0]
    for place in facts.places:
        used = used_at.get(place.key, set())
        if place.lead or lead is None or not used:
            continue
        shared = [
            len(used & facts.varieties(place.level, after=after) & facts.varieties(lead.level, after=after))
            for after in (False, True)
        ]
        totals = [totals[0] + len(used), totals[1] + shared[0], totals[2] + shared[1]]
        rows.append((place.name, len(used), shared[0], shared[1]))
    share = [Fraction(part, totals[0]) if totals[0] else None for part in totals[1:]]
    return Figure(
        "link",
        "上下用药衔接率",
        "share",
        None if share[0] is None else float(share[0]),
        None if share[1] is None else float(share[1]),
        "成员机构近 3 个月在用的品种中，本机构与牵头医院都在目录可用的品种数 ÷ 在用品种数，各机构合计",
        "more",
        None,
        ("机构", "在用品种", "之前衔接", "之后衔接"),
        rows,
    )
