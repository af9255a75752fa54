"""The demonstration county in small, and what stands around a journey: the list before it, the night, the worker."""

import datetime as dt
import io
import threading

from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from fixtures import tables
from formulary.actions import jobs, versions
from formulary.models import Alliance, Job, Person, Presentation
from formulary.queries import version_in_force
from formulary.queries.version_checks import obstacles
from procurement.actions.demo import load_demo
from shortage.actions.watch import watch


def small_county(*codes, sites=5, every=40):
    """The first institutions of the county with the named drugs and one in `every` of the others, watched up to yesterday."""
    files, yesterday = tables.load(), timezone.localdate() - dt.timedelta(days=1)
    drugs = tuple(drug for at, drug in enumerate(files.drugs) if drug.code in codes or at % every == 0)
    kept = {drug.code for drug in drugs}
    wares = tuple(ware for ware in files.wares if ware.drug in kept)
    small = tables.Files(files.sites[:sites], drugs, wares, files.firms, files.troubles)
    list(load_demo(as_of=yesterday, by=None, now=timezone.now(), files=small))
    alliance = Alliance.objects.get()
    night(alliance)
    return alliance


def whole_night():
    """Everything the timer starts at night, suggestions and 基药 shares included."""
    call_command("watch", stdout=io.StringIO())


def night(alliance):
    """What of the night a journey needs most: forecasts, risks and alerts."""
    watch(alliance, timezone.localdate() - dt.timedelta(days=1), by=None, now=timezone.now())


def not_yet_listed(alliance, *codes):
    """The list as it stood before anybody asked for these drugs: yesterday's version, and the night after it."""
    yesterday = timezone.now() - dt.timedelta(days=1)
    who, day = {"by": Person.objects.get(username="mishu"), "now": yesterday}, timezone.localdate(yesterday)
    draft = versions.draft_correction(version_in_force(alliance, day), wrong="尚未评审", effective_from=day, **who)
    for drug in Presentation.objects.filter(code__in=codes):
        versions.amend(draft, drug.pk, None, reason="尚未评审", **who)
    for one in obstacles(draft).findings:
        if one.blocks:
            versions.except_finding(draft, one.key, "评审前的目录", **who)
    versions.publish(draft, **who)
    night(alliance)


def do_what_waits():
    """One worker doing what is queued, as `manage.py work --batch` does."""

    def run():
        for job in Job.objects.filter(state="queued"):
            jobs.perform(job.pk)
        connection.close()

    worker = threading.Thread(target=run)
    worker.start()
    worker.join(timeout=120)
