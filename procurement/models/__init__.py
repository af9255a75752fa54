"""Models by noun; other apps import from here."""

from procurement.models.consultation import Consultation, Decision
from procurement.models.order import Delivery, DeliveryLine, Order, OrderLine, Payable
from procurement.models.plan import Plan, PlanLine, PlanState, Unmet
from procurement.models.price import ListedPrice
from procurement.models.price_case import PriceCase, PriceCaseNote
from procurement.models.round import (
    Approval,
    Dispute,
    NeedLine,
    NeedReport,
    PurchaseRound,
    RoundLine,
    RoundStep,
)
from procurement.models.study import Pin, Study, StudyKind, Trial
from procurement.models.supply import Budget, Commitment, Offer, PriceLabel, Supplier, Tender, VbpStatus
from procurement.models.tender import ScoreSheet, SurplusCase, TenderProduct, VolumeTransfer

__all__ = [
    "Approval",
    "Budget",
    "Commitment",
    "Consultation",
    "Decision",
    "Delivery",
    "DeliveryLine",
    "Dispute",
    "ListedPrice",
    "NeedLine",
    "NeedReport",
    "Offer",
    "Order",
    "OrderLine",
    "Payable",
    "Pin",
    "Plan",
    "PlanLine",
    "PlanState",
    "PriceCase",
    "PriceCaseNote",
    "PriceLabel",
    "PurchaseRound",
    "RoundLine",
    "RoundStep",
    "ScoreSheet",
    "Study",
    "StudyKind",
    "Supplier",
    "SurplusCase",
    "Tender",
    "TenderProduct",
    "Trial",
    "Unmet",
    "VbpStatus",
    "VolumeTransfer",
]
