"""Long work: what is queued, running and done, with progress, log, result, and a way to stop it.

A handler's result may hold "link" (address of what came out), "facts" ({words: value}) and "faults" (texts); the rest
is shown as it is.
"""

import json

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpResponseNotAllowed
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone

from config.access import Permission, can
from formulary import queries
from formulary.actions import jobs
from formulary.forms import JobFilter
from formulary.views.guards import requires

SHOWN = ("link", "facts", "faults", "traceback")


@requires(Permission.SEE_JOBS)
def job_list(request):
    form = JobFilter(request.GET or None, kinds=queries.job_kinds(request.scope))
    page = Paginator(queries.jobs(request.scope, **form.wanted()), 30).get_page(request.GET.get("page"))
    template = "formulary/_job_rows.html" if request.htmx else "formulary/job_list.html"
    return render(request, template, {"form": form, "page": page})


@requires(Permission.SEE_JOBS)
def job_detail(request, pk):
    job = _job(request, pk)
    context = {"job": job, "crumbs": [("任务", reverse("job_list")), (job.title, None)], **_parts(request, job)}
    return render(request, "formulary/job_detail.html", context)


@requires(Permission.SEE_JOBS)
def job_progress(request, pk):
    """The live part of a job's page; reloads the page when the job is over."""
    job = _job(request, pk)
    response = render(request, "formulary/_job_live.html", {"job": job, **_parts(request, job)})
    if job.is_over:
        response["HX-Refresh"] = "true"
    return response


@requires(Permission.SEE_JOBS)
def job_stop(request, pk):
    """Its owner or an administrator may stop a job."""
    job = _job(request, pk)
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    if not _may_stop(request.user, job):
        raise PermissionDenied("只有发起人和系统管理员可以停止任务")
    try:
        jobs.request_stop(job, by=request.user, now=timezone.now())
    except jobs.JobRefused as refused:
        messages.warning(request, str(refused))
    else:
        messages.info(request, "已请求停止")
    return redirect("job_detail", pk)


def _parts(request, job):
    rest = {key: value for key, value in job.result.items() if key not in SHOWN}
    return {
        "may_stop": _may_stop(request.user, job) and not job.is_over and not job.stop_requested,
        "facts": list(job.result.get("facts", {}).items()),
        "faults": job.result.get("faults", []),
        "rest": json.dumps(rest, ensure_ascii=False, indent=1) if rest else "",
        "params": json.dumps(job.params, ensure_ascii=False, indent=1) if job.params else "",
        "seconds": (job.finished_at - job.started_at).total_seconds() if job.finished_at and job.started_at else None,
    }


def _may_stop(person, job):
    return job.owner_id == person.pk or can(person, Permission.ADMINISTER)


def _job(request, pk):
    job = queries.job_of_scope(request.scope, pk)
    if job is None:
        raise Http404("没有这个任务，或您无权查看")
    return job
