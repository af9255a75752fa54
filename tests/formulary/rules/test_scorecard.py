"""评分表: points are exact, missing is missing, and what the weights can change is said exactly."""

from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from formulary.rules.score_compare import SWING, compare, sensitivity, summarise
from formulary.rules.scorecard import (
    Answer,
    Band,
    Dimension,
    How,
    Item,
    Option,
    ScoreRefused,
    Template,
    as_data,
    checked,
    faults_of,
    from_data,
    points_of,
    prefilled,
    read_answers,
    score,
    store_answers,
)
from formulary.rules.scorecard_file import read_template, write_template
from formulary.rules.tables import DataRefused

FIXTURES = Path(__file__).resolve().parents[3] / "fixtures"


def choice(name, *points, facts=()):
    options = tuple(
        Option(f"{name}{at}", Decimal(str(one)), dict(enumerate(facts)).get(at, "")) for at, one in enumerate(points)
    )
    return Item(name, name, max(one.points for one in options), How.OPTION, options)


SMALL = Template(
    (
        Dimension("有效性", (choice("疗效", 60, 50, 40, 0),)),
        Dimension("经济性", (choice("费用", 30, 20, 10), choice("医保", 10, 5, 0, facts=("甲", "乙", "无")))),
    ),
    (Band(Decimal(70), "推荐"), Band(Decimal(60), "弱推荐"), Band(Decimal(0), "不推荐")),
)


def answers(**options):
    return {name: Answer(option=at) for name, at in options.items()}


def scored(**options):
    return score(SMALL, answers(**options))


@pytest.mark.parametrize(("form", "points"), [("western", [28, 27, 25, 10, 10]), ("chinese", [40, 25, 15, 20])])
def test_shipped_forms_add_up_to_a_hundred(form, points):
    template = read_template(FIXTURES / f"scorecard_{form}.csv")
    assert [dimension.points for dimension in template.dimensions] == points
    assert faults_of(template) == []
    assert [band.at_least for band in template.bands] == [70, 60, 0]
    assert any(item.confirm for item in template.items)


def test_form_survives_excel_and_the_database():
    template = read_template(FIXTURES / "scorecard_western.csv")
    assert read_template(write_template(template), name="评分表.csv") == template
    assert from_data(as_data(template)) == template
    assert from_data(as_data(template)).seal == template.seal


def test_every_fault_of_a_form_is_told_at_once():
    text = write_template(SMALL).decode().replace("费用0,30", "费用0,三十").replace("选项,疗效3", "打分,疗效3")
    with pytest.raises(DataRefused) as refused:
        read_template(text.encode(), name="评分表.csv")
    assert {(fault.column, fault.value) for fault in refused.value.faults} == {("分值", "三十"), ("计分方式", "打分")}


def test_form_that_does_not_reach_a_hundred_is_refused():
    short = Template(SMALL.dimensions[:1], SMALL.bands)
    assert faults_of(short) == ["各项满分合计 60 分，应为 100 分"]
    assert "结论的最低一档下限应为 0" in faults_of(Template(SMALL.dimensions, SMALL.bands[:2]))


def test_missing_is_missing_and_not_zero():
    found = scored(疗效=0, 费用=0)
    assert (found.total, found.possible, found.missing, found.complete) == (90, 90, ("医保",), False)
    assert scored(疗效=3).missing == ("费用", "医保")
    assert scored(疗效=3).points == {"疗效": 0}


def test_cutoffs_count_from_their_start():
    item = Item(
        "有效期",
        "有效期",
        Decimal(2),
        How.CUTOFF,
        cutoffs=tuple((Decimal(a), Decimal(b)) for a, b in (("60", "2"), ("36", "1.5"), ("0", "0.25"))),
    )
    given_points = [points_of(item, Answer(value=Decimal(months))) for months in (60, 59, 36, 35, 0)]
    assert given_points == [Decimal(one) for one in ("2", "1.5", "1.5", "0.25", "0.25")]
    with pytest.raises(ScoreRefused, match="不小于 0"):
        points_of(item, Answer(value=Decimal(-1)))


def test_cost_item_is_points_times_lowest_over_own():
    item = Item("日费用", "日费用", Decimal(7), How.COST)
    assert points_of(item, Answer(own=Decimal("1.20"), lowest=Decimal("0.80"))) == Decimal("4.67")
    assert points_of(item, Answer(own=Decimal("0.80"), lowest=Decimal("0.80"))) == 7
    assert points_of(item, Answer(own=Decimal("0.80"))) is None
    with pytest.raises(ScoreRefused, match="不应高于本品"):
        points_of(item, Answer(own=Decimal("0.80"), lowest=Decimal("0.90")))


