"""固定: what the officer decided by hand is held exactly, whichever way the case is solved, or refused in words."""

import random
from dataclasses import replace
from decimal import Decimal

import pytest

from procurement.optimiser.audit import audit_lines
from procurement.optimiser.case import WAYS, Need, Pin, case_from_json, case_sha256, case_to_json
from procurement.optimiser.lexico import Clock
from procurement.optimiser.pinned import solve_pinned
from procurement.optimiser.pins import PinsClash, clashes
from procurement.optimiser.plan import OPTIMAL, Seconds
from procurement.optimiser.solve import EXACT_OFFERS, Options, describe, solve
from procurement.optimiser.world import build_world

from .reference import reference_goals
from .worlds import SMALL, random_case


def pinned(case, *pins):
    return replace(case, pins=pins)


def bought(plan):
    return {(line.institution, line.product): line.packs for line in plan.lines}


def broken(plan):
    return [check for check in plan.checks if check.broken]


def test_a_forbidden_product_is_not_bought_and_the_next_best_takes_over():
    free = replace(SMALL, products=tuple(replace(row, status="非集采") for row in SMALL.products))
    plan = solve(pinned(free, Pin("P2", "禁止", institution="B")))
    assert bought(plan)["B", "P3"] == 2
    assert ("B", "P2") not in bought(plan)
    assert broken(plan) == []


def test_forbidding_the_winner_opens_no_door_for_the_non_winner():
    plan = solve(pinned(SMALL, Pin("P2", "禁止", institution="B")))
    assert ("B", "P3") not in bought(plan)
    assert {(row.institution, row.drug) for row in plan.unmet} == {("A", "D3"), ("B", "D2")}


def test_a_quantity_is_held_exactly_and_the_rest_is_planned_around_it():
    """甲院 keeps one winner pack (14 of 28): the share lets two packs of the non-winner close the gap."""
    plan = solve(pinned(SMALL, Pin("P2", "恰好", 14, "A", "临床反馈")))
    assert bought(plan)["A", "P2"] == 1
    assert bought(plan)["A", "P3"] == 2
    line = next(line for line in plan.lines if (line.institution, line.product) == ("A", "P2"))
    assert line.reason.startswith("固定：恰好 14（临床反馈）")
    assert plan.status == OPTIMAL


def test_more_than_is_needed_may_be_pinned_where_no_maximum_is_given():
    plan = solve(pinned(SMALL, Pin("P2", "至少", 40, "B")))
    assert bought(plan)["B", "P2"] == 3
    assert broken(plan) == []


def test_at_most_leaves_a_need_open_and_says_that_the_pin_binds():
    plan = solve(pinned(SMALL, Pin("P1", "至多", 9, "A")))
    assert ("A", "P1") not in bought(plan)
    reasons = {(row.institution, row.drug): row.reason for row in plan.unmet}
    assert "固定" in reasons["A", "D1"]


def test_a_product_must_be_bought_somewhere():
    assert ("A", "P4") not in bought(solve(SMALL))
    richer = replace(SMALL, institutions=(replace(SMALL.institutions[0], budget=Decimal(110)), SMALL.institutions[1]))
    plan = solve(pinned(richer, Pin("P4", "必须")))
    assert bought(plan)["A", "P4"] == 1
    assert broken(plan) == []


def test_an_alliance_wide_most_counts_all_institutions_together():
    plan = solve(pinned(SMALL, Pin("P2", "至多", 28)))
    assert sum(packs for (_, product), packs in bought(plan).items() if product == "P2") == 2


@pytest.mark.parametrize(
    ("case", "pin", "words"),
    [
        (SMALL, Pin("P4", "恰好", 60, "A"), "超出机构预算，该机构最多可采购 30"),
        (SMALL, Pin("P2", "恰好", 15, "A"), "应为包装数 14 的整数倍"),
        (
            replace(SMALL, products=tuple(replace(p, supply=20) for p in SMALL.products)),
            Pin("P2", "至少", 28, "B"),
            "超出供应上限，该机构最多可采购 14",
        ),
        (replace(SMALL, deliveries=(("S1", "A"),)), Pin("P2", "至少", 14, "B"), "不在供应商的配送范围"),
        (
            replace(SMALL, products=tuple(replace(p, label="红3") for p in SMALL.products)),
            Pin("P2", "至少", 14, "A"),
            "价格标识红3",
        ),
        (replace(SMALL, needs=(*SMALL.needs[:4], Need("B", "D2", 14, limit=14))), Pin("P2", "至少", 28, "B"), "采购上限"),
    ],
)  # fmt: skip
def test_a_pin_that_cannot_hold_is_refused_in_words(case, pin, words):
    with pytest.raises(PinsClash, match=words) as clash:
        solve(pinned(case, pin))
    assert clash.value.messages[0].startswith("固定 ")


