"""Several worker processes on one database: each job once, and none lost when a worker is killed."""

import os
import signal
import subprocess
import sys
import time

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from formulary.actions import jobs
from formulary.models import Job


def database_url():
    """The test database as a worker process has to be told."""
    given = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{given['NAME']}"
    who = f"{given['USER']}:{given['PASSWORD']}@{given['HOST']}:{given['PORT']}"
    return f"postgres://{who}/{given['NAME']}"


@pytest.fixture
def start_worker(transactional_db):
    workers = []

    def start():
        given = os.environ | {"DATABASE_URL": database_url(), "DJANGO_SETTINGS_MODULE": "tests.settings"}
        worker = subprocess.Popen(
            [sys.executable, "manage.py", "work"], cwd=settings.BASE_DIR, env=given,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        workers.append(worker)
        return worker

    yield start
    for worker in workers:
        worker.kill()
        worker.wait()


def queue(number, steps):
    return [
        jobs.start("slow", title=f"加法 {n}", alliance=None, params={"steps": steps}, by=None, now=timezone.now())
        for n in range(number)
    ]


def wait_until(answer, seconds=60):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if answer():
            return
        time.sleep(0.1)
    raise AssertionError(list(Job.objects.values_list("state", "attempt", "note")))


def test_two_workers_do_every_job_once(start_worker):
    queue(6, steps=3)
    start_worker()
    start_worker()
    wait_until(lambda: not Job.objects.exclude(state="done").exists())
    assert set(Job.objects.values_list("attempt", flat=True)) == {1}
    assert {job.result["total"] for job in Job.objects.all()} == {3}


def test_job_of_a_killed_worker_is_finished_by_another(start_worker):
    [job] = queue(1, steps=40)
    first = start_worker()
    wait_until(lambda: Job.objects.filter(pk=job.pk, progress__gt=5).exists())
    first.send_signal(signal.SIGKILL)
    first.wait()
    start_worker()
    wait_until(lambda: Job.objects.filter(pk=job.pk, state="done").exists())
    job.refresh_from_db()
    assert (job.attempt, job.result["total"]) == (2, sum(range(40)))
