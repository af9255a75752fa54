"""A plan from its creation to its lines: as a job, stopped, run twice, failed; and equal to the plan of its own file."""

import datetime as dt
from decimal import Decimal

import pytest
from django.utils import timezone

from config.access import Role
from formulary.actions import jobs
from formulary.models import Event, FormularyVersion, Job, JobState
from procurement import jobs as handlers
from procurement.actions import plans
from procurement.models import Offer, Plan, PlanState
from procurement.optimiser.case import case_sha256
from procurement.optimiser.plan import plan_to_json
from procurement.plan_store import case_of, plan_of
from procurement.rules.case_file import read_case, write_case
from procurement.rules.plan_run import plan_file
from procurement.rules.plan_settings import PlanSettings
from tests.conftest import NOW, TODAY
from tests.procurement.world import END, START

SETTINGS = PlanSettings(time_limit=20)


@pytest.fixture
def create(ready, django_capture_on_commit_callbacks):
    def _create(title="十二月采购计划", settings=SETTINGS, **more):
        with django_capture_on_commit_callbacks(execute=True):
            return plans.create_plan(
                ready.alliance, title, (START, END), settings, by=ready.people[Role.PROCUREMENT], now=NOW, **more
            )

    return _create


def bought(plan):
    rows = plan.lines.values_list("institution__code", "product__code", "supplier_code", "packs", "quantity", "amount")
    return {row[:3]: row[3:] for row in rows}


def test_created_plan_waits_with_a_job(create):
    plan = create()
    assert (plan.state, plan.as_of, plan.version.number) == (PlanState.DRAFT, TODAY, 1)
    assert (plan.job.kind, plan.job.state, plan.job.params) == ("plan", JobState.QUEUED, {"plan": plan.pk})


def test_solved_plan_buys_the_need_in_whole_packs_with_reasons(create):
    """H1 takes the cheaper S2 for M1 (250 → 9 packs; the agreed 257 → 10 packs), T1 can only take S1 (70 → 3 packs)."""
    plan = create()
    assert jobs.perform(plan.job_id) == "done"
    plan.refresh_from_db()
    assert (plan.state, plan.status) == (PlanState.READY, "optimal")
    assert bought(plan) == {
        ("H1", "M1-P1", "S2"): (10, 280, Decimal("95.00")),
        ("H1", "M2-P1", "S1"): (10, 240, Decimal("50.00")),
        ("H1", "M3-P1", "S1"): (2, 20, Decimal("40.00")),
        ("T1", "M1-P1", "S1"): (3, 84, Decimal("30.00")),
    }
    assert all(plan.lines.values_list("reason", flat=True))
    assert plan.unmet.count() == 0
    assert [goal["value"] for goal in plan.goals][7] == pytest.approx(215)


def test_summary_adds_up(create):
    plan = create()
    jobs.perform(plan.job_id)
    plan.refresh_from_db()
    summary = plan.summary
    assert summary["spend"] == "215.00"
    assert {row["kind"]: row["spend"] for row in summary["by_class"] if row["spend"] != "0.00"} == {
        "短缺急救": "40.00",
        "其他": "175.00",
    }
    assert {site["code"]: site["spend"] for site in summary["sites"]} == {"H1": "185.00", "T1": "30.00"}
    assert summary["winner_share"] == pytest.approx(125 / 215)
    assert summary["vbp_winner_share"] == 1.0
    assert summary["agreed"]["short"] == 0
    assert any("1 条需求" in note for note in summary["notes"])


def test_plan_and_its_job_are_in_the_history(create):
    plan = create()
    jobs.perform(plan.job_id)
    assert list(Event.objects.order_by("number").values_list("verb", flat=True)) == [
        "新建采购计划",
        "发起任务",
        "生成采购计划",
        "任务已完成",
    ]


def test_database_plan_equals_the_plan_of_its_workbook(create, tmp_path):
    plan = create()
    jobs.perform(plan.job_id)
    plan.refresh_from_db()
    case = case_of(plan)
    write_case(case, tmp_path / "case.xlsx")
    assert case_sha256(read_case(tmp_path / "case.xlsx")) == plan.case_sha256
    plan_file(tmp_path / "case.xlsx", tmp_path / "plan.xlsx", tmp_path / "plan.json", time_limit=20)
    import json

    from_file = json.loads((tmp_path / "plan.json").read_text(encoding="utf-8"))
    stored = json.loads(json.dumps(plan_to_json(plan_of(plan, case))))
    assert {k: v for k, v in from_file.items() if k != "seconds"} == {k: v for k, v in stored.items() if k != "seconds"}


