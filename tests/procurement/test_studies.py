"""What-if on a finished plan: scenarios, curve, robust plans; and that the real plan never moves."""

from decimal import Decimal

import pytest
from django.apps import apps

from config.access import Role
from formulary.actions import jobs
from formulary.models import Event, JobState
from formulary.queries import scope_of
from procurement.actions import pins, plans, studies
from procurement.actions.studies import StudyRefused
from procurement.models import Plan, Study, Trial
from procurement.queries.comparisons import HAND, compare, others, usual
from procurement.rules import scenarios as rules
from procurement.rules.plan_settings import PlanSettings
from procurement.rules.scenarios import Change
from tests.conftest import NOW
from tests.procurement.world import END, START

WHAT_IF = {"study", "trial"}
POOR = Change(rules.BUDGET, Decimal(-90))
NO_S2 = Change(rules.SUPPLIER, code="S2")


@pytest.fixture
def officer(ready):
    return ready.people[Role.PROCUREMENT]


@pytest.fixture
def plan(ready, officer):
    made = plans.create_plan(
        ready.alliance, "十二月采购计划", (START, END), PlanSettings(time_limit=20), by=officer, now=NOW
    )
    jobs.perform(made.job_id)
    return Plan.objects.get(pk=made.pk)


@pytest.fixture
def ask(plan, officer):
    def _ask(kind="scenarios", seconds=5, **more):
        return studies.ask(plan, kind, seconds, by=officer, now=NOW, **more)

    return _ask


def everything_else():
    """Every row of procurement that is not what-if."""
    return {
        model._meta.model_name: sorted(map(repr, model.objects.values_list()))
        for model in apps.get_app_config("procurement").get_models()
        if model._meta.model_name not in WHAT_IF
    }


def outcomes(study):
    return {trial.name: trial.outcome for trial in study.trials.all()}


def spend(found):
    return Decimal(found["spend"])


def test_scenarios_are_solved_one_after_the_other_and_the_real_plan_never_moves(ask, officer):
    study = ask()
    before = everything_else()
    studies.add(study, "预算砍九成", [POOR], by=officer, now=NOW)
    studies.add(study, "县城配送断供", [NO_S2], by=officer, now=NOW)
    studies.solve(study, by=officer, now=NOW)
    assert jobs.perform(study.job_id) == "done"
    assert everything_else() == before
    found = outcomes(study)
    assert spend(study.base) == Decimal("215.00")
    assert spend(found["县城配送断供"]) == Decimal(
        "210.00"
    )  # M1 at H1: 9 packs of S1; the agreed volume on S2 is missed
    assert found["县城配送断供"]["suppliers"] == 1
    assert spend(found["预算砍九成"]) <= Decimal("215.00")
    assert all(each["broken"] == 0 for each in found.values())
    assert Event.objects.filter(verb="完成测算").count() == 1


def test_progress_names_the_scenario_and_the_goal(ask, officer):
    study = ask()
    studies.add(study, "断供", [NO_S2], by=officer, now=NOW)
    studies.solve(study, by=officer, now=NOW)
    jobs.perform(study.job_id)
    study.job.refresh_from_db()
    assert "1/1 断供：目标 9/9" in study.job.log
    assert study.job.state == JobState.DONE


def test_a_job_taken_up_again_keeps_what_was_solved(ask, officer):
    study = ask()
    trial = studies.add(study, "断供", [NO_S2], by=officer, now=NOW)
    studies.settle(trial, {"marker": True})
    studies.settle(trial, {"marker": False})
    trial.refresh_from_db()
    assert trial.outcome == {"marker": True}


def test_a_scenario_in_which_a_pin_cannot_hold_says_so(ask, plan, officer):
    pins.pin(plan, "M1-P1@S2", "至少", 280, institution="H1", reason="临床要求", by=officer, now=NOW)
    again = plans.solve_again(plan, by=officer, now=NOW)
    jobs.perform(again.job_id)
    study = studies.ask(Plan.objects.get(pk=again.pk), "scenarios", 5, by=officer, now=NOW)
    studies.add(study, "断供", [NO_S2], by=officer, now=NOW)
    studies.solve(study, by=officer, now=NOW)
    jobs.perform(study.job_id)
    trial = study.trials.get()
    assert trial.state == Trial.State.FAILED
    assert trial.fault.startswith("固定不能成立")


@pytest.mark.parametrize(
    ("name", "changes", "words"),
    [
        ("", [POOR], "请填写情景名称"),
        ("空", [], "至少填写一项变化"),
        ("错", [Change(rules.SUPPLIER, code="S9")], "请选择本计划中的供应商"),
        ("长", [Change(rules.COVER, months=99)], "1 至 12 个月"),
    ],
)
def test_scenarios_that_make_no_sense_are_refused(ask, officer, name, changes, words):
    study = ask()
    with pytest.raises(StudyRefused, match=words):
        studies.add(study, name, changes, by=officer, now=NOW)
    assert not study.trials.exists()


