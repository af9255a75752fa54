"""What a new plan would start from: defaults, what the case will contain, and whether its data is fresh."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Q

from formulary.models import Alliance, FormularyVersion
from formulary.queries import rule_value, version_in_force
from procurement.case_facts import budgets_of
from procurement.models import Commitment, Offer
from procurement.rules.periods import budget_of_period
from procurement.rules.plan_settings import DEFAULT_SECONDS, PlanSettings
from shortage.models import Forecast, WatchRun
from shortage.queries import FeedState, feed_states, gives_only, latest_run

NONWINNING_RULE = "plan.nonwinning_ratio"
GROUP_RULE = "plan.group_limit"
PERIOD_DAYS = 30


@dataclass(frozen=True)
class Readiness:
    """Counts of what the case will be built from. `budget` is the institutions' money in the period, in yuan."""

    run: WatchRun | None
    version: FormularyVersion | None
    institutions: int
    drugs: int
    needs: int
    offers: int
    suppliers: int
    commitments: int
    budget: Decimal | None
    without_budget: int
    late: list[FeedState]

    @property
    def ready(self) -> bool:
        return self.run is not None and self.version is not None


def default_settings(alliance: Alliance, *, on: dt.date, time_limit: int | None = None) -> PlanSettings:
    """The dated rules of the alliance, else the general ones; see docs of `PlanSettings`."""
    ratio = rule_value(NONWINNING_RULE, alliance=alliance, on=on, default=1)
    limit = rule_value(GROUP_RULE, alliance=alliance, on=on)
    return PlanSettings(
        time_limit=time_limit or DEFAULT_SECONDS,
        nonwinning_ratio=Decimal(str(ratio)),
        group_limit=None if limit is None else int(limit),
    )


def default_period(alliance: Alliance, *, today: dt.date) -> tuple[dt.date, dt.date]:
    """The 30 days after the newest forecast (without one: after today)."""
    run = latest_run(alliance)
    start = (run.as_of if run else today) + dt.timedelta(days=1)
    return start, start + dt.timedelta(days=PERIOD_DAYS - 1)


def readiness(alliance: Alliance, *, today: dt.date, period: tuple[dt.date, dt.date]) -> Readiness:
    """A look ahead at the case, in a fixed number of queries."""
    run = latest_run(alliance)
    on = run.as_of if run else today
    version = version_in_force(alliance, on)
    buyers = alliance.institutions.filter(active=True).exclude(pk__in=gives_only(alliance))
    sites = dict(buyers.values_list("pk", "short_name"))
    offers = Offer.objects.filter(
        Q(valid_to__isnull=True) | Q(valid_to__gte=on),
        supplier__alliance=alliance,
        supplier__active=True,
        valid_from__lte=on,
    )
    budgets = budgets_of(alliance, on=period[0])
    monthly = [budgets[pk].monthly_amount for pk in sites if pk in budgets]
    known = [amount for amount in monthly if amount is not None]
    agreed = Commitment.objects.filter(
        tender__alliance=alliance, tender__start__lte=period[1], tender__end__gte=period[0]
    )
    return Readiness(
        run=run,
        version=version,
        institutions=len(sites),
        drugs=version.entries.count() if version else 0,
        needs=Forecast.objects.filter(institution__in=sites, as_of=run.as_of).count() if run else 0,
        offers=offers.count(),
        suppliers=offers.order_by().values("supplier").distinct().count(),
        commitments=agreed.count(),
        budget=sum((budget_of_period(amount, *period) for amount in known), Decimal("0.00")) if known else None,
        without_budget=len(sites) - len(known),
        late=[feed for feed in feed_states(alliance, on) if feed.late],
    )
