"""结余留用 (医保发〔2020〕26号; 医改任务2024 三(二); formula to be confirmed): each input shown, exact money. Pure.

医保资金预算 = 基准量 × 集采前均价 × 基金支付比例 × 参保患者使用比例
结余 = 预算 − (中选采购量 × 中选价 + 非中选采购金额) × 基金支付比例 × 参保患者使用比例
可留用 = Σ 结余 × 留用比例(≤ 50 %) × 考核系数, never below 0
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")
MOST = Decimal("0.5")


@dataclass(frozen=True, slots=True)
class Terms:
    """Shares 0–1; `factor` of the assessment 0–1."""

    fund_share: Decimal
    insured_share: Decimal
    ratio: Decimal
    factor: Decimal

    def problems(self) -> list[str]:
        names = {"基金支付比例": self.fund_share, "参保使用比例": self.insured_share, "考核系数": self.factor}
        found = [f"{name}应在 0 与 1 之间" for name, value in names.items() if not 0 <= value <= 1]
        if not 0 <= self.ratio <= MOST:
            found.append("留用比例应在 0 与 50% 之间")
        return found


@dataclass(frozen=True, slots=True)
class Item:
    """One product: base and bought units, prices in yuan per unit, spend on non-winners of the same drug in yuan."""

    code: str
    name: str
    base: int
    prior_price: Decimal
    bought: int
    award_price: Decimal
    other_spend: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Result:
    item: Item
    budget: Decimal
    spent: Decimal

    @property
    def saving(self) -> Decimal:
        return self.budget - self.spent


def work_out(item: Item, terms: Terms) -> Result:
    """Budget and spend of the fund for one product, yuan to the cent."""
    share = terms.fund_share * terms.insured_share
    budget = item.base * item.prior_price * share
    spent = (item.bought * item.award_price + item.other_spend) * share
    return Result(item, budget.quantize(CENT, ROUND_HALF_UP), spent.quantize(CENT, ROUND_HALF_UP))


def kept(results: Iterable[Result], terms: Terms) -> tuple[Decimal, Decimal]:
    """(Σ saving, what may be kept), yuan to the cent."""
    saving = sum((result.saving for result in results), Decimal(0)).quantize(CENT)
    return saving, (max(Decimal(0), saving) * terms.ratio * terms.factor).quantize(CENT, ROUND_HALF_UP)


def differences(own: Mapping[str, Decimal], official: Mapping[str, Decimal]) -> list[tuple[str, Decimal, Decimal]]:
    """(product, own, official) where the two differ by more than a cent, or one side is silent; largest first."""
    codes = set(own) | set(official)
    zero = Decimal(0)
    rows = [(code, own.get(code, zero), official.get(code, zero)) for code in codes]
    return sorted((row for row in rows if abs(row[1] - row[2]) > CENT), key=lambda row: (-abs(row[1] - row[2]), row[0]))


def score(share: float | None, points: Decimal) -> Decimal:
    """Points of an item measured as a share: share × points, at most all; nothing known gives all."""
    if share is None:
        return points
    return (Decimal(str(min(1.0, max(0.0, share)))) * points).quantize(CENT, ROUND_HALF_UP)