def test_pins_that_clash_only_together_name_the_sum():
    found = clashes(build_world(pinned(SMALL, Pin("P1", "至少", 10, "A"), Pin("P4", "至少", 30, "A"))))
    assert found == ["甲院：固定采购合计 110.00 元，超出机构预算 100.00 元，差 10.00 元"]


def test_an_order_that_cannot_reach_its_minimum_is_named():
    dear = replace(SMALL, suppliers=(SMALL.suppliers[0], replace(SMALL.suppliers[1], minimum_order=Decimal(500))))
    with pytest.raises(PinsClash, match=r"达不到起送金额 500\.00 元"):
        solve(pinned(dear, Pin("P3", "至少", 7, "A")))


def test_a_case_without_pins_keeps_the_fingerprint_it_always_had():
    assert "pins" not in case_to_json(SMALL)
    held = pinned(SMALL, Pin("P2", "恰好", 14, "A", "临床反馈"))
    assert case_from_json(case_to_json(held)) == held
    assert case_sha256(held) != case_sha256(SMALL)


def some_pins(case, seed):
    r = random.Random(seed)
    pins = {}
    for _ in range(r.randint(1, 3)):
        product, way = r.choice(case.products), r.choice(WAYS)
        site = r.choice([None, *(row.code for row in case.institutions)])
        quantity = product.pack * r.randint(1, 3) if way in WAYS[:3] else None
        pins[product.code, site] = Pin(product.code, way, quantity, site)
    return pinned(case, *pins.values())


def reference_or_none(case):
    try:
        return reference_goals(case)
    except RuntimeError:
        return None


@pytest.mark.parametrize("seed", range(40))
def test_nine_values_around_pins_equal_those_of_the_reference_and_no_plan_means_no_plan(seed):
    case = random_case(seed, sites=2, drugs=3)
    if not case.products:
        return
    case = some_pins(case, seed)
    expected = reference_or_none(case)
    if expected is None:
        with pytest.raises(PinsClash):
            solve(case, Options(time_limit=20))
        return
    plan = solve(case, Options(time_limit=20))
    assert broken(plan) == []
    assert [goal.value for goal in plan.goals] == pytest.approx(expected, rel=1e-4, abs=1e-4)


@pytest.mark.parametrize("seed", range(12))
def test_the_way_of_large_cases_holds_the_pins_and_claims_no_more_than_the_reference_reaches(seed):
    case = some_pins(random_case(seed, sites=3, drugs=6), seed)
    world = build_world(case)
    expected = reference_or_none(case)
    if expected is None:
        return
    packs, goals = solve_pinned(world, Clock(20), Seconds(), None, exact=0, gap=1e-3, seed=0)
    plan = describe(world, packs, goals, Options())
    assert broken(plan) == []
    lines = {(line.institution, line.product): line.packs for line in plan.lines}
    assert [check for check in audit_lines(case, lines) if check.broken] == []
    for goal, value in zip(goals, expected, strict=True):
        assert goal.bound <= goal.value + 1e-9
        if goal.bound > value + 1e-4 * max(1, value):
            raise AssertionError((goal, value))
        if goal.value > value + 1e-4 * max(1, value):
            break  # worse than the best here: what follows is measured from elsewhere


def test_pins_hold_in_a_case_that_is_too_large_for_one_exact_search():
    case = random_case(7, sites=12, drugs=60, suppliers=3)
    plain = solve(case, Options(time_limit=1))
    assert len(build_world(case).offers) > EXACT_OFFERS
    first, second, third = random.Random(1).sample(plain.lines, 3)
    held = pinned(
        case,
        Pin(first.product, "至少", first.quantity, first.institution),
        Pin(second.product, "至多", 0, second.institution),
        Pin(third.product, "禁止"),
    )
    plan = solve(held, Options(time_limit=1.5))
    assert broken(plan) == []
    assert next(check for check in plan.checks if check.rule == "固定").checked == 3
    units = {(line.institution, line.product): line.quantity for line in plan.lines}
    assert units[first.institution, first.product] >= first.quantity
    assert (second.institution, second.product) not in units
    assert third.product not in {product for _, product in units}
