"""Contradictions that can be worked out by hand, each with its smallest set of facts and every way out tried.

THREE: one institution, three winners by packs of ten with an agreed volume each; all of it costs 283 yuan.

    甲药 100 at 20.00 a pack = 200      乙药 50 at 9.00 = 45      丙药 290 at 1.31 = 37.99 → 282.99
"""

from dataclasses import replace
from decimal import Decimal

import pytest

from procurement.optimiser.audit import packs_of
from procurement.optimiser.case import Case, Commitment, Drug, Institution, Need, Product, Supplier
from procurement.optimiser.lexico import Clock
from procurement.optimiser.plan import plan_to_json
from procurement.optimiser.reasons.changes import changed_by
from procurement.optimiser.reasons.clashes import Search, find_clashes, smallest, trimmed
from procurement.optimiser.reasons.corner import Atlas
from procurement.optimiser.reasons.nook import AGREED, URGENT, Fact, Nook
from procurement.optimiser.solve import Options, solve
from procurement.optimiser.world import build_world
from tests.procurement.optimiser.worlds import random_case

THREE = Case(
    institutions=(Institution("A", "第3卫生院"),),
    drugs=(Drug("D1", "甲药", insurance="甲", unit="片"), Drug("D2", "乙药", unit="片"), Drug("D3", "丙药", unit="片")),
    products=(
        Product("P1", "D1", "S1", 10, Decimal("20.00"), "一厂", status="中选"),
        Product("P2", "D2", "S1", 10, Decimal("9.00"), "二厂", status="中选"),
        Product("P3", "D3", "S1", 10, Decimal("1.31"), "三厂", status="中选"),
    ),
    suppliers=(Supplier("S1", "国药"),),
    needs=(Need("A", "D1", 100),),
    commitments=(Commitment("P1", 100, "A"), Commitment("P2", 50, "A"), Commitment("P3", 290, "A")),
)


def place(**limits):
    return (Institution("A", "第3卫生院", **limits),)


def product(case, code, **change):
    return tuple(replace(row, **change) if row.code == code else row for row in case.products)


def clashes(case, kind="约定量"):
    plan = solve(case, Options(time_limit=20))
    assert plan.unexplained == 0
    return [clash for clash in plan.clashes if clash.kind == kind]


def only(case, kind="约定量"):
    [clash] = clashes(case, kind)
    return clash


def ways(clash):
    return [way.words for way in clash.ways]


def missed(case):
    """Days of 短缺急救 and yuan of agreed volume that the best plan leaves open."""
    goals = solve(case, Options(time_limit=20, reasons=False)).goals
    return round(goals[0].value, 6), round(goals[1].value, 6)


def test_agreed_volume_beyond_the_budget_says_what_it_would_take():
    case = replace(THREE, institutions=place(budget=Decimal(226)))
    clash = only(case)
    assert clash.said == "第3卫生院预算 226 元不足以完成带量约定量（至少 282.99 元），缺口 56.99 元"
    assert clash.facts == (
        "第3卫生院预算 226 元",
        "第3卫生院的甲药（一厂）约定量 100 片",
        "第3卫生院的乙药（二厂）约定量 50 片",
    )
    assert ways(clash)[0] == "只加预算：第3卫生院加 56.99 元（至 282.99 元）"
    assert ways(clash)[1].startswith("只减约定量：")
    assert missed(replace(THREE, institutions=place(budget=Decimal("282.99")))) == (0, 0)
    assert missed(replace(THREE, institutions=place(budget=Decimal("282.98"))))[1] > 0


def test_two_facts_of_the_smallest_clash_are_not_enough_for_one():
    """200 + 45 > 226, while each alone (and 200 + 14.41) fits: leaving any fact out ends the clash."""
    case = replace(THREE, institutions=place(budget=Decimal(226)))
    assert missed(replace(case, commitments=case.commitments[:2]))[1] > 0
    assert missed(replace(case, commitments=case.commitments[:1])) == (0, 0)
    assert missed(replace(case, commitments=case.commitments[1:2])) == (0, 0)


