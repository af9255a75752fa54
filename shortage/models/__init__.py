"""Models by noun; other apps import from here."""

from shortage.models.alert import LIVE, Alert, AlertLevel, AlertState, AlertStep, Notice
from shortage.models.balance import BalanceLine, BalanceRun
from shortage.models.central import Allocation, CentralStore, DeliveryRun
from shortage.models.forecast import Forecast, Prediction, Risk, WatchRun
from shortage.models.intake import ApiToken, IdempotentAnswer, Intake, Upload
from shortage.models.notify import Delivery, NoticeChannel
from shortage.models.outbreak import Outbreak
from shortage.models.quality import DataFinding
from shortage.models.report import DirectReport
from shortage.models.reserve import ReserveItem, ReserveMove
from shortage.models.shortage_case import CaseEntry, ShortageCase
from shortage.models.status import StatusLine, StatusReport, StatusRound
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
from shortage.models.transfer import Disposition, Transfer, TransferLine, TransferState
from shortage.models.trial import Trial

__all__ = [
    "CURRENT",
    "LIVE",
    "Alert",
    "AlertLevel",
    "AlertState",
    "AlertStep",
    "Allocation",
    "ApiToken",
    "BalanceLine",
    "BalanceRun",
    "CaseEntry",
    "CentralStore",
    "Consumption",
    "DataFinding",
    "Delivery",
    "DeliveryRun",
    "DirectReport",
    "Disposition",
    "ExpectedReceipt",
    "Feed",
    "Forecast",
    "IdempotentAnswer",
    "Intake",
    "MonthlyUse",
    "Notice",
    "NoticeChannel",
    "Outbreak",
    "Prediction",
    "Receipt",
    "ReserveItem",
    "ReserveMove",
    "Risk",
    "ShortageCase",
    "StatusLine",
    "StatusReport",
    "StatusRound",
    "StockLevel",
    "StockLot",
    "StockPosition",
    "Transfer",
    "TransferLine",
    "TransferState",
    "Trial",
    "Upload",
    "WatchRun",
]
