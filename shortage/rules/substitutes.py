"""Standing in for a drug that is short: order of preference, what must not be swapped, dose by daily dose. Pure.

Order of domain.md §6.3: other maker → other strength → other form or salt → same class. A doctor decides; a pharmacist
does not swap on their own (药品管理法 第七十三条).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

TIERS = {1: "同品规其他厂家", 2: "同品种其他规格", 3: "同成分其他剂型或盐", 4: "同类药品"}
REPLACEABLE, PARTLY, NOT = "可替代", "不完全可替代", "不可替代"


@dataclass(frozen=True)
class Exclusion:
    """A pair that must not be swapped (stops), or only with care. replaced, by: substance as the formulary writes it, by
    "" is any; tiers it holds for."""

    replaced: str
    by: str
    tiers: frozenset[int]
    stops: bool
    why: str


def exclusions(rows: Any) -> list[Exclusion]:
    """From the rule value `substitute.exclusions`: rows of 被替代, 替代为, 层级, 禁止, 理由. Raises ValueError with the place."""
    if not isinstance(rows, Sequence) or isinstance(rows, str):
        raise ValueError("substitute.exclusions 应为列表")
    found = []
    for number, row in enumerate(rows, start=1):
        if not isinstance(row, Mapping) or not row.get("被替代") or not row.get("理由"):
            raise ValueError(f"substitute.exclusions 第 {number} 条应写明“被替代”和“理由”")
        tiers = frozenset(int(tier) for tier in row.get("层级", (1, 2, 3, 4)))
        found.append(
            Exclusion(
                str(row["被替代"]), str(row.get("替代为", "")), tiers, bool(row.get("禁止", True)), str(row["理由"])
            )
        )
    return found


def speaks(rows: Iterable[Exclusion], replaced: str, by: str, tier: int) -> list[Exclusion]:
    """The exclusions about this pair."""
    return [
        row
        for row in rows
        if tier in row.tiers and row.replaced in replaced and (not row.by or row.by in by)
    ]  # fmt: skip


NARROW = "治疗窗窄，换用须由医师决定并监测血药浓度或疗效"
DEFAULT_EXCLUSIONS: list[dict[str, Any]] = [
    *(
        {"被替代": name, "层级": [3, 4], "禁止": True, "理由": NARROW}
        for name in (
            "华法林",
            "地高辛",
            "苯妥英",
            "左甲状腺素",
            "碳酸锂",
            "环孢素",
            "他克莫司",
            "卡马西平",
            "丙戊酸",
            "茶碱",
        )
    ),
    *(
        {"被替代": name, "层级": [2], "禁止": False, "理由": "换规格须核对每次剂量，避免差错"}
        for name in ("华法林", "地高辛", "左甲状腺素", "肝素", "胰岛素", "氯化钾", "肾上腺素")
    ),
    {"被替代": "胰岛素", "层级": [3, 4], "禁止": True, "理由": "不同胰岛素起效与持续时间不同，须由医师调整方案"},
]


def replaceability(tiers_in_stock: Iterable[int]) -> str:
    """Axis B of the guide from the tiers that can really be had: another maker or strength replaces, another form, salt
    or class only for some patients."""
    best = min(tiers_in_stock, default=9)
    if best <= 2:
        return REPLACEABLE
    return PARTLY if best <= 4 else NOT


def converted(rate: float, daily_dose: float, other_daily_dose: float) -> float:
    """Units a day of the substitute for `rate` units a day of the drug: the same number of patient-days."""
    return rate / daily_dose * other_daily_dose
