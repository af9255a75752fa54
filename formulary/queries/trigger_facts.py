"""What the triggers look at, read from the database: the bridge to formulary.rules.triggers. A fixed number of queries."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import fields

from django.db.models import Max, Min
from django.utils import timezone

from formulary.models import (
    Adjustment,
    Alliance,
    DrugRequest,
    FormularyEntry,
    Institution,
    ListEdition,
    ListKind,
    Presentation,
    Product,
    VersionChange,
)
from formulary.queries import evidence
from formulary.queries.rule_values import values
from formulary.queries.status import drug_statuses, links_in_force
from formulary.queries.versions import version_in_force
from formulary.rules.adjustment_life import OVER, Kind, State
from formulary.rules.evidence import PriceRow
from formulary.rules.lists.sections import BESIDE
from formulary.rules.request_life import State as RequestState
from formulary.rules.status import DrugStatus
from formulary.rules.triggers import Demand, Drug, Edition, Row, Thresholds, View

DAY = dt.timedelta(days=1)
MONTHS = 12
COMPARED = (ListKind.NEML.value, ListKind.NRDL.value)
Looked = tuple[Edition, dt.date, dt.date | None]


def thresholds(alliance: Alliance, on: dt.date) -> Thresholds:
    """Rule values `trigger.<field>` on a day, the alliance's own before the common ones."""
    found = values(alliance, "trigger.", on)
    names = [field.name for field in fields(Thresholds)]
    return Thresholds(**{name: int(found[f"trigger.{name}"]) for name in names if f"trigger.{name}" in found})


def view(alliance: Alliance, on: dt.date) -> View:
    """Everything on one day. An edition that begins soon is looked at before it does, so that the committee has time."""
    limits = thresholds(alliance, on)
    looked = _looked_at(on, limits.ahead_days)
    use, lead_use, known = _use(alliance, on)
    asked = _asked(alliance)
    return View(
        on=on,
        drugs=_drugs(alliance, on, looked, use, lead_use),
        thresholds=limits,
        editions={kind: edition for kind, (edition, _, _) in looked.items()},
        rows={kind: _rows(kind, when) for kind, (_, when, _) in looked.items()} | {"recall": _rows("recall", on)},
        rows_before={kind: _rows(kind, day) for kind, (_, _, day) in looked.items() if day and kind in COMPARED},
        prices=_prices(alliance, on),
        demands=_demands(alliance, on, limits.demand_days),
        known_months=known,
        asked=frozenset((kind, drug) for kind, drug, _ in asked),
        asked_medicines=frozenset(medicine for kind, _, medicine in asked if kind == Kind.ADD),
    )


def _asked(alliance: Alliance) -> list[tuple[str, int, int]]:
    """(kind, presentation, medicine) of every application that was handed in and is not over. A replacement both adds and
    removes; a draft asks for nothing yet."""
    rows = Adjustment.objects.filter(alliance=alliance, presentation__isnull=False)
    rows = rows.exclude(state__in=[*OVER, State.DRAFT]).exclude(kind=Kind.EMERGENCY)
    found: list[tuple[str, int, int]] = []
    fields = ("kind", "presentation_id", "presentation__medicine_id", "drops_id", "drops__medicine_id")
    for kind, drug, medicine, drops, dropped in rows.values_list(*fields):
        if drug is not None:
            found.append((Kind.ADD if kind == Kind.REPLACE else Kind(kind), drug, medicine))
        if drops is not None and dropped is not None:
            found.append((Kind.REMOVE, drops, dropped))
    return found


