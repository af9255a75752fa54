"""What the optimiser claims to have proven, against the independent exact model: a bound above the least value that is
possible given what was reached above would be the worst of faults."""

import random

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from procurement.optimiser.audit import is_clean
from procurement.optimiser.construct import construct
from procurement.optimiser.goals import all_goals, goal_values
from procurement.optimiser.large import chunks, search
from procurement.optimiser.large.lagrange import Lagrangian, Prices
from procurement.optimiser.large.picks import Picks
from procurement.optimiser.large.shared import GOALS, Shared
from procurement.optimiser.lexico import Clock
from procurement.optimiser.plan import Seconds
from procurement.optimiser.rules import Layout, complete
from procurement.optimiser.world import build_world
from tests.procurement.optimiser.reference import least_given
from tests.procurement.optimiser.worlds import random_case

SIZES = [(1, 5, 1), (2, 8, 2), (3, 5, 3), (3, 12, 2), (4, 8, 3)]


def too_high(case) -> list:
    """The goals whose bound is above the least value given what the plan reached above them; rules that it breaks."""
    world = build_world(case)
    layout = Layout(world)
    packs, goals = search.solve_large(world, construct(world, layout), Clock(30), Seconds(), None)
    reached = [goal.value for goal in goals]
    least = [least_given(case, reached, number) for number in range(GOALS)]
    wrong = [
        (goal, value) for goal, value in zip(goals, least, strict=True) if goal.bound > value + 1e-4 * max(1, value)
    ]
    return wrong + ([] if is_clean(world, layout, packs) else ["unclean"])


@pytest.fixture
def without_polish(monkeypatch):
    """The bounds of the prices alone: the exact model that goes on afterwards would prove small cases to the end."""
    monkeypatch.setattr(search, "polished", lambda world, packs, results, *_, **__: (packs, results))


@pytest.mark.parametrize("seed", range(20))
def test_no_bound_is_above_what_is_possible(seed, without_polish):
    sites, drugs, suppliers = SIZES[seed % len(SIZES)]
    assert too_high(random_case(7000 + seed, sites=sites, drugs=drugs, suppliers=suppliers)) == []


@pytest.mark.parametrize("seed", range(20))
def test_no_bound_of_a_case_in_chunks_is_above_what_is_possible(seed, monkeypatch):
    monkeypatch.setattr(search, "WHOLE", 0)
    monkeypatch.setattr(chunks, "LINES", 7)
    sites, drugs, suppliers = SIZES[seed % len(SIZES)]
    assert too_high(random_case(8000 + seed, sites=sites, drugs=drugs, suppliers=suppliers)) == []


@settings(
    max_examples=15,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(st.integers(10_000, 10**6), st.sampled_from(SIZES))
def test_no_bound_is_above_what_is_possible_for_any_case(without_polish, seed, size):
    sites, drugs, suppliers = size
    assert too_high(random_case(seed, sites=sites, drugs=drugs, suppliers=suppliers)) == []


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.integers(0, 10**6))
def test_any_prices_at_all_prove_a_bound(seed):
    r = random.Random(seed)
    world = build_world(random_case(seed, sites=3, drugs=6))
    layout = Layout(world)
    weights = all_goals(world, layout)
    shared, picks = Shared(world, layout, weights), Picks(world)
    lagrangian = Lagrangian(shared, picks)
    lagrangian.opened.open(r.sample(range(len(picks.all)), len(picks.all) // 2))
    free = lagrangian.free(np.array([r.uniform(0, 9) for _ in range(8)] + [0.0]))

    def some(size):
        return np.array([r.gauss(0, 1) * 10 ** r.uniform(-3, 2) for _ in range(size)])

    prices = Prices(
        free.goals, some(len(free.rows)), some(len(free.supply)), some(len(free.demands)), some(len(free.tied))
    )
    bound = lagrangian.look(lagrangian.valid(prices)).bound
    packs = construct(world, layout)
    values = goal_values(world, layout, packs, complete(world, layout, packs), weights)
    assert bound <= free.goals @ np.array([float(value) for value in values]) + 1e-6


def test_steps_are_told_and_never_go_back(monkeypatch):
    monkeypatch.setattr(search, "WHOLE", 0)
    monkeypatch.setattr(chunks, "LINES", 7)
    world = build_world(random_case(8001, sites=3, drugs=12))
    heard = []
    clock = Clock(30, on_phase=lambda *news: heard.append(news))
    monkeypatch.setattr("procurement.optimiser.lexico.TELL_EVERY", 0.0)
    search.solve_large(world, construct(world, Layout(world)), clock, Seconds(), None)
    assert heard
    assert [fraction for _, fraction, _ in heard] == sorted(fraction for _, fraction, _ in heard)
    assert all(phase and 0 <= left <= 30 for phase, _, left in heard)


@pytest.mark.parametrize("whole", [0, 2])
@pytest.mark.parametrize("after", [0, 3, 10, 40])
def test_stopping_in_any_step_gives_a_clean_plan_and_true_bounds(whole, after, monkeypatch):
    monkeypatch.setattr(search, "WHOLE", whole)
    monkeypatch.setattr(chunks, "LINES", 7)
    case = random_case(8002, sites=3, drugs=8)
    world = build_world(case)
    layout = Layout(world)
    asked = iter(range(10**9))
    packs, goals = search.solve_large(
        world, construct(world, layout), Clock(30, lambda: next(asked) >= after), Seconds(), None
    )
    assert is_clean(world, layout, packs)
    reached = [goal.value for goal in goals]
    assert all(goals[k].bound <= least_given(case, reached, k) + 1e-4 * max(1, reached[k]) for k in range(GOALS))