CASES = {
    "供应上限": (
        replace(THREE, products=product(THREE, "P1", supply=75)),
        "甲药（一厂）供应上限 75 片不足以完成带量约定量（至少 100），缺口 25",
        "只增加供应：甲药（一厂）供应上限加 25 片（至 100）",
        replace(THREE, products=product(THREE, "P1", supply=100)),
    ),
    "冷藏容量": (
        replace(
            THREE,
            institutions=place(cold_capacity=60),
            drugs=(replace(THREE.drugs[0], cold=True), *THREE.drugs[1:]),
        ),
        "第3卫生院冷藏容量 60 不足以完成带量约定量（至少 100），缺口 40",
        "只放宽冷藏：第3卫生院冷藏容量加 40（至 100）",
        replace(
            THREE,
            institutions=place(cold_capacity=100),
            drugs=(replace(THREE.drugs[0], cold=True), *THREE.drugs[1:]),
        ),
    ),
    "采购上限": (
        replace(THREE, needs=(Need("A", "D1", 100, limit=50),)),
        "第3卫生院的甲药采购上限 50 片，不能完成带量约定量：第3卫生院的甲药（一厂）",
        "只放宽采购上限：第3卫生院的甲药加 50 片",
        replace(THREE, needs=(Need("A", "D1", 100, limit=100),)),
    ),
    "起订包数": (
        replace(THREE, products=product(THREE, "P1", minimum_packs=20)),
        "甲药（一厂）起订 20 包（共 200 片），超过第3卫生院的合理采购上限 109 片，不能完成带量约定量",
        "只降低起订：甲药（一厂）降至 10 包",
        replace(THREE, products=product(THREE, "P1", minimum_packs=10)),
    ),
    "起送金额": (
        replace(THREE, suppliers=(Supplier("S1", "国药", Decimal(1000)),)),
        "国药起送金额 1,000 元，第3卫生院最多凑到 282.99 元，不能完成带量约定量",
        "只降低起送：国药对第3卫生院的起送金额降 717.01 元（至 282.99 元）",
        replace(THREE, suppliers=(Supplier("S1", "国药", Decimal("282.99")),)),
    ),
    "品规数上限": (
        replace(THREE, drugs=tuple(replace(row, group="口服") for row in THREE.drugs), group_limit=2),
        "品规组“口服”至多采购 2 个产品，要完成带量约定量须有 3 个",
        "只放宽品规数：品规组“口服”至多 3 个产品",
        replace(THREE, drugs=tuple(replace(row, group="口服") for row in THREE.drugs), group_limit=3),
    ),
    "价格标识红3": (
        replace(THREE, products=product(THREE, "P1", label="红3")),
        "甲药（一厂）价格标识红3，不得采购，不能完成带量约定量：第3卫生院的甲药（一厂）",
        "只调价：甲药（一厂）价格不再是红3",
        THREE,
    ),
    "配送范围": (
        replace(
            THREE,
            institutions=(*THREE.institutions, Institution("B", "乙院")),
            deliveries=(("S1", "B"),),
        ),
        "国药的配送范围不含第3卫生院，不能完成带量约定量：第3卫生院的甲药（一厂）等",
        "只扩大配送：国药配送到第3卫生院",
        replace(
            THREE, institutions=(*THREE.institutions, Institution("B", "乙院")), deliveries=(("S1", "B"), ("S1", "A"))
        ),
    ),
}  # fmt: skip


@pytest.mark.parametrize("rule", CASES)
def test_one_limit_against_the_agreed_volume_is_named_with_its_least_change(rule):
    case, said, way, mended = CASES[rule]
    clash = only(case)
    assert clash.said == said
    assert way in ways(clash)
    assert all(each.checked for each in clash.ways)
    assert missed(case)[1] > 0
    assert missed(mended) == (0, 0)


