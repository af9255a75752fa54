"""One rule at a time on the SMALL world: how many rows it makes, a plan that keeps it, one that breaks it."""

from dataclasses import replace
from decimal import Decimal

import pytest

from procurement.optimiser.audit import audit_lines
from procurement.optimiser.case import Commitment, Need, Supplier
from procurement.optimiser.rules import RULES, Layout
from procurement.optimiser.world import build_world

from .worlds import SMALL


def check(case, name, lines):
    found = next(row for row in audit_lines(case, lines) if row.rule == name)
    return found.checked, found.broken


COLD = replace(
    SMALL,
    drugs=tuple(replace(drug, cold=True) for drug in SMALL.drugs),
    institutions=(replace(SMALL.institutions[0], cold_capacity=30), SMALL.institutions[1]),
)
CAPPED = replace(SMALL, products=tuple(replace(p, supply=28) for p in SMALL.products))
BY_THREES = replace(SMALL, products=tuple(replace(p, minimum_packs=2) for p in SMALL.products))
MINIMUM = replace(SMALL, suppliers=(Supplier("S1", "国药", Decimal("20")), Supplier("S2", "华润")))
LIMITED = replace(SMALL, group_limit=1)
POOR = replace(SMALL, total_budget=Decimal("27.50"))

CASES = [
    (SMALL, "采购上限", 4, {("A", "P2"): 2}, {("A", "P2"): 3}),
    (BY_THREES, "起订包数", 3, {("A", "P2"): 2}, {("A", "P2"): 1}),
    (CAPPED, "供应上限", 3, {("A", "P2"): 2}, {("A", "P2"): 2, ("B", "P2"): 1}),
    (MINIMUM, "起送金额", 2, {("A", "P1"): 1}, {("A", "P2"): 2}),
    (SMALL, "机构预算", 1, {("A", "P4"): 1}, {("A", "P4"): 1, ("A", "P2"): 2}),
    (POOR, "总预算", 1, {("A", "P1"): 1, ("B", "P2"): 1}, {("A", "P1"): 1, ("B", "P2"): 1, ("A", "P2"): 1}),
    (SMALL, "非中选比例", 2, {("A", "P2"): 1, ("A", "P3"): 2}, {("A", "P3"): 1}),
    (LIMITED, "品规数上限", 1, {("A", "P2"): 1, ("B", "P2"): 1}, {("A", "P2"): 1, ("B", "P3"): 1}),
    (COLD, "冷藏容量", 1, {("A", "P2"): 2}, {("A", "P2"): 2, ("A", "P1"): 1}),
]


@pytest.mark.parametrize(("case", "name", "rows", "good", "bad"), CASES, ids=[row[1] for row in CASES])
def test_a_rule_passes_one_plan_and_refuses_the_other(case, name, rows, good, bad):
    checked, broken = check(case, name, good)
    assert broken == 0
    assert check(case, name, bad)[1] == 1
    world = build_world(case)
    made = [row for rule in RULES for row in rule(world, Layout(world)) if row.rule == name]
    assert len(made) == checked
    assert checked == rows


def test_buying_what_is_not_offered_is_named():
    case = replace(SMALL, deliveries=(("S2", "A"),))
    found = audit_lines(case, {("B", "P3"): 1, ("A", "P9"): 1})[0]
    assert found.broken == 2
    assert "B 采购 P3" in found.worst


def test_need_counts_stock_transit_and_safety():
    assert Need("A", "D1", 100, stock=30, in_transit=20, safety=5).net == 55
    assert Need("A", "D1", 10, stock=30).net == 0


@pytest.mark.parametrize(
    ("commitments", "limit", "most"),
    [
        ((), None, 28 + 14 - 1),  # N + K − 1
        ((Commitment("P2", 50, "A"),), None, 56),  # ⌈50/14⌉·14
        ((Commitment("P2", 5),), None, 37 + 14 - 1),  # ⌈1.3·28⌉ + K − 1
        ((Commitment("P2", 50, "A"),), 30, 30),  # 采购上限 is the last word
    ],
)
def test_the_sensible_maximum_follows_the_agreed_volume(commitments, limit, most):
    needs = tuple(replace(n, limit=limit) if (n.institution, n.drug) == ("A", "D2") else n for n in SMALL.needs)
    world = build_world(replace(SMALL, commitments=commitments, needs=needs))
    assert world.lines[world.line_at[0, 1]].most == most


def test_a_price_finer_than_cents_is_kept_exact():
    products = tuple(replace(p, price=Decimal("0.0312")) if p.code == "P2" else p for p in SMALL.products)
    world = build_world(replace(SMALL, products=products))
    assert world.tick == 10_000
    assert {offer.price for offer in world.offers if world.case.products[offer.product].code == "P2"} == {312}
