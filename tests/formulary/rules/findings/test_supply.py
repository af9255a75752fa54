"""Labels, approvals, the cold chain and the emergency list."""

import datetime as dt

from tests.formulary.rules.findings.small import ON, drug, facts, lines, said


def test_a_drug_is_blocked_when_every_product_is_three_stars():
    given = facts(drug(1, labels=("红3", "红3")), drug(2, labels=("红3", "黄")), drug(3, labels=()))
    assert said("price_blocked", lines(1, 2, 3), given) == ["氨氯地平 1mg：在售 2 个报价全部为红★★★，不得采购"]


def test_a_drug_is_warned_of_when_every_product_is_red():
    given = facts(drug(1, labels=("红1", "红3")), drug(2, labels=("红2", "绿")), drug(3, labels=("红3",)))
    assert said("price_warned", lines(1, 2, 3), given) == ["氨氯地平 1mg：在售产品全部带红色价格标识，应先谈价再采购"]


def test_an_approval_that_ended_yesterday_blocks_and_one_of_today_does_not():
    yesterday = ON - dt.timedelta(days=1)
    given = facts(drug(1, approvals_end=yesterday), drug(2, approvals_end=ON), drug(3))
    found = said("approval_ended", lines(1, 2, 3), given)
    assert len(found) == 1
    assert "最晚 2026-11-20 到期" in found[0]


def test_a_cold_drug_is_not_open_where_there_is_no_cold_store():
    given = facts(drug(1, "门冬胰岛素", cold=True))
    assert said("cold_chain", lines(1, level="基层"), given) == []
    found = said("cold_chain", lines(1, level="村"), given)
    assert len(found) == 1
    assert "梅坞村没有冷藏条件" in found[0]
