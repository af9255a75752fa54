"""A plan judged by futures it was not made for, and the choice among candidates that is least to be regretted. Pure.

Purchases are fixed before a future is known. In a future the demand of each (institution, drug) and the suppliers that
fail are given; what stays unserved is

    Σ max(0, demand − stock − in transit − what arrives of the plan) ÷ 日用量      (patient-days; 安全库存 counts as stock to use)

and nothing is moved between institutions: help by transfer comes on top. Regret of a candidate in a future is its
unserved patient-days less those of the best candidate there (Savage 1951); chosen is the least worst regret, then the
least expected unserved days, then the cheapest.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from procurement.optimiser.case import Case
from procurement.optimiser.world import CLASSES, class_of
from procurement.rules.plan_diff import Lines

URGENT = CLASSES[:2]
"""短缺急救 and 基药: shown by themselves, because a day without them weighs more."""
NEAR = 1e-6


@dataclass(frozen=True, slots=True)
class Future:
    """`weight` how likely against the others; `demand` units by (institution, drug) where other than the case says;
    `failed` suppliers that deliver nothing."""

    name: str
    weight: float = 1.0
    demand: Mapping[tuple[str, str], int] = field(default_factory=dict)
    failed: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Candidate:
    """A plan that could be bought: `lines` of it, its `spend` in yuan."""

    name: str
    lines: Lines
    spend: Decimal


@dataclass(frozen=True, slots=True)
class Verdict:
    """One candidate over all futures: unserved patient-days in each (all, and of 短缺急救 and 基药), expected and worst,
    the worst regret, and in yuan what it costs above the first candidate."""

    name: str
    spend: Decimal
    price: Decimal
    days: tuple[float, ...]
    urgent: tuple[float, ...]
    expected: float
    worst: float
    regret: float


def unserved(case: Case, lines: Lines, future: Future) -> dict[str, float]:
    """Patient-days without the drug in one future, by class."""
    products = {row.code: row for row in case.products}
    drugs = {row.code: row for row in case.drugs}
    arrived: dict[tuple[str, str], int] = defaultdict(int)
    for (site, code), line in lines.items():
        if products[code].supplier not in future.failed:
            arrived[site, products[code].drug] += line.quantity
    found = dict.fromkeys(CLASSES, 0.0)
    for need in case.needs:
        key = (need.institution, need.drug)
        demand = future.demand.get(key, need.demand)
        missing = demand - need.stock - need.in_transit - arrived[key]
        if missing > 0:
            drug = drugs[need.drug]
            found[CLASSES[class_of(drug)]] += missing / float(drug.daily)
    return found


def judge(case: Case, candidates: Sequence[Candidate], futures: Sequence[Future]) -> list[Verdict]:
    """Every candidate in every future; the first candidate is what the price of being safe is counted from."""
    table = [[unserved(case, each.lines, future) for future in futures] for each in candidates]
    totals = [[sum(days.values()) for days in row] for row in table]
    least = [min(row[f] for row in totals) for f in range(len(futures))]
    weights = [future.weight for future in futures]
    verdicts = []
    for each, row, days in zip(candidates, table, totals, strict=True):
        verdicts.append(
            Verdict(
                each.name,
                each.spend,
                each.spend - candidates[0].spend,
                tuple(days),
                tuple(sum(cell[kind] for kind in URGENT) for cell in row),
                sum(w * d for w, d in zip(weights, days, strict=True)) / sum(weights),
                max(days),
                max(d - best for d, best in zip(days, least, strict=True)),
            )
        )
    return verdicts


def chosen(verdicts: Sequence[Verdict]) -> int:
    """The position of the candidate that is least to be regretted."""

    def rank(k: int) -> tuple[float, float, Decimal, int]:
        each = verdicts[k]
        return round(each.regret / NEAR) * NEAR, round(each.expected / NEAR) * NEAR, each.spend, k

    return min(range(len(verdicts)), key=rank)


def explained(verdicts: Sequence[Verdict], pick: int, futures: Sequence[Future]) -> str:
    """Why this one, in one or two sentences, for people."""
    first, best = verdicts[0], verdicts[pick]
    at = max(range(len(futures)), key=lambda f: first.days[f])
    if pick == 0:
        return (
            f"现计划已是最稳的选择：最坏的情形是“{futures[at].name}”，缺 {first.days[at]:,.0f} 患者日，"
            "其他方案在各情形下的最大后悔值都不更小。"
        )
    saved = first.worst - best.worst
    cost = (
        f"多花 {best.price:,.2f} 元" if best.price > 0 else f"少花 {-best.price:,.2f} 元" if best.price else "不多花钱"
    )
    each = f"，每少缺 1 患者日约 {float(best.price) / saved:,.2f} 元" if best.price > 0 and saved > NEAR else ""
    return (
        f"“{best.name}”最稳：最大后悔值 {best.regret:,.0f} 患者日（现计划 {first.regret:,.0f}）。与现计划相比{cost}，"
        f"最坏情形少缺 {saved:,.0f} 患者日，期望少缺 {first.expected - best.expected:,.0f} 患者日{each}。{_worse(first, best, futures)}"
    )


def _worse(first: Verdict, best: Verdict, futures: Sequence[Future]) -> str:
    """Where the choice serves fewer than the plan at hand: that too is a price of being safe."""
    losses = [
        f"“{future.name}”多缺 {mine - was:,.0f}"
        for future, was, mine in zip(futures, first.days, best.days, strict=True)
        if mine - was >= 1
    ]
    return f"但也有代价：{'、'.join(losses)} 患者日。" if losses else ""


def largest_suppliers(case: Case, lines: Lines, count: int) -> list[str]:
    """Codes of the suppliers with the most money in a plan."""
    supplier = {row.code: row.supplier for row in case.products}
    money: dict[str, Decimal] = defaultdict(Decimal)
    for (_, code), line in lines.items():
        money[supplier[code]] += line.amount
    return sorted(money, key=lambda code: (-money[code], code))[:count]


def units_by_product(lines: Lines) -> dict[str, int]:
    found: dict[str, int] = defaultdict(int)
    for (_, code), line in lines.items():
        found[code] += line.quantity
    return found


def raised(case: Case, share: Mapping[tuple[str, str], float], otherwise: float) -> dict[tuple[str, str], int]:
    """Demand × a factor by (institution, drug); `otherwise` where none is known."""
    return {
        (row.institution, row.drug): _ceil(row.demand * share.get((row.institution, row.drug), otherwise))
        for row in case.needs
    }


def _ceil(value: float) -> int:
    return -int(-round(value, 6) // 1)
