"""The lines of 报量: filled from forecast, stock and last year's use, in bulk; counted after each change."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from typing import Any

from django.db.models import Count, F, Q, Sum

from formulary.models import FormularyVersion, Institution
from formulary.queries import levels_open_to
from procurement.models import Commitment, NeedLine, NeedReport, PurchaseRound
from procurement.rules import needs
from procurement.rules.needs import Limits
from procurement.rules.settings import Settings
from shortage.models import CURRENT, Consumption
from shortage.queries import need

YEAR = 365
BATCH = 2000


def fill(row: PurchaseRound, version: FormularyVersion) -> int:
    """Makes a report per active institution with a line per 品规 it may use and has a forecast of. Returns the lines.

    Quantity = the forecast of the period. In a round for a tender only the drugs that have agreed volume in it.
    """
    whole = _by_item(row, (row.period_end - row.as_of).days)
    lead = _by_item(row, (row.period_start - row.as_of).days - 1)
    open_to = dict(version.entries.filter(presentation__active=True).values_list("presentation_id", "lowest_level"))
    if row.tender is not None:
        agreed = set(Commitment.objects.filter(tender=row.tender).values_list("product__presentation_id", flat=True))
        open_to = {drug: level for drug, level in open_to.items() if drug in agreed}
    limits, total = limits_of(row), 0
    for site in row.alliance.institutions.filter(active=True).order_by("code"):
        usable = set(levels_open_to(site.level))
        mine = {drug: item for drug, item in whole.get(site.pk, {}).items() if open_to.get(drug) in usable}
        if not mine:
            continue
        report = NeedReport.objects.create(round=row, institution=site)
        used = _used(site, row.as_of)
        early = lead.get(site.pk, {})
        lines = [
            _line(report, drug, item, early.get(drug), used.get(drug, 0), row, limits) for drug, item in mine.items()
        ]
        NeedLine.objects.bulk_create(lines, batch_size=BATCH)
        recount([report.pk])
        total += len(lines)
    return total


def limits_of(row: PurchaseRound) -> Limits:
    """The limits that held when the round was opened."""
    return Settings(row.limits).limits()


def judge(line: NeedLine, row: PurchaseRound, limits: Limits) -> str:
    codes = needs.asks(line.quantity, forecast=line.forecast, used_12m=line.used_12m, days=row.days, limits=limits)
    return ",".join(codes)


def assume_forecast(report_ids: Collection[int]) -> None:
    """What an institution did not report is its forecast, without asking for reasons."""
    NeedLine.objects.filter(report__in=report_ids).update(quantity=F("forecast"), asks="", reason="")
    recount(report_ids)


def recount(report_ids: Iterable[int]) -> None:
    """Brings the counters of the reports in line with their lines."""
    ids = list(report_ids)
    counts = {
        found["report"]: found
        for found in NeedLine.objects.filter(report__in=ids)
        .order_by()
        .values("report")
        .annotate(
            lines=Count("pk"),
            changed=Count("pk", filter=~Q(quantity=F("forecast"))),
            asked=Count("pk", filter=~Q(asks="")),
            bare=Count("pk", filter=~Q(asks="") & Q(reason="")),
        )
    }
    reports = list(NeedReport.objects.filter(pk__in=ids))
    for report in reports:
        found = counts.get(report.pk, {"lines": 0, "changed": 0, "asked": 0, "bare": 0})
        report.lines_count, report.changed = found["lines"], found["changed"]
        report.asked, report.unexplained = found["asked"], found["bare"]
    NeedReport.objects.bulk_update(reports, ["lines_count", "changed", "asked", "unexplained"])


def _line(
    report: NeedReport,
    drug: int,
    item: dict[str, Any],
    early: dict[str, Any] | None,
    used: int,
    row: PurchaseRound,
    limits: Limits,
) -> NeedLine:
    before = early["demand"] if early else 0
    forecast = max(0, item["demand"] - before)
    line = NeedLine(
        report=report,
        presentation_id=drug,
        forecast=forecast,
        before=before,
        used_12m=used,
        safety=item["safety_stock"],
        stock=item["usable_stock"],
        on_order=item["on_order"],
        ordered=item["ordered"],
        quantity=forecast,
    )
    line.asks = judge(line, row, limits)
    return line


def _by_item(row: PurchaseRound, days: int) -> dict[int, dict[int, dict[str, Any]]]:
    """Need of the `days` after as_of, by institution and 品规."""
    if days <= 0:
        return {}
    frame = need(row.alliance, row.as_of, days)
    found: dict[int, dict[int, dict[str, Any]]] = {}
    columns = ["demand", "safety_stock", "usable_stock", "on_order", "ordered"]
    for site, drug, *values in frame[["institution", "presentation", *columns]].itertuples(index=False):
        found.setdefault(int(site), {})[int(drug)] = dict(zip(columns, (int(x) for x in values), strict=True))
    return found


def _used(site: Institution, as_of: dt.date) -> dict[int, int]:
    since = as_of - dt.timedelta(days=YEAR)
    rows = Consumption.objects.filter(CURRENT, institution=site, date__gt=since, date__lte=as_of)
    return dict(rows.order_by().values_list("presentation_id").annotate(Sum("quantity")))