def test_a_nonwinner_that_is_agreed_leans_on_its_winner():
    """Ratio 0.5 and 20 of the winner leave 10 of the non-winner, of which 100 are agreed."""
    winner = Product("P4", "D1", "S1", 10, Decimal(30), "四厂", status="中选", supply=20)
    products = (*product(THREE, "P1", status="非中选"), winner)
    clash = only(replace(THREE, products=products, nonwinning_ratio=Decimal("0.5")))
    assert clash.facts[:2] == ("甲药（四厂）供应上限 20 片", "第3卫生院的甲药非中选比例 0.5")
    assert "只放宽非中选比例：第3卫生院的甲药不受此限" in ways(clash)


def test_one_budget_for_all_is_told_once():
    two = (Institution("A", "甲院", budget=Decimal(500)), Institution("B", "乙院", budget=Decimal(500)))
    case = replace(
        THREE, institutions=two, total_budget=Decimal(400), commitments=(*THREE.commitments, Commitment("P1", 100, "B"))
    )
    clash = only(case)
    assert clash.said == "总预算 400 元不足以完成带量约定量（至少 482.99 元），缺口 82.99 元"
    assert set(clash.sites) == {"A", "B"}
    assert missed(replace(case, total_budget=Decimal("482.99"))) == (0, 0)


def test_scarce_supply_of_an_emergency_drug_names_who_wants_it():
    drugs = (Drug("E", "急救针", emergency=True, unit="支"),)
    sites = tuple(Institution(code, f"{code}院") for code in "ABC")
    products = (Product("PE", "E", "S1", 10, Decimal(5), "一厂", supply=50),)
    needs = tuple(Need(code, "E", 30) for code in "ABC")
    clash = only(Case(sites, drugs, products, THREE.suppliers, needs=needs), "短缺急救")
    assert clash.said == "急救针（一厂）供应上限 50 支不足以满足短缺急救需求（至少 90），缺口 40"
    short = {row.institution for row in solve(Case(sites, drugs, products, THREE.suppliers, needs=needs)).unmet}
    assert short <= set(clash.sites)
    assert len(clash.facts) == 3  # the supply, and two of the three needs: 60 > 50
    assert "40 患者日" in clash.given_up
    assert not any("只减" in words for words in ways(clash))


def test_an_emergency_drug_nobody_sells_is_one_fact():
    case = replace(
        THREE, drugs=(*THREE.drugs, Drug("E", "孤药", emergency=True, unit="支")), needs=(Need("A", "E", 5),)
    )
    clash = only(case, "短缺急救")
    assert clash.facts == ("第3卫生院的孤药短缺急救净需求 5 支",)
    assert clash.said == "第3卫生院的孤药没有可采购的产品，不能满足短缺急救需求"
    assert clash.ways == ()


def test_emergencies_come_before_agreed_volume_in_the_words_too():
    """100 yuan: the emergency takes them all, and the agreed volume has to say so."""
    drugs = (replace(THREE.drugs[0], emergency=True), *THREE.drugs[1:])
    case = replace(
        THREE,
        drugs=drugs,
        institutions=place(budget=Decimal(200)),
        needs=(Need("A", "D1", 100),),
        commitments=(Commitment("P2", 50, "A"),),
    )
    clash = only(case)
    assert "第3卫生院的甲药短缺急救净需求 100 片" in clash.facts
    assert ways(clash)[0] == "只加预算：第3卫生院加 45 元（至 245 元）"


def test_a_floor_above_what_is_needed_is_explained_with_three_ways():
    """甲药 counts (200 of 282.99 = 70.67 %); a floor of 0.8 lacks 26.392 yuan."""
    case = replace(THREE, institutions=place(insurance_floor=Decimal("0.8")), needs=(Need("A", "D1", 100),))
    clash = only(case, "金额占比")
    assert clash.said == "第3卫生院医保金额占比 70.6%，低于下限 80%，相差 26.40 元"
    assert any(words.startswith("只降下限") for words in ways(clash))
    lower = Decimal(ways(clash)[0].split("降至 ")[1].split("%")[0]) / 100
    assert solve(replace(case, institutions=place(insurance_floor=lower))).goals[6].value == 0


def test_nothing_is_told_where_everything_is_had():
    assert solve(THREE).clashes == []


