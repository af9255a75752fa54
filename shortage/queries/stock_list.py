"""The stock overview and one item's story, for pages."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db.models import Case, CharField, Count, F, OuterRef, Q, QuerySet, Subquery, Value, When

from formulary.models import Institution
from formulary.queries import Scope
from shortage.models import (
    CURRENT,
    LIVE,
    Alert,
    Consumption,
    DataFinding,
    Feed,
    Forecast,
    Intake,
    Receipt,
    Risk,
    StockLevel,
    StockLot,
    StockPosition,
)
from shortage.queries.freshness import FeedState, feed_states, latest_run

STATES = {
    "out": ("断货", "red"),
    "low": ("低于安全库存", "orange"),
    "silent": ("没有数据", "gray"),
    "doubt": ("待核对", "orange"),
    "enough": ("充足", "green"),
    "unrated": ("未评估", "blue"),
}
ORDER = {"out": 0, "low": 1, "silent": 2, "doubt": 2, "unrated": 3}
SOON = 180
CURVE_DAYS = 90


@dataclass(frozen=True)
class StockOverview:
    """Newest stock of every item in reach, as seen today. What is asked of the watch and the feeds is asked once."""

    scope: Scope
    today: dt.date

    @cached_property
    def late(self) -> list[FeedState]:
        """Institutions in reach without current data."""
        feeds = feed_states(self.scope.alliance, self.today)
        return [feed for feed in feeds if feed.late and feed.institution.pk in self.scope.institution_ids]

    def rows(
        self, *, words: str = "", institution: str = "", state: str = "", expiry: str = ""
    ) -> QuerySet[StockPosition]:
        """Items, worst first, annotated with state, safety and days (of supply).

        The state is 没有数据 when the institution's data is late: what was there days ago says nothing of today.
        """
        rows = self._rated
        if institution:
            rows = rows.filter(institution__code=institution)
        for word in words.split():
            rows = rows.filter(
                Q(presentation__name__icontains=word)
                | Q(presentation__strength__icontains=word)
                | Q(presentation__code__iexact=word)
                | Q(presentation__pinyin__istartswith=word)
            )
        if state:
            rows = rows.filter(state=state)
        if expiry == "expired":
            rows = rows.filter(expired__gt=0)
        elif expiry:
            rows = rows.filter(nearest_expiry__lte=self.today + dt.timedelta(days=int(expiry)))
        return rows.select_related("institution", "presentation").order_by(
            "rank",
            "presentation__criticality",
            F("days").asc(nulls_last=True),
            "institution",
            "presentation__name",
            "pk",
        )

    @cached_property
    def counts(self) -> dict[str, int]:
        """How many items are in each state, zeros included."""
        counted = self._rated.order_by().values_list("state").annotate(Count("pk"))
        return dict.fromkeys(STATES, 0) | dict(counted)

    @cached_property
    def _rated(self) -> QuerySet[Any]:
        run = latest_run(self.scope.alliance)
        mine = {
            "institution": OuterRef("institution"),
            "presentation": OuterRef("presentation"),
            "as_of": run.as_of if run else None,
        }
        rows = StockPosition.objects.filter(institution__in=self.scope.institution_ids).annotate(
            safety=Subquery(Forecast.objects.filter(**mine).values("safety_stock")[:1]),
            days=Subquery(Risk.objects.filter(**mine).values("days_of_supply")[:1]),
        )
        states = {
            "silent": Q(institution__in=[feed.institution.pk for feed in self.late]),
            "doubt": Q(pk__in=doubtful_positions(self.scope.institution_ids)),
            "out": Q(quantity=0),
            "unrated": Q(safety__isnull=True),
            "low": Q(quantity__lt=F("safety")),
        }
        # Each from the facts: a rank that asks for the state would look up the forecast anew for every answer.
        state = Case(
            *(When(is_so, then=Value(name)) for name, is_so in states.items()),
            default=Value("enough"),
            output_field=CharField(),
        )
        rank = Case(*(When(is_so, then=Value(ORDER[name])) for name, is_so in states.items()), default=Value(4))
        return rows.annotate(state=state, rank=rank)


def doubtful_positions(institution_ids: frozenset[int]) -> list[int]:
    """Positions whose stock rose so much that a person has to look first: not 充足 until then."""
    rows = DataFinding.objects.filter(
        institution__in=institution_ids,
        kind=DataFinding.Kind.STOCK_JUMP,
        state=DataFinding.State.OPEN,
        value__gt=F("before"),
    )
    found = Q(pk__in=[])
    for institution, presentation in rows.values_list("institution", "presentation"):
        found |= Q(institution=institution, presentation=presentation)
    return list(StockPosition.objects.filter(found).values_list("pk", flat=True)) if rows else []


def item_curve(institution: Institution, presentation_id: int, until: dt.date) -> dict[str, dict[str, Any]]:
    """Charts of the last 90 days: closing stock by day (kept until the next count) and units used by day."""
    days = [until - dt.timedelta(days=back) for back in range(CURVE_DAYS - 1, -1, -1)]
    item = {"institution": institution, "presentation_id": presentation_id}
    levels = StockLevel.objects.filter(CURRENT, **item, date__lte=until).order_by("date")
    before = levels.filter(date__lt=days[0]).values_list("quantity", flat=True).last()
    counted = dict(levels.filter(date__gte=days[0]).values_list("date", "quantity"))
    used = dict(
        Consumption.objects.filter(CURRENT, **item, date__range=(days[0], until)).values_list("date", "quantity")
    )
    covered = Feed.objects.filter(institution=institution, kind=Feed.Kind.CONSUMPTION).first()
    stock: list[int | None] = []
    for day in days:
        before = counted.get(day, before)
        stock.append(before)
    use = [used.get(day, 0 if covered and covered.first_date <= day <= covered.last_date else None) for day in days]
    labels = [day.isoformat() for day in days]
    return {
        "stock": {"labels": labels, "series": [{"name": "日末库存", "tone": "teal", "values": stock}]},
        "use": {"labels": labels, "series": [{"name": "日消耗", "tone": "blue", "values": use}]},
    }


def item_lots(position: StockPosition) -> QuerySet[StockLot]:
    """Batches of the newest count that hold something, the first to expire first."""
    return (
        StockLot.objects.filter(
            CURRENT,
            institution_id=position.institution_id,
            presentation_id=position.presentation_id,
            date=position.date,
            quantity__gt=0,
        )
        .select_related("product", "intake")
        .order_by(F("expiry").asc(nulls_last=True), "batch")
    )


def item_receipts(position: StockPosition) -> QuerySet[Receipt]:
    mine = {"institution_id": position.institution_id, "presentation_id": position.presentation_id}
    return Receipt.objects.filter(CURRENT, **mine).select_related("product", "intake").order_by("-date", "-pk")


def item_sources(position: StockPosition, limit: int = 15) -> list[dict[str, Any]]:
    """The newest facts of the item, superseded ones too: what was reported, by which intake and row."""
    mine = {"institution_id": position.institution_id, "presentation_id": position.presentation_id}
    found: list[tuple[str, StockLevel | Consumption]] = []
    for label, model in (("库存", StockLevel), ("消耗", Consumption)):
        rows = model._default_manager.filter(**mine).select_related("intake", "superseded_by")
        found += [(label, row) for row in rows.order_by("-date", "-pk")[:limit]]
    found.sort(key=lambda one: (one[1].date, one[1].pk), reverse=True)
    return [{"label": label, "fact": fact} for label, fact in found[:limit]]


def item_alert(position: StockPosition) -> Alert | None:
    mine = {"institution_id": position.institution_id, "presentation_id": position.presentation_id}
    return Alert.objects.filter(LIVE, **mine).first()


def intakes(scope: Scope) -> QuerySet[Intake]:
    """Imports in reach: of the whole alliance, or those that touch no other institution than one's own."""
    rows = (
        Intake.objects.filter(alliance=scope.alliance)
        .exclude(source=Intake.Source.TRANSFER)
        .select_related("by", "undone_by", "upload")
    )
    if not scope.whole_alliance:
        rows = rows.filter(institutions__in=scope.institution_ids).distinct()
        others = Intake.institutions.through.objects.filter(intake=OuterRef("pk")).exclude(
            institution__in=scope.institution_ids
        )
        rows = rows.exclude(pk__in=Subquery(others.values("intake")))
    return rows.defer("upload__content")


def received(institution_ids: frozenset[int]) -> dict[tuple[int, str], Feed]:
    """Per institution and kind how far the data reaches and when it last came in."""
    return {(feed.institution_id, feed.kind): feed for feed in Feed.objects.filter(institution__in=institution_ids)}
