"""The rule many buyers use by hand, as a yardstick beside the optimised plan (optimiser.md §6). Pure.

Each institution goes down its list of drugs and orders expected use × 1.1, whatever is on the shelf, from the cheapest
winner (else the cheapest) that is delivered to it, in whole packs and at least 起订包数, until its budget (or the total)
is spent. 采购上限, supply, 非中选比例 and 品规数上限 are not looked at: the yardstick is kinder to itself than reality.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from procurement.optimiser.case import BLOCKED_LABEL, Case, Need, Product
from procurement.optimiser.world import CLASSES, WINNING, class_of
from procurement.rules.plan_diff import Bought

TENTHS = 11  # × 1.1, in whole numbers: Decimal // rounds towards zero
CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class HandPlan:
    """`covered`: patient-days of need met by class; in yuan: `spend`, agreed volume `missed`, and `surplus` above need."""

    spend: Decimal
    covered: dict[str, float]
    missed: Decimal
    surplus: Decimal

    def to_json(self) -> dict[str, Any]:
        return {
            "spend": str(self.spend),
            "covered": self.covered,
            "missed": str(self.missed),
            "surplus": str(self.surplus),
        }


def hand_lines(case: Case) -> dict[tuple[str, str], Bought]:
    """The lines that the hand rule would order, by (institution, product)."""
    offers = _cheapest(case)
    left = {row.code: row.budget for row in case.institutions}
    total = case.total_budget
    lines: dict[tuple[str, str], Bought] = {}
    for need in case.needs:
        product = offers.get((need.institution, need.drug))
        packs = _packs(need, product, left[need.institution], total)
        if product is None or packs == 0:
            continue
        amount = product.price * packs
        total = None if total is None else total - amount
        budget = left[need.institution]
        left[need.institution] = None if budget is None else budget - amount
        lines[need.institution, product.code] = Bought(packs, packs * product.pack, amount)
    return lines


def hand_plan(case: Case) -> HandPlan:
    """What the hand rule would buy, and how far it gets."""
    lines = hand_lines(case)
    drugs = {row.code: row for row in case.drugs}
    products = {row.code: row for row in case.products}
    net = {(row.institution, row.drug): row.net for row in case.needs}
    surplus = Decimal(0)
    covered = dict.fromkeys(CLASSES, 0.0)
    for (site, code), line in lines.items():
        product = products[code]
        need, drug = net[site, product.drug], drugs[product.drug]
        surplus += max(0, line.quantity - need) * product.price / product.pack
        covered[CLASSES[class_of(drug)]] += min(need, line.quantity) / float(drug.daily)
    spend = sum((line.amount for line in lines.values()), Decimal(0))
    bought = {key: line.quantity for key, line in lines.items()}
    return HandPlan(spend.quantize(CENT), covered, _missed(case, bought), surplus.quantize(CENT))


def _cheapest(case: Case) -> dict[tuple[str, str], Product]:
    """For each (institution, drug) the product the rule takes: winners first, then the lowest price of a unit."""
    reach: dict[str, set[str]] = defaultdict(set)
    for supplier, institution in case.deliveries:
        reach[supplier].add(institution)
    ranked = sorted(case.products, key=lambda p: (p.drug, p.status not in WINNING, p.price / p.pack, p.code))
    found: dict[tuple[str, str], Product] = {}
    for product in ranked:
        if product.label != BLOCKED_LABEL:
            for site in case.institutions:
                if product.supplier not in reach or site.code in reach[product.supplier]:
                    found.setdefault((site.code, product.drug), product)
    return found


def _packs(need: Need, product: Product | None, budget: Decimal | None, total: Decimal | None) -> int:
    if product is None or not need.demand:
        return 0
    wanted = max(product.minimum_packs, -(-TENTHS * need.demand // (10 * product.pack)))
    for money in (budget, total):
        if money is not None:
            wanted = min(wanted, int(money // product.price)) if product.price else wanted
    return wanted if wanted >= product.minimum_packs else 0


def _missed(case: Case, bought: Mapping[tuple[str, str], int]) -> Decimal:
    price = {row.code: row.price / row.pack for row in case.products}
    everywhere: dict[str, int] = defaultdict(int)
    for (_, product), quantity in bought.items():
        everywhere[product] += quantity
    missed = Decimal(0)
    for row in case.commitments:
        got = everywhere[row.product] if row.institution is None else bought.get((row.institution, row.product), 0)
        missed += max(0, row.remaining - got) * price[row.product]
    return missed.quantize(CENT)