def test_waiting_scenarios_can_be_taken_back_and_solved_ones_cannot(ask, officer):
    study = ask()
    first = studies.add(study, "甲", [POOR], by=officer, now=NOW)
    with pytest.raises(StudyRefused, match="同名"):
        studies.add(study, "甲", [POOR], by=officer, now=NOW)
    studies.settle(first, {"marker": True})
    with pytest.raises(StudyRefused, match="不能删除"):
        studies.remove(first, by=officer)
    studies.remove(studies.add(study, "乙", [POOR], by=officer, now=NOW), by=officer)
    assert study.trials.count() == 1
    with pytest.raises(StudyRefused, match="没有待求解"):
        studies.solve(study, by=officer, now=NOW)


def test_others_may_not_ask_and_limits_are_kept(ask, plan, ready):
    with pytest.raises(StudyRefused, match="不能做采购测算"):
        studies.ask(plan, "scenarios", 5, by=ready.people[Role.HEAD], now=NOW)
    with pytest.raises(StudyRefused, match="1 至 600 秒"):
        ask(seconds=0)
    with pytest.raises(StudyRefused, match="5% 或 10%"):
        ask("curve", step=7)


def test_the_curve_follows_the_budget_from_seventy_to_a_hundred_and_ten_percent(ask):
    study = ask("curve")
    assert jobs.perform(study.job_id) == "done"
    found = outcomes(study)
    assert list(found) == ["预算 70%", "预算 80%", "预算 90%", "预算 100%", "预算 110%"]
    assert spend(found["预算 100%"]) == Decimal("215.00")


def test_a_curve_without_any_budget_moves_along_what_the_plan_spends(ready, ask, plan):
    case = plan.case
    for row in case["institutions"]:
        row["budget"] = None
    Plan.objects.filter(pk=plan.pk).update(case=case)
    plan.refresh_from_db()
    study = ask("curve")
    jobs.perform(study.job_id)
    assert all(spend(each) <= Decimal("215.00") for each in outcomes(study).values())
    assert spend(outcomes(study)["预算 70%"]) <= Decimal("150.50")


def test_a_robust_study_judges_candidates_in_futures_and_names_the_price(ask):
    study = ask("robust")
    assert jobs.perform(study.job_id) == "done"
    study.refresh_from_db()
    result = study.result
    assert [row["name"] for row in result["rows"]] == [
        "现计划",
        "多备 10%",
        "多备 20%",
        "分散供应商",
        "多备 10% 并分散",
    ]
    assert [each["name"] for each in result["futures"]][:2] == ["如预测", "需求普遍偏高"]
    assert sum(row["chosen"] for row in result["rows"]) == 1
    assert result["rows"][0]["price"] == "0.00"
    more = result["rows"][2]
    assert Decimal(more["price"]) > 0
    assert more["days"][1] <= result["rows"][0]["days"][1]
    assert result["words"]


def test_a_stopped_study_keeps_what_it_has(ask, officer):
    study = ask("curve")
    studies.stop(study, by=officer, now=NOW)
    study.job.refresh_from_db()
    assert study.job.state == JobState.STOPPED
    assert Study.objects.get().trials.filter(state=Trial.State.WAITING).count() == 5


def test_a_plan_is_compared_with_the_hand_rule_and_with_a_scenario(ask, plan, ready, officer):
    scope = scope_of(officer, "see_plans")
    study = ask()
    studies.add(study, "断供", [NO_S2], by=officer, now=NOW)
    studies.solve(study, by=officer, now=NOW)
    jobs.perform(study.job_id)
    trial = study.trials.get()
    assert usual(plan) == HAND
    assert [key for key, _ in others(plan, scope)] == [f"trial-{trial.pk}", HAND]
    by_hand = compare(plan, HAND, scope)
    assert by_hand.totals.after == Decimal("215.00")
    assert by_hand.money == Decimal("215.00") - by_hand.totals.before
    under = compare(plan, f"trial-{trial.pk}", scope)
    assert under.money == Decimal("-5.00")
    found = {(each.institution, each.product): (each.kind, each.why) for each in under.found}
    assert found["H1", "M1-P1@S2"] == ("取消", "供应上限 不限 → 0；改购甲药厂（国药江宁）")
    assert found["H1", "M1-P1@S1"][0] == "新增"
    assert compare(plan, "plan-987654", scope) is None
    assert compare(plan, "nonsense", scope) is None
    assert compare(plan, HAND, scope_of(ready.people[Role.PHARMACIST], "see_plans")) is None
