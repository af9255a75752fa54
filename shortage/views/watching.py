"""When the watch last ran, whose data is late, and the button that runs it."""

import datetime as dt

from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from config.access import Permission, can
from formulary.actions import jobs
from formulary.models import Job
from formulary.views.guards import requires
from shortage import queries
from shortage.actions.watch import default_day
from shortage.rules.lifecycle import RESPOND_DAYS

RAISING = {"raise", "escalate", "relapse"}


@requires(Permission.RUN_WATCH)
@require_POST
def watch_start(request):
    """Starts the pass as a job, or leads to the one that is under way."""
    alliance = request.scope.alliance
    running = Job.objects.filter(kind="watch", alliance=alliance, finished_at__isnull=True).first()
    as_of = default_day(alliance, timezone.localdate())
    job = running or jobs.start(
        "watch",
        title=f"每日监测（截至 {as_of}）",
        alliance=alliance,
        params={"as_of": as_of.isoformat()},
        by=request.user,
        now=timezone.now(),
    )
    return redirect(f"{reverse('alert_list')}?job={job.pk}")


@requires(Permission.RUN_WATCH)
def watch_status(request, pk):
    job = get_object_or_404(Job, pk=pk, kind="watch", alliance=request.scope.alliance)
    return render(request, "components/job.html", _job(job))


def _job(job):
    result = {"result_url": reverse("alert_list"), "result_label": "查看预警"}
    return {"job": job, "poll_url": reverse("watch_status", args=[job.pk]), **result}


def state(request):
    """For the list: freshness of the pass and of the feeds in reach, the button, the job under way."""
    alliance = request.scope.alliance
    fresh = queries.freshness(alliance, timezone.localdate(), request.scope.institution_ids)
    context = {"fresh": fresh, "may_watch": can(request.user, Permission.RUN_WATCH)}
    asked = request.GET.get("job", "")
    if context["may_watch"] and asked.isdigit():
        job = Job.objects.filter(pk=asked, kind="watch", alliance=alliance).first()
        context["watch_job"] = _job(job) if job else None
    return context


def deadline(alert, steps):
    """By when an alert should be handled: counted from its last rise; None once it is closed."""
    if alert.state == "closed":
        return None
    risen = next((step["on"] for step in steps if step["verb"] in RAISING), alert.opened_on)
    return risen + dt.timedelta(days=RESPOND_DAYS[alert.level])


def late_words(alert, scope):
    """What to say when the institution's data is late: its numbers are old."""
    fresh = queries.freshness(scope.alliance, timezone.localdate(), frozenset({alert.institution_id}))
    return fresh.late[0].words if fresh.late else ""
