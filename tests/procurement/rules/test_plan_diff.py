"""Two plans compared: what was added, dropped and changed, and why."""

from dataclasses import replace
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from procurement.optimiser.case import Need, Pin
from procurement.optimiser.solve import Options, solve
from procurement.rules.hand_rule import hand_lines, hand_plan
from procurement.rules.outcomes import outcome
from procurement.rules.plan_diff import ADDED, CHANGED, DROPPED, differences, full_codes, lines_of, totals
from tests.procurement.optimiser.worlds import SMALL, random_case


def planned(case):
    return lines_of(outcome(case, solve(case, Options(time_limit=5)))["lines"])


def compared(old, new):
    return {
        (d.institution, d.product): (d.kind, d.why, d.money) for d in differences(planned(old), planned(new), old, new)
    }


def test_equal_plans_do_not_differ():
    assert compared(SMALL, SMALL) == {}


def test_more_need_says_so():
    more = replace(SMALL, needs=(*SMALL.needs[:4], Need("B", "D2", 28)))
    assert compared(SMALL, more) == {("B", "P2"): (CHANGED, "净需求 14 → 28", Decimal("7.00"))}


def test_more_money_says_so():
    richer = replace(SMALL, institutions=(replace(SMALL.institutions[0], budget=Decimal(124)), SMALL.institutions[1]))
    assert compared(SMALL, richer) == {("A", "P4"): (ADDED, "预算不同，按优先次序重新取舍", Decimal("90.00"))}


def test_a_pin_is_the_reason_and_the_switch_is_named():
    free = replace(
        SMALL, products=tuple(replace(row, status="非集采", maker=f"{row.code}厂") for row in SMALL.products)
    )
    held = replace(free, pins=(Pin("P2", "禁止", institution="B", reason="供货差"),))
    found = compared(free, held)
    assert found["B", "P2"] == (DROPPED, "固定禁止（供货差）；改购P3厂（华润）", Decimal("-7.00"))
    assert found["B", "P3"] == (ADDED, "替代P2厂（国药）", Decimal("10.00"))


def test_a_new_price_is_named():
    dearer = replace(
        SMALL, products=tuple(replace(r, price=Decimal(8)) if r.code == "P2" else r for r in SMALL.products)
    )
    found = compared(SMALL, dearer)
    assert found["B", "P2"] == (CHANGED, "单价 7.00 → 8.00 元", Decimal("1.00"))


def test_the_same_product_is_the_same_whether_or_not_another_supplier_offered_it_then():
    named = replace(SMALL, products=tuple(replace(row, code=f"{row.code}@{row.supplier}") for row in SMALL.products))
    assert full_codes(named) == full_codes(SMALL)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.integers(0, 10**6))
def test_the_differences_account_for_every_yuan_between_two_plans(a, b):
    old = random_case(a, sites=2, drugs=3)
    new = replace(old, needs=random_case(b, sites=2, drugs=3).needs)
    before, after = planned(old), planned(new)
    found = differences(before, after, old, new)
    sums = totals(before, after, found)
    assert sums.after - sums.before == sum((each.money for each in found), Decimal(0))
    assert sums.same + sums.counts[CHANGED] + sums.counts[ADDED] == len(after)
    assert all(each.why for each in found)


def test_against_the_hand_rule_the_reason_is_what_the_hand_rule_did():
    found = differences(hand_lines(SMALL), planned(SMALL), SMALL, SMALL, by_hand=True)
    why = {(each.institution, each.product): each.why for each in found}
    assert why["A", "P2"] == "手工规则按预测 28 × 1.1 订，不抵库存与在途；净需求 28"
    assert why["B", "P1"] == "手工规则按预测 5 × 1.1 订，不抵库存与在途；净需求 0"


def test_the_hand_rule_gives_lines_that_add_up_to_its_figures():
    """甲院: 2 packs of P1 (11 of 10 → 2 × 20), 3 of P2; the 39 yuan left do not buy a vitamin."""
    lines = hand_lines(SMALL)
    assert {key: line.packs for key, line in lines.items()} == {
        ("A", "P1"): 2, ("A", "P2"): 3, ("B", "P1"): 1, ("B", "P2"): 2,
    }  # fmt: skip
    assert hand_plan(SMALL).spend == sum(line.amount for line in lines.values())
