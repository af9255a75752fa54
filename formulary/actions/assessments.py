"""Computes the 基药 shares of a quarter and keeps them; takes in prescription counts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal

from django.db import transaction

from formulary.actions.history import record
from formulary.models import (
    Alliance,
    AssessmentFigure,
    AssessmentRun,
    Holding,
    Institution,
    ListKind,
    Person,
    PrescriptionCount,
    Presentation,
    Product,
)
from formulary.queries import evidence
from formulary.queries.rule_values import values
from formulary.queries.status import drug_statuses, editions_in_force
from formulary.rules import prescriptions
from formulary.rules.assessment import (
    MINIMAL,
    PATIENT_DAYS,
    Figure,
    Item,
    Ratio,
    Terms,
    excluded,
    figures,
    quarter_end,
    quarter_of,
)

BATCH = 1000
TREND = 5


def terms_on(alliance: Alliance, on: dt.date) -> Terms:
    """Rule values neml.unit and neml.exclude on a day."""
    found = values(alliance, "neml.", on)
    unit = str(found.get("neml.unit", MINIMAL))
    words = found.get("neml.exclude", list(Terms().exclude))
    return Terms(unit if unit == PATIENT_DAYS else MINIMAL, tuple(str(word) for word in words))


def assess(
    alliance: Alliance, quarter: dt.date, *, today: dt.date, by: Person | None, now: dt.datetime
) -> AssessmentRun:
    """Computes one quarter from use, purchases and stock, with the lists of its last day (today while it runs). Computing the
    same facts again gives the same figures."""
    until = min(quarter_end(quarter), today)
    terms = terms_on(alliance, until)
    sites = list(alliance.institutions.filter(active=True).order_by("pk").values_list("pk", flat=True))
    months = until.month - quarter.month
    use = [row for row in evidence.use(alliance, None, until, months=months, institutions=sites) if row.quantity]
    bought = evidence.purchases(alliance, None, until, months=months, institutions=sites)
    held: dict[int, set[int]] = {site: set() for site in sites}
    for used in use:
        held[used.institution].add(used.presentation)
    for goods in bought:
        held[goods.institution].add(goods.presentation)
    if until == today:
        for shelf in evidence.stock(alliance, None, today):
            if shelf.quantity and shelf.institution in held:
                held[shelf.institution].add(shelf.presentation)
    items = _items(alliance, set().union(*held.values()), until, terms)
    # Without an edition in force nothing was 基药 on paper; a share of nought would be a lie about the institutions.
    shares = figures(items, held, use, bought, terms) if editions_in_force(until, [ListKind.NEML]) else []
    found = [*shares, *_prescribed(sites, quarter)]
    with transaction.atomic():
        run = _replace(alliance, quarter, until, terms, items, now)
        AssessmentFigure.objects.bulk_create((_row(run, one) for one in found if one.total), batch_size=BATCH)
        Holding.objects.bulk_create(
            (Holding(run=run, institution_id=site, presentations=sorted(drugs)) for site, drugs in held.items()),
            batch_size=BATCH,
        )
        if by is not None:
            record(
                "计算基药考核", run, alliance=alliance, by=by, now=now, data={"季度": str(quarter), "截至": str(until)}
            )
    return run


def assess_recent(alliance: Alliance, *, today: dt.date, now: dt.datetime) -> list[AssessmentRun]:
    """The running quarter and the one before, and earlier ones of the trend that were never computed."""
    quarters = [quarter_of(today)]
    while len(quarters) < TREND:
        quarters.append(quarter_of(quarters[-1] - dt.timedelta(days=1)))
    known = set(AssessmentRun.objects.filter(alliance=alliance).values_list("quarter", flat=True))
    wanted = [quarter for place, quarter in enumerate(quarters) if place < 2 or quarter not in known]
    return [assess(alliance, quarter, today=today, by=None, now=now) for quarter in wanted]


def import_prescriptions(
    alliance: Alliance, source: bytes, *, name: str, reach: Sequence[int], by: Person, now: dt.datetime
) -> int:
    """Writes the counts of a file, replacing those of the same institution and quarter; returns how many rows it held.

    reach: institutions the person speaks for. Raises DataRefused with every fault; then nothing is written.
    """
    sites = dict(Institution.objects.filter(alliance=alliance, active=True).order_by().values_list("code", "pk"))
    rows = prescriptions.read(source, name=name, institutions=sites, reach=frozenset(reach))
    with transaction.atomic():
        PrescriptionCount.objects.bulk_create(
            (
                PrescriptionCount(
                    institution_id=row.institution, quarter=row.quarter, essential=row.essential, total=row.total,
                    source=name[:200], by=by, at=now,
                )
                for row in rows
            ),
            update_conflicts=True,
            unique_fields=["institution", "quarter"],
            update_fields=["essential", "total", "source", "by", "at"],
        )  # fmt: skip
        for quarter in sorted({row.quarter for row in rows}):
            run = AssessmentRun.objects.filter(alliance=alliance, quarter=quarter).first()
            if run is not None:
                _renew_prescriptions(run)
        data = {"文件": name, "行": [[row.institution, str(row.quarter), row.essential, row.total] for row in rows]}
        record("导入处方数", alliance, alliance=alliance, by=by, now=now, data=data)
    return len(rows)


def _renew_prescriptions(run: AssessmentRun) -> None:
    run.figures.filter(ratio=Ratio.PRESCRIPTIONS).delete()
    sites = list(run.alliance.institutions.filter(active=True).values_list("pk", flat=True))
    AssessmentFigure.objects.bulk_create(_row(run, one) for one in _prescribed(sites, run.quarter))


def _prescribed(sites: Sequence[int], quarter: dt.date) -> list[Figure]:
    rows = list(PrescriptionCount.objects.filter(institution__in=sites, quarter=quarter))
    found = [
        Figure(row.institution_id, Ratio.PRESCRIPTIONS, Decimal(row.essential), Decimal(row.total)) for row in rows
    ]
    if rows:
        part, whole = sum(row.essential for row in rows), sum(row.total for row in rows)
        found.append(Figure(None, Ratio.PRESCRIPTIONS, Decimal(part), Decimal(whole)))
    return found


def _items(alliance: Alliance, drugs: set[int], on: dt.date, terms: Terms) -> dict[int, Item]:
    rows = [row for row in Presentation.objects.select_related("medicine") if row.pk in drugs]
    statuses = drug_statuses(rows, on, region=alliance.province)
    approvals: dict[int, str] = {}
    for drug, number in Product.objects.exclude(approval_number="").values_list("presentation_id", "approval_number"):
        approvals[drug] = f"{approvals.get(drug, '')} {number}"
    return {
        row.pk: Item(
            row.medicine_id,
            row.daily_dose,
            statuses[row.pk].is_essential,
            not excluded(
                terms.exclude, row.form, row.therapeutic_class, row.medicine.form_group, approvals.get(row.pk, "")
            ),
        )
        for row in rows
    }


def _replace(
    alliance: Alliance, quarter: dt.date, until: dt.date, terms: Terms, items: dict[int, Item], now: dt.datetime
) -> AssessmentRun:
    editions = editions_in_force(until, [ListKind.NEML])
    fields = {
        "until": until,
        "computed_at": now,
        "edition": "、".join(edition.edition for edition in editions)[:60],
        "terms": {"unit": terms.unit, "exclude": list(terms.exclude)},
        "essential": sorted(pk for pk, item in items.items() if item.essential and item.counts),
        "excluded": sorted(pk for pk, item in items.items() if not item.counts),
        "winners": sorted(
            {row.presentation for row in evidence.prices(alliance, None, until) if row.vbp == "中选"} & items.keys()
        ),
    }
    run, _ = AssessmentRun.objects.update_or_create(alliance=alliance, quarter=quarter, defaults=fields)
    run.figures.all().delete()
    run.holdings.all().delete()
    return run


def _row(run: AssessmentRun, one: Figure) -> AssessmentFigure:
    return AssessmentFigure(
        run=run,
        institution_id=one.institution,
        ratio=one.ratio,
        essential=one.essential,
        total=one.total,
        unpriced=one.unpriced,
    )
