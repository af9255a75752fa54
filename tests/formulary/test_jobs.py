"""A job is a row: queued, claimed once, reported on, taken up again when its worker dies."""

import datetime as dt

import pytest
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from config.access import Role
from formulary.actions import jobs
from formulary.models import Event, Job, JobState
from tests.conftest import NOW


def count_to_three(run):
    for step in (1, 2, 3):
        run.report(step * 30, f"第 {step} 步")
    return {"sum": sum(run.params["numbers"])}


def fail(run):
    raise RuntimeError("没有墨水")


def lose(run):
    Job.objects.filter(pk=run.job.pk).update(attempt=9)
    run.report(50, "已被接手")


@pytest.fixture
def start(world, settings, django_capture_on_commit_callbacks):
    settings.JOBS = {name: f"tests.formulary.test_jobs.{name}" for name in ("count_to_three", "fail", "lose")}

    def _start(kind):
        with django_capture_on_commit_callbacks(execute=True):
            return jobs.start(
                kind,
                title="数数",
                alliance=world.alliance,
                params={"numbers": [1, 2]},
                by=world.people[Role.PROCUREMENT],
                now=NOW,
            )

    return _start


def test_started_job_waits_in_the_queue(start):
    job = start("count_to_three")
    assert (job.state, DBTaskResult.objects.count()) == (JobState.QUEUED, 1)


def test_unknown_kind_is_refused(start):
    with pytest.raises(jobs.JobRefused, match="没有名为"):
        start("nonsense")


def test_job_keeps_its_progress_log_and_result(start):
    job = start("count_to_three")
    assert jobs.perform(job.pk) == "done"
    job.refresh_from_db()
    assert (job.progress, job.result, job.log.count("步")) == (100, {"sum": 3}, 3)
    assert list(Event.objects.order_by("number").values_list("verb", flat=True)) == ["发起任务", "任务已完成"]


def test_job_is_claimed_only_once(start):
    job = start("count_to_three")
    assert [jobs.perform(job.pk), jobs.perform(job.pk)] == ["done", ""]


def test_failed_job_says_why(start):
    job = start("fail")
    assert jobs.perform(job.pk) == "failed"
    job.refresh_from_db()
    assert "没有墨水" in job.note


def test_run_that_lost_its_job_writes_nothing_more(start):
    job = start("lose")
    assert jobs.perform(job.pk) == ""
    job.refresh_from_db()
    assert (job.state, job.progress) == (JobState.RUNNING, 0)


def test_job_of_a_killed_worker_is_taken_up_again(start):
    job = start("count_to_three")
    old = timezone.now() - dt.timedelta(minutes=5)
    Job.objects.filter(pk=job.pk).update(state=JobState.RUNNING, attempt=1, heartbeat_at=old)
    assert jobs.reap(now=timezone.now()) == 1
    assert jobs.reap(now=timezone.now()) == 0
    assert jobs.perform(job.pk) == "done"


def test_job_that_kills_every_worker_is_given_up(start):
    job = start("count_to_three")
    old = timezone.now() - dt.timedelta(minutes=5)
    Job.objects.filter(pk=job.pk).update(state=JobState.RUNNING, attempt=jobs.MAX_ATTEMPTS, heartbeat_at=old)
    jobs.reap(now=timezone.now())
    job.refresh_from_db()
    assert job.state == JobState.FAILED


def test_queued_job_can_be_stopped_and_an_ended_one_cannot(start):
    job = start("count_to_three")
    jobs.request_stop(job, by=None, now=timezone.now())
    job.refresh_from_db()
    assert job.state == JobState.STOPPED
    with pytest.raises(jobs.JobRefused, match="已经结束"):
        jobs.request_stop(job, by=None, now=timezone.now())