def test_job_run_again_after_a_killed_worker_gives_one_plan(create, monkeypatch):
    """The first worker dies while solving: the case stays, prices change meanwhile, the second run keeps the case."""
    plan = create()

    def die(*args, **kwargs):
        raise jobs.JobLost("killed")

    with monkeypatch.context() as patched:
        patched.setattr(handlers, "optimise", die)
        jobs.perform(plan.job_id)
    plan.refresh_from_db()
    assert (plan.state, plan.lines.count()) == (PlanState.SOLVING, 0)
    Offer.objects.update(price=Decimal("99.00"))
    Job.objects.filter(pk=plan.job_id).update(heartbeat_at=timezone.now() - dt.timedelta(minutes=5))
    jobs.reap(now=timezone.now())
    assert jobs.perform(plan.job_id) == "done"
    plan.refresh_from_db()
    assert plan.summary["spend"] == "215.00"
    assert any("沿用中断前的算例" in note for note in plan.summary["notes"])


def test_job_of_a_ready_plan_changes_nothing(create):
    plan = create()
    jobs.perform(plan.job_id)
    before = list(plan.lines.values_list("pk", flat=True))
    Job.objects.filter(pk=plan.job_id).update(state=JobState.QUEUED, finished_at=None)
    assert jobs.perform(plan.job_id) == "done"
    assert list(plan.lines.values_list("pk", flat=True)) == before


def test_stop_request_while_solving_keeps_the_best_plan_so_far(create, monkeypatch):
    plan = create()
    monkeypatch.setattr(handlers, "ASK_EVERY", 0.0)
    original = handlers.Watcher.on_progress

    def stop_after_first_goal(self, number, *rest):
        original(self, number, *rest)
        if number == 0:
            plans.stop(Plan.objects.select_related("job").get(pk=plan.pk), by=None, now=NOW)

    monkeypatch.setattr(handlers.Watcher, "on_progress", stop_after_first_goal)
    assert jobs.perform(plan.job_id) == "done"
    plan.refresh_from_db()
    assert plan.state == PlanState.READY
    assert all(check["broken"] == 0 for check in plan.checks)
    assert any("提前停止" in note for note in plan.summary["notes"])


def test_stop_before_solving_leaves_a_failed_plan_that_says_so(create):
    plan = create()
    plans.stop(plan, by=None, now=NOW)
    assert jobs.perform(plan.job_id) == ""
    plan.refresh_from_db()
    assert (plan.standing, plan.job.state) == (PlanState.FAILED, JobState.STOPPED)


def test_finished_plan_cannot_be_stopped(create):
    plan = create()
    jobs.perform(plan.job_id)
    plan = Plan.objects.select_related("job").get(pk=plan.pk)
    with pytest.raises(plans.PlanRefused, match="不在求解中"):
        plans.stop(plan, by=None, now=NOW)


def test_case_at_fault_leaves_all_faults_on_the_plan(create):
    plan = create()
    FormularyVersion.objects.update(effective_from=TODAY + dt.timedelta(days=9))
    assert jobs.perform(plan.job_id) == "failed"
    plan.refresh_from_db()
    assert (plan.state, len(plan.faults)) == (PlanState.FAILED, 1)
    assert "没有生效的用药目录" in plan.faults[0]["expected"]


def test_solver_error_leaves_the_plan_failed(create, monkeypatch):
    plan = create()

    def broken(*args, **kwargs):
        raise RuntimeError("内存不足")

    monkeypatch.setattr(handlers, "optimise", broken)
    assert jobs.perform(plan.job_id) == "failed"
    plan.refresh_from_db()
    assert "内存不足" in plan.faults[0]["expected"]


def test_replan_makes_a_new_plan_and_leaves_the_old(create, ready):
    plan = create()
    jobs.perform(plan.job_id)
    again = plans.replan(plan, by=None, now=NOW)
    third = plans.replan(again, by=None, now=NOW)
    assert [again.title, third.title] == ["十二月采购计划（2）", "十二月采购计划（3）"]
    assert again.settings == plan.settings
    plan.refresh_from_db()
    assert plan.state == PlanState.READY


def test_every_reason_against_a_plan_is_said_at_once(ready):
    with pytest.raises(plans.PlanRefused) as refused:
        plans.create_plan(
            ready.alliance, " ", (END, START), PlanSettings(time_limit=0, gap=2, group_limit=0), by=None, now=NOW
        )
    message = str(refused.value)
    assert all(word in message for word in ("名称", "起始日", "时限", "差距", "品规数"))
    assert not Plan.objects.exists()


def test_plan_without_a_forecast_is_refused(world):
    with pytest.raises(plans.PlanRefused, match="还没有需求预测"):
        plans.create_plan(world.alliance, "计划", (START, END), SETTINGS, by=None, now=NOW)
