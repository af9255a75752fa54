"""议事规则: the numbers the committee decides by. Each is a dated rule value `charter.<field>` with its 文号.

Shares are exact fractions, stored as "2/3": ten of fifteen votes are two thirds, 0.6667 of fifteen are not.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from fractions import Fraction
from typing import Any


@dataclass(frozen=True)
class Charter:
    """quorum: share of voting seats that must be present. recused_count: whether recused members count as present for
    the quorum. pass_share: share of those present and not recused that must agree. secret: ballots have no names.
    antimicrobial_group_share: share of the 抗菌药物工作组 that must agree before the committee votes on adding one
    (卫生部令第84号); antimicrobial_removal_share: the same for removing one. antimicrobial_rest_months: a removed
    antimicrobial does not come back earlier. publicity_days: working days of 公示. minimum_scorers: sheets before a
    candidate is ready. rounds: how often a tied item may be voted. emergency_days: longest temporary use.
    review_months: trial until a new drug's use is reviewed. minutes_years: how long minutes are kept.
    second_vote_after_tie: a tie is voted again at once rather than deferred. antimicrobial_of_members: shares on
    antimicrobials are taken of all members, not of those present (第84号 speaks of 成员 and 委员)."""

    quorum: Fraction = Fraction(2, 3)
    recused_count: bool = True
    pass_share: Fraction = Fraction(2, 3)
    secret: bool = True
    antimicrobial_group_share: Fraction = Fraction(2, 3)
    antimicrobial_removal_share: Fraction = Fraction(1, 2)
    antimicrobial_rest_months: int = 12
    antimicrobial_of_members: bool = True
    publicity_days: int = 5
    minimum_scorers: int = 3
    rounds: int = 2
    second_vote_after_tie: bool = True
    emergency_days: int = 90
    review_months: int = 6
    minutes_years: int = 5


KEYS = tuple(f"charter.{field.name}" for field in fields(Charter))


def read_charter(value_of: Callable[[str, Any], Any]) -> Charter:
    """Each field asked as `value_of("charter.<field>", default)`, kept in its default's type."""
    found: dict[str, Any] = {}
    for field in fields(Charter):
        default: Any = field.default
        given = value_of(f"charter.{field.name}", default)
        found[field.name] = Fraction(str(given)) if isinstance(default, Fraction) else type(default)(given)
    return Charter(**found)


def as_stored(charter: Charter) -> dict[str, Any]:
    """The charter as JSON, shares as "2/3"; `read_charter` reads it back by its keys."""
    values = {f"charter.{field.name}": getattr(charter, field.name) for field in fields(Charter)}
    return {key: str(value) if isinstance(value, Fraction) else value for key, value in values.items()}


LABELS = {
    "quorum": "到会比例",
    "recused_count": "回避委员计入到会人数",
    "pass_share": "通过比例（到会且不回避者）",
    "secret": "无记名投票",
    "antimicrobial_group_share": "新增抗菌药物：工作组同意比例",
    "antimicrobial_removal_share": "清退抗菌药物：工作组同意比例",
    "antimicrobial_rest_months": "清退的抗菌药物多少个月内不得再进",
    "antimicrobial_of_members": "抗菌药物的同意比例按全体成员计",
    "publicity_days": "公示工作日",
    "minimum_scorers": "每个候选品规至少几份评分",
    "rounds": "同一议题最多表决几轮",
    "second_vote_after_tie": "平票当场再投一轮",
    "emergency_days": "紧急临时使用最长天数",
    "review_months": "新引进品规复评月数",
    "minutes_years": "纪要保存年限",
}
"""What each rule is called on the pages."""


class ValueRefused(ValueError):
    """A rule cannot have this value; the message is for the person who entered it."""


def value_from_text(field: str, text: str) -> bool | int | str:
    """What is stored for a value as people write it: 2/3, 5, 是. Raises ValueRefused."""
    default = getattr(Charter(), field)
    text = text.strip()
    if isinstance(default, bool):
        if text not in ("是", "否"):
            raise ValueRefused(f"值“{text}”有误，应为“是”或“否”")
        return text == "是"
    if isinstance(default, Fraction):
        return _share(text)
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= 1000):
        raise ValueRefused(f"值“{text}”有误，应为 1 到 1000 的整数")
    return int(text)


def text_of(value: object) -> str:
    """A stored or read value as people write it."""
    if isinstance(value, bool):
        return "是" if value else "否"
    return str(value)


def _share(text: str) -> str:
    try:
        share = Fraction(text)
    except (ValueError, ZeroDivisionError) as error:
        raise ValueRefused(f"值“{text}”有误，应为分数，如 2/3") from error
    if not 0 < share <= 1:
        raise ValueRefused(f"值“{text}”有误，应大于 0 且不大于 1")
    return str(share)
