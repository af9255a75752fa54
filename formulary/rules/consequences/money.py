"""Yuan and units: what the change costs a year, agreed volume it leaves unbought, stock it leaves on the shelves."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from formulary.rules.consequences.shapes import Facts, Figure, a_day, lost, successor

CENT = Decimal("0.01")


def cost(facts: Facts) -> Figure:
    """Use × price difference a patient-day, where both prices are known."""
    before = after = Decimal(0)
    rows: list[tuple[Any, ...]] = []
    for (old, new), units in sorted(_moved(facts).items(), key=lambda one: (one[0][0], one[0][1] or 0)):
        days = Decimal(units) / facts.drugs[old].daily_dose
        was, will = a_day(facts, old), a_day(facts, new) if new is not None else None
        name = facts.drugs[new].name if new is not None else "没有替代"
        known = was is not None and will is not None
        costs = [None if rate is None else _cents(days * rate) for rate in (was, will)]
        if known:
            before, after = before + (costs[0] or 0), after + (costs[1] or 0)
        rows.append((facts.drugs[old].name, name, _days(days), _rate(was), _rate(will), *costs, _why(new, known)))
    for key, units in sorted(facts.expected.items()):
        days = Decimal(units) / facts.drugs[key].daily_dose
        rate = a_day(facts, key)
        cost = None if rate is None else _cents(days * rate)
        after += cost or 0
        words = "申请的预计用量，新增费用" if cost is not None else "没有报价，不计"
        rows.append(("（新增）", facts.drugs[key].name, _days(days), None, _rate(rate), None, cost, words))
    return Figure(
        "cost",
        "涉及药品年费用",
        "yuan",
        _cents(before),
        _cents(after),
        "近 12 个整月用量 ÷ 日用量＝患者日；年费用＝患者日 × 每患者日费用（最低中选价，无中选取最低报价）；"
        "缺报价或没有替代的不计入合计。引一退一按指定替换，其余按同品种或同品规组中最低费用者承接",
        "less",
        None,
        ("原用", "改用", "患者日", "原每日费用", "新每日费用", "原年费用", "新年费用", "说明"),
        rows,
    )


def _moved(facts: Facts) -> dict[tuple[int, int | None], int]:
    """Yearly units by (drug lost, drug that takes over)."""
    moved: dict[tuple[int, int | None], int] = {}
    for place, key in lost(facts):
        units = facts.yearly.get((place.key, key), 0)
        if units:
            pair = (key, successor(facts, key, place.level))
            moved[pair] = moved.get(pair, 0) + units
    return moved


def _why(new: int | None, known: bool) -> str:
    if new is None:
        return "没有替代，不计"
    return "" if known else "缺报价，不计"


def agreed(facts: Facts) -> Figure:
    names = {place.key: place.name for place in facts.places}
    gone = {key for key in facts.before if key not in facts.after}
    touched = [row for row in facts.commitments if row.presentation in gone and row.agreed > row.bought]
    rows = [
        (
            facts.drugs[row.presentation].name,
            row.tender,
            names.get(row.institution, "全医共体") if row.institution is not None else "全医共体",
            row.agreed,
            row.bought,
            row.agreed - row.bought,
            row.ends.isoformat(),
        )
        for row in touched
    ]
    return Figure(
        "agreed",
        "调出品规的未完成约定量",
        "units",
        None,
        sum(row.agreed - row.bought for row in touched),
        "约定量 − 已采购量，只计调出而未完成的；单位为最小单位",
        "less",
        None,
        ("药品", "批次", "机构", "约定量", "已采购", "未完成", "到期"),
        rows,
    )


def stock(facts: Facts) -> Figure:
    names = {place.key: place.name for place in facts.places}
    gone = {(place.key, key) for place, key in lost(facts)}
    rows = []
    value = Decimal(0)
    for row in sorted(facts.stock, key=lambda one: (one.presentation, one.institution)):
        key = (row.institution, row.presentation)
        if key not in gone or row.quantity <= 0:
            continue
        price, rate = facts.prices.get(row.presentation), facts.rates.get(key, Decimal(0))
        worth = None if price is None else _cents(row.quantity * price)
        value += worth or 0
        days = int(row.quantity / rate) if rate > 0 else None
        rows.append(
            (
                names.get(row.institution, ""),
                facts.drugs[row.presentation].name,
                row.quantity,
                worth,
                "没有用量" if days is None else days,
                row.soonest.isoformat() if row.soonest else "",
            )
        )
    return Figure(
        "stock",
        "要消化的库存金额",
        "yuan",
        None,
        _cents(value),
        "不再可用的品规现有库存 × 单价；可用天数＝库存 ÷ 近 3 个整月日均用量",
        "less",
        None,
        ("机构", "药品", "库存", "金额", "可用天数", "最早有效期"),
        rows,
    )


def _cents(value: Decimal) -> Decimal:
    return value.quantize(CENT, ROUND_HALF_UP)


def _days(value: Decimal) -> int:
    return int(value.to_integral_value(ROUND_HALF_UP))


def _rate(value: Decimal | None) -> Decimal | None:
    return None if value is None else value.quantize(Decimal("0.0001"), ROUND_HALF_UP)
