"""The consequence sheet of a county of three institutions, every figure by hand."""

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from formulary.rules.consequences import Drug, Facts, Place, equivalents, open_to, sheet, unit_prices
from formulary.rules.evidence import CommitmentRow, PriceRow, StockRow
from formulary.rules.versions import LEVELS, Line

ENDS = dt.date(2027, 6, 30)
H, T, V = Place(1, "县医院", "二级", lead=True), Place(2, "湖熟", "基层"), Place(3, "梅坞", "村")
# 1 and 2: one 品种, two strengths; 3: another 品种 in the same group; 4: alone
DRUGS = {
    1: Drug(1, "甲片 5mg", 10, "甲 口服", True, "甲", True, Decimal(2)),
    2: Drug(2, "甲片 10mg", 10, "甲 口服", True, "甲", True, Decimal(1)),
    3: Drug(3, "甲缓释片 10mg", 11, "甲 口服", False, "乙", True, Decimal(1)),
    4: Drug(4, "丁针 1ml", 12, "", False, "无", False),
}
LIST = {1: Line("村"), 3: Line("基层"), 4: Line("二级")}


def facts(after, **more):
    return Facts(DRUGS, [H, T, V], LIST, after, **more)


def figure(found, key):
    return next(one for one in sheet(found) if one.key == key)


def price(drug, yuan, pack=10, label="绿", vbp="非集采"):
    return PriceRow(drug, 0, Decimal(yuan), pack, label, vbp, "S1", "甲厂")


def test_a_level_sees_its_own_and_lower_lines():
    assert [open_to(LIST, level) for level in LEVELS] == [{1}, {1, 3}, {1, 3, 4}, {1, 3, 4}]


def test_shares_count_varieties_not_strengths():
    after = {**LIST, 2: Line("基层")}
    assert figure(facts(after), "essential.基层").before == 1 / 2
    assert figure(facts(after), "essential.基层").after == 1 / 2
    gone = {1: Line("村"), 4: Line("二级")}
    one = figure(facts(gone, targets={"基层": 0.9}), "essential.基层")
    assert (one.before, one.after, one.change, one.tone, one.meets) == (0.5, 1.0, 0.5, "green", True)
    assert one.rows == [("甲缓释片 10mg", "否", "减少")]
    assert figure(facts(gone), "insured.二级").before == 2 / 3


def test_prices_prefer_winners_and_never_take_what_must_not_be_bought():
    rows = [price(1, "5"), price(1, "8", vbp="中选"), price(1, "1", label="红3"), price(2, "9", pack=3)]
    assert unit_prices(rows) == {1: Decimal("0.8"), 2: Decimal(3)}


def test_a_replacement_costs_its_price_for_the_same_patient_days():
    after = {2: Line("村"), 3: Line("基层"), 4: Line("二级")}
    one = figure(
        facts(
            after,
            successors={1: 2},
            yearly={(2, 1): 400, (3, 1): 200},
            prices={1: Decimal("0.5"), 2: Decimal("0.3")},
        ),
        "cost",
    )
    # 600 units at 2 a day are 300 patient-days: 1.00 yuan a day before, 0.30 after
    assert (one.before, one.after, one.change) == (Decimal("300.00"), Decimal("90.00"), Decimal("-210.00"))
    assert one.tone == "green"
    assert one.rows[0][:5] == ("甲片 5mg", "甲片 10mg", 300, Decimal("1.0000"), Decimal("0.3000"))


def test_without_a_price_or_a_substitute_nothing_is_saved():
    found = facts({1: Line("村")}, yearly={(2, 3): 100, (1, 4): 50}, prices={3: Decimal(1), 4: Decimal(9)})
    one = figure(found, "cost")
    assert (one.before, one.after) == (Decimal(0), Decimal(0))
    assert [row[-1] for row in one.rows] == ["缺报价，不计", "没有替代，不计"]


