"""What imports and pages ask of stock and use; `shortage.queries` is the door for other apps."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable

import pandas as pd
from django.db.models import Count, Sum

from formulary.models import Alliance, Institution, Presentation, Product
from shortage.models import CURRENT, LIVE, Alert, Consumption, StockPosition
from shortage.rules.stock_codes import Catalogue, Drug, Pack

USE_WINDOW = dt.timedelta(days=60)
Item = tuple[int, int]


def catalogue(alliance: Alliance, institution_ids: Collection[int] | None = None) -> Catalogue:
    """Every code a row may name; `institution_ids` limits where rows may go (None = the whole alliance)."""
    members = dict(Institution.objects.filter(alliance=alliance, active=True).order_by().values_list("code", "pk"))
    reach = {code: pk for code, pk in members.items() if institution_ids is None or pk in institution_ids}
    drugs = {
        pk: Drug(pk, code, unit, f"{name} {strength}")
        for pk, code, unit, name, strength in Presentation.objects.order_by().values_list(
            "pk", "code", "unit", "name", "strength"
        )
    }
    products: dict[str, Pack] = {}
    nhsa: dict[str, Pack] = {}
    fields = ("pk", "code", "presentation_id", "pack_size", "pack_unit", "nhsa_code")
    for pk, code, drug, size, unit, nhsa_code in Product.objects.order_by().values_list(*fields):
        products[code] = Pack(pk, code, drugs[drug], size, unit)
        if nhsa_code:
            nhsa[nhsa_code] = products[code]
    return Catalogue(reach, {x.code: x for x in drugs.values()}, products, nhsa, frozenset(members) - frozenset(reach))


def positions(frame: pd.DataFrame) -> dict[Item, tuple[dt.date, int]]:
    """Date and quantity of the newest closing stock of the frame's items."""
    rows = StockPosition.objects.filter(institution_id__in=_ids(frame["institution_id"]))
    fields = ("institution_id", "presentation_id", "date", "quantity")
    return {(institution, drug): (date, quantity) for institution, drug, date, quantity in rows.values_list(*fields)}


def items_reported(institution: Institution, stock: bool, until: dt.date) -> int:
    """How many items a whole report of this institution holds: those with stock, or those used on a usual day."""
    if stock:
        return StockPosition.objects.filter(institution=institution).exclude(quantity=0).count()
    days = Consumption.objects.filter(
        CURRENT, institution=institution, date__gt=until - dt.timedelta(days=14), date__lte=until, quantity__gt=0
    )
    counts = sorted(days.order_by().values_list("date").annotate(Count("pk")).values_list("pk__count", flat=True))
    return counts[len(counts) // 2] if counts else 0


def recent_use(frame: pd.DataFrame) -> dict[Item, tuple[float, float]]:
    """Per item of the frame: units a day, and units per day with use, over the 60 days before its earliest date."""
    if frame.empty:
        return {}
    until: dt.date = pd.Timestamp(frame["date"].min()).date()
    rows = Consumption.objects.filter(
        CURRENT,
        institution_id__in=_ids(frame["institution_id"]),
        date__gte=until - USE_WINDOW,
        date__lt=until,
        quantity__gt=0,
    )
    drugs = _ids(frame["presentation_id"])
    if len(drugs) <= 500:
        rows = rows.filter(presentation_id__in=drugs)
    grouped = rows.order_by().values_list("institution_id", "presentation_id").annotate(Sum("quantity"), Count("pk"))
    return {(institution, drug): (total / USE_WINDOW.days, total / days) for institution, drug, total, days in grouped}


def _ids(column: Iterable[int]) -> list[int]:
    return sorted({int(x) for x in column})


class Names:
    """Readable names of the items of a frame, looked up once and only when one is asked for."""

    def __init__(self, frame: pd.DataFrame) -> None:
        self._frame = frame
        self._institutions: dict[int, str] | None = None
        self._drugs: dict[int, str] = {}

    def of(self, item: Item) -> str:
        if self._institutions is None:
            places = Institution.objects.filter(pk__in=_ids(self._frame["institution_id"]))
            self._institutions = dict(places.order_by().values_list("pk", "short_name"))
            drugs = Presentation.objects.order_by().values_list("pk", "name", "strength")
            self._drugs = {pk: f"{name} {strength}" for pk, name, strength in drugs}
        return f"{self._institutions.get(item[0], '')} {self._drugs.get(item[1], '')}"


def alert_rows(institution: Institution, state: str, since: dt.date | None) -> list[dict[str, object]]:
    """An institution's alerts for the API, newest first: `state` is live, closed or all."""
    rows = Alert.objects.filter(institution=institution).select_related("presentation").order_by("-opened_on", "-pk")
    if state != "all":
        rows = rows.filter(LIVE) if state == "live" else rows.exclude(LIVE)
    if since is not None:
        rows = rows.filter(updated_on__gte=since)
    same = ("id", "level", "state", "cause", "reason", "risk", "opened_on", "updated_on", "closed_on")
    return [
        {
            **{name: getattr(row, name) for name in same},
            "institution": institution.code,
            "drug": row.presentation.code,
            "name": row.presentation.name,
            "strength": row.presentation.strength,
            "expected_stockout": row.stockout_on,
        }
        for row in rows[:2000]
    ]
