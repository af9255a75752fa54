import datetime as dt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shortage.rules.causes import LABELS, Cause, Facts, cause
from shortage.rules.grading import BLUE, NONE, ORANGE, RED, YELLOW, Evidence, Standing, grade
from shortage.rules.policy import policy

share = st.floats(0, 1)


def seen(p7=0.0, p14=0.0, days_out=0.0, empty=False, shortage=0.0, overdue=0, notice=False) -> Evidence:
    return Evidence(*(np.array([value]) for value in (p7, p14, days_out, empty, shortage, overdue, notice)))


def through(*nights: Evidence) -> list[int]:
    standing, levels = Standing.nothing(1), []
    for night in nights:
        standing = grade(night, standing)
        levels.append(int(standing.level[0]))
    return levels


@pytest.mark.parametrize(
    ("night", "level"),
    [
        (seen(), NONE),
        (seen(days_out=1.5), YELLOW),
        (seen(days_out=1.49), NONE),
        (seen(p14=0.3), ORANGE),
        (seen(p14=0.29), NONE),
        (seen(p7=0.5, p14=0.6), RED),
        (seen(empty=True), RED),
        (seen(shortage=0.9, overdue=2), BLUE),
        (seen(shortage=0.9, overdue=1), NONE),
        (seen(notice=True, p14=0.5), BLUE),
    ],
)
def test_levels_from_nothing(night, level):
    assert through(night) == [level]


def test_a_level_holds_above_half_its_threshold():
    assert through(seen(p14=0.4), *[seen(p14=0.2)] * 9) == [ORANGE] * 10


def test_a_level_goes_after_three_calm_nights():
    assert through(seen(p14=0.4), *[seen(p14=0.14)] * 3) == [ORANGE, ORANGE, ORANGE, NONE]


def test_a_night_above_half_starts_the_count_again():
    calm, tense = seen(p14=0.1), seen(p14=0.25)
    assert through(seen(p14=0.4), calm, calm, tense, calm, calm, calm) == [ORANGE] * 6 + [NONE]


def test_raising_is_at_once_and_lowering_goes_to_what_still_holds():
    fading = seen(p14=0.3)
    assert through(seen(p14=0.4), seen(p7=0.6, p14=0.7), fading, fading, fading) == [ORANGE, RED, RED, RED, ORANGE]


@given(st.lists(st.tuples(share, share), min_size=1, max_size=12))
def test_a_level_is_never_below_what_tonight_raises(nights):
    evidence = [seen(p7=a, p14=max(a, b)) for a, b in nights]
    for night, level in zip(evidence, through(*evidence), strict=True):
        assert level >= through(night)[0]


def test_causes_in_order_of_urgency_with_their_numbers():
    due = dt.date(2026, 12, 1)
    empty = Facts(usable=0, use=4, use_before=4, on_order=100, overdue_days=3, next_arrival=due)
    assert cause(empty) == (Cause.EMPTY, "可用库存为 0，日均用量 4，在途 100，预计 12月01日 到货")
    late = Facts(usable=20, use=4, use_before=4, on_order=100, overdue_days=3)
    assert cause(late) == (Cause.LATE_ORDER, "在途 100 已逾期 3 天未到，约可用 5 天")
    short = Facts(usable=20, use=4, use_before=4, shortage=0.95, overdue_institutions=3, on_order=9, overdue_days=9)
    assert cause(short)[0] is Cause.SHORTAGE
    old = Facts(usable=100, use=4, use_before=4, expiring=60)
    assert cause(old) == (Cause.EXPIRY, "可用库存 100 中有 60 将在 30 天内过期而用不完，约可用 25 天")
    more = Facts(usable=20, use=6, use_before=4)
    assert cause(more) == (Cause.DEMAND_UP, "日均用量由 4 升至 6（+50%），约可用 3 天")
    forgot = Facts(usable=20, use=4, use_before=4, reorder_point=40)
    assert cause(forgot)[0] is Cause.NO_ORDER
    assert cause(Facts(usable=20, use=4, use_before=4))[0] is Cause.LOW_STOCK


def test_every_cause_has_a_label():
    assert set(LABELS) == set(Cause)


def test_policy_follows_criticality_and_rounds_up():
    asked = {0.99: np.array([30.2, 30.2, 30.2]), 0.97: np.array([25.0] * 3), 0.95: np.array([20.4] * 3)}
    found = policy(asked.__getitem__, np.array([14.0] * 3), np.array([2.0] * 3), np.array(["A", "B", "C"]))
    assert found.reorder_point.tolist() == [31, 25, 21]
    assert found.safety_stock.tolist() == [17, 11, 7]
    assert found.order_up_to.tolist() == [91, 85, 81]


def test_policy_never_holds_less_than_the_mean():
    found = policy(lambda tau: np.array([3.0]), np.array([10.0]), np.array([1.0]), np.array(["C"]))
    assert found.reorder_point.tolist() == [10]
    assert found.safety_stock.tolist() == [0]
