"""What a reader of a plan wants first: spend by class, shares, agreed volume, and the hand rule beside it. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from procurement.optimiser.case import Case, Drug, Product
from procurement.optimiser.plan import Plan, PlanLine
from procurement.optimiser.world import CLASSES, WINNING, class_of
from procurement.rules.hand_rule import hand_plan

ZERO = Decimal("0.00")


def class_name(drug: Drug) -> str:
    """短缺急救, 基药, 医保甲, 医保乙与国谈 or 其他: the first class the drug belongs to."""
    return CLASSES[class_of(drug)]


def summarise(case: Case, plan: Plan, notes: Iterable[str] = ()) -> dict[str, Any]:
    """Plain JSON values. Money is text in yuan to the cent, shares are 0–1 (None without spend), days patient-days."""
    drugs = {row.code: row for row in case.drugs}
    products = {row.code: row for row in case.products}
    spend = sum((line.amount for line in plan.lines), ZERO)
    by_class: dict[str, Decimal] = defaultdict(lambda: ZERO)
    for line in plan.lines:
        by_class[class_name(drugs[products[line.product].drug])] += line.amount
    return {
        "spend": str(spend),
        "budget": None if case.total_budget is None else str(case.total_budget),
        "lines": len(plan.lines),
        "unmet": len(plan.unmet),
        "suppliers": len({products[line.product].supplier for line in plan.lines}),
        "by_class": [{"kind": name, "spend": str(by_class[name])} for name in CLASSES],
        "winner_share": _share(plan.lines, spend, products, lambda product: product.status in WINNING),
        "vbp_winner_share": _vbp_share(plan.lines, products),
        "essential_share": _share(plan.lines, spend, products, lambda product: drugs[product.drug].essential),
        "insurance_share": _share(plan.lines, spend, products, lambda product: drugs[product.drug].insurance != "无"),
        "agreed": _agreed(case, plan),
        "surplus": str(_surplus(case, plan, products)),
        "coverage": [
            {"kind": c.kind, "need": c.need, "covered": c.covered, "lines": c.lines, "unmet_lines": c.unmet_lines}
            for c in plan.coverage
        ],
        "sites": [
            {
                "code": s.institution,
                "name": s.name,
                "spend": str(s.spend),
                "budget": None if s.budget is None else str(s.budget),
                "essential_share": s.essential_share,
                "essential_floor": s.essential_floor,
                "insurance_share": s.insurance_share,
                "insurance_floor": s.insurance_floor,
                "covered": s.covered,
            }
            for s in plan.sites
        ],
        "hand": hand_plan(case).to_json(),
        "case": {
            "institutions": len(case.institutions),
            "drugs": len(case.drugs),
            "products": len(case.products),
            "suppliers": len(case.suppliers),
            "needs": sum(1 for need in case.needs if need.net),
            "commitments": len(case.commitments),
        },
        "notes": list(notes),
    }


def _share(lines: Iterable[PlanLine], spend: Decimal, products: Mapping[str, Product], counts: Any) -> float | None:
    part = sum((line.amount for line in lines if counts(products[line.product])), ZERO)
    return float(part / spend) if spend else None


def _vbp_share(lines: Iterable[PlanLine], products: Mapping[str, Product]) -> float | None:
    """Spend on 中选/备供 within the spend on drugs under 集采 (中选, 备供, 非中选)."""
    within = [line for line in lines if products[line.product].status != "非集采"]
    return _share(within, sum((line.amount for line in within), ZERO), products, lambda p: p.status in WINNING)


def _surplus(case: Case, plan: Plan, products: Mapping[str, Product]) -> Decimal:
    """Yuan spent above the net need of an institution's drug: whole packs, 起订 and agreed volume."""
    need = {(row.institution, row.drug): row.net for row in case.needs}
    quantity: dict[tuple[str, str], int] = defaultdict(int)
    amount: dict[tuple[str, str], Decimal] = defaultdict(lambda: ZERO)
    for line in plan.lines:
        key = (line.institution, products[line.product].drug)
        quantity[key] += line.quantity
        amount[key] += line.amount
    above = (amount[key] * max(0, quantity[key] - need.get(key, 0)) / quantity[key] for key in quantity)
    return sum(above, Decimal(0)).quantize(ZERO)


def _agreed(case: Case, plan: Plan) -> dict[str, Any]:
    """Agreed volume in yuan: what was to be bought, what is, and the number of items that fall short."""
    price = {row.code: row.price / row.pack for row in case.products}
    wanted = sum((row.remaining * price[row.product] for row in plan.commitments), Decimal(0))
    missed = sum((row.shortfall * price[row.product] for row in plan.commitments), Decimal(0))
    return {
        "items": len(plan.commitments),
        "short": sum(1 for row in plan.commitments if row.shortfall),
        "wanted": str(wanted.quantize(ZERO)),
        "missed": str(missed.quantize(ZERO)),
        "share": float(1 - missed / wanted) if wanted else None,
    }
