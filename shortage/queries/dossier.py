"""Everything about one alert: the curve, the numbers with how they came about, batches, orders, what was done."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd
from django.db.models import Max, QuerySet

from shortage import series
from shortage.forecasting import calendar
from shortage.models import Alert, AlertStep, ExpectedReceipt, Forecast, Risk, StockLevel
from shortage.rules.projection import project, use_paths
from shortage.series.reading import NEVER, date_of, day

HISTORY, AHEAD = 90, 30


@dataclass(frozen=True)
class Dossier:
    """One alert with the newest numbers of its series. forecast and risk are None before the first pass."""

    alert: Alert
    forecast: Forecast | None
    risk: Risk | None

    @property
    def as_of(self) -> dt.date:
        return self.forecast.as_of if self.forecast else self.alert.updated_on

    @property
    def key(self) -> tuple[int, int]:
        return self.alert.institution_id, self.alert.presentation_id

    @property
    def chances(self) -> str:
        """The probabilities beside the 14-day one, in words."""
        if self.risk is None:
            return "尚未评估"
        plain = self.risk.computed_p14
        told = "" if plain is None or abs(plain - self.risk.p14) < 0.005 else f"；校准前 {plain:.0%}"
        return f"7 日 {self.risk.p7:.0%}，30 日 {self.risk.p30:.0%}{told}"

    @cached_property
    def lots(self) -> list[dict[str, Any]]:
        """Usable batches by expiry: expiry (None when not known), quantity, days left."""
        held = series.holdings(self.alert.institution.alliance, self.as_of, only=self.key).lots
        return [
            {
                "expiry": None if row["expiry"] == NEVER else date_of(row["expiry"]),
                "days": None if row["expiry"] == NEVER else int(row["expiry"] - day(self.as_of)),
                "quantity": int(row["quantity"]),
            }
            for row in held.to_dict("records")
        ]

    @cached_property
    def orders(self) -> list[dict[str, Any]]:
        """Open orders: reference, supplier (name, else code), quantity, ordered, due (None when nobody said), overdue days."""
        frame = series.open_orders(self.alert.institution.alliance, self.as_of, only=self.key)
        return [
            {
                "reference": row["reference"],
                "supplier": self.suppliers.get(row["supplier"], row["supplier"]),
                "quantity": int(row["quantity"]),
                "ordered": date_of(row["ordered"]),
                "age": int(row["age"]),
                "due": None if row["due"] == NEVER else date_of(row["due"]),
                "overdue": 0 if row["due"] == NEVER else max(0, day(self.as_of) - int(row["due"])),
            }
            for row in frame.to_dict("records")
        ]

    @cached_property
    def suppliers(self) -> dict[str, str]:
        """Names of the drug's suppliers by code, as the alliance's orders tell them, the newest telling."""
        return supplier_names(self.alert.institution.alliance_id, self.alert.presentation_id)

    @property
    def steps(self) -> QuerySet[AlertStep]:
        return self.alert.steps.select_related("by")

    @cached_property
    def history(self) -> list[float | None]:
        """Closing stock of the last HISTORY days up to as_of; None before the first that is known."""
        institution, presentation = self.key
        mine = StockLevel.objects.filter(
            institution=institution, presentation=presentation, superseded_by__isnull=True, date__lte=self.as_of
        )
        first = self.as_of - dt.timedelta(days=HISTORY - 1)
        start = mine.filter(date__lte=first).aggregate(last=Max("date"))["last"] or first
        rows = dict(mine.filter(date__gte=start).values_list("date", "quantity"))
        known = pd.Series(rows, dtype=float, index=sorted(rows))
        return [None if value != value else value for value in known.reindex(self._past(), method="ffill").tolist()]

    def curve(self) -> dict[str, Any]:
        """Data of the `band` chart: HISTORY days of stock, then AHEAD days of projection with its 10–90 % band.

        The lower edge counts no delivery; the middle and the upper edge count orders on their agreed day.
        """
        labels = [date.isoformat() for date in self._past() + self._coming()]
        blank: list[float | None] = [None] * (HISTORY - 1)
        low, middle, high = self._bands()
        tonight = [float(self.risk.stock if self.risk else self.alert.stock)]
        out = self.alert.stockout_on.isoformat() if self.alert.stockout_on else None
        return {
            "labels": labels,
            "history": self.history + [None] * AHEAD,
            "median": blank + tonight + middle,
            "low": blank + tonight + low,
            "high": blank + tonight + high,
            "today": self.as_of.isoformat(),
            "stockout": out if out in labels else None,
            "safety": self.forecast.safety_stock if self.forecast else None,
            "unit": self.alert.presentation.unit,
            "names": {
                "history": "日末库存",
                "median": "预计库存",
                "low": "下限（用得多、未到货）",
                "high": "上限（用得少）",
            },
        }

    def _bands(self) -> tuple[list[float], list[float], list[float]]:
        if self.forecast is None:
            return ([], [], [])
        working = self.forecast.working
        factors = calendar.factors(self._coming()).tolist()
        slow, usual, fast = use_paths(self.forecast.mean_30, working["variance_30"], working["growth"], factors)
        batches = [
            (float("inf") if lot["days"] is None else float(lot["days"]), float(lot["quantity"])) for lot in self.lots
        ]
        coming: dict[int, float] = {}
        for order in self.orders:
            expected = order["due"] or order["ordered"] + dt.timedelta(days=round(self.forecast.lead_days))
            wait = (expected - self.as_of).days
            if 1 <= wait <= AHEAD:
                coming[wait] = coming.get(wait, 0.0) + order["quantity"]
        paths = (project(batches, {}, fast), project(batches, coming, usual), project(batches, coming, slow))
        low, middle, high = ([round(value, 1) for value in path] for path in paths)
        return low, middle, high

    def _past(self) -> list[dt.date]:
        return [self.as_of - dt.timedelta(days=k) for k in range(HISTORY - 1, -1, -1)]

    def _coming(self) -> list[dt.date]:
        return [self.as_of + dt.timedelta(days=k) for k in range(1, AHEAD + 1)]


def dossier(alert: Alert) -> Dossier:
    """Give it an alert with institution__alliance and presentation joined."""
    mine = {"institution": alert.institution_id, "presentation": alert.presentation_id}
    forecast = Forecast.objects.filter(**mine).order_by("-as_of").first()
    risk = Risk.objects.filter(**mine, as_of=forecast.as_of).first() if forecast else None
    return Dossier(alert, forecast, risk)


def supplier_names(alliance: int, presentation: int) -> dict[str, str]:
    """Names of a drug's suppliers by code, as the alliance's orders tell them, the newest telling."""
    told = ExpectedReceipt.objects.filter(presentation=presentation, institution__alliance=alliance)
    told = told.exclude(supplier_name="").order_by("ordered_on", "pk")
    return dict(told.values_list("supplier_code", "supplier_name"))
