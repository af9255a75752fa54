"""Models by noun; other apps import from here."""

from procurement.models.plan import Plan, PlanLine, PlanState, Unmet
from procurement.models.supply import Budget, Commitment, Offer, PriceLabel, Supplier, Tender, VbpStatus

__all__ = [
    "Budget",
    "Commitment",
    "Offer",
    "Plan",
    "PlanLine",
    "PlanState",
    "PriceLabel",
    "Supplier",
    "Tender",
    "Unmet",
    "VbpStatus",
]
