"""Plans judged by futures they were not made for, by hand.

甲院 has 100 in stock of a drug and expects 120: base buys 20, the careful plan 60 for 40 yuan more.
"""

from decimal import Decimal

from procurement.optimiser.case import Case, Drug, Institution, Need, Product, Supplier
from procurement.rules import robust
from procurement.rules.plan_diff import Bought
from procurement.rules.robust import Candidate, Future

CASE = Case(
    institutions=(Institution("A", "甲院"),),
    drugs=(Drug("D", "降压片", essential=True, daily=Decimal(2)), Drug("E", "维生素")),
    products=(Product("P", "D", "S1", 10, Decimal(10)), Product("Q", "D", "S2", 10, Decimal(11))),
    suppliers=(Supplier("S1", "国药"), Supplier("S2", "华润")),
    needs=(Need("A", "D", 120, 90, 10), Need("A", "E", 5, 5)),
)
BASE = Candidate("现计划", {("A", "P"): Bought(2, 20, Decimal(20))}, Decimal(20))
CAREFUL = Candidate("多备", {("A", "P"): Bought(6, 60, Decimal(60))}, Decimal(60))
SPLIT = Candidate(
    "分散", {("A", "P"): Bought(1, 10, Decimal(10)), ("A", "Q"): Bought(1, 10, Decimal(11))}, Decimal(21)
)  # fmt: skip
EXPECTED = Future("如预测", 3)
HIGH = Future("需求偏高", 1, demand={("A", "D"): 160})
FAILED = Future("国药断供", 1, failed=frozenset({"S1"}))
FUTURES = [EXPECTED, HIGH, FAILED]


def test_unserved_days_count_what_is_missing_after_stock_transit_and_arrivals():
    assert sum(robust.unserved(CASE, BASE.lines, EXPECTED).values()) == 0
    assert robust.unserved(CASE, BASE.lines, HIGH)["基药"] == 20  # 160 − 100 − 20 = 40, two a day
    assert robust.unserved(CASE, BASE.lines, FAILED)["基药"] == 10
    assert robust.unserved(CASE, SPLIT.lines, FAILED)["基药"] == 5


def test_the_least_regretted_candidate_is_chosen_and_its_price_is_told():
    """Worst regrets: base 20 (high demand), careful 5 (国药 fails: 10 against the split's 5), split 20."""
    verdicts = robust.judge(CASE, [BASE, CAREFUL, SPLIT], FUTURES)
    assert [each.regret for each in verdicts] == [20, 5, 20]
    assert [each.worst for each in verdicts] == [20, 10, 20]
    assert [each.expected for each in verdicts] == [6, 2, 5]
    assert [each.price for each in verdicts] == [0, 40, 1]
    pick = robust.chosen(verdicts)
    assert pick == 1
    said = robust.explained(verdicts, pick, FUTURES)
    assert "多花 40.00 元" in said
    assert "最坏情形少缺 10 患者日" in said
    assert "约 4.00 元" in said


def test_where_the_choice_serves_fewer_is_said_too():
    less = Candidate("少备", {("A", "P"): Bought(1, 10, Decimal(10))}, Decimal(10))
    verdicts = robust.judge(CASE, [CAREFUL, less], [EXPECTED, HIGH])
    assert "“如预测”多缺 5、“需求偏高”多缺 25 患者日" in robust.explained(verdicts, 1, [EXPECTED, HIGH])


def test_of_equals_the_cheaper_is_chosen_and_a_good_plan_is_left_alone():
    verdicts = robust.judge(CASE, [BASE, Candidate("同样", BASE.lines, Decimal(19))], [EXPECTED])
    assert robust.chosen(verdicts) == 1
    assert robust.chosen(robust.judge(CASE, [BASE, CAREFUL], [EXPECTED])) == 0
    assert "已是最稳" in robust.explained(robust.judge(CASE, [BASE], FUTURES), 0, FUTURES)


def test_demand_is_raised_by_what_the_forecast_says_and_otherwise_by_a_share():
    raised = robust.raised(CASE, {("A", "D"): 1.5}, 1.2)
    assert raised == {("A", "D"): 180, ("A", "E"): 6}


def test_the_largest_suppliers_come_first():
    assert robust.largest_suppliers(CASE, SPLIT.lines, 2) == ["S2", "S1"]
    assert robust.units_by_product(SPLIT.lines) == {"P": 10, "Q": 10}
