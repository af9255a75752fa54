"""Models by noun; other apps import from here."""

from shortage.models.alert import LIVE, Alert, AlertLevel, AlertState, AlertStep, Notice
from shortage.models.forecast import Forecast, Prediction, Risk, WatchRun
from shortage.models.intake import ApiToken, IdempotentAnswer, Intake, Upload
from shortage.models.quality import DataFinding
from shortage.models.stock import (
    CURRENT,
    Consumption,
    ExpectedReceipt,
    Feed,
    MonthlyUse,
    Receipt,
    StockLevel,
    StockLot,
    StockPosition,
)

__all__ = [
    "CURRENT",
    "LIVE",
    "Alert",
    "AlertLevel",
    "AlertState",
    "AlertStep",
    "ApiToken",
    "Consumption",
    "DataFinding",
    "ExpectedReceipt",
    "Feed",
    "Forecast",
    "IdempotentAnswer",
    "Intake",
    "MonthlyUse",
    "Notice",
    "Prediction",
    "Receipt",
    "Risk",
    "StockLevel",
    "StockLot",
    "StockPosition",
    "Upload",
    "WatchRun",
]
