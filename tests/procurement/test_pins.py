"""固定 from the officer's hand to the plan: set, refused, held, withdrawn, audited; see tests/procurement/world.py for numbers."""

from decimal import Decimal

import pytest

from config.access import Role
from formulary.actions import jobs
from formulary.models import Event
from procurement.actions import pins, plans
from procurement.actions.pins import PinRefused
from procurement.models import Offer, Pin, Plan, PlanState
from procurement.plan_store import case_of
from procurement.rules.plan_settings import PlanSettings
from tests.conftest import NOW
from tests.procurement.world import END, START


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


def solved(plan):
    jobs.perform(plan.job_id)
    return Plan.objects.get(pk=plan.pk)


def packs(plan):
    return {
        (site, product, firm): count
        for site, product, firm, count in plan.lines.values_list(
            "institution__code", "product__code", "supplier_code", "packs"
        )
    }


def hold(plan, officer, row="M2-P1", way="恰好", quantity=96, institution="T1", reason="流感季备货"):
    return pins.pin(plan, row, way, quantity, institution=institution, reason=reason, by=officer, now=NOW)


def test_a_pin_is_a_row_with_author_time_and_reason_and_leaves_the_plan_as_it_is(plan, officer):
    before = packs(plan)
    made = hold(plan, officer, quantity=48, institution="H1")
    assert (made.made_by, made.made_at, made.reason, made.words) == (officer, NOW, "流感季备货", "恰好 48")
    assert (made.period_start, made.period_end) == (START, END)
    assert packs(plan) == before
    event = Event.objects.get(verb="固定采购")
    assert event.data["product"] == "M2-P1"
    assert event.data["quantity"] == 48


def test_solving_again_holds_the_pin_on_the_very_same_facts(plan, officer):
    """M2 at H1: need 240 = 10 packs; pinned to two packs, the rest stays open and says why."""
    hold(plan, officer, quantity=48, institution="H1")
    again = solved(plans.solve_again(plan, by=officer, now=NOW))
    assert again.state == PlanState.READY
    assert again.based_on == plan
    assert packs(again) == packs(plan) | {("H1", "M2-P1", "S1"): 2}
    line = again.lines.get(product__code="M2-P1")
    assert line.reason.startswith("固定：恰好 48（流感季备货）")
    assert "固定" in again.unmet.get().reason
    check = next(check for check in again.checks if check["rule"] == "固定")
    assert (check["checked"], check["broken"]) == (2, 0)
    assert plan.lines.get(product__code="M2-P1").packs == 10


def test_a_forbidden_supplier_gives_way_to_the_other(plan, officer):
    assert ("H1", "M1-P1", "S2") in packs(plan)
    hold(plan, officer, "M1-P1@S2", "禁止", None, "", "供货不稳")
    again = solved(plans.solve_again(plan, by=officer, now=NOW))
    assert {firm for _, _, firm in packs(again)} == {"S1"}


def test_every_new_plan_of_the_period_is_solved_around_the_pin_and_says_so(plan, officer):
    hold(plan, officer, quantity=48, institution="H1")
    fresh = solved(plans.replan(plan, by=officer, now=NOW))
    assert packs(fresh)["H1", "M2-P1", "S1"] == 2
    assert "按 1 条固定求解，见“固定”页" in fresh.summary["notes"]


def test_a_withdrawn_pin_binds_no_more_and_stays_on_record(plan, officer):
    made = hold(plan, officer, quantity=48, institution="H1")
    with pytest.raises(PinRefused, match="请写明撤回原因"):
        pins.withdraw(made, " ", by=officer, now=NOW)
    pins.withdraw(made, "库存已调入", by=officer, now=NOW)
    with pytest.raises(PinRefused, match="已经撤回"):
        pins.withdraw(made, "再撤", by=officer, now=NOW)
    assert Pin.objects.get().withdrawn_for == "库存已调入"
    assert Event.objects.get(verb="撤回固定").data["why"] == "库存已调入"
    assert packs(solved(plans.solve_again(plan, by=officer, now=NOW))) == packs(plan)


@pytest.mark.parametrize(
    ("pin", "words"),
    [
        ({"reason": " "}, "请写明固定的原因"),
        ({"row": "M9"}, "请选择本计划中的产品"),
        ({"institution": "T9"}, "请选择本计划中的机构"),
        ({"quantity": None}, "请填写数量"),
        ({"institution": "T1"}, "没有此药的需求"),
        ({"institution": "H1", "quantity": 100}, "应为包装数 24 的整数倍"),
        ({"institution": "H1", "quantity": 24 * 700}, "超出机构预算，该机构最多可采购"),
    ],
)
def test_a_pin_that_cannot_hold_is_refused_in_words_and_nothing_is_kept(plan, officer, pin, words):
    with pytest.raises(PinRefused, match=words):
        hold(plan, officer, **pin)
    assert not Pin.objects.exists()


def test_pins_are_judged_together_with_those_that_hold(plan, officer):
    hold(plan, officer, way="至少", quantity=24 * 500, institution="H1")
    with pytest.raises(PinRefused, match=r"固定采购合计 3100\.00 元，超出机构预算"):
        hold(plan, officer, "M1-P1@S1", "至少", 28 * 60, "H1")
    with pytest.raises(PinRefused, match="已有同样方式"):
        hold(plan, officer, way="至少", quantity=24, institution="H1")


def test_only_the_buyer_pins(plan, ready):
    for role in (Role.HEAD, Role.AUDITOR, Role.COMMITTEE):
        with pytest.raises(PinRefused, match="不能固定"):
            hold(plan, ready.people[role])


def test_a_pin_whose_product_is_no_longer_offered_stops_a_new_plan_in_words(plan, officer):
    hold(plan, officer, quantity=48, institution="H1")
    Offer.objects.filter(product__code="M2-P1").update(valid_to="2026-11-01")
    fresh = plans.replan(plan, by=officer, now=NOW)
    jobs.perform(fresh.job_id)
    fresh.refresh_from_db()
    assert fresh.state == PlanState.FAILED
    assert "请先撤回此固定" in fresh.faults[0]["expected"]


def test_the_amount_of_a_pinned_line_is_exact(plan, officer):
    hold(plan, officer, quantity=48, institution="H1")
    again = solved(plans.solve_again(plan, by=officer, now=NOW))
    assert again.lines.get(product__code="M2-P1").amount == Decimal("10.00")
    assert case_of(again).pins[0].reason == "流感季备货"
