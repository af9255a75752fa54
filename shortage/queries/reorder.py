"""When to order and how much to hold: the computed lines beside the hand rule, item by item."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db.models import Case, F, IntegerField, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce

from formulary.models import Alliance, Institution, RuleValue
from formulary.queries import matching
from shortage.models import Forecast, Risk, WatchRun
from shortage.rules.norms import DEFAULTS, Held, Norm, hand_rule, norm_of, to_order
from shortage.rules.use_rate import restored

STATES = {"due": "需要订货", "below": "低于安全库存", "enough": "不需订货", "unknown": "没有数据"}


def norms(alliance: Alliance, on: dt.date) -> dict[str, Norm]:
    """The hand rule's days by level: the alliance's own value before the common one, defaults where nobody set one."""
    rows = (
        RuleValue.objects.filter(Q(alliance=alliance) | Q(alliance=None), key__startswith="norm.", valid_from__lte=on)
        .exclude(valid_to__lt=on)
        .order_by(F("alliance").asc(nulls_first=True), "valid_from")
    )
    values: dict[str, Any] = dict(rows.values_list("key", "value"))
    return {level: norm_of(level, values.get) for level in DEFAULTS}


def reorder_rows(run: WatchRun, institution: Institution, *, words: str = "", state: str = "") -> QuerySet[Any]:
    """Forecast rows of one institution with stock, ordered, coming, position and state; what is to be ordered first,
    the barest first. stock is None where nothing can be said (feed late or never counted)."""
    mine = {"institution": OuterRef("institution"), "presentation": OuterRef("presentation"), "as_of": run.as_of}
    risk = Risk.objects.filter(**mine)
    rows = Forecast.objects.filter(institution=institution, as_of=run.as_of, mean_30__gt=0).annotate(
        stock=Subquery(risk.values("stock")[:1]),
        ordered=Subquery(risk.values("on_order")[:1]),
        coming=Subquery(risk.values("coming")[:1]),
        days=Subquery(risk.values("days_of_supply")[:1]),
        position=Coalesce(F("stock") + F("coming"), Value(-1)),
    )
    states = {
        "unknown": Q(stock__isnull=True),
        "due": Q(position__lte=F("reorder_point")),
        "below": Q(stock__lt=F("safety_stock")),
    }
    rows = rows.annotate(
        state=Case(*(When(is_so, then=Value(name)) for name, is_so in states.items()), default=Value("enough")),
        rank=Case(
            *(When(is_so, then=Value(rank)) for rank, is_so in zip((2, 0, 1), states.values(), strict=True)),
            default=Value(3),
            output_field=IntegerField(),
        ),
    )
    if state:
        rows = rows.filter(state=state)
    rows = rows.filter(matching(words, prefix="presentation__"))
    return rows.select_related("presentation").order_by(
        "rank", "presentation__criticality", F("days").asc(nulls_last=True), "presentation__name", "pk"
    )


@dataclass(frozen=True)
class Line:
    """One item's two rules beside each other. order: units to order by the computed rule."""

    forecast: Forecast
    hand: Held
    norm: Norm
    position: int | None
    order: int


def line(forecast: Forecast, norm: Norm, position: int | None) -> Line:
    """position: stock and what can be counted on of the orders; None when the stock is not known."""
    hand = hand_rule(daily_use(forecast), forecast.lead_days, norm)
    order = 0 if position is None else to_order(position, forecast.reorder_point, forecast.order_up_to)
    return Line(forecast, hand, norm, position, order)


def daily_use(forecast: Forecast) -> float:
    """日均用量; where too few days had stock to measure it, what the forecast expects of a day."""
    rate = restored(forecast.working)
    return forecast.daily_rate if rate is None or rate.per_day is None else rate.per_day
