"""Starts, runs, stops and takes up again long work. A job is idempotent: it may be run twice, never in parallel."""

from __future__ import annotations

import datetime as dt
import threading
import traceback
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.module_loading import import_string
from django_tasks import task
from django_tasks_db.models import DBTaskResult

from formulary.actions.history import record
from formulary.models import Alliance, Job, JobState, Person
from formulary.rules.tables import DataRefused

MAX_ATTEMPTS = 3


class JobRefused(Exception):
    """A job cannot be started or stopped as asked."""


class JobLost(Exception):
    """Another worker has taken the job over; this run must end without writing."""


class JobStopped(Exception):
    """The owner asked the job to stop and it has nothing to keep."""


class JobRun:
    """What a handler sees of its job: parameters in, progress and log out. Never used inside a transaction."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.params: Mapping[str, Any] = job.params

    def report(self, percent: int, note: str) -> None:
        """Shows progress; raises JobLost when another attempt owns the job."""
        line = f"{timezone.localtime():%H:%M:%S} {note}\n"
        previous = Job.objects.filter(pk=self.job.pk).values_list("log", flat=True).first() or ""
        log = previous if previous.endswith(f" {note}\n") else (previous + line)[-20_000:]
        self._update(progress=max(0, min(100, percent)), note=note[:200], log=log)

    def beat(self) -> None:
        self._update()

    def stop_requested(self) -> bool:
        return Job.objects.filter(pk=self.job.pk, stop_requested=True).exists()

    def _update(self, **fields: Any) -> None:
        mine = Job.objects.filter(pk=self.job.pk, state=JobState.RUNNING, attempt=self.job.attempt)
        if mine.update(heartbeat_at=timezone.now(), **fields) != 1:
            raise JobLost(f"任务 {self.job.pk} 已由其他进程接手")


Handler = Callable[[JobRun], Mapping[str, Any]]


def start(
    kind: str,
    *,
    title: str,
    alliance: Alliance | None,
    params: Mapping[str, Any],
    by: Person | None,
    now: dt.datetime,
) -> Job:
    """Creates the job row and queues it once the surrounding transaction has committed."""
    if kind not in settings.JOBS:
        raise JobRefused(f"没有名为“{kind}”的任务类型")
    with transaction.atomic():
        job = Job.objects.create(
            kind=kind, title=title, alliance=alliance, owner=by, params=dict(params), created_at=now
        )
        record("发起任务", job, alliance=alliance, by=by, now=now, data={"kind": kind, "params": dict(params)})
        transaction.on_commit(partial(_enqueue, job.pk))
    return job


def request_stop(job: Job, *, by: Person | None, now: dt.datetime) -> None:
    """Asks a running job to end with what it has; a queued one ends at once."""
    with transaction.atomic():
        row = Job.objects.select_for_update().get(pk=job.pk)
        if row.is_over:
            raise JobRefused("任务已经结束，无需停止")
        row.stop_requested = True
        if row.state == JobState.QUEUED:
            row.state, row.finished_at, row.note = JobState.STOPPED, now, "未开始即停止"
        row.save()
        record("请求停止任务", row, alliance=row.alliance, by=by, now=now)


def reap(*, now: dt.datetime) -> int:
    """Queues again every running job whose heartbeat has stopped (its worker was killed). Returns how many."""
    stale = Q(state=JobState.RUNNING) & Q(heartbeat_at__lt=now - dt.timedelta(seconds=settings.JOB_STALE_SECONDS))
    taken_up = 0
    for job in Job.objects.filter(stale):
        mine = Job.objects.filter(stale, pk=job.pk, attempt=job.attempt)
        if job.attempt >= MAX_ATTEMPTS:
            mine.update(state=JobState.FAILED, finished_at=now, note=f"已尝试 {job.attempt} 次均中断，不再重试")
        elif mine.update(state=JobState.QUEUED, note="执行进程中断，重新排队", heartbeat_at=None):
            DBTaskResult.objects.filter(pk__in=[job.task_id] if job.task_id else [], status="RUNNING").update(
                status="FAILED", finished_at=now
            )
            _enqueue(job.pk)
            taken_up += 1
    return taken_up


def _enqueue(job_id: int) -> None:
    result = run_job.enqueue(job_id)
    Job.objects.filter(pk=job_id).update(task_id=str(result.id))


@task()
def run_job(job_id: int) -> str:
    """The one task of the queue: performs a job while a second thread keeps its heart beating."""
    stop = threading.Event()
    beater = threading.Thread(target=_beat, args=(job_id, stop), daemon=True)
    beater.start()
    try:
        return perform(job_id)
    finally:
        stop.set()
        beater.join(timeout=5)


def _beat(job_id: int, stop: threading.Event) -> None:
    while not stop.wait(settings.JOB_STALE_SECONDS / 6):
        Job.objects.filter(pk=job_id, state=JobState.RUNNING).update(heartbeat_at=timezone.now())
    connection.close()


def perform(job_id: int) -> str:
    """Claims and runs one job to its end; returns its final state, or "" when there was nothing to claim."""
    now = timezone.now()
    claimed = Job.objects.filter(pk=job_id, state=JobState.QUEUED).update(
        state=JobState.RUNNING,
        attempt=F("attempt") + 1,
        started_at=now,
        heartbeat_at=now,
        progress=0,
    )
    if not claimed:
        return ""
    run = JobRun(Job.objects.select_related("alliance", "owner").get(pk=job_id))
    handler: Handler = import_string(settings.JOBS[run.job.kind])
    try:
        result = handler(run)
    except JobLost:
        return ""
    except JobStopped as stopped:
        return _end(run, JobState.STOPPED, str(stopped) or "已停止", {})
    except DataRefused as refused:
        return _end(run, JobState.FAILED, "数据有误，未写入任何内容", {"faults": [str(f) for f in refused.faults]})
    except Exception as error:
        return _end(run, JobState.FAILED, f"出错：{error}", {"traceback": traceback.format_exc()[-4000:]})
    return _end(run, JobState.DONE, "完成", result)


def _end(run: JobRun, state: JobState, note: str, result: Mapping[str, Any]) -> str:
    now = timezone.now()
    fields: dict[str, Any] = {"state": state, "note": note[:200], "result": dict(result), "finished_at": now}
    if state is JobState.DONE:
        fields["progress"] = 100
    with transaction.atomic():
        mine = Job.objects.filter(pk=run.job.pk, state=JobState.RUNNING, attempt=run.job.attempt)
        if mine.update(**fields) != 1:
            return ""
        record(f"任务{state.label}", run.job, alliance=run.job.alliance, by=run.job.owner, now=now)
    return str(state)
