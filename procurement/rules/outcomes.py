"""What a solved case comes to, as plain JSON that can lie beside others: the real plan, the hand rule, any scenario. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from procurement.optimiser.case import Case
from procurement.optimiser.plan import Plan

Outcome = Mapping[str, Any]
NOTICEABLE = 0.0005  # of a share of coverage: what a page shows as a difference


def outcome(case: Case, plan: Plan) -> dict[str, Any]:
    """Money is text in yuan, coverage in patient-days; `unmet` (site, drug, units, class), `lines` (site, product, packs,
    units, yuan, reason)."""
    supplier = {row.code: row.supplier for row in case.products}
    spend = sum((line.amount for line in plan.lines), Decimal("0.00"))
    return {
        "status": plan.status,
        "goals": [{"name": g.name, "value": g.value, "bound": g.bound, "gap": g.gap} for g in plan.goals],
        "spend": str(spend),
        "suppliers": len({supplier[line.product] for line in plan.lines}),
        "coverage": [
            {"kind": c.kind, "need": c.need, "covered": c.covered, "lines": c.lines, "unmet_lines": c.unmet_lines}
            for c in plan.coverage
        ],
        "sites": [
            {"code": s.institution, "name": s.name, "spend": str(s.spend), "covered": s.covered} for s in plan.sites
        ],
        "unmet": [[row.institution, row.drug, row.quantity, row.kind] for row in plan.unmet],
        "lines": [
            [line.institution, line.product, line.packs, line.quantity, str(line.amount), line.reason]
            for line in plan.lines
        ],
        "broken": sum(check.broken for check in plan.checks),
        "seconds": plan.seconds.build + plan.seconds.solve,
    }


def covered_share(found: Outcome) -> float | None:
    """Patient-days met of all patient-days needed; None where nothing is needed."""
    need = sum(row["need"] for row in found["coverage"])
    return sum(row["covered"] for row in found["coverage"]) / need if need else None


def unmet_days(found: Outcome) -> float:
    return float(sum(row["need"] - row["covered"] for row in found["coverage"]))


NEEDS = (0, 2, 3, 4, 5)
"""Positions of the goals that count unmet patient-days."""


def room(found: Outcome) -> float:
    """By how much the share of need covered could still rise at the most: what the proven bounds leave open, as a share
    of all patient-days needed."""
    need = sum(row["need"] for row in found["coverage"])
    left = sum(found["goals"][at]["value"] - found["goals"][at]["bound"] for at in NEEDS)
    return float(left / need) if need else 0.0


@dataclass(frozen=True, slots=True)
class SiteChange:
    """One institution under a scenario: yuan and share of need covered, before and after."""

    code: str
    name: str
    spend: tuple[Decimal, Decimal]
    covered: tuple[float, float]


def drugs_that_differ(base: Outcome, other: Outcome) -> dict[str, tuple[int, int]]:
    """Drugs whose unmet quantity over all institutions is another one, with both quantities; the worst first."""
    sums = [_open_by_drug(base), _open_by_drug(other)]
    pairs = {drug: (sums[0].get(drug, 0), sums[1].get(drug, 0)) for drug in sums[0] | sums[1]}
    return dict(sorted((p for p in pairs.items() if p[1][0] != p[1][1]), key=lambda p: (p[1][0] - p[1][1], p[0])))


def sites_that_differ(base: Outcome, other: Outcome) -> list[SiteChange]:
    """Institutions that spend otherwise or are covered otherwise, the hardest hit first."""
    before = {row["code"]: row for row in base["sites"]}
    found = []
    for row in other["sites"]:
        was = before.get(row["code"])
        if was is None:
            continue
        spend, share = (Decimal(was["spend"]), Decimal(row["spend"])), (was["covered"], row["covered"])
        if spend[0] != spend[1] or abs(share[0] - share[1]) > NOTICEABLE:
            found.append(SiteChange(row["code"], row["name"], spend, share))
    return sorted(found, key=lambda each: (each.covered[1] - each.covered[0], each.code))


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table side by side: the first value is the base's. `form` says how a figure is written; `better`
    whether less (−1) or more (+1) is better, 0 where neither."""

    label: str
    values: tuple[float | None, ...]
    form: str
    better: int = 0
    gaps: tuple[float, ...] = ()


def side_by_side(found: Sequence[Outcome]) -> list[Row]:
    """Nine goals, coverage by class, spend, suppliers, open needs: one row a figure, one value an outcome."""
    rows = [
        Row(
            f"{number}. {found[0]['goals'][number - 1]['name']}",
            tuple(each["goals"][number - 1]["value"] for each in found),
            "qty",
            -1,
            tuple(each["goals"][number - 1]["gap"] for each in found),
        )
        for number in range(1, 1 + len(found[0]["goals"]))
    ]
    for place, kind in enumerate(found[0]["coverage"]):
        if any(each["coverage"][place]["need"] for each in found):
            rows.append(
                Row(f"{kind['kind']}满足率", tuple(_share(each["coverage"][place]) for each in found), "pct", 1)
            )
    rows.append(Row("全部需求满足率", tuple(covered_share(each) for each in found), "pct", 1))
    rows.append(Row("采购金额（元）", tuple(float(each["spend"]) for each in found), "yuan"))
    rows.append(Row("供应商（家）", tuple(each["suppliers"] for each in found), "qty"))
    rows.append(Row("未满足的行", tuple(len(each["unmet"]) for each in found), "qty", -1))
    return rows


def _share(row: Mapping[str, Any]) -> float | None:
    return row["covered"] / row["need"] if row["need"] else None


def _open_by_drug(found: Outcome) -> dict[str, int]:
    total: dict[str, int] = defaultdict(int)
    for _, drug, units, _ in found["unmet"]:
        total[drug] += units
    return total
