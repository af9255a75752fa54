"""The plan by which institutions use up what a version removed, and their word on it."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from formulary.actions.history import record
from formulary.models import FormularyVersion, Institution, Person, RunDown, VersionChange
from formulary.queries import evidence, rule_value
from formulary.rules.rates import daily_use
from formulary.rules.run_down import Holding, plan

RATE_MONTHS = 3
"""Default of the rule value run_down.rate_months."""
THOUSANDTH = Decimal("0.001")


class RunDownRefused(Exception):
    """This row cannot be confirmed by this person, or is confirmed already."""


def plan_run_down(version: FormularyVersion, *, now: dt.datetime) -> list[RunDown]:
    """One row for each institution that holds a removed drug, from stock and use as of today. Confirmed rows stay."""
    alliance, today = version.alliance, timezone.localdate(now)
    removed = list(version.changes.filter(kind=VersionChange.Kind.REMOVED).values_list("presentation", flat=True))
    if not removed or version.effective_from is None:
        return []
    months = int(rule_value("run_down.rate_months", alliance=alliance, on=today, default=RATE_MONTHS))
    rates = daily_use(evidence.use(alliance, removed, today, months=months), today, months=months)
    sites = {site.pk: site for site in alliance.institutions.filter(active=True)}
    held = {(row.institution, row.presentation): row for row in evidence.stock(alliance, removed, today)}
    holdings = []
    for key in sorted({*held, *rates}):
        site, row = sites.get(key[0]), held.get(key)
        if site is not None:
            quantity, soonest = (row.quantity, row.soonest) if row else (0, None)
            as_of = row.as_of if row else today
            rate = rates.get(key, Decimal(0))
            holdings.append(Holding(site.pk, key[1], quantity, rate, soonest, as_of, site.review_days))
    steps = plan(holdings, effective=version.effective_from)
    with transaction.atomic():
        version.run_downs.filter(confirmed_at=None).delete()
        kept = set(version.run_downs.values_list("institution", "presentation"))
        rows = [
            RunDown(
                version=version,
                institution_id=step.holding.institution,
                presentation_id=step.holding.presentation,
                as_of=step.holding.as_of,
                quantity=step.holding.quantity,
                daily_use=step.holding.daily_use.quantize(THOUSANDTH),
                cover_days=step.cover_days,
                last_order_on=step.last_order_on,
                expires_on=step.holding.expires,
                use_up=step.use_up,
                transfer=step.transfer,
                transfer_to_id=step.transfer_to,
                give_back=step.give_back,
            )
            for step in steps
            if (step.holding.institution, step.holding.presentation) not in kept
        ]
        RunDown.objects.bulk_create(rows)
    return rows


def replan(version: FormularyVersion, *, by: Person, now: dt.datetime) -> int:
    """Plans anew from today's stock; what institutions have confirmed stays as it is."""
    with transaction.atomic():
        rows = plan_run_down(version, now=now)
        record("更新消化计划", version, alliance=version.alliance, by=by, now=now, data={"rows": len(rows)})
    return len(rows)


def confirm(row: RunDown, *, institution: Institution, note: str, by: Person, now: dt.datetime) -> RunDown:
    """The institution says that it will do so (or in `note` what it does instead). Raises RunDownRefused."""
    if row.institution_id != institution.pk:
        raise RunDownRefused("只能确认本机构的消化计划")
    with transaction.atomic():
        fields = {"confirmed_by": by, "confirmed_at": now, "note": note.strip()[:200]}
        if not RunDown.objects.filter(pk=row.pk, confirmed_at=None).update(**fields):
            raise RunDownRefused("此项已确认")
        data = {"version": row.version.number, "drug": row.presentation.code, "note": note.strip()}
        record("确认消化计划", row, alliance=institution.alliance, by=by, now=now, data=data)
    row.refresh_from_db()
    return row