def test_known_facts_are_filled_in_and_changed_only_with_a_reason():
    facts = {"医保": "乙"}
    assert prefilled(SMALL, facts) == {"医保": Answer(option=1)}
    with pytest.raises(ScoreRefused, match="医保：与已知资料不同"):
        checked(SMALL, answers(医保=0), facts)
    changed = {"医保": Answer(option=0, reason="本年目录已调整为甲类")}
    assert checked(SMALL, changed, facts).total == 10
    assert checked(SMALL, answers(医保=1), facts).total == 5


def test_stored_answers_read_back():
    given_answers = {
        "疗效": Answer(option=0, reason="指南"),
        "费用": Answer(own=Decimal("1.5"), lowest=Decimal("1")),
        "医保": Answer(),
    }
    assert read_answers(store_answers(given_answers)) == {name: given_answers[name] for name in ("疗效", "费用")}


def test_mean_and_spread_over_all_sheets():
    summary = summarise(
        SMALL, [scored(疗效=0, 费用=0, 医保=0), scored(疗效=1, 费用=1, 医保=1), scored(疗效=2, 费用=2, 医保=2)]
    )
    assert (summary.mean, summary.low, summary.high, summary.deviation) == (75, 50, 100, 25.0)
    assert summary.complete


def test_item_that_one_scorer_left_open_is_missing_for_the_subject():
    summary = summarise(SMALL, [scored(疗效=0, 费用=0, 医保=0), scored(疗效=0, 费用=0)])
    assert (summary.mean, summary.missing, summary.complete) == (90, ("医保",), False)


def test_subjects_are_compared_on_what_all_have():
    found = compare(
        SMALL, {1: summarise(SMALL, [scored(疗效=0, 费用=1, 医保=0)]), 2: summarise(SMALL, [scored(疗效=1, 费用=0)])}
    )
    assert found.left_out == ("医保",)
    assert not found.full
    assert [found.total(subject) for subject in (1, 2)] == [Fraction(8000, 90), Fraction(8000, 90)]
    assert found.ranking() == ((1, 2),)


def small_comparison(first, second):
    return compare(SMALL, {1: summarise(SMALL, [first]), 2: summarise(SMALL, [second])})


def test_decision_near_a_cut_off_depends_on_the_weights():
    """疗效 50/60, 费用 20/40: 70 points. 0.8×50+1.2×20 of 0.8×60+1.2×40 are 66.67; the other way 73.08."""
    found = sensitivity(SMALL, small_comparison(scored(疗效=1, 费用=1, 医保=2), scored(疗效=0, 费用=0, 医保=0)), 1)
    assert (found.base, found.low, found.high) == (70, Fraction(200, 3), Fraction(950, 13))
    assert found.decisions == ("推荐", "弱推荐")
    assert not found.ranking_changes
    assert "结论可能是“推荐”或“弱推荐”（总分在 66.67 到 73.08 之间）" in found.words[1]
    assert "名次都不改变" in found.words[3]


def test_clear_decision_stays_whatever_the_weights():
    found = sensitivity(SMALL, small_comparison(scored(疗效=0, 费用=0, 医保=1), scored(疗效=2, 费用=2, 医保=2)), 1)
    assert found.decisions == ("推荐",)
    assert "任意组合，结论都是“推荐”" in found.words[1]
    assert not any(one.decision_changes for one in found.alone)


def test_ranking_that_weights_turn_round_is_told():
    """疗效 50 + 费用 30 against 60 + 10 + 10: equal; a weight decides."""
    found = sensitivity(SMALL, small_comparison(scored(疗效=1, 费用=0, 医保=2), scored(疗效=0, 费用=2, 医保=0)), 1)
    assert found.ranking_changes
    assert all(one.ranking_changes for one in found.alone)


options = st.fixed_dictionaries({"疗效": st.integers(0, 3), "费用": st.integers(0, 2), "医保": st.integers(0, 2)})
weights = st.fractions(1 - SWING, 1 + SWING)


@given(options, options, weights, weights)
def test_corners_bound_every_combination_of_weights(one, other, first, second):
    compared = small_comparison(scored(**one), scored(**other))
    found = sensitivity(SMALL, compared, 1)
    moved = {"有效性": first, "经济性": second}
    assert found.low <= compared.total(1, moved) <= found.high
    if not found.ranking_changes:
        assert compared.ranking(moved) == compared.ranking()