def _looked_at(on: dt.date, ahead: int) -> dict[str, Looked]:
    """By list kind: the newest edition that has begun or begins soon, the day to ask it on, and the last day of the edition
    before (None when there is none)."""
    found: dict[str, Looked] = {}
    running = ListEdition.objects.filter(official=True, valid_from__lte=on + dt.timedelta(days=ahead))
    by_kind: dict[str, list[ListEdition]] = defaultdict(list)
    for edition in running.filter(kind__in=(*COMPARED, ListKind.MONITORED)).order_by("-valid_from", "-pk"):
        if set(edition.sections) - BESIDE and (edition.valid_to is None or edition.valid_to >= edition.valid_from):
            by_kind[edition.kind].append(edition)
    for kind, (newest, *older) in by_kind.items():
        before = next((one for one in older if one.valid_from < newest.valid_from), None)
        day = min(newest.valid_from - DAY, before.valid_to or dt.date.max) if before else None
        told = Edition(newest.edition, newest.document, newest.valid_from, before.edition if before else "")
        found[kind] = (told, max(on, newest.valid_from), day)
    return found


def _drugs(
    alliance: Alliance,
    on: dt.date,
    looked: Mapping[str, Looked],
    use: Mapping[int, tuple[int, ...]],
    lead_use: Mapping[int, tuple[int, ...]],
) -> dict[int, Drug]:
    presentations = list(Presentation.objects.filter(active=True).select_related("medicine"))
    at = {on, *(day for _, when, before in looked.values() for day in (when, before) if day)}
    statuses = {day: drug_statuses(presentations, day, region=alliance.province) for day in at}
    levels, since = _entries(alliance, on)
    makers: dict[int, list[str]] = defaultdict(list)
    for drug, maker in Product.objects.filter(active=True).order_by("pk").values_list("presentation_id", "maker"):
        makers[drug].append(maker)
    return {
        row.pk: Drug(
            pk=row.pk,
            medicine=row.medicine_id,
            name=str(row),
            unit=row.unit,
            strength=row.strength,
            spec_group=row.spec_group,
            therapeutic_class=row.therapeutic_class,
            status=_status(row.pk, on, looked, statuses),
            before={kind: statuses[day][row.pk] for kind, (_, _, day) in looked.items() if day and kind in COMPARED},
            level=levels.get(row.pk, ""),
            since=since.get(row.pk),
            is_chronic=row.is_chronic,
            is_emergency=row.is_emergency,
            makers=tuple(dict.fromkeys(makers[row.pk])),
            use=use.get(row.pk, ()),
            lead_use=lead_use.get(row.pk, ()),
        )
        for row in presentations
    }


def _status(
    drug: int, on: dt.date, looked: Mapping[str, Looked], statuses: Mapping[dt.date, Mapping[int, DrugStatus]]
) -> DrugStatus:
    """Each list on the day it is looked at; tenders, shortage lists and recalls today."""
    today = statuses[on][drug]

    def of(kind: str) -> DrugStatus:
        return statuses[looked[kind][1]][drug] if kind in looked else today

    return DrugStatus(
        essential=of(ListKind.NEML).essential,
        insurance=of(ListKind.NRDL).insurance,
        wins=today.wins,
        shortage=today.shortage,
        monitored=of(ListKind.MONITORED).monitored,
        recalls=today.recalls,
    )


def _entries(alliance: Alliance, on: dt.date) -> tuple[dict[int, str], dict[int, dt.date]]:
    """Of the version in force: lowest level by presentation, and since when it is in the list without a break."""
    version = version_in_force(alliance, on)
    if version is None:
        return {}, {}
    levels = dict(version.entries.order_by().values_list("presentation_id", "lowest_level"))
    published = {"version__alliance": alliance, "version__published_at__isnull": False}
    began = FormularyEntry.objects.filter(version__effective_from__lte=on, **published).order_by()
    since = dict(began.values_list("presentation_id").annotate(Min("version__effective_from")))
    again = VersionChange.objects.filter(kind=VersionChange.Kind.ADDED, version__effective_from__lte=on, **published)
    for drug, day in again.order_by().values_list("presentation_id").annotate(Max("version__effective_from")):
        since[drug] = max(since.get(drug, day), day)
    return levels, {drug: day for drug, day in since.items() if drug in levels}


