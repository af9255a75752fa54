"""What an import would do to the picture: items changed, run down to zero, and jumps that smell of a wrong unit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

JUMP = 10
WORTH_ASKING = 10
DAYS_OF_A_LARGE_DELIVERY = 90


@dataclass
class Effect:
    """Counts of rows by kind (`rows["stock"]["created"]`) and of stock items; jumps are sentences for a person."""

    rows: dict[str, dict[str, int]] = field(default_factory=dict)
    items_changed: int = 0
    items_new: int = 0
    items_to_zero: int = 0
    expired_lots: int = 0
    warnings: list[str] = field(default_factory=list)

    @property
    def changes_nothing(self) -> bool:
        return not any(counts["created"] + counts["updated"] + counts["removed"] for counts in self.rows.values())

    @property
    def sentence(self) -> str:
        """将更改 312 项库存，4 项变为零；新增消耗 1,204 条，更正 3 条"""
        if not self.rows:
            return "没有可接收的数据"
        if self.changes_nothing:
            return "与现有数据完全一致，不会更改任何内容"
        parts = []
        if "stock" in self.rows:
            parts.append(f"将更改 {self.items_changed:,} 项库存，{self.items_to_zero:,} 项变为零")
            if self.items_new:
                parts[-1] += f"，{self.items_new:,} 项首次填报"
        for kind, word in (("consumption", "消耗"), ("receipts", "到货"), ("orders", "在途")):
            if kind in self.rows:
                counts = self.rows[kind]
                parts.append(f"新增{word} {counts['created']:,} 条，更正 {counts['updated']:,} 条")
        return "；".join(parts)

    def as_dict(self) -> dict[str, Any]:
        return {
            "rows": self.rows,
            "items_changed": self.items_changed,
            "items_new": self.items_new,
            "items_to_zero": self.items_to_zero,
            "expired_lots": self.expired_lots,
            "warnings": self.warnings,
            "sentence": self.sentence,
        }


def stock_jump(new: int, last: int, mean_daily_use: float, days: int) -> str:
    """Why this stock looks like a wrong unit against the last known one `days` earlier; "" when it does not.

    Up: ten times the last one and more than three months of use on top. Down: a tenth, and use does not explain it.
    """
    if last >= 1 and new >= JUMP * max(last, WORTH_ASKING) and new - last > DAYS_OF_A_LARGE_DELIVERY * mean_daily_use:
        return f"库存由 {last:,} 变为 {new:,}，增至 {new / last:.0f} 倍"
    explained = mean_daily_use * max(days, 1) * 3
    if 0 < new * JUMP <= last and last >= JUMP * WORTH_ASKING and last - new > explained:
        return f"库存由 {last:,} 变为 {new:,}，减至约 1/{last / new:.0f}"
    return ""


def use_jump(new: int, mean_of_days_with_use: float) -> str:
    """Why this day's use looks like a wrong unit against the mean of days with use; "" when it does not."""
    if mean_of_days_with_use > 0 and new >= JUMP * max(mean_of_days_with_use, 1) and new >= WORTH_ASKING:
        times = new / mean_of_days_with_use
        return f"日消耗 {new:,}，为近期有用量日均值 {mean_of_days_with_use:,.1f} 的 {times:.0f} 倍"
    return ""


def count_outcomes(outcomes: Mapping[str, int], rejected: int) -> dict[str, int]:
    """All five counts, zeros included, in the order they are printed."""
    return {
        **{name: int(outcomes.get(name, 0)) for name in ("created", "updated", "unchanged", "removed")},
        "rejected": rejected,
    }


def thin_report(items: int, known: int, before: str, after: str, share: float, what: str) -> str:
    """Why a report that brings an institution's feed up to `after` is too thin to be the whole; "" when it is not.

    items: named in the file for its newest day; known: items the institution is known to report; share: less than this
    part of them is thin.
    """
    if known < 5 or items >= share * known:
        return ""
    rest = known - items
    return (
        f"本文件只含 {items:,} 项{what}（该机构共 {known:,} 项），却会把数据到达日由 {before} 改为 {after}；"
        f"其余 {rest:,} 项将被当作此后没有变化，请确认不是漏报"
    )
