"""A round's lines held against the rules of its plan's case: the bridge between the round and `optimiser.edited`."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from procurement.models import PurchaseRound
from procurement.optimiser.edited import audit_edited
from procurement.plan_store import case_of
from procurement.rules.quotes import product_of


def audit_round(row: PurchaseRound) -> dict[str, Any]:
    """The audit of the lines as they stand (see `rules.edits`); {} for a round without a solved plan.

    The plan's own case counts: what was known when it was solved, so that only the changes can break a rule.
    """
    case = None if row.plan is None else case_of(row.plan)
    if case is None:
        return {}
    codes = {(product_of(product.code, product.supplier), product.supplier): product.code for product in case.products}
    planned, edited = {}, {}
    fields = ("institution__code", "product__code", "supplier__code", "planned", "packs")
    for site, product, supplier, before, after in row.lines.values_list(*fields):
        key = (site, codes.get((product, supplier), product))
        planned[key], edited[key] = before, after
    found = audit_edited(case, planned, edited)
    return {
        "changed": found.changed,
        "checks": [asdict(check) for check in found.checks],
        "worse": [asdict(goal) for goal in found.worse],
        "spend_before": f"{found.spend_before:.2f}",
        "spend_after": f"{found.spend_after:.2f}",
    }
