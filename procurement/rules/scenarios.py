"""What if: one change of a case is one function case → case. Pure; a real plan is nowhere in reach of this room.

Percentages are changes in percent (−10 = a tenth less). Quantities are rounded up to whole units, money to the cent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from procurement.optimiser.case import Case
from procurement.optimiser.world import CLASSES, class_of

CENT = Decimal("0.01")
DAYS_OF_MONTH = 30
LEAST_PERCENT, MOST_PERCENT = -90, 300
MOST_MONTHS = 12
BUDGET, PRICE, SUPPLIER, DEMAND, COVER, SPREAD = "budget", "price", "supplier", "demand", "cover", "spread"
EVERYTHING, BY_SUPPLIER, BY_DRUG, BY_CLASS = "", "supplier", "drug", "class"


@dataclass(frozen=True, slots=True)
class Change:
    """One change: `kind`, its `percent` or `months`, and for prices and demand what it is `of` (all, or the supplier,
    drug or class `code`)."""

    kind: str
    percent: Decimal = Decimal(0)
    of: str = EVERYTHING
    code: str = ""
    months: int = 0

    def to_json(self) -> dict[str, Any]:
        return asdict(self) | {"percent": str(self.percent)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Change:
        return cls(**{**data, "percent": Decimal(data["percent"])})


def budget_changed(case: Case, percent: Decimal) -> Case:
    """预算_i × (1 + percent), and 总预算 likewise; who has no budget stays without one."""
    return replace(
        case,
        institutions=tuple(replace(row, budget=_money(row.budget, percent)) for row in case.institutions),
        total_budget=_money(case.total_budget, percent),
    )


def prices_changed(case: Case, percent: Decimal, *, supplier: str = "", drug: str = "") -> Case:
    """单价 × (1 + percent) of all products, or those of one supplier or one drug."""
    return replace(
        case,
        products=tuple(
            replace(row, price=_money(row.price, percent) or Decimal(0))
            if (not supplier or row.supplier == supplier) and (not drug or row.drug == drug)
            else row
            for row in case.products
        ),
    )


def supplier_failed(case: Case, supplier: str) -> Case:
    """供应上限 of everything the supplier offers is 0: agreed volume on it counts as not bought."""
    return replace(
        case, products=tuple(replace(row, supply=0) if row.supplier == supplier else row for row in case.products)
    )


def demand_changed(case: Case, percent: Decimal, *, kind: str = "", drug: str = "") -> Case:
    """需求量 × (1 + percent) of all drugs, of one class or of one drug; 安全库存, stock and 采购上限 stay."""
    class_by_drug = {row.code: CLASSES[class_of(row)] for row in case.drugs}
    return replace(
        case,
        needs=tuple(
            replace(row, demand=_units(row.demand, percent))
            if (not kind or class_by_drug[row.drug] == kind) and (not drug or row.drug == drug)
            else row
            for row in case.needs
        ),
    )


def cover_changed(case: Case, days: int, months: int) -> Case:
    """A period of `months` × 30 days instead of `days`: 需求量, 预算 and this period's 约定量 grow in proportion; 安全库存,
    stock, 供应上限 and 冷藏容量 stay."""
    percent = Decimal(100) * (Decimal(DAYS_OF_MONTH * months) / days - 1)
    longer = budget_changed(demand_changed(case, percent), percent)
    agreed = tuple(replace(row, remaining=_units(row.remaining, percent)) for row in case.commitments)
    return replace(longer, commitments=agreed)


def supplier_halved(case: Case, bought: Mapping[str, int], supplier: str, percent: Decimal) -> Case:
    """Every product that was `bought` (units) from the supplier, and that somebody else could replace, gets a 供应上限 of
    `percent` of it: what is above goes to a second supplier."""
    others = {row.drug for row in case.products if row.supplier != supplier and row.supply != 0}

    def limited(units: int, supply: int | None) -> int:
        most = int(units * percent / 100)
        return most if supply is None else min(most, supply)

    return replace(
        case,
        products=tuple(
            replace(row, supply=limited(bought[row.code], row.supply))
            if row.supplier == supplier and row.drug in others and bought.get(row.code)
            else row
            for row in case.products
        ),
    )


def apply(case: Case, changes: Iterable[Change], *, days: int, bought: Mapping[str, int] | None = None) -> Case:
    """The case after all changes, in their order. `days` of its period; `bought` units by product, for SPREAD."""
    for change in changes:
        case = _APPLY[change.kind](case, change, days, bought or {})
    return case


_APPLY: dict[str, Callable[[Case, Change, int, Mapping[str, int]], Case]] = {
    BUDGET: lambda case, c, _days, _bought: budget_changed(case, c.percent),
    PRICE: lambda case, c, _days, _bought: prices_changed(
        case,
        c.percent,
        supplier=c.code if c.of == BY_SUPPLIER else "",
        drug=c.code if c.of == BY_DRUG else "",
    ),
    SUPPLIER: lambda case, c, _days, _bought: supplier_failed(case, c.code),
    DEMAND: lambda case, c, _days, _bought: demand_changed(
        case, c.percent, kind=c.code if c.of == BY_CLASS else "", drug=c.code if c.of == BY_DRUG else ""
    ),
    COVER: lambda case, c, days, _bought: cover_changed(case, days, c.months),
    SPREAD: lambda case, c, _days, bought: supplier_halved(case, bought, c.code, c.percent),
}


def problems(case: Case, changes: Iterable[Change]) -> list[str]:
    """What is wrong with the changes asked for, in Chinese, all at once."""
    suppliers = {row.code for row in case.suppliers}
    drugs = {row.code for row in case.drugs}
    known = {BY_SUPPLIER: suppliers, BY_DRUG: drugs, BY_CLASS: set(CLASSES)}
    found = []
    for change in changes:
        if change.kind in (BUDGET, PRICE, DEMAND) and not LEAST_PERCENT <= change.percent <= MOST_PERCENT:
            found.append(f"{_TITLES[change.kind]}的变化应在 {LEAST_PERCENT}% 至 +{MOST_PERCENT}% 之间")
        if change.kind == BUDGET and case.total_budget is None and all(r.budget is None for r in case.institutions):
            found.append("本计划没有任何预算，预算情景没有意义")
        if change.kind in (SUPPLIER, SPREAD) and change.code not in suppliers:
            found.append("请选择本计划中的供应商")
        if change.of and change.code not in known[change.of]:
            found.append(f"{_TITLES[change.kind]}的变化应针对本计划中的供应商、药品或类别")
        if change.kind == COVER and not 1 <= change.months <= MOST_MONTHS:
            found.append(f"备货周期应为 1 至 {MOST_MONTHS} 个月")
    return found


_TITLES = {BUDGET: "预算", PRICE: "价格", DEMAND: "需求", SUPPLIER: "供应商", COVER: "周期", SPREAD: "供应商"}


def words(change: Change, case: Case) -> str:
    """预算 −10%, 国药江宁断供, 医保甲需求 +20%, 备货 3 个月."""
    suppliers = {row.code: row.name or row.code for row in case.suppliers}
    drugs = {row.code: f"{row.name} {row.strength}".strip() for row in case.drugs}
    whose = {BY_SUPPLIER: suppliers, BY_DRUG: drugs}.get(change.of, {}).get(change.code, change.code)
    if not change.percent and change.kind == BUDGET:
        return "预算不变"
    percent = f"{change.percent.normalize():+f}%".replace("-", "−")
    if change.kind == SUPPLIER:
        return f"{suppliers.get(change.code, change.code)}断供"
    if change.kind == SPREAD:
        return f"{suppliers.get(change.code, change.code)}的品种分一半给第二供应商"
    if change.kind == COVER:
        return f"备货 {change.months} 个月"
    return f"{whose}{_TITLES[change.kind]} {percent}"


def _money(value: Decimal | None, percent: Decimal) -> Decimal | None:
    return None if value is None else (value * (100 + percent) / 100).quantize(CENT, ROUND_HALF_UP)


def _units(value: int, percent: Decimal) -> int:
    """Rounded up; the arithmetic of thirds (cover of 61 days) must not add a unit of its own."""
    exact = (value * (100 + percent) / 100).quantize(Decimal("0.000001"))
    return int(exact.to_integral_value(rounding="ROUND_CEILING"))