def test_no_time_is_told_as_unexplained():
    world = build_world(replace(THREE, institutions=place(budget=Decimal(226))))
    assert find_clashes(world, [0] * len(world.offers), Clock(0.0)) == ([], 3)


def test_the_words_are_the_same_twice():
    for seed in range(6):
        case = random_case(seed, sites=3, drugs=6)
        first, second = plan_to_json(solve(case)), plan_to_json(solve(case))
        assert (first["clashes"], first["worth"]) == (second["clashes"], second["worth"])


@pytest.mark.parametrize("seed", range(40))
def test_every_shortfall_of_a_random_plan_is_explained(seed):
    """The plan is optimal, so nothing may stay without a reason, and each clash names facts and a shortfall."""
    plan = solve(random_case(seed, sites=3, drugs=6), Options(time_limit=20))
    assert plan.unexplained == 0
    short = plan.goals[0].value > 0 or plan.goals[1].value > 0
    assert bool([clash for clash in plan.clashes if clash.kind != "金额占比"]) == short
    assert all(clash.facts and clash.said and clash.given_up for clash in plan.clashes)


@pytest.mark.parametrize("seed", range(12))
def test_leaving_any_fact_of_a_clash_out_makes_the_rest_possible(seed):
    """The smallest set is checked on the model itself, fact by fact."""
    case = random_case(seed, sites=2, drugs=6)
    plan, world = solve(case, Options(time_limit=20, reasons=False)), build_world(case)
    packs, _ = packs_of(world, {(line.institution, line.product): line.packs for line in plan.lines})
    nook = Nook(Atlas(world, packs), [0, 1], range(len(case.drugs)), whole=True)
    asked = dict.fromkeys(nook.demands, 0)
    if nook.possible(asked):
        return
    demands, limits = smallest(nook, asked)
    aside = set(nook.limits) - limits
    assert not nook.possible(dict.fromkeys(demands, 0), aside)
    assert all(nook.possible(dict.fromkeys(demands - {fact}, 0), aside) for fact in demands)
    assert all(nook.possible(dict.fromkeys(demands, 0), aside | {fact}) for fact in limits)


PLAIN = {
    "机构预算",
    "总预算",
    "冷藏容量",
    "供应上限",
    "起订包数",
    "品规数上限",
}  # changes that need no purchase to be known


def told(case, rule):
    """Shortfalls ended, and the changed case, for every checked way out of a case."""
    plan, world = solve(case, Options(time_limit=20, reasons=False)), build_world(case)
    packs, _ = packs_of(world, {(line.institution, line.product): line.packs for line in plan.lines})
    search = Search(Atlas(world, packs), rule, Clock(60), Clock(60))
    for finding in search.findings()[0]:
        nook, asked = search.scene(finding)
        gain = sum(nook.demands[fact].short * nook.demands[fact].weight for fact in finding.short)
        for found in search.ways(nook, asked, finding):
            if found.checked and {fact.rule for fact in found.way.changes} <= PLAIN:
                other = case
                for fact, more in found.way.changes.items():
                    other, _ = changed_by(other, fact, more, {}, search.words)
                yield gain, other, [goal.value for goal in plan.goals]


@pytest.mark.parametrize("seed", range(0, 60, 2))
def test_a_checked_way_out_ends_its_clash_in_the_whole_case(seed):
    """Solved again as a whole with the change, the goal gains at least what the clash had cost."""
    for goal, rule in enumerate((URGENT, AGREED)):
        for gain, other, before in told(random_case(seed, sites=3, drugs=6), rule):
            after = [row.value for row in solve(other, Options(time_limit=20, reasons=False)).goals]
            assert after[:goal] < before[:goal] or after[goal] <= before[goal] - gain + 1e-3


def test_halving_leaves_out_the_same_as_one_by_one():
    facts = [Fact(AGREED, (f"P{k}", "A")) for k in range(20)]
    needed = {facts[3], facts[11], facts[19]}
    assert set(trimmed(facts, needed.issubset)) == needed
