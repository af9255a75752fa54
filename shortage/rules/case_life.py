"""短缺专案: refusals and the words of its timeline. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

GRADES = {"Ⅰ": "red", "Ⅱ": "orange", "Ⅲ": "yellow", "关注": "blue"}
OUTCOMES = {
    "supplied": "恢复供应", "replaced": "已有稳定替代", "withdrawn": "停用或调出目录", "mistaken": "经核实不属短缺",
}  # fmt: skip


class CaseRefused(Exception):
    """The file cannot do this now; the message is for the person who asked."""


class CaseStands(CaseRefused):
    """There is an open file for the drug."""


class CaseOver(CaseRefused):
    """The file is closed."""


@dataclass(frozen=True)
class Happened:
    """One line of the timeline. kind: 预警, 处置, 调剂, 动用储备, 直报, 通知, 订单, 专案; url "" where there is no page."""

    at: dt.datetime
    kind: str
    where: str
    text: str
    who: str = ""
    url: str = ""


def timeline(*sources: Iterable[Happened]) -> list[Happened]:
    """All that happened, the newest first; what happened at the same moment, the last told first."""
    found = [one for source in sources for one in source]
    return sorted(found, key=lambda one: one.at)[::-1]


@dataclass(frozen=True)
class Resupply:
    """One statement of when supply returns (None: not known), with its source."""

    expected_on: dt.date | None
    source: str
    said_on: dt.date


def revisions(said: Sequence[Resupply]) -> str:
    """How the date moved: “11-20 改为 12-05，推迟 15 天”; "" when it was said once or never."""
    if len(said) < 2:
        return ""
    before, now = said[-2], said[-1]
    if before.expected_on is None or now.expected_on is None:
        return f"第 {len(said)} 次说明"
    days = (now.expected_on - before.expected_on).days
    moved = "未变" if days == 0 else f"{'推迟' if days > 0 else '提前'} {abs(days)} 天"
    return f"第 {len(said)} 次说明，较上次{moved}"
