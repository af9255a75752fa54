"""Why each line is bought and what would meet each open need, on worlds that can be solved by hand."""

from dataclasses import replace
from decimal import Decimal

import pytest

from procurement.optimiser.case import Case, Commitment, Drug, Institution, Need, Product, Supplier
from procurement.optimiser.solve import Options, solve

ONE = Case(
    institutions=(Institution("A", "甲院"),),
    drugs=(Drug("D", "降压片", essential=True, unit="片", group="G"),),
    products=(Product("P", "D", "S", 10, Decimal(8), "一厂"),),
    suppliers=(Supplier("S", "国药"),),
    needs=(Need("A", "D", 30),),
)


def open_need(case):
    [row] = [row for row in solve(case, Options(time_limit=20)).unmet if row.drug == "D"]
    return row


def with_product(**change):
    return replace(ONE, products=(replace(ONE.products[0], **change),))


COLD = replace(
    ONE, drugs=(replace(ONE.drugs[0], cold=True),), institutions=(Institution("A", "甲院", cold_capacity=20),)
)
OTHER = Product("Q", "E", "S", 1, Decimal(5))
CROWDED = replace(
    ONE,
    drugs=(ONE.drugs[0], Drug("E", "急救", emergency=True, group="G")),
    products=(*ONE.products, OTHER),
    needs=(*ONE.needs, Need("A", "E", 1)),
    group_limit=1,
)
FAR = replace(ONE, institutions=(*ONE.institutions, Institution("B", "乙院")), deliveries=(("S", "B"),))

CASES = {
    "机构预算": (
        replace(ONE, institutions=(Institution("A", "甲院", budget=Decimal(20)),)),
        ("机构预算不足", "机构预算再增加 4.00 元，即可加购 P 1 包（8.00 元）"),
        replace(ONE, institutions=(Institution("A", "甲院", budget=Decimal(24)),)),
    ),
    "总预算": (
        replace(ONE, total_budget=Decimal(20)),
        ("总预算不足", "总预算再增加 4.00 元，即可加购 P 1 包（8.00 元）"),
        replace(ONE, total_budget=Decimal(24)),
    ),
    "供应上限": (
        with_product(supply=20),
        ("P 供应上限 20 余量不足", "P 供应上限再增加 10，即可加购 P 1 包（8.00 元）"),
        with_product(supply=30),
    ),
    "冷藏容量": (
        COLD,
        ("冷藏容量 20 不足", "冷藏容量再增加 10，即可加购 P 1 包（8.00 元）"),
        replace(COLD, institutions=(Institution("A", "甲院", cold_capacity=30),)),
    ),
    "采购上限": (
        replace(ONE, needs=(Need("A", "D", 30, limit=25),)),
        ("采购上限 25 容不下所缺的整包", "采购上限再增加 5，即可加购 P 1 包（8.00 元）"),
        replace(ONE, needs=(Need("A", "D", 30, limit=30),)),
    ),
    "起订包数": (
        with_product(minimum_packs=5),
        ("一个起订量已超过采购上限", "采购上限增至 50，或选择更小包装，即可加购 P 5 包（40.00 元）"),
        replace(with_product(minimum_packs=5), needs=(Need("A", "D", 30, limit=50),)),
    ),
    "起送金额": (
        replace(ONE, suppliers=(Supplier("S", "国药", Decimal(100)),)),
        ("不足 S 的起送金额", "S 起送金额降低 76.00 元，即可加购 P 3 包（24.00 元）"),
        replace(ONE, suppliers=(Supplier("S", "国药", Decimal(24)),)),
    ),
    "品规数上限": (
        CROWDED,
        ("品规组 G 已选 1 个产品", "品规组 G 上限增至 2，即可加购 P 3 包（24.00 元）"),
        replace(CROWDED, group_limit=2),
    ),
    "红3": (
        with_product(label="红3"),
        ("产品均为价格标识红3，不得采购", "换选非红3产品，或待价格调整后采购，即可加购 P 3 包（24.00 元）"),
        with_product(label="绿"),
    ),
    "配送范围": (
        FAR,
        ("供应商的配送范围不含该机构", "请 S 把该机构纳入配送范围，即可加购 P 3 包（24.00 元）"),
        replace(FAR, deliveries=(("S", "A"), ("S", "B"))),
    ),
}


@pytest.mark.parametrize("rule", CASES)
def test_the_remedy_names_the_rule_its_measure_and_the_price_and_meets_the_need(rule):
    case, (reason, remedy), mended = CASES[rule]
    row = open_need(case)
    assert (row.reason.removesuffix("（约定量与更高类别优先）"), row.remedy) == (reason, remedy)
    assert solve(mended, Options(time_limit=20)).unmet == []


def test_of_two_products_the_cheaper_way_out_is_told():
    """30 units: one pack of 30 at 9 yuan beats ten packs of 3 at 2 yuan, although a pack of the latter is cheaper."""
    products = (
        replace(ONE.products[0], code="P1", pack=30, price=Decimal(9)),
        replace(ONE.products[0], code="P2", pack=3, price=Decimal(2)),
    )
    row = open_need(replace(ONE, products=products, suppliers=(Supplier("S", "国药", Decimal(1000)),)))
    assert row.remedy.endswith("即可加购 P1 1 包（9.00 元）")


def test_no_product_at_all_cannot_be_priced_and_says_so():
    row = open_need(replace(ONE, products=()))
    assert (row.reason, row.remedy) == ("没有可采购的产品", "增补该药品的挂网产品（没有报价，无法估价）")


def reasons(case):
    return {line.product: line.reason for line in solve(case, Options(time_limit=20)).lines}


def test_a_line_says_need_pack_agreed_volume_winner_minimum_and_order():
    products = (
        Product("W", "D", "S", 10, Decimal(8), status="中选", minimum_packs=4),
        Product("L", "D", "S", 10, Decimal(9), status="非中选"),
    )
    case = replace(
        ONE,
        products=products,
        needs=(Need("A", "D", 35),),
        commitments=(Commitment("W", 20, "A"),),
        suppliers=(Supplier("S", "国药", Decimal(30)),),
    )
    assert reasons(case) == {
        "W": "需求：净需求 35；约定量：计入带量采购完成量；中选优先；凑整包装：多 5；起订：至少 4 包；起送：凑足 30.00 元"
    }
