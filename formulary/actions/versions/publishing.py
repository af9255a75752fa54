"""A draft becomes a version once: published, sealed, its institutions told."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from formulary.actions.adjustments import move
from formulary.actions.history import record
from formulary.actions.notices import send_notices
from formulary.actions.run_down import plan_run_down
from formulary.actions.versions.guards import must_be_draft, must_have_day
from formulary.models import Alliance, FormularyVersion, Person
from formulary.queries.version_checks import obstacles
from formulary.queries.version_lines import codes_of, lines_of
from formulary.rules import versions as rules
from formulary.rules.adjustment_life import Verb
from formulary.rules.versions import VersionRefused


def publish(draft: FormularyVersion, *, by: Person, now: dt.datetime) -> FormularyVersion:
    """Publishes and seals the draft; its applications take effect with it, the institutions are told.

    Raises VersionRefused naming every obstacle: an objection without answer, publicity too short, a hard finding
    without a recorded exception, a draft that is stale.
    """
    with transaction.atomic():
        Alliance.objects.select_for_update().get(pk=draft.alliance_id)
        version = FormularyVersion.objects.select_related("alliance", "based_on").get(pk=draft.pk)
        must_be_draft(version)
        must_have_day(version, now)
        checked = obstacles(version)
        if checked.blocking:
            raise VersionRefused("；".join(checked.blocking))
        changes = list(version.changes.select_related("adjustment"))
        for application in dict.fromkeys(row.adjustment for row in changes if row.adjustment):
            note = f"第 {version.number} 版，{version.effective_from} 起生效"
            move(application, Verb.TAKE_EFFECT, by=by, now=now, note=note)
        version.published_at, version.published_by, version.findings = (
            now,
            by,
            [one.as_stored() for one in checked.findings],
        )
        version.save(update_fields=["published_at", "published_by", "findings"])
        freeze(version)
        data = {
            "number": version.number,
            "effective_from": version.effective_from,
            "entries": version.entries.count(),
            "changes": len(changes),
            "seal": version.seal,
        }
        record("发布用药目录", version, alliance=version.alliance, by=by, now=now, data=data)
        send_notices(version, now=now)
        plan_run_down(version, now=now)
    draft.refresh_from_db()
    return draft


def freeze(version: FormularyVersion) -> None:
    """Writes the seal of a published version; from then on the database refuses every change to it."""
    if version.effective_from is None:
        raise VersionRefused("没有生效日的版本不能封存")
    lines = lines_of(version)
    codes = codes_of(lines)
    version.seal = rules.seal(version.number, version.effective_from, {codes[key]: lines[key] for key in lines})
    version.save(update_fields=["seal"])
