"""Telling the institutions of a published version, and their word that they have read it."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from formulary.actions.history import record
from formulary.models import FormularyVersion, Institution, Person, VersionNotice


class NoticeRefused(Exception):
    """This notice cannot be confirmed by this person."""


def send_notices(version: FormularyVersion, *, now: dt.datetime) -> None:
    """One notice for every institution in use; sending again adds only what is missing."""
    sites = version.alliance.institutions.filter(active=True)
    VersionNotice.objects.bulk_create(
        [VersionNotice(version=version, institution=site, sent_at=now) for site in sites], ignore_conflicts=True
    )


def confirm_read(notice: VersionNotice, *, institution: Institution, by: Person, now: dt.datetime) -> VersionNotice:
    """Somebody of the institution has read it; the first confirmation stays. Raises NoticeRefused for another's notice."""
    if notice.institution_id != institution.pk:
        raise NoticeRefused("只能确认本机构的通知")
    with transaction.atomic():
        changed = VersionNotice.objects.filter(pk=notice.pk, read_at=None).update(read_by=by, read_at=now)
        if changed:
            data = {"version": notice.version.number, "institution": institution.code}
            record("阅知目录通知", notice, alliance=institution.alliance, by=by, now=now, data=data)
    notice.refresh_from_db()
    return notice