def test_a_new_drug_costs_its_expected_use():
    one = figure(facts({**LIST, 2: Line("村")}, expected={2: 1200}, prices={2: Decimal("0.25")}), "cost")
    assert (one.before, one.after) == (Decimal("0.00"), Decimal("300.00"))


def test_the_cheapest_of_the_same_kind_takes_over():
    found = facts(LIST, prices={2: Decimal("0.9"), 3: Decimal("0.2")})
    assert equivalents(found, 1, {2, 3, 4}) == [3, 2]
    assert equivalents(found, 4, {1, 2, 3}) == []


def test_raising_the_level_leaves_those_below_without():
    found = facts({**LIST, 1: Line("二级")}, yearly={(3, 1): 60, (2, 1): 40, (1, 1): 10})
    one = figure(found, "without")
    # the centre still has the slow-release tablet, the village has nothing
    assert one.rows == [("梅坞", "村", "甲片 5mg", 60, 0)]
    assert one.after == 1


def test_stock_of_what_is_no_longer_allowed_is_counted_with_its_days():
    found = facts(
        {1: Line("村"), 3: Line("基层")},
        stock=[StockRow(1, 4, 30, dt.date(2027, 1, 31), dt.date(2026, 11, 1)), StockRow(1, 1, 99, None, ENDS)],
        rates={(1, 4): Decimal("1.5")},
        prices={4: Decimal("2.5")},
    )
    one = figure(found, "stock")
    assert one.after == Decimal("75.00")
    assert one.rows == [("县医院", "丁针 1ml", 30, Decimal("75.00"), 20, "2027-01-31")]


def test_agreed_volume_of_removed_drugs_that_is_not_bought_yet():
    rows = [CommitmentRow(None, 3, "第四批", 1000, 400, ENDS), CommitmentRow(2, 3, "第四批", 10, 10, ENDS)]
    one = figure(facts({1: Line("村"), 4: Line("二级")}, commitments=rows), "agreed")
    assert one.after == 600
    assert one.rows == [("甲缓释片 10mg", "第四批", "全医共体", 1000, 400, 600, "2027-06-30")]


def test_groups_above_the_limit_are_named():
    one = figure(facts({**LIST, 2: Line("村")}), "specs")
    assert (one.before, one.after, one.tone) == (0, 1, "red")
    assert one.rows[0][:3] == ("甲 口服", 2, 3)


def test_chronic_cover_of_a_level_against_the_whole_list():
    one = figure(facts({**LIST, 3: Line("二级")}), "chronic.基层")
    assert (one.before, one.after, one.rows) == (1.0, 0.5, [("甲缓释片 10mg",)])


def test_the_link_counts_what_members_use_and_both_may_use():
    found = facts({1: Line("村"), 4: Line("二级")}, lately={(2, 1), (2, 3), (3, 1), (1, 4)})
    one = figure(found, "link")
    assert (one.before, one.after) == (1.0, pytest.approx(2 / 3))
    assert one.rows == [("湖熟", 2, 2, 1), ("梅坞", 1, 1, 1)]


def test_without_use_the_link_is_unknown():
    assert figure(facts(LIST), "link").before is None


LISTS = st.dictionaries(st.sampled_from(sorted(DRUGS)), st.builds(Line, st.sampled_from(LEVELS)))


@given(LISTS, LISTS)
def test_the_way_back_turns_every_share_round(a, b):
    there = {one.key: one for one in sheet(Facts(DRUGS, [H, T, V], a, b))}
    back = {one.key: one for one in sheet(Facts(DRUGS, [H, T, V], b, a))}
    for key, one in there.items():
        if one.unit == "share":
            assert (one.before, one.after) == (back[key].after, back[key].before)


@given(LISTS)
def test_no_change_has_no_consequence(lines):
    units = {(place.key, key): 7 for place in (H, T, V) for key in DRUGS}
    for one in sheet(Facts(DRUGS, [H, T, V], lines, lines, yearly=units)):
        assert not one.change
        if one.before is None and one.unit != "share":
            assert one.after == 0
