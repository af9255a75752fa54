"""What may be accepted at the door: amounts that add up, enough shelf life. Pure.

近效期: goods with fewer than `min_days` of life left are refused unless a person writes why they are taken (domain.md §6.4:
receive only if ≥ 6 months left); expired goods are never accepted.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

REASONS = ("近效期", "已过有效期", "破损污染", "冷链超温", "品规或厂家不符", "批号资料不全", "数量超出订单", "其他")


@dataclass(frozen=True, slots=True)
class Came:
    """One line at the door: packs that came and were refused (the rest is accepted), batch, expiry, words."""

    delivered: int
    refused: int
    open_packs: int
    batch: str = ""
    expiry: dt.date | None = None
    reason: str = ""
    note: str = ""

    @property
    def accepted(self) -> int:
        return self.delivered - self.refused


def faults(came: Came, *, on: dt.date, min_days: int) -> list[str]:
    """Everything that stands against taking the line as written, in Chinese; empty when all is well."""
    found = []
    if came.refused > came.delivered:
        found.append(f"拒收 {came.refused} 包多于到货 {came.delivered} 包")
    if came.accepted > came.open_packs:
        found.append(f"验收 {came.accepted} 包多于未到 {came.open_packs} 包，多出的请填拒收（数量超出订单）")
    if came.refused and not came.reason:
        found.append("有拒收时请选择拒收原因")
    if came.refused and came.reason == "其他" and not came.note.strip():
        found.append("拒收原因为“其他”时请写明情况")
    if came.accepted > 0:
        found += _life(came, on, min_days)
    return found


def _life(came: Came, on: dt.date, min_days: int) -> list[str]:
    if not came.batch.strip() or came.expiry is None:
        return ["验收入库须填批号和有效期"]
    left = (came.expiry - on).days
    if left < 0:
        return [f"有效期 {came.expiry} 已过，只能拒收"]
    if left < min_days and not came.note.strip():
        return [f"有效期仅剩 {left} 天，少于 {min_days} 天，应拒收；确需接收请在说明中写明理由"]
    return []
