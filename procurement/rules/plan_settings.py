"""What a person may set for one plan, as values: checked once, kept with the plan, shown again at a new plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

DEFAULT_SECONDS = 120
MOST_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class PlanSettings:
    """`total_budget` yuan, None = what the budget table says; `group_limit` None = no limit of 品规数."""

    time_limit: int = DEFAULT_SECONDS
    gap: float = 0.001
    seed: int = 0
    total_budget: Decimal | None = None
    nonwinning_ratio: Decimal = Decimal(1)
    group_limit: int | None = None

    def problems(self) -> list[str]:
        """What is wrong with the values, in Chinese; empty when all is well."""
        found = []
        if not 1 <= self.time_limit <= MOST_SECONDS:
            found.append(f"求解时限应在 1 至 {MOST_SECONDS} 秒之间")
        if not 0 <= self.gap <= 0.5:
            found.append("最优差距应在 0 至 50% 之间")
        if self.total_budget is not None and self.total_budget < 0:
            found.append("总预算不能为负")
        if self.nonwinning_ratio < 0:
            found.append("非中选比例不能为负")
        if self.group_limit is not None and self.group_limit < 1:
            found.append("品规数上限应不小于 1")
        return found

    def to_json(self) -> dict[str, Any]:
        return {
            "time_limit": self.time_limit,
            "gap": self.gap,
            "seed": self.seed,
            "total_budget": None if self.total_budget is None else str(self.total_budget),
            "nonwinning_ratio": str(self.nonwinning_ratio),
            "group_limit": self.group_limit,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> PlanSettings:
        """What `to_json` wrote; a missing value takes its default."""
        total = data.get("total_budget")
        return cls(
            time_limit=int(data.get("time_limit", DEFAULT_SECONDS)),
            gap=float(data.get("gap", 0.001)),
            seed=int(data.get("seed", 0)),
            total_budget=None if total is None else Decimal(total),
            nonwinning_ratio=Decimal(data.get("nonwinning_ratio", "1")),
            group_limit=data.get("group_limit"),
        )