def _rows(kind: str, on: dt.date) -> dict[int, list[Row]]:
    """The rows of a list in force on a day, by the 品种 they speak of."""
    found: dict[int, list[Row]] = defaultdict(list)
    links = links_in_force(on, [kind]).filter(medicine__isnull=False, entry__edition__official=True)
    if kind == ListKind.RECALL:
        links = links_in_force(on, [kind]).filter(medicine__isnull=False)
    for link in links.select_related("entry__edition", "medicine").order_by("entry__row", "pk"):
        entry, medicine = link.entry, link.medicine
        if medicine is None or entry.section in BESIDE:
            continue
        found[medicine.pk].append(
            Row(
                entry=entry.pk,
                medicine=medicine.pk,
                medicine_name=medicine.name,
                name=entry.name,
                form=link.form or entry.form,
                strengths=tuple(link.strengths),
                category=entry.category,
                company=entry.company,
                edition=entry.edition.edition,
                document=entry.edition.document,
                valid_from=entry.edition.valid_from,
                valid_to=entry.valid_to or entry.edition.valid_to,
                attributes=entry.attributes,
                strength=entry.strength,
                official=entry.edition.official,
            )
        )
    return dict(found)


def _use(alliance: Alliance, on: dt.date) -> tuple[dict[int, tuple[int, ...]], dict[int, tuple[int, ...]], int]:
    """Units in each of the last full months (the latest first) in the alliance and at its lead hospital, and how many full
    months there is any data for."""
    lead = Institution.objects.filter(alliance=alliance, is_lead=True).values_list("pk", flat=True).first()
    now = on.year * 12 + on.month
    rows = [
        (row, now - 1 - (row.month.year * 12 + row.month.month))
        for row in evidence.use(alliance, None, on, months=MONTHS)
    ]
    known = max((ago + 1 for row, ago in rows if row.quantity), default=0)
    totals = _by_drug(((row.presentation, ago, row.quantity) for row, ago in rows), known)
    at_lead = _by_drug(((row.presentation, ago, row.quantity) for row, ago in rows if row.institution == lead), known)
    return totals, at_lead, known


def _by_drug(rows: Iterable[tuple[int, int, int]], months: int) -> dict[int, tuple[int, ...]]:
    found: dict[int, list[int]] = {}
    for drug, ago, quantity in rows:
        if 0 <= ago < months:
            found.setdefault(drug, [0] * months)[ago] += quantity
    return {drug: tuple(units) for drug, units in found.items()}


def _demands(alliance: Alliance, on: dt.date, days: int) -> list[Demand]:
    """缺药登记 of the last days, the same drug together: by 品规, else by 品种, else by the name that was written."""
    since = timezone.make_aware(dt.datetime.combine(on - dt.timedelta(days=days), dt.time.min))
    until = timezone.make_aware(dt.datetime.combine(on + DAY, dt.time.min))
    rows = DrugRequest.objects.filter(alliance=alliance, created_at__gte=since, created_at__lt=until)
    grouped: dict[tuple[int | None, int | None, str], list[DrugRequest]] = defaultdict(list)
    for row in rows.exclude(state=RequestState.CANCELLED).select_related("institution").order_by("pk"):
        known = bool(row.presentation_id or row.medicine_id)
        key = (row.presentation_id, None if row.presentation_id else row.medicine_id, "" if known else row.name)
        grouped[key].append(row)
    return [
        Demand(
            presentation=drug,
            medicine=medicine,
            name=str(same[0]),
            places=tuple(dict.fromkeys(row.institution.short_name for row in same)),
            times=len(same),
            quantity=sum(row.quantity for row in same),
        )
        for (drug, medicine, _), same in grouped.items()
    ]


def _prices(alliance: Alliance, on: dt.date) -> dict[int, list[PriceRow]]:
    found: dict[int, list[PriceRow]] = defaultdict(list)
    for row in evidence.prices(alliance, None, on):
        found[row.presentation].append(row)
    return dict(found)
