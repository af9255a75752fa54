"""短缺直报: drafted from data, corrected, marked as handed in. The draft counts as a measure on its alert."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from django.db import transaction
from django.utils import timezone

from formulary.actions.history import record
from formulary.models import Person
from shortage.actions import relief
from shortage.models import Alert, DirectReport, Disposition
from shortage.queries.dossier import dossier
from shortage.queries.options import choices
from shortage.queries.reports import filled
from shortage.rules import report_form


class ReportClosed(Exception):
    """A report that was handed in is never changed."""


def draft(alert: Alert, *, by: Person, now: dt.datetime) -> DirectReport:
    """The alert's draft: the one that is there, or a new one filled from data."""
    on = timezone.localdate(now)
    with transaction.atomic():
        there = DirectReport.objects.filter(alert=alert, state=DirectReport.State.DRAFT).first()
        if there is not None:
            return there
        values = filled(alert, dossier(alert), choices(alert, on), by, on)
        made = DirectReport.objects.create(alert=alert, values=values, made_by=by, made_at=now)
        relief.start(alert, Disposition.Kind.REPORT, f"{values['kind']}，{values['grade']}", by=by, now=now)
        record("起草短缺直报", made, alliance=alert.institution.alliance, by=by, now=now, data=values)
    return made


def correct(report: DirectReport, values: Mapping[str, str], *, by: Person, now: dt.datetime) -> DirectReport:
    """Writes what the person typed; fields not given stay. Raises ReportClosed."""
    with transaction.atomic():
        row = _draft(report)
        known = {field.name for field in report_form.FIELDS}
        row.values = row.values | {name: str(text).strip()[:500] for name, text in values.items() if name in known}
        row.save(update_fields=["values"])
        record("修改短缺直报", row, alliance=row.alert.institution.alliance, by=by, now=now, data=row.values)
    return row


def send(report: DirectReport, *, by: Person, now: dt.datetime) -> DirectReport:
    """Marks it as handed in on the reporting platform, which has no interface. Raises ReportIncomplete, ReportClosed."""
    with transaction.atomic():
        row = _draft(report)
        report_form.check(row.values)
        row.state, row.sent_by, row.sent_at = DirectReport.State.SENT, by, now
        row.save()
        record("上报短缺", row, alliance=row.alert.institution.alliance, by=by, now=now, data=row.values)
        measure = row.alert.dispositions.filter(kind=Disposition.Kind.REPORT, state=Disposition.State.STARTED).first()
        if measure is not None:
            relief.finish(measure, f"{timezone.localtime(now):%m-%d %H:%M} 已上报", worked=True, by=by, now=now)
    return row


def _draft(report: DirectReport) -> DirectReport:
    row = (
        DirectReport.objects.select_for_update(of=("self",))
        .select_related("alert__institution__alliance")
        .get(pk=report.pk)
    )
    if row.state != DirectReport.State.DRAFT:
        raise ReportClosed("已上报的直报不能再改；情况有变请另起一份")
    return row
