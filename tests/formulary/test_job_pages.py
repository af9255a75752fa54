"""The pages of long work: who sees it, its progress, its result, and who may stop it."""

import pytest
from django.urls import reverse

from config.access import Role
from formulary.models import Alliance, Job, JobState
from tests.conftest import NOW


@pytest.fixture
def job(world):
    return Job.objects.create(
        kind="plan",
        title="求解：十二月计划",
        alliance=world.alliance,
        owner=world.people[Role.PROCUREMENT],
        created_at=NOW,
        started_at=NOW,
        heartbeat_at=NOW,
        state=JobState.RUNNING,
        progress=37,
        note="目标 3/9",
        log="09:30:00 读取目录\n",
    )


def end(job, **fields):
    for name, value in {"state": JobState.DONE, "finished_at": NOW, "progress": 100, **fields}.items():
        setattr(job, name, value)
    job.save()


def text_of(client, name, *args, **data):
    return client.get(reverse(name, args=args), data).content.decode()


def test_list_shows_progress_and_filters_by_state(world, job, client):
    client.force_login(world.people[Role.AUDITOR])
    assert "37%" in text_of(client, "job_list")
    assert "没有符合条件的任务" in text_of(client, "job_list", state="failed")


def test_empty_list_says_what_will_stand_here(world, client):
    client.force_login(world.people[Role.PROCUREMENT])
    assert "还没有任务" in text_of(client, "job_list")


def test_running_job_asks_again_and_shows_its_log(world, job, client):
    client.force_login(world.people[Role.PROCUREMENT])
    text = text_of(client, "job_detail", job.pk)
    assert reverse("job_progress", args=[job.pk]) in text
    assert "读取目录" in text


def test_finished_job_shows_its_result_and_stops_asking(world, job, client):
    end(job, result={"link": "/plans/5/", "facts": {"采购金额（元）": "215.00"}, "rows": 7})
    client.force_login(world.people[Role.PROCUREMENT])
    text = text_of(client, "job_detail", job.pk)
    assert all(word in text for word in ('href="/plans/5/"', "215.00", "&quot;rows&quot;: 7"))
    assert reverse("job_progress", args=[job.pk]) not in text
    assert client.get(reverse("job_progress", args=[job.pk])).headers["HX-Refresh"] == "true"


def test_failed_job_shows_every_fault(world, job, client):
    end(job, state=JobState.FAILED, result={"faults": ["〔需求〕没有预测", "〔机构〕没有机构"]})
    client.force_login(world.people[Role.ADMINISTRATOR])
    text = text_of(client, "job_detail", job.pk)
    assert "没有预测" in text
    assert "没有机构" in text


def test_owner_stops_a_job(world, job, client):
    client.force_login(world.people[Role.PROCUREMENT])
    client.post(reverse("job_stop", args=[job.pk]))
    job.refresh_from_db()
    assert job.stop_requested


def test_reader_of_jobs_may_not_stop_what_another_began(world, job, client):
    client.force_login(world.people[Role.AUDITOR])
    assert client.post(reverse("job_stop", args=[job.pk])).status_code == 403
    assert "停止任务？" not in text_of(client, "job_detail", job.pk)
    job.refresh_from_db()
    assert not job.stop_requested


def test_stopping_needs_a_post(world, job, client):
    client.force_login(world.people[Role.PROCUREMENT])
    assert client.get(reverse("job_stop", args=[job.pk])).status_code == 405


def test_job_of_another_alliance_is_not_found(world, job, client):
    job.alliance = Alliance.objects.create(code="QT", name="其他医共体")
    job.save()
    client.force_login(world.people[Role.PROCUREMENT])
    assert client.get(reverse("job_detail", args=[job.pk])).status_code == 404


def test_list_asks_as_many_questions_for_many_jobs(world, job, client, django_assert_max_num_queries):
    for number in range(20):
        Job.objects.create(
            kind="watch", title=f"监测 {number}", alliance=world.alliance, owner=job.owner, created_at=NOW
        )
    client.force_login(world.people[Role.PROCUREMENT])
    with django_assert_max_num_queries(26):
        client.get(reverse("job_list"))
